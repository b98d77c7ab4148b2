"""One event through the ward step: `step(house, event, …)` → the house after it and what it tells others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from detectors.base import earliest
from detectors.feed import judge_silence
from detectors.policy import Institution
from detectors.rulesets.model import RuleSet
from detectors.ward.checks import Out, delivered, missed, named_late, opened, ordered, roster_changed, told
from detectors.ward.mixups import mismatched
from detectors.ward.model import House
from schemas.base import Event, derived_id
from schemas.findings import Alert, Reason
from schemas.system import FeedHeard, FeedSilent, MismatchSeen, MissSeen, RosterChanged
from schemas.ward_check import CheckAssigned, CheckDelivered, CheckOrdered

FORGET_CHECKS = timedelta(days=3)
FORGET_BEDS = timedelta(days=3)


@dataclass(frozen=True)
class HouseStep:
    """What one event did to a house."""

    house: House
    out: tuple[Event, ...] = ()  # to persons
    alerts: tuple[Alert, ...] = ()
    wake_at: datetime | None = None


def step(house: House, event: Event, rules: RuleSet, institution: Institution) -> HouseStep:
    """Pure. Time is the event's; a house's clock never runs back."""
    before = house.clock
    now = max(event.arrived_at, before or event.arrived_at)
    house = replace(house, clock=now)
    house, out = _fold(house, event, rules, institution, now)
    house, more = _open_due(house, now)
    house, silence, alerts = _silence(house, rules, now)
    if before is None or (before.date(), before.hour) != (now.date(), now.hour):
        house = _forget(house, now)
    return HouseStep(house, (*out, *more, *silence), alerts, _wake(house, rules, now))


def _fold(house: House, event: Event, rules: RuleSet, institution: Institution, now: datetime) -> Out:
    match event:
        case RosterChanged():
            return roster_changed(house, event, now)
        case CheckOrdered():
            return ordered(house, event, now)
        case CheckDelivered():
            return delivered(house, event, now)
        case CheckAssigned():
            return named_late(house, event, now)
        case MissSeen():
            return missed(house, event, rules, now)
        case MismatchSeen():
            return mismatched(house, event, rules, institution.population, now)
        case FeedHeard():
            return _heard(house, event), ()
        case _:
            return house, ()


def _open_due(house: House, now: datetime) -> Out:
    """Checks whose time has come open, in the order of their ids."""
    out: list[Event] = []
    due = [c for c in house.checks.values() if not c.opened and c.kind and c.opens_at and c.opens_at <= now]
    for check in sorted(due, key=lambda c: c.check_id):
        house, told_now = opened(house, check, now)
        out.extend(told_now)
    return house, tuple(out)


# ── a silent feed is a question about data, not about people ─────────────────────────────────────────────


def _heard(house: House, event: FeedHeard) -> House:
    """Something was heard. The gateway says so once a clock hour, so the house was alive until its end."""
    alive = event.at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return replace(house, last_heard=max(alive, house.last_heard or alive))


def _silence(house: House, rules: RuleSet, now: datetime) -> tuple[House, tuple[Event, ...], tuple[Alert, ...]]:
    heard, since = house.last_heard, house.silent_since
    if heard is None:
        return house, (), ()
    if since is not None:
        if heard <= since:
            return house, (), ()
        alert = _alert(house, rules, now, since, heard)
        ended = replace(house, silent_since=None, silence_raised_at=None)
        return ended, _tell_silence(house, since, heard, now), (alert,)
    silent, _ = judge_silence(heard, now, rules)
    if not silent or not _occupied(house, now):
        return house, (), ()
    house = replace(house, silent_since=heard, silence_raised_at=now)
    return house, _tell_silence(house, heard, None, now), (_alert(house, rules, now, heard, None),)


def _tell_silence(house: House, since: datetime, until: datetime | None, now: datetime) -> tuple[Event, ...]:
    """Everyone who lay there in the dark learns of it, so that no one is called absent."""
    persons = sorted({bed.person for bed in house.beds.values() if bed.until is None or bed.until > since})
    ended = until.isoformat() if until else ""
    return tuple(
        told(house, FeedSilent, person, "", now, since.isoformat(), ended, at=since, since=since, until=until)
        for person in persons
    )


def _alert(house: House, rules: RuleSet, now: datetime, since: datetime, until: datetime | None) -> Alert:
    """One alert a silence; when the feed is back it says how long it was. Data quality, not fraud."""
    hours = round(((until or now) - since).total_seconds() / 3600)
    return Alert(
        alert_id=derived_id("al", "feed.silent", rules.label, house.key, since.isoformat()),
        detector="feed.silent",
        rule_version=rules.label,
        threshold=rules.feed_silent.hours,
        raised_at=house.silence_raised_at or now,
        updated_at=now,
        severity=3,
        fixmedins_code=house.key,
        reasons=(Reason(code="feed_resumed" if until else "feed_silent", params={"hours": hours}),),
    )


def _occupied(house: House, now: datetime) -> bool:
    """Someone is on the books: an empty house owes no messages."""
    return any(bed.ward != "" and (bed.until is None or bed.until > now) for bed in house.beds.values())


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────


def _wake(house: House, rules: RuleSet, now: datetime) -> datetime | None:
    opening = [c.opens_at for c in house.checks.values() if c.kind and not c.opened]
    silence = None
    if house.last_heard is not None and house.silent_since is None and _occupied(house, now):
        _, silence = judge_silence(house.last_heard, now, rules)
    return earliest(*(moment for moment in (*opening, silence) if moment and moment > now))


def _forget(house: House, now: datetime) -> House:
    """Checks long closed and beds long empty leave the state; mismatches leave with their round. Once an hour."""
    checks = {k: c for k, c in house.checks.items() if c.due_by is None or c.due_by > now - FORGET_CHECKS}
    beds = {k: b for k, b in house.beds.items() if b.until is None or b.until > now - FORGET_BEDS}
    mismatches = tuple(m for m in house.mismatches if m.at > now - FORGET_CHECKS)
    if len(checks) == len(house.checks) and len(beds) == len(house.beds) and len(mismatches) == len(house.mismatches):
        return house
    return replace(house, checks=checks, beds=beds, mismatches=mismatches)
