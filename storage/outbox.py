"""What the engine wants to say to other topics, written with its state and carried on afterwards."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select

from storage import log
from storage.sql import Many, insert_many
from storage.tables import outbox


class Outgoing(NamedTuple):
    id: int
    topic: str
    key: str
    value: bytes


def add(conn: Connection, rows: Sequence[tuple[str, str, bytes]]) -> None:
    """Puts (topic, key, value) in, in order."""
    _ADD(conn, rows)


def pending(conn: Connection, limit: int) -> list[Outgoing]:
    """The oldest rows, in order. On PostgreSQL they are locked until the transaction ends, so that a second
    pump waits instead of sending them too."""
    return [Outgoing(*row) for row in conn.execute(_PENDING, {"n": limit})]


def done(conn: Connection, ids: Collection[int]) -> None:
    """Forgets rows that the receiver has acknowledged."""
    _DONE(conn, [(one,) for one in ids])


def pump(conn: Connection, limit: int, *, at: datetime, partitions: Mapping[str, int] | None = None) -> int:
    """Moves up to `limit` rows into the embedded log, order kept. Returns how many."""
    rows = pending(conn, limit)
    log.append_many(conn, [row[1:] for row in rows], partitions or {}, at=at)
    done(conn, [row.id for row in rows])
    return len(rows)


def count(conn: Connection) -> int:
    return int(conn.execute(_COUNT).scalar_one())


_ADD = insert_many(outbox, ["topic", "key", "value"])
_PENDING = (
    select(outbox.c.id, outbox.c.topic, outbox.c.key, outbox.c.value)
    .order_by(outbox.c.id)
    .limit(bindparam("n"))
    .with_for_update()
)
_DONE = Many(["id"], lambda _: delete(outbox).where(outbox.c.id == bindparam("id")))
_COUNT = select(func.count()).select_from(outbox)
