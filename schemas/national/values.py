"""Fields as senders really fill them: numbers as text, text as numbers, blanks of every kind, times of any
form.

Each reader takes the row and the field's name, so that a complaint can name the field and never show its
value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from schemas.base import CHINA
from schemas.national.errors import Unreadable

Row = Mapping[str, Any]

EARLIEST = datetime(2000, 1, 1, tzinfo=CHINA)
"""No business time of the national platform lies before this; 1970 is an unset clock."""

AHEAD = timedelta(days=2)
"""How far a time may lie after its arrival: clocks that run fast, a discharge registered the evening before.
"""

PLANNED_AHEAD = timedelta(days=366)
"""The same for ends that may be planned (orders, expected discharge)."""

_BLANK_WORDS = frozenset(("null", "NULL", "None", "undefined"))
"""What serialisers write for nothing. Two patients whose number is "null" must not become one person."""

_BLANK_YEARS = frozenset((1, 1900, 9999))
"""Years that databases write for "no date"."""

_LARGEST = 10**14  # N16,2
_EXACT = 2**53


def parse_json(text: bytes | str, field: str) -> Any:
    """`text` as JSON. Raises `Unreadable` (`not_utf8`, `too_deep`, `not_json`) naming `field`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if isinstance(text, bytes):
            try:
                text.decode("utf-8")
            except UnicodeDecodeError:
                raise Unreadable("not_utf8") from None
        raise Unreadable("too_deep" if "limit" in error.msg else "not_json", field) from None


def rows(node: Any) -> list[dict[str, Any]]:
    """The objects of a node that may be a list, one object, or nothing."""
    if type(node) is dict:
        return [node]
    if type(node) is list:
        return [row for row in node if type(row) is dict]
    return []


def ident(row: Row, name: str, longest: int = 64) -> str:
    """An identifier, trimmed; "" where the sender left it out.

    Raises `Unreadable` for control characters (NUL among them), other types, and absurd lengths.
    """
    value = row.get(name)
    if value is None or value == "":
        return ""
    value = value.strip() if type(value) is str else _number_as_text(value, name)
    if len(value) > longest:
        raise Unreadable("too_long", name)
    if not value.isprintable():
        raise Unreadable("bad_id", name)
    return "" if value in _BLANK_WORDS else value


def needed(row: Row, name: str, longest: int = 64) -> str:
    """`ident` that must be there."""
    found = ident(row, name, longest)
    if not found:
        raise Unreadable("missing", name)
    return found


def _number_as_text(value: Any, name: str) -> str:
    if type(value) is int:
        if abs(value) >= 10**40:  # before str(): digits of a huge int take quadratic time
            raise Unreadable("too_long", name)
        return str(value)
    if type(value) is float:
        if not value.is_integer() or abs(value) >= _EXACT:
            raise Unreadable("number_not_exact", name)
        return str(int(value))
    raise Unreadable("bad_id", name)


def code(row: Row, name: str, width: int = 0) -> str:
    """A dictionary code; digits are padded to `width` (`1` → `01`)."""
    found = ident(row, name, 32)
    return found.zfill(width) if width and found.isdecimal() else found


def flag(row: Row, name: str) -> bool:
    """A 0/1 flag; everything but 1, `true` and 是 is no."""
    value = row.get(name)
    if value is None or value == "0" or value == "":
        return False
    return value is True or str(value).strip() in ("1", "true", "是")


def text(row: Row, name: str, longest: int = 200) -> str:
    """Free text, cut at `longest`, without what a database can't store or a screen can't show."""
    value = row.get(name)
    if value is None or type(value) in (dict, list, bool):
        return ""
    if type(value) is not str:
        return _number_as_text(value, name)[:longest] if type(value) is int else str(value)[:longest]
    value = value[: 4 * longest].strip()
    if not value.isprintable():
        value = "".join(char if char.isprintable() else " " for char in value).strip()
    return value[:longest]


def number(row: Row, name: str) -> Decimal | None:
    """A number of at most N16; None where left out. Raises `Unreadable` (`bad_number`)."""
    value = row.get(name)
    if value is None:
        return None
    kind = type(value)
    if kind is float or kind is int:
        if not -_LARGEST < value < _LARGEST:  # NaN is neither
            raise Unreadable("bad_number", name)
        return Decimal(repr(value))
    if kind is str:
        value = value.strip()
        if not value or value in _BLANK_WORDS:
            return None
        if len(value) > 40:
            raise Unreadable("bad_number", name)
    elif kind is not Decimal:
        raise Unreadable("bad_number", name)
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise Unreadable("bad_number", name) from None
    if not found.is_finite() or abs(found) >= _LARGEST or found.adjusted() < -12:
        raise Unreadable("bad_number", name)
    return found


