"""How far each consumer has come: the truth about processing, written with what was processed (design §4.3).

Taking a partition raises the row's epoch, and every advance names the epoch and the offset it starts from. A
worker that lost its partition, or that works from an old copy of the row, changes no row and is `Fenced`.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.errors import Fenced
from storage.tables import offsets


class Claim(NamedTuple):
    """A partition taken: read from `next_offset`, write with `epoch`."""

    consumer: str
    topic: str
    partition: int
    epoch: int
    next_offset: int


def claim(conn: Connection, consumer: str, topic: str, partition: int = 0) -> Claim:
    """Takes the partition for the caller; whoever had it can't advance any more."""
    given = {"consumer": consumer, "topic": topic, "partition": partition}
    row = conn.execute(_CLAIM[conn.dialect.name], given).one()
    return Claim(consumer, topic, partition, row[0], row[1])


def advance(
    conn: Connection,
    consumer: str,
    topic: str,
    partition: int,
    *,
    epoch: int,
    expected: int,
    next_offset: int,
) -> None:
    """Moves the row from `expected` to `next_offset`; raises `Fenced` unless it is at (epoch, expected)."""
    if next_offset < expected:
        raise ValueError(f"{topic}/{partition}: can't go back from {expected} to {next_offset}")
    moved = conn.execute(
        _ADVANCE,
        {
            "of_consumer": consumer,
            "of_topic": topic,
            "of_partition": partition,
            "of_epoch": epoch,
            "expected": expected,
            "reached": next_offset,
        },
    )
    if moved.rowcount != 1:
        raise Fenced(
            f"{consumer} on {topic}/{partition}: epoch {epoch} at offset {expected} no longer holds; "
            "another worker took over or the database was restored. Claim again"
        )


def reached(conn: Connection, consumer: str, topic: str, partition: int = 0) -> int:
    """The next offset of the consumer; 0 where it never claimed."""
    row = conn.execute(_REACHED, {"consumer": consumer, "topic": topic, "partition": partition}).first()
    return 0 if row is None else int(row[0])


def forget(conn: Connection, consumer: str) -> int:
    """Drops every row of a consumer that is no more: its offset would hold the log's sweeping back for ever."""
    return conn.execute(_FORGET, {"consumer": consumer}).rowcount


_KEYS = ("consumer", "topic", "partition")
_CLAIM = {
    module.__name__.rsplit(".", 1)[-1]: module.insert(offsets)
    .values({**{key: bindparam(key) for key in _KEYS}, "epoch": 1, "next_offset": 0})
    .on_conflict_do_update(index_elements=_KEYS, set_={"epoch": offsets.c.epoch + 1})
    .returning(offsets.c.epoch, offsets.c.next_offset)
    for module in (sqlite, postgresql)
}
_ADVANCE = (
    update(offsets)
    .where(
        offsets.c.consumer == bindparam("of_consumer"),
        offsets.c.topic == bindparam("of_topic"),
        offsets.c.partition == bindparam("of_partition"),
        offsets.c.epoch == bindparam("of_epoch"),
        offsets.c.next_offset == bindparam("expected"),
    )
    .values(next_offset=bindparam("reached"))
)
_REACHED = select(offsets.c.next_offset).where(*(offsets.c[key] == bindparam(key) for key in _KEYS))
_FORGET = delete(offsets).where(offsets.c.consumer == bindparam("consumer"))
