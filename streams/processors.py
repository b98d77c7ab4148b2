"""The two keyed steps as the engine runs them: bytes of state in, what changed out. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from detectors.gate.review import Result
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger import model as ledger
from detectors.ledger import parts as person_parts
from detectors.outcomes import CaptureOutcome, capture_outcomes
from detectors.policy import Policies
from detectors.step import step as person_step
from detectors.ward import model as ward
from detectors.ward import parts as ward_parts
from detectors.ward.step import step as ward_step
from schemas.base import Event
from schemas.decisions import Decision, Hold
from schemas.findings import Alert
from storage.states import Space, StateRow

PERSON_EVENTS = "person-events"
WARD_EVENTS = "ward-events"
PERSON_ENGINE = "person-engine"
"""The consumer whose offset row tells how far persons are processed."""


class Effects(NamedTuple):
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
    @property
    def keep(self) -> int:
        """How many states the engine may keep decoded."""

    def load(self, key: str, row: StateRow | None) -> Any:
        """The state of a key; a new one where there is none."""

    def dump(self, state: Any, before: Any) -> tuple[bytes, dict[str, bytes | None]]:
        """The state as bytes: its head, and those of its parts that differ from `before` (None: all)."""

    def step(self, state: Any, event: Event, version: int, backlog: int) -> Effects:
        """One event through the state."""


@dataclass(frozen=True)
class PersonProcessor:
    """The person step: ledger, detectors, gate."""

    policies: Policies
    stops: Callable[[], Stops] = field(default=lambda: NO_STOPS)
    space: Space = "person"
    topic: str = PERSON_EVENTS
    keep: int = 4096  # everyone in care in a county; some 40 KB each

    def load(self, key: str, row: StateRow | None) -> ledger.Person:
        return ledger.Person(key=key) if row is None else person_parts.join(row.body, row.parts)

    def dump(self, state: ledger.Person, before: ledger.Person | None) -> tuple[bytes, dict[str, bytes | None]]:
        return person_parts.split(state, before)

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
    keep: int = 256

    def load(self, key: str, row: StateRow | None) -> ward.House:
        return ward.House(key=key) if row is None else ward_parts.join(row.body, row.parts)

    def dump(self, state: ward.House, before: ward.House | None) -> tuple[bytes, dict[str, bytes | None]]:
        return ward_parts.split(state, before)

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
