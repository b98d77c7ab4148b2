"""What the ward says, into the ledger: checks with their receipts and answers, whereabouts, silences."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from detectors.ledger.facts import put, weight
from detectors.ledger.model import Answer, Check, Silence, Stay, Whereabouts
from schemas.settlement import SettlementListed
from schemas.system import MixUpFound, WardWideMiss
from schemas.ward_check import CheckAnswered, CheckAssigned, CheckDelivered, WhereaboutsReported


def assigned(stay: Stay, event: CheckAssigned) -> Stay:
    old = _check(stay, event.check_id)
    new = replace(
        old,
        opens_at=event.opens_at,
        due_by=event.due_by,
        kind=event.check_kind,
        ward=event.ward or old.ward,
        assigned=True,
    )
    return _with_check(stay, new)


def delivered(stay: Stay, event: CheckDelivered) -> Stay:
    old = _check(stay, event.check_id)
    first = event.delivered_at if old.delivered_at is None else min(old.delivered_at, event.delivered_at)
    return _with_check(stay, replace(old, delivered_at=first, ward=old.ward or event.ward))


def _check(stay: Stay, check_id: str) -> Check:
    for check in reversed(stay.checks):
        if check.check_id == check_id:
            return check
    return Check(check_id=check_id)


def _with_check(stay: Stay, new: Check) -> Stay:
    """In its place, which for nearly all is at the end: in the order in which they fall due, then of their ids."""
    held = stay.checks
    place = next((n for n, c in enumerate(held) if c.check_id == new.check_id), None)
    if place is None and (not held or _order(held[-1]) <= _order(new)):
        return replace(stay, checks=(*held, new))
    if place is not None:
        if _order(held[place]) == _order(new):
            return replace(stay, checks=(*held[:place], new, *held[place + 1 :]))
        held = held[:place] + held[place + 1 :]
    return replace(stay, checks=tuple(sorted((*held, new), key=_order)))


def _order(check: Check) -> tuple[datetime, str]:
    at = check.due_by or check.delivered_at
    assert at is not None, "a check is in the ledger because it was assigned or delivered"
    return at, check.check_id


def answered(stay: Stay, event: CheckAnswered) -> Stay:
    fact = Answer(
        id=event.event_id,
        at=event.at,
        known_at=event.arrived_at,
        check_id=event.check_id,
        result=event.result,
        treatment=event.treatment,
        operator=event.operator,
    )
    return replace(stay, answers=put(stay.answers, fact))


def ward_wide(stay: Stay, event: WardWideMiss) -> Stay:
    return replace(stay, ward_wide=tuple(sorted({*stay.ward_wide, event.check_id})))


def whereabouts(stay: Stay, event: WhereaboutsReported) -> Stay:
    fact = Whereabouts(
        id=event.whereabouts_id,
        kind=event.whereabouts,
        starts=event.starts,
        ends=event.ends,
        entered_at=event.entered_at,
        known_at=event.arrived_at,
        approved_by=event.approved_by,
    )
    return _with_whereabouts(stay, fact)


def _with_whereabouts(stay: Stay, fact: Whereabouts) -> Stay:
    """The last word on one id wins: by when it was entered, then by when it reached us."""
    old = next((w for w in stay.whereabouts if w.id == fact.id), None)
    if old is not None and _said(old) >= _said(fact):
        return stay
    others = [w for w in stay.whereabouts if w.id != fact.id]
    return replace(stay, whereabouts=tuple(sorted([*others, fact], key=lambda w: (w.starts, w.id))))


def listed(stay: Stay, event: SettlementListed) -> Stay:
    for number, spell in enumerate(event.spells):
        fact = Whereabouts(
            id=f"{event.event_id}:{number}",
            kind=spell.care,
            starts=spell.starts,
            ends=spell.ends,
            entered_at=event.at,
            known_at=event.arrived_at,
            msgid=event.msgid,
        )
        stay = _with_whereabouts(stay, fact)
    return stay


def mixed_up(stay: Stay, event: MixUpFound) -> Stay:
    return replace(stay, mix_ups=tuple(sorted({*stay.mix_ups, event.capture_id})))


def with_silence(known: tuple[Silence, ...], fact: Silence) -> tuple[Silence, ...]:
    """`known` with one more; told again with its end, an open silence is closed."""
    old = next((s for s in known if s.since == fact.since), None)
    if old is not None and (fact.until is None or old.until is not None):
        return known
    others = [s for s in known if s.since != fact.since]
    return tuple(sorted([*others, fact], key=lambda s: s.since))


def _said(fact: Whereabouts) -> tuple[object, ...]:
    return (fact.entered_at, fact.known_at, *weight(fact))
