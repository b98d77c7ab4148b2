"""The stay itself: 1101, 2401 to 2406, 2601."""

from __future__ import annotations

from schemas.admission import (
    AdmissionCancelled,
    Admitted,
    DischargeCancelled,
    Discharged,
    IdentityRead,
    MessageVoided,
    StayChanged,
    StayFlagged,
)
from schemas.base import Event, Who, china_date
from schemas.national.errors import Unreadable
from schemas.national.message import Message, Reading, each, output_row, output_rows, region_of
from schemas.national.values import Row, birth_date, code, ident, moment, moment_needed, needed, rows, text


def identity_read(reading: Reading) -> list[Event]:
    """1101: one event per place of insurance. Without the reply nobody was identified, so there is none."""
    message = reading.message
    base = output_row(message, "baseinfo")
    psn_no = ident(base, "psn_no")
    if not psn_no:
        return []
    insured = [region_of(row, "insuplc_admdvs") for row in output_rows(message, "insuinfo")]
    regions = dict.fromkeys(region for region in insured if region) or {message.insuplc_admdvs: None}
    asked = rows(message.input.get("data")) or [{}]
    certno = reading.print_of(ident(base, "certno"))
    return [
        IdentityRead(
            **reading.head(Who(institution=message.institution, insuplc_admdvs=region, psn_no=psn_no), ordinal),
            cert_type=reading.code(asked[0], "mdtrt_cert_type", 2),
            certno_print=certno,
            birth_date=birth_date(base, "brdy", reading.latest),
            gender=code(base, "gend"),
        )
        for ordinal, region in enumerate(regions)
    ]


def admitted(reading: Reading) -> list[Event]:
    """2401. `mdtrt_id` is born in the reply; without it the stay is known by `ipt_no` alone."""
    message = reading.message
    answers = output_rows(message, "result")
    events: list[Event] = []
    for ordinal, row, place in each(message, "mdtrtinfo"):
        with place:
            needed(row, "psn_no")
            answer = answers[ordinal] if ordinal < len(answers) else {}
            who = reading.who({**row, "mdtrt_id": ident(answer, "mdtrt_id") or row.get("mdtrt_id")})
            cert_type, certno_print = reading.cert(row)
            events.append(
                Admitted(
                    **reading.head(who, ordinal),
                    began_at=moment_needed(row, "begntime", reading.latest),
                    region=message.region or region_of(row, "mdtrtarea_admvs"),
                    department=ident(row, "adm_dept_codg"),
                    ward=reading.ward(row, "adm_dept_codg", "adm_dept_name"),
                    bed=text(row, "adm_bed", 64),
                    med_type=reading.code(row, "med_type"),
                    insutype=code(row, "insutype"),
                    doctor=ident(row, "atddr_no"),
                    diagnosis=_main_diagnosis(message, row),
                    cert_type=cert_type,
                    certno_print=certno_print,
                    newborn_with_mother=_newborn(reading, row),
                )
            )
    return events


def stay_changed(reading: Reading) -> list[Event]:
    """2403, which restates the registration. A `begntime` left out leaves the admission time as it was."""
    message = reading.message
    events: list[Event] = []
    for ordinal, row, place in each(message, "adminfo"):
        with place:
            events.append(
                StayChanged(
                    **reading.head(reading.someone(row, ipt="ipt_otp_no"), ordinal),
                    began_at=moment(row, "begntime", reading.latest),
                    region=message.region,
                    department=ident(row, "adm_dept_codg"),
                    ward=reading.ward(row, "adm_dept_codg", "adm_dept_name"),
                    bed=text(row, "adm_bed", 64),
                    med_type=reading.code(row, "med_type"),
                    doctor=ident(row, "atddr_no"),
                    diagnosis=_main_diagnosis(message, row),
                )
            )
    return events


def discharged(reading: Reading) -> list[Event]:
    """2402. A discharge by death without a date of death is a death on the day of discharge."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "dscginfo"):
        with place:
            ended_at = moment_needed(row, "endtime", reading.latest, ends=True)
            died_at = moment(row, "die_date", reading.latest)
            way = code(row, "dscg_way")
            events.append(
                Discharged(
                    **reading.head(reading.someone(row), ordinal),
                    ended_at=ended_at,
                    way=way,
                    died_on=china_date(died_at) if died_at else china_date(ended_at) if way == "5" else None,
                    department=ident(row, "dscg_dept_codg"),
                    ward=reading.ward(row, "dscg_dept_codg", "dscg_dept_name"),
                    bed=text(row, "dscg_bed", 64),
                )
            )
    return events


def admission_cancelled(reading: Reading) -> list[Event]:
    """2404."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        with place:
            events.append(AdmissionCancelled(**reading.head(reading.someone(row), ordinal)))
    return events


def discharge_cancelled(reading: Reading) -> list[Event]:
    """2405."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        with place:
            events.append(DischargeCancelled(**reading.head(reading.someone(row), ordinal)))
    return events


def stay_flagged(reading: Reading) -> list[Event]:
    """2406: kept as it came."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        with place:
            events.append(
                StayFlagged(
                    **reading.head(reading.someone(row, ipt="ipt_otp_no"), ordinal),
                    flag_type=code(row, "ipt_psn_sp_flag_type"),
                    flag=text(row, "ipt_psn_sp_flag", 64),
                )
            )
    return events


def message_voided(reading: Reading) -> list[Event]:
    """2601. The number it names is turned into the national one, as the voided message's was."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        with place:
            events.append(
                MessageVoided(
                    **reading.head(reading.who(row), ordinal),
                    voids=needed(row, "omsgid"),
                    oinfno=_voided_infno(reading.message, row),
                )
            )
    return events


def voids(message: Message) -> tuple[str, str] | None:
    """(`omsgid`, `oinfno`) that a 2601 voids; None for any other message or an unreadable one."""
    if message.infno != "2601":
        return None
    for row in rows(message.input.get("data")):
        try:
            return needed(row, "omsgid"), _voided_infno(message, row)
        except Unreadable:
            return None
    return None


def _voided_infno(message: Message, row: Row) -> str:
    said = ident(row, "oinfno", 6).upper()
    return message.dialect.infno.get(said, said)


def _main_diagnosis(message: Message, row: Row) -> str:
    stated = ident(row, "dscg_maindiag_code")
    if stated:
        return stated
    listed = rows(message.input.get("diseinfo"))
    return next((ident(d, "diag_code") for d in listed if ident(d, "maindiag_flag") == "1"), "")


def _newborn(reading: Reading, row: Row) -> bool:
    dialect = reading.message.dialect
    if not dialect.newborn_med_types or code(row, "med_type") not in dialect.newborn_med_types:
        return False
    return not dialect.newborn_needs_birth_date or bool(ident(row, "birctrl_matn_date"))
