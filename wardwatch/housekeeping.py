"""What is swept and packed beside the engine, in a thread of its own: small transactions, never in the way."""

from __future__ import annotations

import logging
import threading

from storage.errors import StorageError
from storage.retention import Retention, compact, sweep
from storage.store import Store
from streams.meter import Meter
from wardwatch.clock import Clock

log = logging.getLogger("wardwatch.housekeeping")

LOOK_EVERY = 5.0
PACK_EVERY = 60.0
SWEEP_EVERY = 3600.0
"""Seconds."""
PACKED_AT_ONCE = 200


class Housekeeping:
    """Counts what stands, packs raw requests after a while, erases what is older than the retention allows."""

    def __init__(self, store: Store, clock: Clock, policy: Retention, meter: Meter) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy
        self._meter = meter
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wardwatch-housekeeping", daemon=True)

    def start(self) -> None:
        """Begin; the first round comes after `LOOK_EVERY` seconds."""
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction in hand."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        packed = swept = self._clock.monotonic()
        while not self._end.wait(LOOK_EVERY):
            now = self._clock.monotonic()
            try:
                self._look()
                if now - packed >= PACK_EVERY:
                    packed = now
                    self._pack()
                if now - swept >= SWEEP_EVERY:
                    swept = now
                    gone = sweep(self._store, self._clock.now(), self._policy)
                    log.info("swept %s", {table: count for table, count in gone.items() if count})
            except StorageError as error:
                log.error("housekeeping put off: %s", error)

    def _look(self) -> None:
        """Levels for the metrics; and SQLite's log is copied back here rather than inside somebody's commit."""
        with self._store.read() as conn:
            self._meter.levels(conn)
        self._store.checkpoint()

    def _pack(self) -> None:
        while not self._end.is_set() and compact(self._store, self._clock.now(), PACKED_AT_ONCE, self._policy):
            pass
