"""One event into the ledger. Pure: a new state comes back, the old one is untouched.

`ON_PERSON` and `ON_STAY` are the whole list of what each kind of event leaves behind; kinds that leave nothing
aren't in them. Faces, ward and services have modules of their own beside this one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from detectors.ledger import fold_faces as faces
from detectors.ledger import fold_services as services
from detectors.ledger import fold_ward as ward
from detectors.ledger.facts import drop, put
from detectors.ledger.model import Outpatient, Person, Scene, Silence, Stay
from detectors.ledger.view import span
from schemas.admission import MessageVoided
from schemas.base import Event
from schemas.charge import OutpatientRecorded
from schemas.system import FeedSilent
from schemas.ward_check import CaptureAssessed, SceneReported

KEEP_VECTORS = timedelta(hours=72)
"""How long a compared probe keeps its template, for a late enrolment (`ledger.late_hours` of the rules)."""


def fold(person: Person, event: Event, keep_vectors: timedelta = KEEP_VECTORS) -> Person:
    """The ledger with this event in it. An event already in it, or voided before it came, changes nothing."""
    if event.msgid and _void_mark(event.who.institution, event.msgid) in person.voided:
        return person
    kind: str = event.kind  # type: ignore[attr-defined]
    if kind in ON_PERSON:
        return ON_PERSON[kind](person, event)
    if kind not in ON_STAY:
        return person
    if not event.stay:
        return faces.loose_capture(person, event) if isinstance(event, CaptureAssessed) else person
    old = person.stays.get(event.stay) or _first_told(person, event)
    if old.closed_at is not None:
        return person  # too late to change anything: the request itself is kept raw
    new = ON_STAY[kind](_named(old, event), event)
    if isinstance(event, CaptureAssessed):
        new = faces.capture(new, event, keep_vectors)
    if new is old:
        return person
    changed = replace(person, stays={**person.stays, new.key: new})
    if kind in DISCHARGES:
        changed = replace(changed, died_on=_died_on(changed))
    if isinstance(event, CaptureAssessed) and event.purpose == "enrolment":
        changed = faces.rescored_scenes(changed)
    return changed


def _first_told(person: Person, event: Event) -> Stay:
    """A stay that nothing was known of, in an institution that may have been silent before."""
    house = event.who.institution
    return Stay(key=event.stay, institution=house, silences=person.silences.get(house, ()))


def _named(stay: Stay, event: Event) -> Stay:
    """Names learned late: the platform's `mdtrt_id`, the hospital's `ipt_no`."""
    who = event.who
    if (who.mdtrt_id and not stay.mdtrt_id) or (who.ipt_no and not stay.ipt_no):
        return replace(stay, mdtrt_id=stay.mdtrt_id or who.mdtrt_id, ipt_no=stay.ipt_no or who.ipt_no)
    return stay


DISCHARGES = frozenset({"discharged", "discharge_cancelled"})


def _died_on(person: Person) -> date | None:
    """The earliest date of death that still stands."""
    days = [span(stay).died_on for stay in person.stays.values()]
    return min((day for day in days if day), default=None)


# ── about the person ─────────────────────────────────────────────────────────────────────────────────────


def _void_mark(institution: str, msgid: str) -> str:
    return f"{institution}\x1f{msgid}"


def _voided(person: Person, event: MessageVoided) -> Person:
    """2601: whatever came from that message is gone, and stays gone should it come after its void."""
    mark = _void_mark(event.who.institution, event.voids)
    if mark in person.voided:
        return person

    def said_there(fact: Any) -> bool:
        return bool(fact.msgid == event.voids)

    stays = {
        key: _without(stay, said_there) if stay.institution == event.who.institution else stay
        for key, stay in person.stays.items()
    }
    gone = drop(person.outpatient, lambda o: o.msgid == event.voids and o.institution == event.who.institution)
    changed = replace(person, stays=stays, outpatient=gone, voided=tuple(sorted({*person.voided, mark})))
    return replace(changed, died_on=_died_on(changed))


def _without(stay: Stay, said_there: Callable[[Any], bool]) -> Stay:
    return replace(
        stay,
        registrations=drop(stay.registrations, said_there),
        charges=drop(stay.charges, said_there),
        withdrawals=drop(stay.withdrawals, said_there),
        signs=drop(stay.signs, said_there),
        settlements=drop(stay.settlements, said_there),
        cancellations=drop(stay.cancellations, said_there),
        whereabouts=drop(stay.whereabouts, said_there),
    )


def _silent(person: Person, event: FeedSilent) -> Person:
    """The institution's feed was silent: every stay there keeps it, for no one is absent in the dark."""
    house = event.who.institution
    known = ward.with_silence(person.silences.get(house, ()), Silence(event.since, event.until))
    stays = {
        key: replace(stay, silences=known) if stay.institution == house else stay for key, stay in person.stays.items()
    }
    return replace(person, stays=stays, silences={**person.silences, house: known})


def _scene(person: Person, event: SceneReported) -> Person:
    fact = Scene(
        id=event.event_id,
        at=event.at,
        institution=event.who.institution,
        scene=event.scene,
        phase=event.phase,
        capture_id=event.capture_id,
        by_agent=event.by_agent,
        room=event.room,
        staff=event.staff,
    )
    return replace(person, scenes=put(person.scenes, fact))


def _outpatient(person: Person, event: OutpatientRecorded) -> Person:
    fact = Outpatient(
        id=event.event_id,
        at=event.at,
        institution=event.who.institution,
        infno=event.infno,
        msgid=event.msgid,
        cancelled=event.cancelled,
    )
    return replace(person, outpatient=put(person.outpatient, fact))


def _same(stay: Stay, event: Event) -> Stay:
    return stay


ON_PERSON: dict[str, Callable[[Person, Any], Person]] = {
    "message_voided": _voided,
    "feed_silent": _silent,
    "scene_reported": _scene,
    "outpatient_recorded": _outpatient,
}

ON_STAY: dict[str, Callable[[Stay, Any], Stay]] = {
    "admitted": services.registration,
    "stay_changed": services.registration,
    "discharged": services.registration,
    "admission_cancelled": services.registration,
    "discharge_cancelled": services.registration,
    "stay_identified": _same,  # its names are taken by `_named`
    "capture_assessed": _same,  # compared with the person's enrolments: see `_capture`
    "mix_up_found": ward.mixed_up,
    "check_assigned": ward.assigned,
    "check_delivered": ward.delivered,
    "check_answered": ward.answered,
    "ward_wide_miss": ward.ward_wide,
    "whereabouts_reported": ward.whereabouts,
    "charges_posted": services.charges,
    "charges_withdrawn": services.withdrawn,
    "order_recorded": services.sign,
    "vitals_recorded": services.sign,
    "settlement_asked": services.settlement,
    "settlement_cancelled": services.settlement_cancelled,
    "settlement_listed": ward.listed,
    "hospital_answered": services.hospital_answered,
}
