"""When each key wants to be woken: one row a key, the earliest wish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select

from storage.moments import from_micros, moment_or_none, to_micros
from storage.sql import Many, insert_many
from storage.states import Space
from storage.tables import timers


class Due(NamedTuple):
    space: str
    key: str
    due: datetime


def set_many(conn: Connection, space: Space, wishes: Mapping[str, datetime | None]) -> None:
    """Each key's next wake; None: it needs none."""
    _SET(conn, [(space, key, to_micros(due)) for key, due in wishes.items() if due is not None])
    _DROP(conn, [(space, key) for key, due in wishes.items() if due is None])


def due(conn: Connection, now: datetime, limit: int) -> list[Due]:
    """The timers at or before `now`, by due time, then key."""
    found = conn.execute(_DUE, {"now": to_micros(now), "n": limit})
    return [Due(space, key, from_micros(moment)) for space, key, moment in found]


def next_due(conn: Connection) -> datetime | None:
    """The earliest due time of all."""
    return moment_or_none(conn.execute(_NEXT).scalar())


def count(conn: Connection) -> int:
    """How many timers stand."""
    return int(conn.execute(_COUNT).scalar_one())


def clear(conn: Connection, fired: Sequence[tuple[str, str, datetime]]) -> None:
    """Drops timers that have been handed over, unless a newer due time stands there by now."""
    _CLEAR(conn, [(space, key, to_micros(moment)) for space, key, moment in fired])


_SET = insert_many(timers, ["space", "key", "due"], conflict="replace", unless=lambda new: timers.c.due == new.due)
_THIS = (timers.c.space == bindparam("space"), timers.c.key == bindparam("key"))
_DROP = Many(["space", "key"], lambda _: delete(timers).where(*_THIS))
_CLEAR = Many(["space", "key", "due"], lambda _: delete(timers).where(*_THIS, timers.c.due == bindparam("due")))
_DUE = (
    select(timers.c.space, timers.c.key, timers.c.due)
    .where(timers.c.due <= bindparam("now"))
    .order_by(timers.c.due, timers.c.key, timers.c.space)
    .limit(bindparam("n"))
)
_COUNT = select(func.count()).select_from(timers)
_NEXT = select(func.min(timers.c.due))
