"""What the ward's own records say: doctors' orders (4402) and measured vital signs (4602).

Both are uploaded once a day, so their own time counts and not the message's.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from schemas.base import Event, Who
from schemas.charge import OrderRecorded, VitalsRecorded
from schemas.national.errors import Unreadable
from schemas.national.message import Reading, each
from schemas.national.values import Row, ident, moment, moment_needed, number, read_time, text

_MEASURED = ("vent_frqu", "pule", "pat_heart_rate", "tprt", "systolic_pre", "dstl_pre", "wt", "abde")
"""The measurements of a 4602: equal in all of them, hour after hour, is a copied record."""


def orders_recorded(reading: Reading) -> list[Event]:
    """4402. `drord_isu_no` holds the time of the order in spite of its name. Cancelled rows say nothing."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        if _cancelled(row):
            continue
        with place:
            events.append(
                OrderRecorded(
                    **reading.head(_who(reading, row), ordinal, _issued_at(reading, row)),
                    order_no=ident(row, "drord_no"),
                    bed=text(row, "ipt_bedno", 64),
                    ended_at=moment(row, "drord_endtime", reading.latest_plan, ends=True),
                )
            )
    return events


def vitals_recorded(reading: Reading) -> list[Event]:
    """4602: one event per measurement."""
    events: list[Event] = []
    for ordinal, row, place in each(reading.message, "data"):
        if _cancelled(row):
            continue
        with place:
            named = row if text(row, "dept_name") else {**row, "dept_name": row.get("wardarea_name")}
            events.append(
                VitalsRecorded(
                    **reading.head(
                        _who(reading, row),
                        ordinal,
                        moment_needed(row, "rcd_time", reading.latest),
                    ),
                    ward=reading.ward(named, "dept_code", "dept_name"),
                    bed=text(row, "bedno", 64),
                    print=_print(row),
                )
            )
    return events


def _who(reading: Reading, row: Row) -> Who:
    """The hospital's own visit number (`mdtrt_sn`) counts only where nothing better is said."""
    named = ident(row, "mdtrt_id") or ident(row, "psn_no")
    return reading.someone(row, ipt="ipt_no" if named else "mdtrt_sn")


def _cancelled(row: Row) -> bool:
    return ident(row, "vali_flag") == "0"


def _issued_at(reading: Reading, row: Row) -> datetime | None:
    """None (then the message's own time counts) where a sender puts a number there, as the name suggests."""
    if read_time(row.get("drord_isu_no")) is None:
        return None
    try:
        return moment(row, "drord_isu_no", reading.latest)
    except Unreadable:
        return None


def _print(row: Row) -> str:
    """A fingerprint of the measured values; "" where nothing was measured. 36.5 and 36.50 are equal."""
    found: list[str] = []
    for name in _MEASURED:
        try:
            value = number(row, name)
        except Unreadable:
            value = None
        found.append("" if value is None else _plain(value))
    return sha256("|".join(found).encode()).hexdigest()[:16] if any(found) else ""


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
