"""What is swept and packed beside the engine, in a thread of its own: small transactions, never in the way."""

from __future__ import annotations

import logging
import threading

from storage.errors import StorageError
from storage.retention import Retention, compact, sweep
from storage.store import Store
from wardwatch.clock import Clock

log = logging.getLogger("wardwatch.housekeeping")

PACK_EVERY = 60.0
SWEEP_EVERY = 3600.0
"""Seconds."""
PACKED_AT_ONCE = 200


class Housekeeping:
    """Packs raw requests after a while, and erases what is older than the retention allows."""

    def __init__(self, store: Store, clock: Clock, policy: Retention) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wardwatch-housekeeping", daemon=True)

    def start(self) -> None:
        """Begin; the first round comes after `PACK_EVERY` seconds."""
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction in hand."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        swept = self._clock.monotonic()
        while not self._end.wait(PACK_EVERY):
            try:
                while not self._end.is_set() and compact(self._store, self._clock.now(), PACKED_AT_ONCE, self._policy):
                    pass
                if self._clock.monotonic() - swept >= SWEEP_EVERY:
                    swept = self._clock.monotonic()
                    gone = sweep(self._store, self._clock.now(), self._policy)
                    log.info("swept %s", {table: count for table, count in gone.items() if count})
            except StorageError as error:
                log.error("housekeeping put off: %s", error)
