"""Audit before and during the event: 3101, 3102 and the hospital's answer 3103.

Which id a sender puts in `patn_id`, `curr_mdtrt_id` and the encounter's `mdtrt_id` depends on the vendor.
They are passed on as said; the directory tries the platform's id first and the hospital's own number next.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, cast

from schemas.base import Event, Who
from schemas.national.errors import Unreadable
from schemas.national.message import Located, Message, Reading
from schemas.national.values import (
    Row,
    code,
    ident,
    moment,
    needed,
    not_negative,
    read_time,
    rows,
    text,
)
from schemas.settlement import HospitalAnswered, SettlementAsked

_SETTLING = frozenset(("8", "9"))
"""`trig_scen` of inpatient settlement and pre-settlement; not every caller sends them with 3102."""


def audit_asked(reading: Reading) -> list[Event]:
    """3101 and 3102: one event per patient, about the current encounter."""
    message = reading.message
    data = _data(message.input)
    found = patients(message.input)
    if not found:
        raise Unreadable("missing_node", "input.data.patient_dtos")
    events: list[Event] = []
    for ordinal, patient in enumerate(found):
        with Located("patient_dtos", ordinal):
            visit = _current(patient)
            events.append(
                SettlementAsked(
                    **reading.head(_who(message, patient, visit), ordinal),
                    infno=cast(Literal["3101", "3102"], message.infno),
                    trigger=code(data, "trig_scen"),
                    fee_total=not_negative(visit, "medfee_sumamt"),
                    discharge_said=_discharge_said(reading, data, visit),
                )
            )
    return events


def patients(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The patients of a 3101 or 3102: inside `data`, or beside it with their encounters."""
    found = rows(_data(body).get("patient_dtos")) or rows(body.get("patient_dtos"))
    beside = rows(body.get("fsi_encounter_dtos")) or rows(_data(body).get("fsi_encounter_dtos"))
    if beside and len(found) == 1 and not rows(found[0].get("fsi_encounter_dtos")):
        return [{**found[0], "fsi_encounter_dtos": beside}]
    return found


def audited_institution(body: Mapping[str, Any]) -> str:
    """`medins_id` of the current encounter, where the envelope names no institution."""
    return next((ident(_current(patient), "medins_id") for patient in patients(body)), "")


def task_id(message: Message) -> str:
    """The caller's `task_id`, which the rows of the answer repeat."""
    return text(_data(message.input), "task_id", 64)


def hospital_answered(reading: Reading) -> list[Event]:
    """3103: what the hospital does about each finding. The finding's id leads to the person."""
    message = reading.message
    found = rows(_data(message.input).get("warns")) or rows(message.input.get("warns"))
    if not found:
        raise Unreadable("missing_node", "input.data.warns")
    events: list[Event] = []
    for ordinal, row in enumerate(found):
        with Located("warns", ordinal):
            events.append(
                HospitalAnswered(
                    **reading.head(Who(institution=message.institution), ordinal),
                    alert_id=needed(row, "warn_rslt_id"),
                    way=code(row, "dspo_way"),
                    reason=text(row, "dspo_way_rea", 1000),
                )
            )
    return events


def _data(body: Mapping[str, Any]) -> Row:
    found = rows(body.get("data"))
    return found[0] if found else {}


def _current(patient: Row) -> Row:
    """The encounter asked about: the one `curr_mdtrt_id` names, else the latest by admission (list order on
    ties).
    """
    visits = rows(patient.get("fsi_encounter_dtos"))
    if len(visits) <= 1:
        return visits[0] if visits else {}
    current = ident(patient, "curr_mdtrt_id")
    named = [visit for visit in visits if current and ident(visit, "mdtrt_id") == current]
    if named:
        return named[0]
    dated = [(read_time(visit.get("adm_date")), index) for index, visit in enumerate(visits)]
    known = [(began, index) for began, index in dated if began is not None]
    return visits[max(known)[1]] if known else visits[-1]


def _who(message: Message, patient: Row, visit: Row) -> Who:
    who = Who(
        institution=message.institution,
        insuplc_admdvs=message.insuplc_admdvs,
        psn_no=ident(patient, "patn_id"),
        mdtrt_id=ident(patient, "curr_mdtrt_id") or ident(visit, "mdtrt_id"),
    )
    if not (who.psn_no or who.mdtrt_id):
        raise Unreadable("missing", "patn_id")
    return who


def _discharge_said(reading: Reading, data: Row, visit: Row) -> datetime | None:
    """`dscg_date` where the patient is about to leave. While ordering, senders fill it with now or the year
    9999.
    """
    said = moment(visit, "dscg_date", reading.latest_plan, ends=True)
    settling = reading.message.infno == "3102" or code(data, "trig_scen") in _SETTLING
    return said if settling else None
