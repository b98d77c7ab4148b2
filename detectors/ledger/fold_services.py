"""Services and money into the ledger: registrations, charges, records, settlements and their undoing."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from detectors.ledger.facts import put
from detectors.ledger.model import (
    Cancellation,
    Line,
    Registration,
    Settlement,
    Sign,
    Stay,
    Withdrawal,
)
from detectors.ledger.services import charges_of
from schemas.charge import ChargesPosted, ChargesWithdrawn, OrderRecorded, VitalsRecorded
from schemas.settlement import HospitalAnswered, SettlementAsked, SettlementCancelled

_SAID = (
    "began_at",
    "ended_at",
    "died_on",
    "way",
    "ward",
    "bed",
    "region",
    "department",
    "med_type",
    "insutype",
    "doctor",
    "diagnosis",
    "cert_type",
    "certno_print",
    "newborn_with_mother",
)


def registration(stay: Stay, event: Any) -> Stay:
    said = {name: getattr(event, name) for name in _SAID if hasattr(event, name)}
    fact = Registration(
        id=event.event_id, at=event.at, kind=event.kind, known_at=event.arrived_at, msgid=event.msgid, **said
    )
    return replace(stay, registrations=put(stay.registrations, fact))


def charges(stay: Stay, event: ChargesPosted) -> Stay:
    lines = tuple(
        Line(
            sn=line.sn,
            at=line.occurred_at,
            amount=line.amount,
            count=line.count,
            item=line.item,
            item_class=line.item_class,
            refunds=line.refunds,
            take_home=line.take_home,
            outside_exam=line.outside_exam,
        )
        for line in event.lines
    )
    fact = charges_of(event.event_id, event.at, event.arrived_at, event.msgid, lines)
    return replace(stay, charges=put(stay.charges, fact))


def withdrawn(stay: Stay, event: ChargesWithdrawn) -> Stay:
    fact = Withdrawal(id=event.event_id, at=event.at, msgid=event.msgid, sns=event.lines, everything=event.everything)
    return replace(stay, withdrawals=put(stay.withdrawals, fact))


def sign(stay: Stay, event: OrderRecorded | VitalsRecorded) -> Stay:
    kind = "vitals" if isinstance(event, VitalsRecorded) else "order"
    mark = event.print if isinstance(event, VitalsRecorded) else ""
    fact = Sign(id=event.event_id, at=event.at, kind=kind, msgid=event.msgid, print=mark)
    return replace(stay, signs=put(stay.signs, fact))


def settlement(stay: Stay, event: SettlementAsked) -> Stay:
    fact = Settlement(
        id=event.event_id,
        at=event.at,
        known_at=event.arrived_at,
        infno=event.infno,
        msgid=event.msgid,
        setl_id=event.setl_id,
        interim=event.interim,
        fee_total=event.fee_total,
        fund_pay=event.fund_pay,
        clearing_way=event.clearing_way,
        cert_type=event.cert_type,
        certno_print=event.certno_print,
        trigger=event.trigger,
    )
    return replace(stay, settlements=put(stay.settlements, fact))


def settlement_cancelled(stay: Stay, event: SettlementCancelled) -> Stay:
    fact = Cancellation(id=event.event_id, at=event.at, msgid=event.msgid, setl_id=event.setl_id)
    return replace(stay, cancellations=put(stay.cancellations, fact))


def hospital_answered(stay: Stay, event: HospitalAnswered) -> Stay:
    raised = stay.alerts.get(event.alert_id)
    if raised is None or raised.answered:
        return stay
    return replace(stay, alerts={**stay.alerts, event.alert_id: replace(raised, answered=True)})
