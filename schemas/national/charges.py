"""Fee lines of a stay: 2301 and 2302."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from schemas.base import Event, Who
from schemas.charge import ChargeLine, ChargesPosted, ChargesWithdrawn
from schemas.national.errors import Unreadable
from schemas.national.message import Message, Reading, each, output_rows
from schemas.national.values import Row, code, flag, ident, moment_needed, money, needed, number

EVERYTHING = "0000"
"""`feedetl_sn` of a 2302 that withdraws every unsettled line."""

_NO_ANSWER: Row = {}


def charges_posted(reading: Reading) -> list[Event]:
    """2301: one event per stay in the message (nearly always one)."""
    answers = answered_lines(reading.message)
    latest = reading.latest
    stays: dict[Who, list[ChargeLine]] = {}
    lines: list[ChargeLine] = []
    last: tuple[object, object] | None = None
    for _, row, place in each(reading.message, "feedetail"):
        with place:
            said = (row.get("mdtrt_id"), row.get("psn_no"))
            if said != last:  # the next line is nearly always of the same stay
                last = said
                lines = stays.setdefault(reading.someone(row), [])
            sn = needed(row, "feedetl_sn")
            lines.append(_line(sn, row, answers.get(sn, _NO_ANSWER), latest))
    return [
        ChargesPosted(**reading.head(who, ordinal), lines=tuple(lines))
        for ordinal, (who, lines) in enumerate(stays.items())
    ]


def answered_lines(message: Message) -> dict[str, Row]:
    """The platform's answer by `feedetl_sn`: only there do charge class and audited amount stand."""
    return {ident(row, "feedetl_sn"): row for row in output_rows(message, "result")}


def _line(sn: str, row: Row, answer: Row, latest: datetime) -> ChargeLine:
    count = number(row, "cnt")
    if count is None:
        raise Unreadable("missing", "cnt")
    return ChargeLine(
        sn=sn,
        refunds=ident(row, "init_feedetl_sn"),
        occurred_at=moment_needed(row, "fee_ocur_time", latest),
        item=ident(row, "med_list_codg"),
        item_class=code(answer, "med_chrgitm_type", 2) or code(row, "med_chrgitm_type", 2),
        amount=line_amount(row, answer, count),
        count=count,
        take_home=flag(row, "dscg_tkdrug_flag"),
        outside_exam=flag(row, "etip_flag"),
    )


def line_amount(row: Row, answer: Row, count: Decimal) -> Decimal:
    """The line's yuan: the platform's figure, else the sender's, else price times count.

    A refund has both negative; one alone is refused, for it would pay or take back what nobody said.
    """
    amount = money(answer, "det_item_fee_sumamt")
    if amount is None:
        amount = money(row, "det_item_fee_sumamt")
    if amount is None:
        price = number(row, "pric")
        if price is None:
            raise Unreadable("missing", "det_item_fee_sumamt")
        amount = round(price * count, 2)
    if amount < 0 <= count:
        raise Unreadable("negative_amount", "det_item_fee_sumamt")
    if count < 0 < amount:
        raise Unreadable("sign_mismatch", "det_item_fee_sumamt")
    return amount


def charges_withdrawn(reading: Reading) -> list[Event]:
    """2302: one event per stay; `0000` means every line not yet settled."""
    stays: dict[Who, list[str]] = {}
    for _, row, place in each(reading.message, "data"):
        with place:
            stays.setdefault(reading.someone(row), []).append(needed(row, "feedetl_sn"))
    return [
        ChargesWithdrawn(
            **reading.head(who, ordinal),
            lines=() if EVERYTHING in numbers else tuple(numbers),
            everything=EVERYTHING in numbers,
        )
        for ordinal, (who, numbers) in enumerate(stays.items())
    ]
