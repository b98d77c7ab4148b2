"""What an engine left behind, in a form that two runs can be compared in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from detectors.gate.stops import NO_STOPS
from detectors.institutions import InstitutionBook
from detectors.ledger.model import Person, dump
from detectors.ledger.parts import join
from detectors.policy import Policies
from detectors.rulesets.book import RulesAndInstitutions
from detectors.step import step
from schemas.codec import decode, encode
from schemas.decisions import Decision
from storage import alerts, dead_letters, decisions, holds, log, states, timers
from storage.log import Record
from storage.store import Store
from storage.tables import outbox
from streams.engine import Engine
from streams.journal import parse_line
from streams.processors import PERSON_EVENTS, WARD_EVENTS, PersonProcessor
from streams.replay import Player
from tests.casebook.bureau import calibrated
from tests.journal import Journal
from tests.stories import at
from wardwatch.clock import ManualClock
from wardwatch.keys import REPLAY_KEYS
from wardwatch.settings import load_settings
from wardwatch.wiring import BEFORE_ALL_JOURNALS, Parts, parts

NOON = at("07-01 12:00")
ARRIVAL_ONLY = {"backlog"}
"""What a decision says of the moment in which it was made, and not of the case."""


def policies() -> Policies:
    return RulesAndInstitutions(calibrated(), InstitutionBook(default_soft=False))


def whole_system(store: Store) -> Parts:
    """Intake, gate and both engines over one store, as a replay has them."""
    clock = ManualClock(BEFORE_ALL_JOURNALS)
    return parts(store, policies(), clock, REPLAY_KEYS, load_settings(None), stops=lambda: NO_STOPS)


@dataclass(frozen=True)
class Recorded:
    """One straight run: the person topic as it was written, and what the run left behind."""

    records: tuple[Record, ...]
    wards: tuple[Record, ...]
    left: Left


def straight_run(journal: Journal, folder: Path) -> Recorded:
    """The journal through the whole system on SQLite."""
    with Store.open(f"sqlite:///{folder / 'straight.sqlite'}", durable=False) as store:
        whole = whole_system(store)
        lines = (parse_line(sent.bytes, number) for number, sent in enumerate(journal.in_order(), 1))
        Player(store, whole.intake, whole.pump, whole.clock).play(lines)  # type: ignore[arg-type]
        return Recorded(written(store, PERSON_EVENTS), written(store, WARD_EVENTS), left_in(store))


def written(store: Store, topic: str) -> tuple[Record, ...]:
    """A topic's whole partition."""
    with store.read() as conn:
        return tuple(log.read(conn, topic, 0, 0, 1_000_000))


@dataclass
class Left:
    """Everything that outlives a run, by key or in order."""

    states: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    alerts: dict[str, Any] = field(default_factory=dict)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    holds: dict[str, Any] = field(default_factory=dict)
    wakes: dict[str, datetime] = field(default_factory=dict)
    told: list[tuple[str, str, bytes]] = field(default_factory=list)
    dead: list[tuple[str, int | None, str]] = field(default_factory=list)

    @property
    def of_persons(self) -> Left:
        """Without what is said of institutions."""
        about = {name: row for name, row in self.alerts.items() if row["psn_no"]}
        return Left(self.states, about, self.decisions, self.holds, self.wakes, self.told, self.dead)


def left_in(store: Store) -> Left:
    """What a store holds of persons, their alerts, decisions, holds, timers, outbox and dead letters."""
    left = Left()
    with store.read() as conn:
        rows = states.each(conn, "person", limit=1_000_000)
        left.states = {key: (row.version, dump(join(row.body, row.parts))) for key, row in rows}
        left.alerts = {row.alert_id: row.model_dump() for row in alerts.find(conn, limit=1000).items}
        left.decisions = [said(row) for row in decisions.each(conn)]
        left.holds = {row.hold_id: row.model_dump() for row in holds.export(conn)}
        left.wakes = {
            due.key: due.due for due in timers.due(conn, at("12-31 23:59"), 1_000_000) if due.space == "person"
        }
        left.told = [tuple(row) for row in conn.execute(_TOLD)]
        left.dead = [(row.source, row.offset, row.code) for row in dead_letters.find(conn, newest=False).items]
    return left


def said(decision: Decision) -> dict[str, Any]:
    return decision.model_dump(exclude=ARRIVAL_ONLY)


def folded(records: Iterable[Record]) -> Left:
    """The oracle: the pure steps folded over the records, nothing else. No store, no batches."""
    left, rules = Left(), policies()
    persons: dict[str, Person] = {}
    versions: dict[str, int] = {}
    for record in records:
        key = record.key
        versions[key] = versions.get(key, 0) + 1
        done = step(persons.get(key) or Person(key=key), decode(record.value), rules, version=versions[key])
        persons[key] = done.person
        left.alerts |= {alert.alert_id: alert.model_dump() for alert in done.alerts}
        left.decisions += [said(decision) for decision in done.decisions]
        left.holds |= {hold.hold_id: hold.model_dump() for hold in done.holds}
        left.wakes.pop(key, None)
        if done.wake_at is not None:
            left.wakes[key] = done.wake_at
        left.told += [(WARD_EVENTS, news.who.institution, encode(news)) for news in done.news]
    left.states = {key: (versions[key], dump(person)) for key, person in persons.items()}
    return left


def engine(store: Store) -> Engine:
    """A person engine as a worker has it whose log is elsewhere."""
    return Engine(store, PersonProcessor(policies()))


def cut(records: Sequence[Record], sizes: Iterator[int]) -> Iterator[Sequence[Record]]:
    """The records in batches of these sizes."""
    start = 0
    while start < len(records):
        end = start + next(sizes)
        yield records[start:end]
        start = end


_TOLD = select(outbox.c.topic, outbox.c.key, outbox.c.value).order_by(outbox.c.id)
