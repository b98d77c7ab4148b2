"""The house around the machine: settings, the clock, the wiring of all parts, and the command line.

This is the only package that reads the environment (`settings`) and the only one that reads the clock of
the machine (`clock`). It knows every other package and none of them knows it: what they need is handed to
them.
"""

__version__ = "0.1.0"
