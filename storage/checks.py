"""Checks as a ward sees them. The body is its owner's JSON: roster, answers, receipts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from storage.moments import from_micros, to_micros
from storage.sql import Row, insert_many, is_among
from storage.tables import checks


class CheckRow(NamedTuple):
    check_id: str
    institution: str
    ward: str
    kind: str
    opens_at: datetime
    due_by: datetime
    nonce: str
    body: bytes


def upsert(conn: Connection, rows: Sequence[CheckRow]) -> None:
    _UPSERT(conn, [row_of(row) for row in rows])


def row_of(row: CheckRow) -> Row:
    return (*row[:4], to_micros(row.opens_at), to_micros(row.due_by), row.nonce, row.body)


def get(conn: Connection, check_id: str) -> CheckRow | None:
    row = conn.execute(_GET, {"id": check_id}).first()
    return None if row is None else _check(row)


def get_many(conn: Connection, check_ids: Collection[str]) -> dict[str, CheckRow]:
    return {row[0]: _check(row) for row in conn.execute(_GET_MANY, {"keys": list(check_ids)})}


def open_for(conn: Connection, institution: str, ward: str | None, now: datetime) -> list[CheckRow]:
    """Checks whose window holds `now`, soonest due first; `ward` None: of the whole institution.

    A check with a roster but no ward belongs to every ward of its institution.
    """
    query = _OPEN if ward is None else _OPEN.where(checks.c.ward.in_(("", ward)))
    found = conn.execute(query, {"institution": institution, "now": to_micros(now)})
    return [_check(row) for row in found]


def _check(row: Any) -> CheckRow:
    return CheckRow(
        row.check_id,
        row.institution,
        row.ward,
        row.kind,
        from_micros(row.opens_at),
        from_micros(row.due_by),
        row.nonce,
        row.body,
    )


_UPSERT = insert_many(checks, [column.name for column in checks.columns], conflict="replace")
_GET = select(checks).where(checks.c.check_id == bindparam("id"))
_GET_MANY = select(checks).where(is_among(checks.c.check_id))
_OPEN = (
    select(checks)
    .where(
        checks.c.institution == bindparam("institution"),
        checks.c.due_by >= bindparam("now"),
        checks.c.opens_at <= bindparam("now"),
    )
    .order_by(checks.c.due_by, checks.c.check_id)
)
