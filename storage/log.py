"""The embedded log: topics of records in order, with dense offsets given inside the writer's transaction.

A partition's end is a row of its own; taking offsets locks it until the commit, so readers never see an
offset before the ones below it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import BigInteger, Connection, bindparam, cast, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.moments import to_micros
from storage.partitioner import partition_of
from storage.sql import insert_many
from storage.tables import log_ends, log_records

BASE = 1 << 40  # offsets a partition can hold: 3,000 years of a million a day


class Record(NamedTuple):
    """One record as it is read."""

    offset: int
    key: str
    value: bytes


class Span(NamedTuple):
    """What a partition holds: offsets from `first` (older ones were swept) up to, not including, `end`."""

    first: int
    end: int


def append(
    conn: Connection,
    topic: str,
    records: Sequence[tuple[str, bytes]],
    partitions: int = 1,
    *,
    at: datetime,
) -> list[int]:
    """Appends (key, value) pairs in order; `at` is the arrival time by which they age. Returns their offsets.

    Records of one key keep their order; with several partitions, offsets are those of each key's partition.
    """
    groups: dict[int, list[int]] = {}
    for place, (key, _) in enumerate(records):
        groups.setdefault(partition_of(key, partitions), []).append(place)
    moment = to_micros(at)
    offsets = [0] * len(records)
    rows = []
    for partition, places in sorted(groups.items()):  # one order for everyone: no deadlock on the end rows
        log_no, first = reserve(conn, topic, partition, len(places))
        base = log_no * BASE
        for offset, place in enumerate(places, first):
            offsets[place] = offset
            rows.append((base + offset, *records[place], moment))
    _INSERT(conn, rows)
    return offsets


def append_many(
    conn: Connection,
    records: Sequence[tuple[str, str, bytes]],
    partitions: Mapping[str, int],
    *,
    at: datetime,
) -> None:
    """Appends (topic, key, value) in order, `partitions` giving a topic's number of partitions (else 1)."""
    by_topic: dict[str, list[tuple[str, bytes]]] = {}
    for topic, key, value in records:
        by_topic.setdefault(topic, []).append((key, value))
    for topic, group in sorted(by_topic.items()):
        append(conn, topic, group, partitions.get(topic, 1), at=at)


def read(conn: Connection, topic: str, partition: int, start: int, limit: int) -> list[Record]:
    """Up to `limit` records from offset `start` on. Swept ones are passed over: look at the offsets."""
    given = {"of_topic": topic, "of_partition": partition, "start": start, "n": limit}
    return [Record(position % BASE, key, value) for position, key, value in conn.execute(_READ, given)]


def end(conn: Connection, topic: str, partition: int) -> int:
    """The offset the next record will get."""
    return span(conn, topic, partition).end


def ends(conn: Connection) -> dict[tuple[str, int], int]:
    """The offset the next record will get, by topic and partition; one that never had a record is missing."""
    return {(topic, partition): offset for topic, partition, offset in conn.execute(_ENDS)}


def span(conn: Connection, topic: str, partition: int) -> Span:
    row = conn.execute(_SPAN, {"of_topic": topic, "of_partition": partition}).first()
    return Span(0, 0) if row is None else Span(row[0], row[1])


def reserve(conn: Connection, topic: str, partition: int, count: int) -> tuple[int, int]:
    """Takes `count` offsets until the commit. Returns (the partition's short number, the first offset)."""
    given = {"of_topic": topic, "of_partition": partition, "count": count}
    row = conn.execute(_RESERVE, given).first()
    if row is None:
        conn.execute(_NEW[conn.dialect.name], {"topic": topic, "partition": partition})
        row = conn.execute(_RESERVE, given).one()
    return row[0], row[1] - count


_INSERT = insert_many(log_records, ["position", "key", "value", "appended_at"])
_THIS = (log_ends.c.topic == bindparam("of_topic"), log_ends.c.partition == bindparam("of_partition"))
# the cast: PostgreSQL would multiply in 32 bits, as `log_no` is
_BASE_OF = select(cast(log_ends.c.log_no, BigInteger) * BASE).where(*_THIS).scalar_subquery()
_ENDS = select(log_ends.c.topic, log_ends.c.partition, log_ends.c.next_offset)
_SPAN = select(log_ends.c.first_offset, log_ends.c.next_offset).where(*_THIS)
_RESERVE = (
    update(log_ends)
    .where(*_THIS)
    .values(next_offset=log_ends.c.next_offset + bindparam("count"))
    .returning(log_ends.c.log_no, log_ends.c.next_offset)
)
_NEW = {
    module.__name__.rsplit(".", 1)[-1]: module.insert(log_ends)
    .values(topic=bindparam("topic"), partition=bindparam("partition"), next_offset=0)
    .on_conflict_do_nothing()
    for module in (sqlite, postgresql)
}
_READ = (
    select(log_records.c.position, log_records.c.key, log_records.c.value)
    .where(log_records.c.position >= _BASE_OF + bindparam("start"), log_records.c.position < _BASE_OF + BASE)
    .order_by(log_records.c.position)
    .limit(bindparam("n"))
)
