"""One event through a person's ledger, every detector that listens, and the gate. Pure.

The order is the order of this file: fold → judge → rule → tell. Time is the event's arrival and never runs
back for a person, so that the same events give the same findings whatever clock the machine has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from detectors.alerts import alert_id, alert_of
from detectors.base import NOTHING, Case, Detector
from detectors.gate.review import Result
from detectors.gate.rulings import rule
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger.closing import closed, closes_at
from detectors.ledger.fold import fold
from detectors.ledger.model import Person, Raised, Stay
from detectors.ledger.view import placement, span
from detectors.policy import Policies
from detectors.reading.cache import hand_on, readings_of
from detectors.registry import DETECTORS
from detectors.sparing import CHECKS, spared
from detectors.ward_news import ward_news
from schemas.base import Event
from schemas.decisions import Decision, Hold
from schemas.findings import Alert

V = TypeVar("V")

GATE, CLOSING = "gate", "closing"
"""Entries among a stay's wakes that are no detector's: the gate's own, and the end of the stay in the ledger.
Another is `CHECKS`: see `sparing.py`."""

CLOSES = frozenset(
    {"discharged", "discharge_cancelled", "admission_cancelled", "message_voided", "timer_due", "hold_reviewed"}
    | {"settlement_asked", "settlement_cancelled"}
)
"""Kinds after which a stay's end in the ledger may lie elsewhere."""

BY_CODE: dict[str, Detector] = {d.code: d for d in DETECTORS}
LISTENERS: dict[str, tuple[Detector, ...]] = {
    kind: tuple(d for d in DETECTORS if kind in d.listens)
    for kind in sorted({kind for d in DETECTORS for kind in d.listens})
}
ON_DELIVERY = LISTENERS["check_delivered"]
PERSON_WIDE: dict[str, tuple[Detector, ...]] = {
    kind: tuple(d for d in rows if d.person_wide) for kind, rows in LISTENERS.items()
}
ABOUT_EVERY_STAY = frozenset({"message_voided", "feed_silent", "timer_due"})
"""Kinds that name no stay and may change each: the rest name theirs, or are for person-wide detectors."""


class Step(NamedTuple):
    """What one event did to a person."""

    person: Person
    alerts: tuple[Alert, ...] = ()
    decisions: tuple[Decision, ...] = ()
    holds: tuple[Hold, ...] = ()
    news: tuple[Event, ...] = ()  # to the ward step
    review: Result | None = None  # what came of a reviewer's word
    wake_at: datetime | None = None


@dataclass
class _Told:
    """What is collected on the way."""

    alerts: list[Alert] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    news: list[Event] = field(default_factory=list)
    review: Result | None = None


class _Moment(NamedTuple):
    """What is the same for every stay that one event touches."""

    event: Event
    now: datetime
    policies: Policies
    stops: Stops
    version: int
    backlog: int

    def case(self, person: Person, stay: Stay) -> Case:
        """The stay as its detectors see it: under the rules that were in force when it began."""
        place, time = placement(stay), span(stay)
        case = Case(
            person=person,
            stay=stay,
            rules=self.policies.rules(place.region, time.began_at or self.now),
            institution=self.policies.institution(stay.institution),
            now=self.now,
            kept=readings_of(stay),
        )
        case.__dict__.update(placement=place, span=time)  # read already: see `Case`
        return case


def step(
    person: Person,
    event: Event,
    policies: Policies,
    *,
    stops: Stops = NO_STOPS,
    version: int = 0,
    backlog: int = 0,
) -> Step:
    """`person` after `event`, and everything that follows from it.

    `version` is the state's version after this event, `backlog` what waited behind it: both are written into
    decisions. What raises here is our bug: the engine puts the event among the dead letters.
    """
    now = max(event.arrived_at, person.clock or event.arrived_at)
    keep = timedelta(hours=policies.rules("", now).ledger.late_hours)
    moment = _Moment(event, now, policies, stops, version, backlog)
    after = replace(fold(person, event, keep), clock=now)
    for key, stay in after.stays.items():
        hand_on(person.stays.get(key), stay)
    told = _Told()
    for key, detectors in _to_judge(after, event, now):
        calm = spared(after, key, event, now, partial(moment.case, after, after.stays[key]))
        stay = calm or _looked_at(person.stays.get(key), after, key, detectors, moment, told)
        if stay is not after.stays[key]:
            hand_on(after.stays[key], stay)
            after = replace(after, stays={**after.stays, key: stay})
    return Step(
        person=after,
        alerts=tuple(told.alerts),
        decisions=tuple(told.decisions),
        holds=tuple(told.holds),
        news=tuple(told.news),
        review=told.review,
        wake_at=min([wake for stay in after.stays.values() for wake in stay.wakes.values()], default=None),
    )


def _looked_at(
    before: Stay | None,
    person: Person,
    key: str,
    detectors: tuple[Detector, ...],
    moment: _Moment,
    told: _Told,
) -> Stay:
    """One stay through its detectors and the gate; what they say goes into `told`."""
    case = moment.case(person, person.stays[key])
    case, stay = _judge(case, detectors, told)
    case, stay = _rule(case, moment, told)
    told.alerts.extend(_restated(before, case, moment.event, told.alerts))
    stay, news = ward_news(before, case, moment.event)
    told.news.extend(news)
    return _close(case, stay, moment.event)


