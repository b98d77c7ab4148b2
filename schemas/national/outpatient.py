"""Outpatient acts, 2201 to 2208. Alone they never prove where a body was; they are kept as acts of a day.

An outpatient `mdtrt_id` is a visit, no inpatient stay: it goes to `visit`, and the person is joined by
`psn_no`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from schemas.base import Event, Who
from schemas.charge import OutpatientRecorded
from schemas.national.charges import answered_lines, line_amount
from schemas.national.errors import Unreadable
from schemas.national.message import Reading, each, output_row
from schemas.national.values import Row, ident, moment, moment_needed, not_negative, number


def registered(reading: Reading) -> list[Event]:
    """2201 门诊挂号: the visit number is born in the reply."""
    visit = ident(output_row(reading.message, "data"), "mdtrt_id")
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        with place:
            day = moment_needed(row, "begntime", reading.latest).date()
            events.append(_act(reading, row, ordinal, visit=visit or ident(row, "mdtrt_id"), days=(day,)))
    return events


def seen(reading: Reading) -> list[Event]:
    """2203 门诊就诊信息上传."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "mdtrtinfo"):
        with place:
            began = moment(row, "begntime", reading.latest)
            events.append(_act(reading, row, ordinal, days=(began.date(),) if began else ()))
    return events


def charged(reading: Reading) -> list[Event]:
    """2204 门诊费用明细上传: one event per visit, with its sum and the days on which something was done."""
    answers = answered_lines(reading.message)
    visits: dict[tuple[str, str], tuple[Row, list[Decimal], set[date]]] = {}
    for _, row, place in each(reading.message, "feedetail"):
        with place:
            count = number(row, "cnt")
            if count is None:
                raise Unreadable("missing", "cnt")
            key = (ident(row, "mdtrt_id"), ident(row, "psn_no"))
            _, amounts, days = visits.setdefault(key, (row, [], set()))
            amounts.append(line_amount(row, answers.get(ident(row, "feedetl_sn"), {}), count))
            days.add(moment_needed(row, "fee_ocur_time", reading.latest).date())
    return [
        _act(reading, row, ordinal, amount=sum(amounts, Decimal()), days=tuple(sorted(days)))
        for ordinal, (row, amounts, days) in enumerate(visits.values())
    ]


def settled(reading: Reading) -> list[Event]:
    """2207 门诊结算."""
    answer = output_row(reading.message, "setlinfo")
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        with place:
            amount = not_negative(answer, "medfee_sumamt")
            events.append(
                _act(
                    reading,
                    row,
                    ordinal,
                    setl_id=ident(answer, "setl_id"),
                    amount=not_negative(row, "medfee_sumamt") if amount is None else amount,
                    days=(reading.at.date(),),
                )
            )
    return events


def cancelled(reading: Reading) -> list[Event]:
    """2202, 2205, 2208: an act is taken back."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        with place:
            events.append(_act(reading, row, ordinal, setl_id=ident(row, "setl_id"), cancelled=True))
    return events


def _act(reading: Reading, row: Row, ordinal: int, **known: Any) -> OutpatientRecorded:
    who: Who = reading.who(row, ipt="", stay=False)
    known.setdefault("visit", ident(row, "mdtrt_id"))
    if not (who.psn_no or known["visit"]):
        raise Unreadable("missing", "psn_no")
    return OutpatientRecorded(**reading.head(who, ordinal), infno=reading.message.infno, **known)
