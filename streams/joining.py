"""From what a request says to events with a person and a stay, or to what they wait for."""

from __future__ import annotations

from typing import Any

import orjson

from schemas.admission import MessageVoided
from schemas.base import Event, Who, derived_id, person_key
from schemas.settlement import HoldReviewed, HospitalAnswered, SettlementAsked
from schemas.ward_check import CaptureAssessed, CheckAssigned, CheckDelivered, CheckOrdered
from storage import alerts, decisions, holds
from storage.checks import CheckRow
from streams.batch import Batch
from streams.directory import AUDITS, Waits
from streams.gatekeeper import NOT_EVALUATED, GateAnswer
from streams.reading import Taken
from streams.requests import Conflict, NotFound


def place(batch: Batch, taken: Taken) -> None:
    """Calls that name a check or a hold get their institution and ward from it.

    Raises `NotFound` where there is none of that name.
    """
    said = taken.translated
    if said is None or not (said.check_id or said.hold_id):
        return
    if said.check_id:
        check = batch.check(said.check_id)
        if check is None:
            raise NotFound("no_such_check")
        taken.institution, taken.ward = check.institution, check.ward or taken.ward
    else:
        hold = holds.get(batch.conn, said.hold_id)
        if hold is None:
            raise NotFound("no_such_hold")
        taken.institution = hold.fixmedins_code
    taken.events = tuple(_at_institution(event, taken.institution) for event in taken.events)


def flag_reuse(batch: Batch, taken: Taken) -> None:
    """The same id with another body is a new message, flagged."""
    if _reuses(batch, taken):
        taken.events = tuple(
            event.model_copy(update={"flags": (*event.flags, "duplicate_id")}) for event in taken.events
        )


def _reuses(batch: Batch, taken: Taken) -> bool:
    if any(body_hash != taken.body_hash for body_hash in batch.bodies_under_its_id(taken)):
        return True
    said = taken.translated
    if said is None or not said.dedupe_key:
        return False
    return any(
        (isinstance(event, CaptureAssessed) and batch.has_capture(event.capture_id))
        or (isinstance(event, CheckOrdered) and batch.check(event.check_id) is not None)
        for event in taken.events
    )


def joined(batch: Batch, taken: Taken) -> list[Event]:
    """The events that could be joined. The others wait under their key, nothing evaluated.

    An audit (3101, 3102) of a stay that we don't know asks us nothing: it is only kept raw.
    """
    found: list[Event] = []
    for event in _said(taken):
        one = _join(batch, taken, event)
        if not isinstance(one, Waits):
            found.append(one)
        elif not (isinstance(event, SettlementAsked) and event.infno in AUDITS):
            batch.wait(taken, one, with_gate(event, {}))
    return found


def with_gate(event: Event, gates: dict[str, GateAnswer]) -> Event:
    """A settlement carries what it was answered, so that the engine can confirm or amend it."""
    if not isinstance(event, SettlementAsked):
        return event
    answer = gates.get(event.event_id)
    provisional = answer.provisional if answer else NOT_EVALUATED
    return event.model_copy(update={"provisional": provisional})


def _said(taken: Taken) -> tuple[Event, ...]:
    """The events; for a message that the platform refused, what takes an earlier copy back."""
    message = taken.message
    if message is None or not taken.voids_earlier or not message.msgid:
        return taken.events
    return tuple(
        MessageVoided(
            event_id=derived_id("vd", taken.request_id, number),
            at=taken.request.at,
            arrived_at=taken.request.at,
            who=Who(institution=message.institution, insuplc_admdvs=message.insuplc_admdvs, psn_no=number),
            voids=message.msgid,
            oinfno=message.infno,
        )
        for number in _persons_named(message.input)
    )


def _join(batch: Batch, taken: Taken, event: Event) -> Event | Waits:
    match event:
        case CheckOrdered():
            return _ordered(batch, taken, event)
        case CheckDelivered():
            return event
        case HospitalAnswered():
            return _about_alert(batch, event)
        case HoldReviewed():
            return _about_hold(batch, event)
    region = taken.message.region if taken.message else ""
    return batch.directory.join(event, national=taken.national, region=region)


def _ordered(batch: Batch, taken: Taken, event: CheckOrdered) -> Event:
    """A check goes to its ward; patients named on it are joined, those unknown are assigned when known."""
    named = taken.translated.roster if taken.translated else ()
    roster: list[tuple[str, str]] = []
    for mdtrt_id in named:
        draft = CheckAssigned(
            event_id=derived_id("ev", taken.request_id, mdtrt_id),
            at=event.opens_at,
            arrived_at=event.arrived_at,
            who=Who(institution=taken.institution, mdtrt_id=mdtrt_id),
            check_id=event.check_id,
            check_kind=event.check_kind,
            ward=event.ward,
            opens_at=event.opens_at,
            due_by=event.due_by,
        )
        found = batch.directory.join(draft, national=False)
        if isinstance(found, Waits):
            batch.wait(taken, found, draft)
            roster.append(("", mdtrt_id))
        else:
            roster.append((found.person, found.stay))
    known = batch.check(event.check_id)
    if known is not None and known.institution != taken.institution:
        raise Conflict("check_id_taken")
    if known is None:
        batch.checks[event.check_id] = _check_row(taken.institution, event, named)
    return event.model_copy(update={"roster": tuple(roster)})


def _check_row(institution: str, event: CheckOrdered, named: tuple[str, ...]) -> CheckRow:
    body = event.model_dump(mode="json") | {"roster": list(named)}
    return CheckRow(
        event.check_id,
        institution,
        event.ward,
        event.check_kind,
        event.opens_at,
        event.due_by,
        event.nonce,
        orjson.dumps(body),
    )


def _about_alert(batch: Batch, event: HospitalAnswered) -> Event | Waits:
    """`jr_id` names an alert; for unverified days, which are no detector's finding, the decision."""
    named = alerts.get(batch.conn, event.alert_id) or decisions.get(batch.conn, event.alert_id)
    if named is None or not named.psn_no or named.fixmedins_code != event.who.institution:
        return Waits("")
    person = person_key(named.insuplc_admdvs or "", named.psn_no)
    return event.model_copy(update={"person": person, "stay": named.stay or ""})


def _about_hold(batch: Batch, event: HoldReviewed) -> Event | Waits:
    hold = holds.get(batch.conn, event.hold_id)
    if hold is None:
        return Waits("")
    person = person_key(hold.insuplc_admdvs, hold.psn_no)
    return event.model_copy(update={"person": person, "stay": hold.stay})


def _at_institution(event: Event, institution: str) -> Event:
    return event.model_copy(update={"who": event.who.model_copy(update={"institution": institution})})


def _persons_named(body: Any) -> list[str]:
    """Every `psn_no` inside a message's input, each once."""
    found: dict[str, None] = {}
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            number = node.get("psn_no")
            if isinstance(number, str | int) and str(number).strip():
                found[str(number).strip()] = None
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return list(found)
