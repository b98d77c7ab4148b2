"""The garbage collector, told how this program uses memory."""

from __future__ import annotations

import gc

YOUNG, MIDDLE, OLD = 50_000, 20, 100
"""Objects made before the young are looked through; rounds of that before the middle ones and the old ones are."""


def collect_rarely() -> None:
    """Look for garbage less often, and never in what the program itself consists of.

    The states kept in memory are frozen and hold no cycles, so looking through them finds nothing; at Python's own
    pace it takes a tenth of the time, in pauses that a settlement would have to wait for. Once a process, when
    everything is loaded.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