def _to_judge(person: Person, event: Event, now: datetime) -> Iterator[tuple[str, tuple[Detector, ...]]]:
    """Which stays may look different now, and to which detectors: those that listen, those whose time has come."""
    kind: str = event.kind  # type: ignore[attr-defined]
    listening = LISTENERS.get(kind, ())
    wide = PERSON_WIDE.get(kind, ())
    for key in sorted(person.stays):
        stay = person.stays[key]
        if stay.closed_at is not None:
            continue
        touched = key == event.stay or kind in ABOUT_EVERY_STAY
        chosen = listening if touched else wide
        due = [code for code, wake in stay.wakes.items() if wake <= now]
        if due:
            woken = [*(BY_CODE[code] for code in due if code in BY_CODE), *(ON_DELIVERY if CHECKS in due else ())]
            yield key, tuple(dict.fromkeys((*chosen, *woken)))
        elif touched or chosen:
            yield key, chosen


def _judge(case: Case, detectors: tuple[Detector, ...], told: _Told) -> tuple[Case, Stay]:
    """Ask each detector; what it held before and holds no more is withdrawn."""
    stay = case.stay
    opinions, wakes = stay.opinions, stay.wakes
    for detector in detectors:
        judged = NOTHING if case.span.cancelled else detector.judge(case)
        held = opinions.get(detector.code, ())
        if judged.opinions != held:
            opinions = _with(opinions, detector.code, judged.opinions)
        # a wake that isn't ahead would fire again at once, for ever
        wake = judged.wake_at if judged.wake_at is not None and judged.wake_at > case.now else None
        if wake != wakes.get(detector.code):
            wakes = _with(wakes, detector.code, wake)
    if CHECKS in wakes and all(detector in detectors for detector in ON_DELIVERY):
        wakes = _with(wakes, CHECKS, None)  # they have been asked now, and said when to ask again
    if opinions is stay.opinions and wakes is stay.wakes:
        return case, stay
    changed = opinions is not stay.opinions
    stay = replace(stay, opinions=opinions, wakes=wakes)
    case = case.concluding(stay)
    return _raise(case, told) if changed else (case, stay)


def _with(held: dict[str, V], code: str, value: V | None) -> dict[str, V]:
    """`held` with `value` under `code`; without `code` where there is none."""
    changed = held.copy()
    if value:
        changed[code] = value
    else:
        changed.pop(code, None)
    return changed


def _raise(case: Case, told: _Told) -> tuple[Case, Stay]:
    """Alerts for opinions that are new or changed; withdrawn ones for those that are gone."""
    stay, now = case.stay, case.now
    alerts = dict(stay.alerts)
    held: set[str] = set()
    for code, opinions in stay.opinions.items():
        for opinion in opinions:
            name = alert_id(code, case.rules.label, case.person.key, stay.key, opinion.occasion)
            held.add(name)
            known = alerts.get(name) or Raised(detector=code, raised_at=now, rule_version=case.rules.label)
            if known.opinion != opinion:
                alerts[name] = replace(known, opinion=opinion)
                told.alerts.append(alert_of(case, code, opinion, alerts[name], updated_at=now))
    for name, raised in stay.alerts.items():
        if name not in held and raised.opinion is not None:
            told.alerts.append(alert_of(case, raised.detector, raised.opinion, raised, updated_at=now, withdrawn=True))
            alerts[name] = replace(raised, opinion=None)
    stay = replace(stay, alerts=alerts)
    return case.concluding(stay), stay


def _rule(case: Case, moment: _Moment, told: _Told) -> tuple[Case, Stay]:
    """The gate: a settlement that is asked for, or one that an earlier ruling must be held against."""
    stay = case.stay
    if not stay.rulings and not stay.settlements:
        return case, stay
    ruled = rule(case, moment.event, stops=moment.stops, version=moment.version, backlog=moment.backlog)
    told.decisions.extend(ruled.decisions)
    told.holds.extend(ruled.holds)
    told.review = ruled.review or told.review
    wake = ruled.wake_at if ruled.wake_at and ruled.wake_at > case.now else None
    wakes = _with(stay.wakes, GATE, wake)
    if ruled.rulings == stay.rulings and wakes == stay.wakes:
        return case, stay
    stay = replace(stay, rulings=ruled.rulings, wakes=wakes)
    case = case.concluding(stay)
    return case, stay


def _close(case: Case, stay: Stay, event: Event) -> Stay:
    """Past payment and objection the stay leaves the ledger but for its outline; until then, when that will be."""
    kind: str = event.kind  # type: ignore[attr-defined]
    if kind not in CLOSES:
        return stay
    due = closes_at(stay, timedelta(days=case.rules.ledger.close_after_days))
    if due is not None and due <= case.now:
        return closed(stay, case.now)
    return stay if due == stay.wakes.get(CLOSING) else replace(stay, wakes=_with(stay.wakes, CLOSING, due))


RESTATES = frozenset({"settlement_asked", "settlement_cancelled", "hospital_answered"})


def _restated(before: Stay | None, case: Case, event: Event, told: list[Alert]) -> list[Alert]:
    """Open alerts once more where an event changes what they show beside their reasons: the money at stake,
    the hospital's answer, the platform's number of the stay."""
    stay = case.stay
    named = before is not None and before.mdtrt_id != stay.mdtrt_id
    kind: str = event.kind  # type: ignore[attr-defined]
    if not stay.alerts or not (named or (kind in RESTATES and event.stay == stay.key)):
        return []
    known = {alert.alert_id for alert in told}
    return [
        alert_of(case, raised.detector, raised.opinion, raised, updated_at=case.now)
        for name, raised in stay.alerts.items()
        if raised.opinion is not None and name not in known
    ]
