"""The embedded flow: both engines over the log in the database, and timers. Steps, no threads.

The node turns it between requests; a replay drains it after every line.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from detectors.gate.review import Result
from detectors.gate.stops import Stops
from detectors.policy import Policies
from schemas.base import derived_id
from schemas.codec import encode
from schemas.system import TimerDue
from storage import log as logs
from storage import timers
from storage.store import Store
from storage.timers import Due
from streams.engine import DeadLetterLimit, Engine
from streams.meter import Meter
from streams.processors import PERSON_EVENTS, WARD_EVENTS, PersonProcessor, WardProcessor

log = logging.getLogger("wardwatch.pump")

PARTITIONS = {PERSON_EVENTS: 1, WARD_EVENTS: 1}
"""The embedded log has one partition a topic: one process, one writer, one order."""

Ends = Mapping[tuple[str, int], int]
"""Topic and partition → the offset that its next record will get."""

TIMERS_AT_ONCE = 1000
SLOW = 0.0005
"""Seconds a record is thought to take until some have been seen: a first batch shouldn't keep requests waiting."""
TOPIC_OF = {"person": PERSON_EVENTS, "ward": WARD_EVENTS}


class Pump:
    """Reads the log, runs the engines, fires timers. Everything in the caller's thread."""

    def __init__(
        self,
        store: Store,
        policies: Policies,
        *,
        stops: Callable[[], Stops],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        most: int = 2000,
        seconds: float = 0.008,
        limit: DeadLetterLimit | None = None,
        meter: Meter | None = None,
    ) -> None:
        self.store = store
        self.meter = meter
        self.now = now
        self.monotonic = monotonic
        self.most = most
        self.seconds = seconds
        self.limit = limit or DeadLetterLimit()
        self.persons = Engine(store, PersonProcessor(policies, stops), own_log=PARTITIONS, limit=self.limit)
        self.wards = Engine(store, WardProcessor(policies), own_log=PARTITIONS, limit=self.limit)
        self.reviews: dict[str, Result] = {}
        self.processed = 0
        self._pace = {self.persons: SLOW, self.wards: SLOW}  # seconds a record of each took lately

    def assign(self) -> None:
        """Take both partitions: whoever had them can't write any more."""
        self.persons.assign()
        self.wards.assign()

    @property
    def backlog(self) -> int:
        """How many records wait. Any thread may ask: the engines' places are read before the logs' ends, so that
        none means none, whatever the engines do meanwhile."""
        places = [((e.processor.topic, e.partition), e.next_offset) for e in (self.persons, self.wards)]
        with self.store.read() as conn:
            ends = logs.ends(conn)
        return sum(max(0, ends.get(log, 0) - place) for log, place in places)

    def turn(self) -> int:
        """One batch of each engine, sized to about `seconds`. Returns how many records were processed."""
        with self.store.read() as conn:
            ends = logs.ends(conn)
        return sum(self._batch(engine, ends) for engine in (self.wards, self.persons) if _waiting(engine, ends) > 0)

    def _batch(self, engine: Engine, ends: Ends) -> int:
        most = max(8, min(self.most, int(self.seconds / max(self._pace[engine], 1e-6))))
        with self.store.read() as conn:
            records = logs.read(conn, engine.processor.topic, engine.partition, engine.next_offset, most)
        if not records:
            return 0
        started = self.monotonic()
        behind = max(0, _waiting(engine, ends) - (records[-1].offset + 1 - engine.next_offset))
        results = engine.process(records, at=self.now(), backlog=behind)
        self.reviews.update(results)
        seconds = self.monotonic() - started
        if self.meter is not None and engine.newest is not None:
            self.meter.batch(engine.newest, engine.kinds, len(records), seconds, behind)
        spent = seconds / len(records)
        self._pace[engine] = max(spent, 0.8 * self._pace[engine] + 0.2 * spent)
        self.processed += len(records)
        return len(records)

    def drain(self) -> int:
        """Until nothing is left to do: everything derived from what came is derived."""
        total = 0
        while done := self.turn():
            total += done
        return total

    def fire(self, now: datetime) -> int:
        """Timers due by `now` become events, in the order of their due times. Returns how many."""
        with self.store.write() as conn:
            due = timers.due(conn, now, TIMERS_AT_ONCE)
            if due:
                records = [(TOPIC_OF[d.space], d.key, encode(timer_event(d))) for d in due]
                logs.append_many(conn, records, PARTITIONS, at=now)
                timers.clear(conn, due)
        return len(due)

    def next_due(self) -> datetime | None:
        """When the next timer is due."""
        with self.store.read() as conn:
            return timers.next_due(conn)


def _waiting(engine: Engine, ends: Ends) -> int:
    """How many records lie before the engine."""
    return max(0, ends.get((engine.processor.topic, engine.partition), 0) - engine.next_offset)


def timer_event(due: Due) -> TimerDue:
    """A timer as an event. Its time is when it was due, however late it is fired."""
    return TimerDue(
        event_id=derived_id("tm", due.space, due.key, due.due.isoformat()),
        at=due.due,
        arrived_at=due.due,
        person=due.key if due.space == "person" else "",
    )
