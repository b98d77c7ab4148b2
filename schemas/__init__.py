"""What happened and what was said about it: every event, decision and finding as a frozen model.

Open `topics.py` for where each thing travels, `events.py` for the list of kinds, `codec.py` for bytes.
This package knows no other package, does no I/O and reads no clock.
"""
