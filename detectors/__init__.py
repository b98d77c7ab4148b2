"""What it means: pure steps over the presence ledger, the settlement gate, and rule sets as data.

Read `base.py` for what a detector is, `registry.py` for which there are, `step.py` for how one event
passes through all of them. Nothing here does I/O or reads a clock.
"""
