"""Claims marked 待核 (暂缓拨付): what the agency reviews, and what the paying side reads before it pays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, tuple_

from schemas.decisions import Hold
from storage import bodies, paging
from storage.moments import to_micros
from storage.paging import Page
from storage.sql import Row, insert_many, is_among
from storage.tables import holds


@dataclass(frozen=True)
class HoldFilter:
    """Which holds: every field that isn't None narrows it. An empty `institutions` lets nothing through."""

    institutions: Collection[str] | None = None
    statuses: Collection[str] | None = None
    mdtrt_id: str | None = None
    stay: str | None = None
    due_from: date | None = None  # both ends belong to the range
    due_to: date | None = None
    updated_since: datetime | None = None


ANY = HoldFilter()


def upsert(conn: Connection, given: Sequence[Hold]) -> None:
    _UPSERT(conn, [row_of(hold, bodies.dump(hold)) for hold in given])


def row_of(hold: Hold, body: bytes) -> Row:
    return (
        hold.hold_id,
        hold.fixmedins_code,
        hold.stay,
        hold.mdtrt_id,
        hold.status,
        hold.payment_due.isoformat(),
        to_micros(hold.opened_at),
        to_micros(hold.updated_at),
        to_micros(hold.expires_at),
        body,
    )


def get(conn: Connection, hold_id: str) -> Hold | None:
    row = conn.execute(_GET, {"id": hold_id}).first()
    return None if row is None else bodies.load(Hold, row[0])


def for_stay(conn: Connection, stay: str) -> list[Hold]:
    """A stay's holds, oldest first."""
    return [bodies.load(Hold, row[0]) for row in conn.execute(_FOR_STAY, {"stay": stay})]


def find(conn: Connection, narrow: HoldFilter = ANY, *, cursor: str | None = None, limit: int = 100) -> Page[Hold]:
    """A page of holds, newest opened first."""
    columns = (holds.c.opened_at, holds.c.hold_id)
    query = _narrowed(select(*columns, holds.c.body), narrow)
    rows = conn.execute(paging.after(query, columns, cursor, limit, newest=True), _lists(narrow)).all()
    return paging.page(rows, limit, 2, lambda row: bodies.load(Hold, row[2]))


def count(conn: Connection, status: str) -> int:
    """How many holds are in one status."""
    return int(conn.execute(_COUNT, {"status": status}).scalar_one())


def export(conn: Connection, narrow: HoldFilter = ANY, *, page: int = 1000) -> Iterator[Hold]:
    """All that match, by institution, then pay day: the list the paying side reads (经办拨付)."""
    columns = (holds.c.institution, holds.c.payment_due, holds.c.hold_id)
    query = _narrowed(select(*columns, holds.c.body), narrow).order_by(*columns).limit(page)
    place: tuple[Any, ...] | None = None
    while True:
        here = query if place is None else query.where(tuple_(*columns) > place)
        rows = conn.execute(here, _lists(narrow)).all()
        if not rows:
            return
        for row in rows:
            yield bodies.load(Hold, row[3])
        place = tuple(rows[-1][:3])


def due_to_expire(conn: Connection, now: datetime, limit: int, *, statuses: Collection[str] = ("open",)) -> list[Hold]:
    """Holds whose time is up at `now` and that still stand in one of `statuses`, longest overdue first."""
    found = conn.execute(_EXPIRING, {"now": to_micros(now), "n": limit, "keys": list(statuses)})
    return [bodies.load(Hold, row[0]) for row in found]


def _lists(narrow: HoldFilter) -> dict[str, Any]:
    given = {"institutions": narrow.institutions, "statuses": narrow.statuses}
    return {name: list(values) for name, values in given.items() if values is not None}


def _narrowed(query: Select[Any], narrow: HoldFilter) -> Select[Any]:
    if narrow.institutions is not None:
        query = query.where(is_among(holds.c.institution, "institutions"))
    if narrow.statuses is not None:
        query = query.where(is_among(holds.c.status, "statuses"))
    if narrow.mdtrt_id is not None:
        query = query.where(holds.c.mdtrt_id == narrow.mdtrt_id)
    if narrow.stay is not None:
        query = query.where(holds.c.stay == narrow.stay)
    if narrow.due_from is not None:
        query = query.where(holds.c.payment_due >= narrow.due_from.isoformat())
    if narrow.due_to is not None:
        query = query.where(holds.c.payment_due <= narrow.due_to.isoformat())
    if narrow.updated_since is not None:
        query = query.where(holds.c.updated_at >= to_micros(narrow.updated_since))
    return query


_UPSERT = insert_many(holds, [column.name for column in holds.columns], conflict="replace")
_GET = select(holds.c.body).where(holds.c.hold_id == bindparam("id"))
_FOR_STAY = select(holds.c.body).where(holds.c.stay == bindparam("stay")).order_by(holds.c.opened_at, holds.c.hold_id)
_EXPIRING = (
    select(holds.c.body)
    .where(is_among(holds.c.status), holds.c.expires_at <= bindparam("now"))
    .order_by(holds.c.expires_at, holds.c.hold_id)
    .limit(bindparam("n"))
)
_COUNT = select(func.count()).select_from(holds).where(holds.c.status == bindparam("status"))