_CENT = Decimal("0.01")
_DUST = Decimal("0.000001")


def money(row: Row, name: str) -> Decimal | None:
    """Yuan with two decimals however they were written; more only where the sender really gave more.

    The dust of binary floats (40.800000000000004) is not more.
    """
    found = number(row, name)
    if found is None:
        return None
    cents = found.quantize(_CENT)
    return cents if cents == found or abs(cents - found) < _DUST else found


def not_negative(row: Row, name: str) -> Decimal | None:
    """`money` that may not be below zero."""
    found = money(row, name)
    if found is not None and found < 0:
        raise Unreadable("negative_amount", name)
    return found


def whole(row: Row, name: str) -> int | None:
    """A small whole number; None where left out or not whole (supporting data: never a reason to refuse)."""
    try:
        found = number(row, name)
    except Unreadable:
        return None
    return int(found) if found is not None and found == found.to_integral_value() else None


def moment(row: Row, name: str, latest: datetime, *, ends: bool = False) -> datetime | None:
    """A business time in +08:00; None where left out or blank by convention (year 1, 1900, 9999).

    `ends`: a bare date means the end of that day. Raises `Unreadable` (`bad_time`, `time_out_of_range`).
    """
    value = row.get(name)
    if value is None or value == "":
        return None
    found = read_time(value, ends=ends)
    if found is None:
        if type(value) is str and (not value.strip() or value.strip() in _BLANK_WORDS):
            return None
        raise Unreadable("bad_time", name)
    if not EARLIEST <= found <= latest:
        if found.year in _BLANK_YEARS:
            return None
        raise Unreadable("time_out_of_range", name)
    return found


def moment_needed(row: Row, name: str, latest: datetime, *, ends: bool = False) -> datetime:
    """`moment` that must be there; a blank year is out of range here."""
    found = moment(row, name, latest, ends=ends)
    if found is None:
        given = row.get(name)
        blank = given is None or (type(given) is str and (not given.strip() or given.strip() in _BLANK_WORDS))
        raise Unreadable("missing" if blank else "time_out_of_range", name)
    return found


def birth_date(row: Row, name: str, latest: datetime) -> date | None:
    """A date of birth; None where it can't be one."""
    found = read_time(row.get(name))
    return found.date() if found is not None and found.year >= 1880 and found <= latest else None


def read_time(value: Any, *, ends: bool = False) -> datetime | None:
    """Any form of time seen in the field, aware; None where it is none of them. No range is checked."""
    if type(value) is str and len(value) == 19:  # what nearly everyone sends
        try:
            return _in_china(datetime.fromisoformat(value))
        except ValueError:
            pass
    try:
        return _read_odd_time(value, ends)
    except (ValueError, OverflowError):
        return None


def _in_china(found: datetime) -> datetime:
    return found.replace(tzinfo=CHINA) if found.tzinfo is None else found.astimezone(CHINA)


def _read_odd_time(value: Any, ends: bool) -> datetime | None:
    if type(value) is float and value.is_integer() and abs(value) < _EXACT:
        value = int(value)
    if type(value) is int and 0 <= value < 10**17:
        value = str(value)
    if type(value) is not str or len(value) > 40:
        return None
    value = value.strip()
    if value.isdecimal() and value.isascii():
        return _read_digits(value, ends)
    if "/" in value:
        day, _, clock = value.partition(" ")
        year, month, number_of_day = day.split("/")
        value = f"{int(year):04d}-{int(month):02d}-{int(number_of_day):02d}" + (f" {clock}" if clock else "")
    day, gap, clock = value.replace("T", " ", 1).partition(" ")
    clock = clock.strip()
    if not gap or not clock:
        return _whole_day(date.fromisoformat(value.strip()), ends)
    if clock[1:2] == ":":
        clock = f"0{clock}"
    return _in_china(datetime.fromisoformat(f"{day} {clock}"))


def _read_digits(value: str, ends: bool) -> datetime | None:
    match len(value):
        case 8:
            return _whole_day(datetime.strptime(value, "%Y%m%d").date(), ends)  # noqa: DTZ007
        case 10:
            return datetime.fromtimestamp(int(value), UTC).astimezone(CHINA)
        case 12:
            return datetime.strptime(value, "%Y%m%d%H%M").replace(tzinfo=CHINA)
        case 13:
            return datetime.fromtimestamp(int(value) / 1000, UTC).astimezone(CHINA)
        case 14:
            return datetime.strptime(value, "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
        case 17:
            return datetime.strptime(f"{value}000", "%Y%m%d%H%M%S%f").replace(tzinfo=CHINA)
    return None


def _whole_day(day: date, ends: bool) -> datetime:
    return datetime.combine(day, time(23, 59, 59) if ends else time(), CHINA)
