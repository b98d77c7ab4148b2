"""The two keyed steps as the engine runs them: bytes of state in, what changed out. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from detectors.gate.review import Result
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger import model as ledger
from detectors.outcomes import CaptureOutcome, capture_outcomes
from detectors.policy import Policies
from detectors.step import step as person_step
from detectors.ward import model as ward
from detectors.ward.step import step as ward_step
from schemas.base import Event
from schemas.decisions import Decision, Hold
from schemas.findings import Alert
from storage.states import Space

PERSON_EVENTS = "person-events"
WARD_EVENTS = "ward-events"
PERSON_ENGINE = "person-engine"
"""The consumer whose offset row tells how far persons are processed."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What one event leads to."""

    state: Any
    wake_at: datetime | None = None
    out: Sequence[tuple[str, str, Event]] = ()  # (topic, key, event)
    alerts: Sequence[Alert] = ()
    decisions: Sequence[Decision] = ()
    holds: Sequence[Hold] = ()
    captures: Sequence[CaptureOutcome] = ()
    review: Result | None = None


class Processor(Protocol):
    """One keyed step. `space` is where its states are kept, `topic` what it reads."""

    @property
    def space(self) -> Space: ...
    @property
    def topic(self) -> str: ...

    def load(self, key: str, body: bytes | None) -> Any:
        """The state of a key; a new one where there is none."""

    def dump(self, state: Any) -> bytes:
        """The state as bytes."""

    def step(self, state: Any, event: Event, version: int, backlog: int) -> Effects:
        """One event through the state."""


@dataclass(frozen=True)
class PersonProcessor:
    """The person step: ledger, detectors, gate."""

    policies: Policies
    stops: Callable[[], Stops] = field(default=lambda: NO_STOPS)
    space: Space = "person"
    topic: str = PERSON_EVENTS

    def load(self, key: str, body: bytes | None) -> ledger.Person:
        return ledger.Person(key=key) if body is None else ledger.load(body)

    def dump(self, state: ledger.Person) -> bytes:
        return ledger.dump(state)

    def step(self, state: ledger.Person, event: Event, version: int, backlog: int) -> Effects:
        done = person_step(state, event, self.policies, stops=self.stops(), version=version, backlog=backlog)
        return Effects(
            state=done.person,
            wake_at=done.wake_at,
            out=[(WARD_EVENTS, news.who.institution, news) for news in done.news],
            alerts=done.alerts,
            decisions=done.decisions,
            holds=done.holds,
            captures=capture_outcomes(state, done.person, event, self.policies),
            review=done.review,
        )


@dataclass(frozen=True)
class WardProcessor:
    """The ward step: rosters, checks, mix-ups, silent feeds of one institution."""

    policies: Policies
    space: Space = "ward"
    topic: str = WARD_EVENTS

    def load(self, key: str, body: bytes | None) -> ward.House:
        return ward.House(key=key) if body is None else ward.load(body)

    def dump(self, state: ward.House) -> bytes:
        return ward.dump(state)

    def step(self, state: ward.House, event: Event, version: int, backlog: int) -> Effects:
        institution = self.policies.institution(state.key)
        rules = self.policies.rules(institution.region, event.arrived_at)
        done = ward_step(state, event, rules, institution)
        return Effects(
            state=done.house,
            wake_at=done.wake_at,
            out=[(PERSON_EVENTS, told.person, told) for told in done.out],
            alerts=done.alerts,
        )
