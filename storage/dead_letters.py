"""What couldn't be read or processed, kept whole, with the place it came from and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, func, select

from storage import paging
from storage.moments import from_micros, to_micros
from storage.paging import Page
from storage.sql import Row, insert_many
from storage.tables import dead_letters
from storage.text import storable


@dataclass(frozen=True)
class DeadLetter:
    """`source` is a topic (with partition and offset) or a request's path. `reason` never quotes values."""

    source: str
    arrived_at: datetime
    code: str
    reason: str
    body: bytes
    partition: int | None = None
    offset: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    id: int = 0  # given by the database


def add(conn: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keeps them. The same record of a topic delivered again is the same dead letter."""
    _ADD(conn, [row_of(letter) for letter in letters])


def row_of(letter: DeadLetter) -> Row:
    return (
        storable(letter.source),
        letter.partition,
        letter.offset,
        to_micros(letter.arrived_at),
        letter.code,
        storable(letter.reason),
        letter.body,
        orjson.dumps(letter.meta).decode(),
    )


def find(conn: Connection, *, cursor: str | None = None, limit: int = 100, newest: bool = True) -> Page[DeadLetter]:
    """A page of them, newest first or in order of arrival."""
    query = paging.after(_ALL, (dead_letters.c.id,), cursor, limit, newest=newest)
    return paging.page(conn.execute(query).all(), limit, 1, _letter)


def count_since(conn: Connection, moment: datetime) -> int:
    """How many arrived at or after `moment`: the worker stops when it is too many."""
    return int(conn.execute(_COUNT, {"since": to_micros(moment)}).scalar_one())


def _letter(row: Any) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        source=row.source,
        partition=row.partition,
        offset=row.offset,
        arrived_at=from_micros(row.arrived_at),
        code=row.code,
        reason=row.reason,
        body=row.body,
        meta=orjson.loads(row.meta),
    )


_ADD = insert_many(
    dead_letters,
    ["source", "partition", "offset", "arrived_at", "code", "reason", "body", "meta"],
    conflict="keep",
)
_ALL = select(dead_letters)
_COUNT = select(func.count()).select_from(dead_letters).where(dead_letters.c.arrived_at >= bindparam("since"))
