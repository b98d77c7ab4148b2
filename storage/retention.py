"""How long things are kept, and how they are made smaller meanwhile. Run now and then beside the engine.

Work goes in small steps, each a transaction of its own, so that the writer is never held for long. Findings,
decisions, holds and stop switches are never swept: they are the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, Table, bindparam, delete, func, select, update

from schemas.topics import TOPICS
from storage import log, requests
from storage.compression import pack
from storage.moments import to_micros
from storage.sql import Many
from storage.store import Store
from storage.tables import captures, checks, dead_letters, feed, log_ends, log_records, offsets
from storage.tables import requests as kept_requests

STEP = 500  # rows a transaction; about 10 ms on a slow disk


@dataclass(frozen=True)
class Retention:
    """Days by kind. A log record goes when it is old enough and all consumers of its partition have read it."""

    requests_days: int = 365
    feed_days: int = 7
    dead_letters_days: int = 365
    captures_days: int = 90
    checks_days: int = 180
    log_days: Mapping[str, int] = field(
        default_factory=lambda: {name: topic.retention_days for name, topic in TOPICS.items()}
    )
    pack_after: timedelta = timedelta(days=1)


DEFAULT = Retention()


def sweep(store: Store, now: datetime, policy: Retention = DEFAULT, *, step: int = STEP) -> dict[str, int]:
    """Deletes what is older than `policy` allows. Returns how many rows went, by table."""
    gone: dict[str, int] = {}
    for table, key, clock, days in (
        (kept_requests, "seq", "arrived_at", policy.requests_days),
        (feed, "id", "at", policy.feed_days),
        (dead_letters, "id", "arrived_at", policy.dead_letters_days),
    ):
        before = to_micros(now - timedelta(days=days))
        oldest = _oldest_first(table, key, clock)
        gone[table.name] = _until_done(store, step, _prefix_step(table, key, oldest, before, step))
    for table, key, clock, days in (
        (captures, "capture_id", "updated_at", policy.captures_days),
        (checks, "check_id", "due_by", policy.checks_days),
    ):
        before = to_micros(now - timedelta(days=days))
        gone[table.name] = _until_done(store, step, _indexed_step(table, key, clock, before, step))
    gone[log_records.name] = _sweep_log(store, now, policy, step)
    return gone


def compact(store: Store, now: datetime, limit: int = STEP, policy: Retention = DEFAULT) -> int:
    """Packs up to `limit` requests older than `policy.pack_after`. Returns how many; 0: nothing is left."""
    with store.read() as conn:
        found = requests.unpacked(conn, now - policy.pack_after, limit)
    packed = [(seq, pack(body), None if reply is None else pack(reply)) for seq, body, reply in found]
    with store.write() as conn:
        return requests.put_packed(conn, packed)


Step = Callable[[Connection], int]


def _until_done(store: Store, step: int, work: Step) -> int:
    total = 0
    while True:
        with store.write() as conn:
            count = work(conn)
        total += count
        if count < step:
            return total


def _oldest_first(table: Table, key: str, clock: str) -> Select[tuple[int, int]]:
    return select(table.c[key], table.c[clock]).order_by(table.c[key]).limit(bindparam("n"))


def _prefix_step(table: Table, key: str, oldest: Select[tuple[int, int]], before: int, step: int) -> Step:
    """For rows numbered as they came: looks at the lowest numbers only, and stops at the first young one.

    So a sweep that finds nothing reads one page, whatever the table holds.
    """
    erase = delete(table).where(table.c[key] <= bindparam("last"))

    def work(conn: Connection) -> int:
        last, count = None, 0
        for number, moment in conn.execute(oldest, {"n": step}):
            if moment >= before:
                break
            last, count = number, count + 1
        if last is not None:
            conn.execute(erase, {"last": last})
        return count

    return work


def _indexed_step(table: Table, key: str, clock: str, before: int, step: int) -> Step:
    old = select(table.c[key]).where(table.c[clock] < before).order_by(table.c[clock]).limit(step)
    erase = Many(["key"], lambda _: delete(table).where(table.c[key] == bindparam("key")))

    def work(conn: Connection) -> int:
        rows = [(row[0],) for row in conn.execute(old)]
        erase(conn, rows)
        return len(rows)

    return work


def _sweep_log(store: Store, now: datetime, policy: Retention, step: int) -> int:
    with store.read() as conn:
        partitions = conn.execute(_READ_BY_ALL).all()
    total = 0
    for log_no, topic, consumed in partitions:
        if topic in policy.log_days:
            before = to_micros(now - timedelta(days=policy.log_days[topic]))
            total += _until_done(store, step, _log_step(log_no, consumed, before, step))
    return total


def _log_step(log_no: int, consumed: int, before: int, step: int) -> Step:
    base = log_no * log.BASE
    query = (
        select(log_records.c.position, log_records.c.appended_at)
        .where(log_records.c.position >= base, log_records.c.position < base + consumed)
        .order_by(log_records.c.position)
        .limit(step)
    )

    def work(conn: Connection) -> int:
        last, count = None, 0
        for position, moment in conn.execute(query):
            if moment >= before:
                break
            last, count = position, count + 1
        if last is not None:
            conn.execute(delete(log_records).where(log_records.c.position.between(base, last)))
            conn.execute(_FIRST, {"of_no": log_no, "first": last - base + 1})
        return count

    return work


_READ_BY_ALL = (
    select(log_ends.c.log_no, log_ends.c.topic, func.min(offsets.c.next_offset))
    .join(offsets, (offsets.c.topic == log_ends.c.topic) & (offsets.c.partition == log_ends.c.partition))
    .group_by(log_ends.c.log_no, log_ends.c.topic)
    .order_by(log_ends.c.log_no)
)
_FIRST = update(log_ends).where(log_ends.c.log_no == bindparam("of_no")).values(first_offset=bindparam("first"))
