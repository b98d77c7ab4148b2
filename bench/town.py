"""A town in one database, played day by day through the whole system; and its log, to be processed again."""

from __future__ import annotations

import shutil
import sqlite3
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from access.callers import LOCAL
from bench import journal
from bench.journal import Sent, Ward
from detectors.gate.stops import NO_STOPS
from detectors.institutions import InstitutionBook
from detectors.rulesets.book import RuleBook, RulesAndInstitutions
from storage import dead_letters, log
from storage.log import Record
from storage.store import Store
from streams.embedded import GROUP
from streams.engine import Engine
from streams.intake import Arrival
from streams.processors import PERSON_EVENTS, WARD_EVENTS, PersonProcessor, WardProcessor
from streams.requests import Rejected, Request
from wardwatch.clock import ManualClock
from wardwatch.keys import REPLAY_KEYS
from wardwatch.settings import load_settings
from wardwatch.wiring import BEFORE_ALL_JOURNALS, parts

STEADY = journal.STAY_DAYS + 1
"""From this day on every bed has had a whole stay: each day costs the same."""

Logs = tuple[list[Record], list[Record]]
"""What stood in `person-events` and `ward-events`."""


class JournalClock(ManualClock):
    """Shows the journal's time; durations are real."""

    def monotonic(self) -> float:
        return time.perf_counter()


@dataclass
class Played:
    """One day through the whole system."""

    requests: int = 0
    events: int = 0
    intake: float = 0.0  # seconds from the requests' bytes to the log
    engine: float = 0.0  # seconds from there to the commit of all that follows
    logs: Logs = field(default_factory=lambda: ([], []))


def policies() -> RulesAndInstitutions:
    """The rule sets that come with the program; every institution monitored and past soft launch."""
    return RulesAndInstitutions(RuleBook.builtin(), InstitutionBook(default_soft=False))


class Town:
    """`stays` open stays over one database. Without `durable`, work that isn't measured is quicker to do."""

    def __init__(self, file: Path, wards: Sequence[Ward], *, durable: bool = True) -> None:
        self.file = file
        self.wards = list(wards)
        self.day = 0
        self.open(durable=durable)

    def open(self, *, durable: bool) -> None:
        """The database with everything around it."""
        self.store = Store.open(f"sqlite:///{self.file}", durable=durable)
        self.clock = JournalClock(BEFORE_ALL_JOURNALS)
        whole = parts(self.store, policies(), self.clock, REPLAY_KEYS, load_settings(None), stops=lambda: NO_STOPS)
        self.intake, self.pump = whole.intake, whole.pump
        self.pump.assign()

    def warm_up(self) -> None:
        """To the steady state."""
        while self.day < STEADY:
            self.play(group=500)

    def play(self, *, group: int = GROUP) -> Played:
        """The next day: requests in groups as a node takes them, everything derived after each of them.

        A group ends where a timer is due, so that it fires between the requests before it and those after it.
        """
        sent = journal.requests(self.wards, self.day)
        self.day += 1
        played, before = Played(requests=len(sent)), self.ends()
        processed = self.pump.processed
        first = 0
        while first < len(sent):
            self._until(sent[first].at, played)
            some = self._before_next_timer(sent[first : first + group])
            first += len(some)
            began = time.perf_counter()
            self._take(some)
            taken = time.perf_counter()
            self.pump.drain()
            played.intake += taken - began
            played.engine += time.perf_counter() - taken
        played.events = self.pump.processed - processed
        played.logs = self._written(before)
        _no_dead_letters(self.store)
        return played

    def _before_next_timer(self, sent: list[Sent]) -> list[Sent]:
        due = self.pump.next_due()
        if due is None or sent[-1].at < due:
            return sent
        return sent[: max(1, bisect_left(sent, due, key=lambda one: one.at))]

    def _until(self, moment: datetime, played: Played) -> None:
        """Timers due by then."""
        began = time.perf_counter()
        self.pass_time(moment)
        played.engine += time.perf_counter() - began

    def pass_time(self, moment: datetime) -> None:
        """The clock moves on to `moment`; every timer on the way fires."""
        while (due := self.pump.next_due()) is not None and due <= moment:
            self.clock.set(max(due, self.clock.now()))
            self.pump.fire(due)
            self.pump.drain()
        self.clock.set(max(moment, self.clock.now()))

    def _take(self, sent: list[Sent]) -> None:
        self.clock.set(max(sent[-1].at, self.clock.now()))
        for one in self.intake.take([Arrival(Request(s.path, s.body, s.at, LOCAL)) for s in sent]):
            if isinstance(one, Rejected) or one.body.get("infcode", 0) != 0:
                raise AssertionError(f"a request of the journal was turned down: {one}")

    def ends(self) -> tuple[int, int]:
        """Where the two topics end."""
        with self.store.read() as conn:
            return log.end(conn, PERSON_EVENTS, 0), log.end(conn, WARD_EVENTS, 0)

    def _written(self, since: tuple[int, int]) -> Logs:
        with self.store.read() as conn:
            persons, wards = (
                log.read(conn, topic, 0, start, 10_000_000)
                for topic, start in zip((PERSON_EVENTS, WARD_EVENTS), since, strict=True)
            )
        return persons, wards

    def copy(self, to: Path) -> Path:
        """The database as it is now, for somebody else."""
        copied(self.file, to)
        return to

    def close(self) -> None:
        self.store.close()


