"""A builder of person events that reads like a nurse's account: `Story().admitted("03-02 09:00").…`.

Times are `MM-DD HH:MM` of 2026 in China time, or datetimes. Every call adds what happened and returns the story.
Nothing is random: the same calls give the same events, faces come from a number.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from struct import pack
from typing import Any, Literal

from schemas.admission import (
    AdmissionCancelled,
    Admitted,
    DischargeCancelled,
    Discharged,
    MessageVoided,
    StayChanged,
)
from schemas.base import CHINA, Event, Who, derived_id, person_key
from schemas.charge import ChargeLine, ChargesPosted, ChargesWithdrawn, OrderRecorded, VitalsRecorded
from schemas.settlement import CareSpell, SettlementAsked, SettlementListed
from schemas.system import FeedSilent, MixUpFound, TimerDue, WardWideMiss
from schemas.ward_check import (
    Anchor,
    AnswerResult,
    CaptureAssessed,
    CheckAnswered,
    CheckAssigned,
    CheckDelivered,
    CheckKind,
    Comparison,
    Metric,
    Purpose,
    SceneKind,
    SceneReported,
    Template,
    WhereaboutsKind,
    WhereaboutsReported,
)

Time = str | datetime
MODEL = "dlib-resnet-1"
EDGE_MODEL = "edge-1"


def at(moment: Time) -> datetime:
    """`03-02 09:00` of 2026, China time; a datetime stays as it is."""
    if isinstance(moment, datetime):
        return moment
    return datetime.strptime(f"2026-{moment}", "%Y-%m-%d %H:%M").replace(tzinfo=CHINA)


def day(text: str) -> date:
    """`03-02` of 2026."""
    return date.fromisoformat(f"2026-{text}")


@cache
def face(number: int, away: float = 0.0) -> str:
    """The template of face `number`, or one that lies `away` from it (Euclidean); others lie about 1.4 away."""
    centre = _unit(f"face {number}")
    aside = _unit(f"aside {number} {away}")
    vector = [c + away * a for c, a in zip(centre, aside, strict=True)]
    return base64.b64encode(pack("<128f", *vector)).decode()


def _unit(seed: str) -> list[float]:
    chance = random.Random(seed)
    vector = [chance.gauss(0, 1) for _ in range(128)]
    length = sum(x * x for x in vector) ** 0.5
    return [x / length for x in vector]


@dataclass
class Story:
    """One person's events in the order in which they are told. `stay` and `house` are where they happen."""

    psn_no: str = "P1"
    admdvs: str = "330100"
    stay: str = "S1"
    house: str = "H1"
    ward: str = "W1"
    events: list[Event] = field(default_factory=list)

    # ── the teller ──────────────────────────────────────────────────────────────────────────────────────

    def elsewhere(self, stay: str, house: str, ward: str = "W9") -> Story:
        """The same person's story in another stay; both add to the same events."""
        return Story(self.psn_no, self.admdvs, stay, house, ward, self.events)

    @property
    def person(self) -> str:
        return person_key(self.admdvs, self.psn_no)

    def tell(
        self, kind: type[Event], moment: Time, told: Time | None = None, *, stay: str | None = None, **what: Any
    ) -> Story:
        """Adds an event that happened at `moment` and reached us at `told` (at once where not said)."""
        number = len(self.events)
        stay = self.stay if stay is None else stay
        self.events.append(
            kind(
                event_id=what.pop("event_id", derived_id("ev", self.psn_no, kind.__name__, str(number))),
                at=at(moment),
                arrived_at=at(moment if told is None else told),
                who=Who(
                    institution=self.house,
                    insuplc_admdvs=self.admdvs,
                    psn_no=self.psn_no,
                    mdtrt_id=f"M-{stay}" if stay else "",
                ),
                person=self.person,
                stay=stay,
                **what,
            )
        )
        return self

    @property
    def last(self) -> Event:
        return self.events[-1]

    # ── the books ───────────────────────────────────────────────────────────────────────────────────────

    def admitted(self, moment: Time = "03-02 09:00", told: Time | None = None, **what: Any) -> Story:
        what.setdefault("ward", self.ward)
        return self.tell(Admitted, moment, told, began_at=at(moment), **what)

    def changed(self, moment: Time, **what: Any) -> Story:
        return self.tell(StayChanged, moment, **what)

    def discharged(self, moment: Time, told: Time | None = None, died: str | None = None, **what: Any) -> Story:
        died_on = day(died) if died else None
        way = "5" if died else "1"
        return self.tell(Discharged, moment, told, ended_at=at(moment), way=way, died_on=died_on, **what)

    def discharge_cancelled(self, moment: Time) -> Story:
        return self.tell(DischargeCancelled, moment)

    def admission_cancelled(self, moment: Time) -> Story:
        return self.tell(AdmissionCancelled, moment)

    def voided(self, moment: Time, msgid: str) -> Story:
        return self.tell(MessageVoided, moment, stay="", voids=msgid)

    # ── faces ───────────────────────────────────────────────────────────────────────────────────────────

    def enrolled(
        self,
        moment: Time = "03-02 09:30",
        number: int = 1,
        *,
        anchor: Literal["id_chip", "ecert_face", "id_service", "guardian", "none"] = "id_chip",
        score: float | None = None,
        metric: Metric | None = "similarity",
        told: Time | None = None,
    ) -> Story:
        """入院人像建模 of face `number`; `score` is against the document."""
        held = Anchor(kind=anchor, score=score, metric=metric if score is not None else None)
        return self._captured(
            moment, "enrolment", told, anchor=held, template=Template(model=MODEL, vector=face(number))
        )

    def captured(
        self,
        moment: Time,
        number: int = 1,
        *,
        away: float = 0.2,
        check: str = "",
        purpose: Purpose = "round",
        told: Time | None = None,
    ) -> Story:
        """A picture of face `number`, `away` from its own template."""
        template = Template(model=MODEL, vector=face(number, away))
        return self._captured(moment, purpose, told, template=template, check_id=check)

    def compared(
        self,
        moment: Time,
        score: float,
        *,
        metric: Metric = "distance",
        model: str = EDGE_MODEL,
        threshold: float | None = 0.5,
        check: str = "",
        purpose: Purpose = "round",
    ) -> Story:
        """A terminal's own comparison (边缘比对)."""
        own = Comparison(score=score, metric=metric, model=model, threshold=threshold)
        return self._captured(moment, purpose, None, comparison=own, check_id=check)

    def _captured(self, moment: Time, purpose: Purpose, told: Time | None, **what: Any) -> Story:
        stay = "" if purpose == "scene" and not what.get("check_id") else None
        name = f"C{len(self.events)}"
        return self.tell(
            CaptureAssessed,
            moment,
            told,
            stay=stay,
            capture_id=name,
            purpose=purpose,
            ward=self.ward,
            **what,
        )

    @property
    def capture_id(self) -> str:
        """Of the newest capture."""
        return next(e.capture_id for e in reversed(self.events) if isinstance(e, CaptureAssessed))

    def mixed_up(self, moment: Time, capture_id: str) -> Story:
        return self.tell(MixUpFound, moment, capture_id=capture_id, other_capture_id="C-neighbour")

    # ── checks ──────────────────────────────────────────────────────────────────────────────────────────

    def check(
        self,
        name: str,
        opens: Time,
        due: Time,
        kind: CheckKind = "round",
        delivered: Time | Literal["at once"] | None = "at once",
    ) -> Story:
        """A check that covers this patient; `delivered` None: no receipt ever came."""
        self.assigned(name, opens, due, kind)
        if delivered is None:
            return self
        return self.delivered(name, opens if delivered == "at once" else delivered)

    def assigned(self, name: str, opens: Time, due: Time, kind: CheckKind = "round") -> Story:
        return self.tell(
            CheckAssigned,
            opens,
            check_id=name,
            check_kind=kind,
            ward=self.ward,
            opens_at=at(opens),
            due_by=at(due),
        )

    def delivered(self, name: str, moment: Time, told: Time | None = None) -> Story:
        return self.tell(CheckDelivered, moment, told, check_id=name, ward=self.ward, delivered_at=at(moment))

    def answered(self, moment: Time, check: str, result: AnswerResult, told: Time | None = None) -> Story:
        return self.tell(CheckAnswered, moment, told, check_id=check, result=result)

    def not_found_twice(self, check: str, first: Time, second: Time) -> Story:
        return self.answered(first, check, "not_found").answered(second, check, "not_found")

    def ward_wide(self, moment: Time, check: str) -> Story:
        return self.tell(WardWideMiss, moment, check_id=check, missed=20, covered=22)

    def away(
        self,
        starts: Time,
        ends: Time | None,
        kind: WhereaboutsKind = "leave",
        *,
        entered: Time | None = None,
        name: str = "",
    ) -> Story:
        """Whereabouts (去向), entered when they begin where not said."""
        entered = starts if entered is None else entered
        return self.tell(
            WhereaboutsReported,
            entered,
            whereabouts_id=name or f"wb{len(self.events)}",
            whereabouts=kind,
            starts=at(starts),
            ends=None if ends is None else at(ends),
            entered_at=at(entered),
        )

    def listed(self, moment: Time, *spells: tuple[Literal["icu", "theatre"], Time, Time]) -> Story:
        """4101A, with what it says of ICU and operations."""
        rows = tuple(CareSpell(care=c, starts=at(s), ends=at(e)) for c, s, e in spells)
        return self.tell(SettlementListed, moment, spells=rows)

    def silent(self, since: Time, until: Time | None, told: Time | None = None) -> Story:
        """The institution's feed is known to have been silent."""
        return self.tell(
            FeedSilent,
            since,
            told or until or since,
            stay="",
            since=at(since),
            until=None if until is None else at(until),
        )

    # ── services and money ──────────────────────────────────────────────────────────────────────────────

    def charged(self, moment: Time, *lines: ChargeLine, told: Time | None = None, msgid: str = "") -> Story:
        number = len(self.events)
        made = lines or (bed(at(moment), f"L{number}a"), service(at(moment), f"L{number}b"))
        return self.tell(ChargesPosted, moment, told, lines=made, msgid=msgid)

    def uncharged(self, moment: Time, *sns: str) -> Story:
        return self.tell(ChargesWithdrawn, moment, lines=sns, everything=not sns)

    def ordered(self, moment: Time) -> Story:
        return self.tell(OrderRecorded, moment)

    def vitals(self, moment: Time) -> Story:
        return self.tell(VitalsRecorded, moment)

    def settled(self, moment: Time, infno: Literal["2303", "2304", "3101", "3102"] = "2304") -> Story:
        return self.tell(SettlementAsked, moment, infno=infno, fee_total=Decimal("1000"))

    # ── elsewhere ───────────────────────────────────────────────────────────────────────────────────────

    def scene(
        self,
        moment: Time,
        kind: SceneKind = "pharmacy",
        *,
        phase: Literal["start", "end", "once"] = "once",
        capture: str = "",
        agent: bool = False,
    ) -> Story:
        return self.tell(SceneReported, moment, stay="", scene=kind, phase=phase, capture_id=capture, by_agent=agent)

    def timer(self, moment: Time) -> Story:
        return self.tell(TimerDue, moment, stay="")


def bed(moment: Time, sn: str) -> ChargeLine:
    """床位费: what is charged whoever lies in the bed."""
    return ChargeLine(sn=sn, occurred_at=at(moment), item_class="01", amount=Decimal("45.00"), count=Decimal(1))


def service(moment: Time, sn: str, **what: Any) -> ChargeLine:
    """A line of treatment."""
    what = {"item_class": "05", "amount": Decimal("120.50"), "count": Decimal(1)} | what
    return ChargeLine(sn=sn, occurred_at=at(moment), **what)


def refund(moment: Time, sn: str, of: str) -> ChargeLine:
    """A line that takes another one back."""
    return service(moment, sn, refunds=of, amount=Decimal("-120.50"), count=Decimal(-1))


def days_after(moment: Time, count: int) -> datetime:
    return at(moment) + timedelta(days=count)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events as they arrive."""
    return sorted(events, key=lambda e: (e.arrived_at, e.event_id))
