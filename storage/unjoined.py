"""Events that name somebody the directory doesn't know yet: they wait for the key, in order of arrival."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select

from storage import paging
from storage.moments import from_micros, moment_or_none, to_micros
from storage.paging import Page
from storage.sql import Many, insert_many, is_among
from storage.tables import unjoined


class Waiting(NamedTuple):
    waits_for: str
    topic: str
    event: bytes
    arrived_at: datetime
    request_id: str = ""
    seq: int = 0  # given by the database


def add(conn: Connection, events: Sequence[Waiting]) -> None:
    _ADD(
        conn,
        [(one.waits_for, one.topic, one.event, to_micros(one.arrived_at), one.request_id) for one in events],
    )


def take(conn: Connection, key: str) -> list[Waiting]:
    """Removes and returns all that wait for `key`, in order of arrival."""
    return take_many(conn, [key])


def take_many(conn: Connection, keys: Sequence[str]) -> list[Waiting]:
    """As `take`, for any of `keys`, in order of arrival over all of them."""
    found = [_waiting(row) for row in conn.execute(_TAKE, {"keys": list(keys)})]
    _REMOVE(conn, [(one.seq,) for one in found])
    return found


def find(conn: Connection, *, cursor: str | None = None, limit: int = 100) -> Page[Waiting]:
    """A page of them, longest waiting first."""
    query = paging.after(_ALL, (unjoined.c.seq,), cursor, limit, newest=False)
    return paging.page(conn.execute(query).all(), limit, 1, _waiting)


def count(conn: Connection) -> int:
    return int(conn.execute(_COUNT).scalar_one())


def oldest(conn: Connection) -> datetime | None:
    """Since when the longest waiting one has been here."""
    return moment_or_none(conn.execute(_OLDEST).scalar())


def _waiting(row: Any) -> Waiting:
    return Waiting(row.waits_for, row.topic, row.event, from_micros(row.arrived_at), row.request_id, row.seq)


_ADD = insert_many(unjoined, ["waits_for", "topic", "event", "arrived_at", "request_id"])
_ALL = select(unjoined)
_TAKE = _ALL.where(is_among(unjoined.c.waits_for)).order_by(unjoined.c.seq).with_for_update()
_REMOVE = Many(["seq"], lambda _: delete(unjoined).where(unjoined.c.seq == bindparam("seq")))
_COUNT = select(func.count()).select_from(unjoined)
_OLDEST = select(func.min(unjoined.c.arrived_at))
