"""A check in its ward: opened over the books, delivered, missed by one or by most."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from detectors.rulesets.model import RuleSet
from detectors.ward.model import Bed, House, Receipt, WardCheck
from schemas.base import Event, derived_id
from schemas.system import MissSeen, RosterChanged, WardWideMiss
from schemas.ward_check import CheckAssigned, CheckDelivered, CheckOrdered

Out = tuple[House, tuple[Event, ...]]
Covered = tuple[tuple[str, str, str], ...]
"""(person, stay, ward)"""


def told(house: House, kind: type[Any], person: str, stay: str, now: datetime, *parts: str, **fields: Any) -> Any:
    """An event from this house to a person, with an id that is the same every time for the same cause."""
    return kind(
        event_id=derived_id("wv", house.key, kind.__name__, person, stay, *parts),
        at=fields.pop("at", now),
        arrived_at=now,
        who={"institution": house.key},
        person=person,
        stay=stay,
        **fields,
    )


def roster_changed(house: House, event: RosterChanged, now: datetime) -> Out:
    """The books changed: a later word on the same stay replaces the earlier.

    A check that has opened meanwhile covers this patient too where we had been told before it opened: whom it
    covers must not depend on how far behind the person step is.
    """
    bed = Bed(event.person, event.ward, event.bed, event.since, event.until, event.known_at, event.who.mdtrt_id)
    house = replace(house, beds={**house.beds, event.stay: bed})
    out: list[Event] = []
    for check_id in sorted(house.checks):
        check = house.checks[check_id]
        if not check.opened or check.roster or check.ward != bed.ward or check.opens_at is None:
            continue
        known = bed.known_at < check.opens_at and _on_books(bed, check.opens_at, now)
        if known and all(stay != event.stay for _, stay, _ in check.covered):
            late = ((bed.person, event.stay, bed.ward),)
            check = replace(check, covered=(*check.covered, *late))
            house = _with(house, check)
            out.extend(_told_covered(house, check, late, now))
    return house, tuple(out)


def ordered(house: House, event: CheckOrdered, now: datetime) -> Out:
    """A check was issued: it opens at once if its time has come, else its timer will open it."""
    known = house.checks.get(event.check_id) or WardCheck(check_id=event.check_id)
    if known.kind:
        return house, ()
    check = replace(
        known,
        kind=event.check_kind,
        ward=event.ward,
        opens_at=event.opens_at,
        due_by=event.due_by,
        roster=event.roster,
    )
    house = _with(house, check)
    return opened(house, check, now) if event.opens_at <= now else (house, ())


def opened(house: House, check: WardCheck, now: datetime) -> Out:
    """The check opens: whoever is on the ward's books at that moment, as we know them, is covered.

    One that names its patients covers those; who of them isn't known yet follows with `named_late`.
    """
    assert check.opens_at is not None
    if check.roster:
        covered = tuple((p, s, _ward_of(house, s) or check.ward) for p, s in check.roster if p)
    else:
        covered = tuple(
            (bed.person, stay, bed.ward)
            for stay, bed in sorted(house.beds.items())
            if bed.ward == check.ward and _on_books(bed, check.opens_at, now)
        )
    check = replace(check, opened=True, covered=covered)
    return _with(house, check), tuple(_told_covered(house, check, covered, now))


def named_late(house: House, event: CheckAssigned, now: datetime) -> Out:
    """A patient whom the check names is known only now: covered as those who were known at once."""
    check = house.checks.get(event.check_id)
    mark = (event.person, event.stay)
    if check is None or not check.kind or mark in check.roster:
        return house, ()
    check = replace(check, roster=(*check.roster, mark))
    if not check.opened:
        return _with(house, check), ()
    covered = ((*mark, _ward_of(house, event.stay) or check.ward),)
    check = replace(check, covered=(*check.covered, *covered))
    return _with(house, check), tuple(_told_covered(house, check, covered, now))


def _told_covered(house: House, check: WardCheck, covered: Covered, now: datetime) -> list[Event]:
    """What those covered learn: that they are, and what has been delivered so far."""
    out: list[Event] = [
        told(
            house,
            CheckAssigned,
            person,
            stay,
            now,
            check.check_id,
            at=check.opens_at,
            check_id=check.check_id,
            check_kind=check.kind,
            ward=ward,
            opens_at=check.opens_at,
            due_by=check.due_by,
        )
        for person, stay, ward in covered
    ]
    for receipt in check.receipts:
        out.extend(_deliver(house, check, covered, receipt, now))
    return out


def delivered(house: House, event: CheckDelivered, now: datetime) -> Out:
    """A receipt: everyone the check covers in that ward learns that it was delivered."""
    check = house.checks.get(event.check_id) or WardCheck(check_id=event.check_id)
    receipt = Receipt(event.event_id, event.ward, event.delivered_at, event.seen_at, event.channel)
    if any(r.id == receipt.id for r in check.receipts):
        return house, ()
    check = replace(check, receipts=tuple(sorted([*check.receipts, receipt], key=lambda r: (r.delivered_at, r.id))))
    return _with(house, check), tuple(_deliver(house, check, check.covered, receipt, now)) if check.opened else ()


def _deliver(house: House, check: WardCheck, covered: Covered, receipt: Receipt, now: datetime) -> list[Event]:
    return [
        told(
            house,
            CheckDelivered,
            person,
            stay,
            now,
            check.check_id,
            receipt.id,
            at=receipt.delivered_at,
            check_id=check.check_id,
            ward=ward,
            channel=receipt.channel,
            delivered_at=receipt.delivered_at,
            seen_at=receipt.seen_at,
        )
        for person, stay, ward in covered
        if not receipt.ward or not ward or receipt.ward == ward
    ]


def missed(house: House, event: MissSeen, rules: RuleSet, now: datetime) -> Out:
    """One patient missed it. When most of the ward did, the cause is one, and everyone learns that."""
    check = house.checks.get(event.check_id)
    mark = (event.person, event.stay)
    if check is None or mark in check.missed:
        return house, ()
    check = replace(check, missed=tuple(sorted([*check.missed, mark])))
    limit = rules.check_missed
    share = len(check.missed) / max(1, len(check.covered))
    if len(check.covered) < limit.ward_wide_min or share <= limit.ward_wide_share:
        return _with(house, check), ()
    newly = (mark,) if check.ward_wide else check.missed
    check = replace(check, ward_wide=True)
    out = tuple(
        told(
            house,
            WardWideMiss,
            person,
            stay,
            now,
            check.check_id,
            check_id=check.check_id,
            missed=len(check.missed),
            covered=len(check.covered),
        )
        for person, stay in newly
    )
    return _with(house, check), out


def _on_books(bed: Bed, moment: datetime, now: datetime) -> bool:
    known = bed.known_at <= now and bed.since <= moment
    return known and (bed.until is None or moment < bed.until)


def _ward_of(house: House, stay: str) -> str:
    bed = house.beds.get(stay)
    return bed.ward if bed else ""


def _with(house: House, check: WardCheck) -> House:
    return replace(house, checks={**house.checks, check.check_id: check})
