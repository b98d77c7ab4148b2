"""What came of each capture: what `GET /captures/{id}` answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, select

from storage.moments import from_micros, to_micros
from storage.sql import Row, insert_many, is_among
from storage.tables import captures


class CaptureRow(NamedTuple):
    """`state`: waiting, received, compared, enrolled …; `band`: same, unclear, different or empty."""

    capture_id: str
    person: str
    institution: str
    ward: str
    state: str
    band: str
    reasons: Sequence[dict[str, Any]]
    updated_at: datetime


def upsert_many(conn: Connection, rows: Sequence[CaptureRow]) -> None:
    _UPSERT(conn, [row_of(row) for row in rows])


def row_of(row: CaptureRow) -> Row:
    return (*row[:6], orjson.dumps(list(row.reasons)).decode(), to_micros(row.updated_at))


def get(conn: Connection, capture_id: str) -> CaptureRow | None:
    row = conn.execute(_GET, {"id": capture_id}).first()
    return None if row is None else _capture(row)


def get_many(conn: Connection, capture_ids: Collection[str]) -> dict[str, CaptureRow]:
    return {row[0]: _capture(row) for row in conn.execute(_GET_MANY, {"keys": list(capture_ids)})}


def _capture(row: Any) -> CaptureRow:
    return CaptureRow(
        row.capture_id,
        row.person,
        row.institution,
        row.ward,
        row.state,
        row.band,
        orjson.loads(row.reasons),
        from_micros(row.updated_at),
    )


_COLUMNS = [column.name for column in captures.columns]
_UPSERT = insert_many(captures, _COLUMNS, conflict="replace")
_GET = select(captures).where(captures.c.capture_id == bindparam("id"))
_GET_MANY = select(captures).where(is_among(captures.c.capture_id))