def copied(file: Path, to: Path) -> None:
    """A whole copy of a database that nobody writes to meanwhile."""
    for suffix in ("", "-wal", "-shm"):
        to.with_name(to.name + suffix).unlink(missing_ok=True)
    source, target = sqlite3.connect(file), sqlite3.connect(to)
    try:
        source.backup(target)
    finally:
        source.close()
        target.close()


BATCH = load_settings(None).engine.batch_events


class Follower:
    """Both engines over a log that another system wrote: events in, everything committed. JSON to commit.

    The records hold everything derived already, as they were written when the day was played; what the engines
    derive again goes to their outbox. Batches are those of a backlog: as many records as one transaction takes.
    """

    def __init__(self, file: Path, *, durable: bool = True) -> None:
        """`file` is a database as it was before the first of the days that are to be followed."""
        self.store = Store.open(f"sqlite:///{file}", durable=durable)
        rules = policies()
        self.persons = Engine(self.store, PersonProcessor(rules))
        self.wards = Engine(self.store, WardProcessor(rules))
        self.persons.assign()
        self.wards.assign()

    def process(self, logs: Logs, at: datetime) -> float:
        """Seconds that the engines took for these records."""
        began = time.perf_counter()
        for persons, wards in _batches(logs):
            if wards:
                self.wards.process(_renumbered(wards, self.wards), at=at)
            if persons:
                self.persons.process(_renumbered(persons, self.persons), at=at)
        seconds = time.perf_counter() - began
        _no_dead_letters(self.store)
        return seconds

    def close(self) -> None:
        self.store.close()


def process(file: Path, logs: Logs, at: datetime) -> float:
    """The same by engines that have only just started."""
    follower = Follower(file)
    try:
        return follower.process(logs, at)
    finally:
        follower.close()


def _batches(logs: Logs) -> Iterator[tuple[list[Record], list[Record]]]:
    """Batches of both topics side by side: persons in full ones, wards in as many."""
    persons, wards = logs
    rounds = max(1, -(-len(persons) // BATCH))
    for number in range(rounds):
        low, high = (len(wards) * n // rounds for n in (number, number + 1))
        yield persons[number * BATCH : (number + 1) * BATCH], wards[low:high]


def _renumbered(records: list[Record], engine: Engine) -> list[Record]:
    return [record._replace(offset=offset) for offset, record in enumerate(records, engine.next_offset)]


def _no_dead_letters(store: Store) -> None:
    with store.read() as conn:
        if found := dead_letters.count_since(conn, BEFORE_ALL_JOURNALS):
            raise AssertionError(f"{found} dead letters: the figures would be those of doing nothing")


def free_space(folder: Path) -> int:
    """Bytes that the disk still takes."""
    return shutil.disk_usage(folder).free
