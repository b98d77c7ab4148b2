"""Money leaves or is called back: 2303, 2304, 2305, and the settlement list 4101."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, cast

from schemas.base import Event
from schemas.national.errors import Unreadable
from schemas.national.message import Reading, each, output_row
from schemas.national.values import (
    Row,
    code,
    flag,
    ident,
    moment,
    not_negative,
    rows,
    whole,
)
from schemas.settlement import CareSpell, SettlementAsked, SettlementCancelled, SettlementListed

_NURSING = ("spga_nurscare_days", "lv1_nurscare_days", "scd_nurscare_days", "lv3_nurscare_days")


def settlement_asked(reading: Reading) -> list[Event]:
    """2303 and 2304. What the platform answered counts before what the hospital asked."""
    infno = cast(Literal["2303", "2304"], reading.message.infno)
    answer = output_row(reading.message, "setlinfo")
    fee_answered, fund_pay = _answered_money(answer)
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        with place:
            fee_asked = not_negative(row, "medfee_sumamt")
            cert_type, certno_print = reading.cert(row, answer)
            events.append(
                SettlementAsked(
                    **reading.head(reading.someone(row), ordinal),
                    infno=infno,
                    setl_id=ident(answer, "setl_id"),
                    interim=flag(row, "mid_setl_flag"),
                    fee_total=fee_asked if fee_answered is None else fee_answered,
                    fund_pay=fund_pay,
                    clearing_way=reading.code(answer, "clr_way", 2),
                    cert_type=cert_type,
                    certno_print=certno_print,
                    discharge_said=moment(row, "dscgTime", reading.latest_plan, ends=True),
                )
            )
    return events


def _answered_money(answer: Row) -> tuple[Decimal | None, Decimal | None]:
    try:
        return not_negative(answer, "medfee_sumamt"), not_negative(answer, "fund_pay_sumamt")
    except Unreadable as error:
        raise error.within("output.setlinfo") from None


def settlement_cancelled(reading: Reading) -> list[Event]:
    """2305. `setl_id` is that of the settlement called back, not the reversal's own."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        with place:
            events.append(
                SettlementCancelled(**reading.head(reading.someone(row), ordinal), setl_id=ident(row, "setl_id"))
            )
    return events


def settlement_listed(reading: Reading) -> list[Event]:
    """4101 and 4101A: the head, ICU stretches and operations with both ends."""
    events: list[Event] = []
    spells = _spells(reading)
    for ordinal, row, place in each(reading.message, "setlinfo"):
        with place:
            events.append(
                SettlementListed(
                    **reading.head(reading.someone(row), ordinal),
                    setl_id=ident(row, "setl_id"),
                    began_at=moment(row, "adm_time", reading.latest),
                    ended_at=moment(row, "dscg_time", reading.latest, ends=True),
                    days_in_hospital=whole(row, "act_ipt_days"),
                    nursing_days=_nursing_days(row),
                    way=code(row, "dscg_way"),
                    pay_method=reading.code(row, "hi_paymtd"),
                    spells=spells,
                )
            )
    return events


def listed_institution(body: Row) -> str:
    """The institution a 4101 names in its head, where the envelope names none."""
    return next((ident(row, "fixmedins_code") for row in rows(body.get("setlinfo"))), "")


def _nursing_days(row: Row) -> int | None:
    days = [whole(row, name) for name in _NURSING]
    return sum(d for d in days if d) if any(d is not None for d in days) else None


def _spells(reading: Reading) -> tuple[CareSpell, ...]:
    body = reading.message.input
    found: list[CareSpell] = []
    for node, care, begins, ends in (
        ("icuinfo", "icu", "scs_cutd_inpool_time", "scs_cutd_exit_time"),
        ("oprninfo", "theatre", "oprn_oprt_begntime", "oprn_oprt_endtime"),
    ):
        if not rows(body.get(node)):
            continue
        for _, row, place in each(reading.message, node):
            with place:
                start = moment(row, begins, reading.latest)
                end = moment(row, ends, reading.latest, ends=True)
            if start and end and start <= end:  # 4101 gives an operation only a date: no stretch
                found.append(CareSpell(care=cast(Literal["icu", "theatre"], care), starts=start, ends=end))
    return tuple(found)
