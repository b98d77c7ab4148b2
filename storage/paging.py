"""Pages by key, not by number: a cursor names the last row given, so rows that come meanwhile move none."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from sqlalchemy import Select, tuple_
from sqlalchemy.sql import ColumnElement

from storage.errors import BadCursor

T = TypeVar("T")
MAX_PAGE = 1000


@dataclass(frozen=True)
class Page(Generic[T]):
    """Rows, and the cursor of the page after them (None: there is none)."""

    items: list[T]
    cursor: str | None


def after(
    query: Select[Any], columns: Sequence[ColumnElement[Any]], cursor: str | None, limit: int, *, newest: bool
) -> Select[Any]:
    """`query` in the order of `columns` (`newest`: backwards), behind `cursor`, one row more than `limit`."""
    limit = max(1, min(limit, MAX_PAGE))
    if cursor is not None:
        place = decode(cursor, [column.type.python_type for column in columns])
        query = query.where(tuple_(*columns) < place if newest else tuple_(*columns) > place)
    return query.order_by(*(column.desc() if newest else column for column in columns)).limit(limit + 1)


def page(rows: Sequence[Any], limit: int, width: int, make: Callable[[Any], T]) -> Page[T]:
    """A page of rows whose first `width` columns are those of the order."""
    limit = max(1, min(limit, MAX_PAGE))
    more = len(rows) > limit
    rows = rows[:limit]
    return Page([make(row) for row in rows], encode(rows[-1][:width]) if more else None)


def encode(place: Sequence[int | str]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(place))).decode().rstrip("=")


def decode(cursor: str, kinds: Sequence[type]) -> tuple[int | str, ...]:
    """Raises `BadCursor` where it is none of ours."""
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        raise BadCursor("not a cursor of this list") from None
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds):
        raise BadCursor("not a cursor of this list")
    if not all(_fits(part) for part in place):
        raise BadCursor("not a cursor of this list")
    return tuple(place)


def _fits(part: int | str) -> bool:
    return "\0" not in part if isinstance(part, str) else -(1 << 63) <= part < 1 << 63
