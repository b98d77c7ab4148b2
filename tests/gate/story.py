"""A stay whose claim goes through the gate, told event by event."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from msgspec.structs import replace

from detectors.base import Case, why
from detectors.gate.review import Result
from detectors.gate.rulings import Ruled, rule
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger.model import (
    Cancellation,
    Line,
    Opinion,
    Person,
    Settlement,
    Stay,
    dump,
    load,
)
from detectors.ledger.services import charges_of
from detectors.policy import Institution
from detectors.rulesets.book import RuleBook
from detectors.rulesets.model import RuleSet
from schemas.base import CHINA, Event
from schemas.decisions import Decision, Hold
from schemas.settlement import HoldReviewed, Provisional, SettlementAsked, SettlementCancelled
from schemas.system import TimerDue

NATIONAL = RuleBook.builtin().rules("", datetime(2026, 3, 1, tzinfo=CHINA))
INFNO = Literal["2303", "2304", "3101", "3102"]
IMPOSTOR = Opinion(severity=2, reasons=(why("identity_mismatch", "ev-1", sessions=2),))
MISSED = Opinion(severity=3, reasons=(why("check_missed", "ck-1", days=1),))


def at(day: str, hour: int = 10) -> datetime:
    """A moment in China."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=CHINA)


def line(sn: str, day: str, amount: str) -> Line:
    return Line(sn=sn, at=at(day), amount=Decimal(amount), count=Decimal(1))


@dataclass
class Story:
    """One stay at one hospital. Every step keeps what the gate wrote."""

    rules: RuleSet = NATIONAL
    institution: Institution = field(default_factory=lambda: Institution("H1"))
    stay: Stay = field(default_factory=lambda: Stay(key="st-1", institution="H1", mdtrt_id="M1"))
    unverified: tuple[date, ...] = ()
    stops: Stops = NO_STOPS
    decisions: list[Decision] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    wake_at: datetime | None = None
    steps: int = 0

    def case(self, now: datetime) -> Case:
        person = Person(key="990100:P1", stays={self.stay.key: self.stay})
        return Case(person, self.stay, self.rules, self.institution, now)

    def think(self, detector: str, *opinions: Opinion) -> Story:
        """The detector now holds this about the stay; nothing given: it holds nothing any more."""
        kept = {code: held for code, held in self.stay.opinions.items() if code != detector}
        self.stay = replace(self.stay, opinions={**kept, **({detector: opinions} if opinions else {})})
        return self

    def charge(self, *lines: Line) -> Story:
        fact = charges_of(f"ch-{len(self.stay.charges)}", lines[0].at, lines[0].at, "", lines)
        self.stay = replace(self.stay, charges=(*self.stay.charges, fact))
        return self

    def asks(self, infno: INFNO, on: datetime, *, provisional: Provisional | None = None, **said: Any) -> Ruled:
        """The hospital sends a 2303, 2304, 3101 or 3102; `arrives` is when we get it, if later."""
        self.steps += 1
        name = said.pop("id", f"ev-{self.steps}")
        arrives = said.pop("arrives", on)
        fact = Settlement(id=name, at=on, known_at=arrives, infno=infno, **said)
        facts = sorted([*self.stay.settlements, fact], key=lambda s: (s.at, s.id))
        self.stay = replace(self.stay, settlements=tuple(facts))
        event = SettlementAsked(event_id=name, at=on, arrived_at=arrives, infno=infno, provisional=provisional)
        return self.hears(event)

    def settles(self, on: datetime, **said: Any) -> Ruled:
        """A 2304 with its reply."""
        facts: dict[str, Any] = {"fee_total": Decimal("8000.00"), "fund_pay": Decimal("5200.00"), "setl_id": "S1"}
        return self.asks("2304", on, **(facts | said))

    def cancels(self, on: datetime, setl_id: str = "S1") -> Ruled:
        """A 2305."""
        self.steps += 1
        fact = Cancellation(f"ev-{self.steps}", on, "", setl_id)
        self.stay = replace(self.stay, cancellations=(*self.stay.cancellations, fact))
        return self.hears(
            SettlementCancelled(event_id=fact.id, at=on, arrived_at=on, setl_id=setl_id, stay=self.stay.key)
        )

    def waits(self, until: datetime) -> Ruled:
        """Time passes, and a timer or some other event reminds the engine of this stay."""
        return self.hears(TimerDue(event_id=f"t-{until.isoformat()}", at=until, arrived_at=until))

    def reviews(
        self,
        reviewer: str,
        action: Literal["keep", "release", "part_release"],
        on: datetime,
        days: tuple[date, ...] = (),
    ) -> Result:
        self.steps += 1
        event = HoldReviewed(
            event_id=f"ev-{self.steps}",
            at=on,
            arrived_at=on,
            stay=self.stay.key,
            hold_id=self.hold.hold_id,
            action=action,
            days=days,
            reviewer=reviewer,
        )
        result = self.hears(event).review
        assert result is not None
        return result

    def hears(self, event: Event) -> Ruled:
        """Any event through the gate. The state goes through its bytes each time, as in the engine."""
        ruled = rule(self.case(event.arrived_at), event, stops=self.stops, unverified=lambda _: self.unverified)
        person = Person(key="p", stays={"s": replace(self.stay, rulings=ruled.rulings)})
        self.stay = load(dump(person)).stays["s"]
        self.decisions += ruled.decisions
        self.holds += ruled.holds
        self.wake_at = ruled.wake_at
        return ruled

    @property
    def last(self) -> Decision:
        return self.decisions[-1]

    @property
    def hold(self) -> Hold:
        return self.holds[-1]

    @property
    def outcomes(self) -> list[str]:
        return [row.outcome for row in self.decisions]


SETTLED = at("2026-03-02")
LATER = SETTLED + timedelta(days=1)
DUE = date(2026, 5, 12)
"""Settled in March: filed by 10 April, 20 working days from the 11th with the May holiday in between."""
