"""All that one engine batch leaves behind, written in one transaction and one fixed order, the fence first.

Whoever reads the database sees a batch wholly or not at all. The offset row is written before anything else:
a worker that has lost its partition finds out before it has written a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from schemas.decisions import Decision, Hold
from schemas.findings import Alert
from storage import (
    alerts,
    bodies,
    captures,
    checks,
    dead_letters,
    decisions,
    feed,
    holds,
    log,
    offsets,
    outbox,
    states,
    timers,
)
from storage.captures import CaptureRow
from storage.checks import CheckRow
from storage.dead_letters import DeadLetter
from storage.states import Space, StateRow


@dataclass(slots=True)
class Commit:
    """One batch of one partition.

    `expected` is the offset the worker loaded or last wrote, `next_offset` the one it reads next. Every list
    is in the order in which it came about; of a row named twice the last form is kept.
    """

    consumer: str
    topic: str
    partition: int
    epoch: int
    expected: int
    next_offset: int
    at: datetime  # the clock of the batch: by it the log and the feed age
    space: Space
    states: Mapping[str, StateRow] = field(default_factory=dict)
    timers: Mapping[str, datetime | None] = field(default_factory=dict)
    outbox: Sequence[tuple[str, str, bytes]] = ()  # (topic, key, value)
    alerts: Sequence[Alert] = ()
    decisions: Sequence[Decision] = ()
    holds: Sequence[Hold] = ()
    captures: Sequence[CaptureRow] = ()
    checks: Sequence[CheckRow] = ()
    feed: Sequence[tuple[str, str, bytes]] = ()  # (kind, institution, body), beside alerts and decisions
    dead_letters: Sequence[DeadLetter] = ()
    own_log: Mapping[str, int] | None = None
    """Topic → partitions where the log is in this very database: the outbox then goes straight to it, at the
    price of one write in place of three. None: it waits in the outbox."""


def apply(conn: Connection, batch: Commit) -> None:
    """Writes the batch. Raises `Fenced`, having written nothing, where the partition has been lost."""
    offsets.advance(
        conn,
        batch.consumer,
        batch.topic,
        batch.partition,
        epoch=batch.epoch,
        expected=batch.expected,
        next_offset=batch.next_offset,
    )
    states.save(conn, batch.space, batch.states)
    timers.set_many(conn, batch.space, batch.timers)
    told = [*_write_alerts(conn, batch.alerts), *_write_decisions(conn, batch.decisions), *batch.feed]
    holds.upsert(conn, batch.holds)
    captures.upsert_many(conn, batch.captures)
    checks.upsert(conn, batch.checks)
    dead_letters.add(conn, batch.dead_letters)
    if batch.own_log is None:
        outbox.add(conn, batch.outbox)
    else:
        log.append_many(conn, batch.outbox, batch.own_log, at=batch.at)
    feed.append(conn, told, at=batch.at)  # last: it holds a row that every other writer waits for


def _write_alerts(conn: Connection, found: Sequence[Alert]) -> list[tuple[str, str, bytes]]:
    packed = [(alert, bodies.dump(alert)) for alert in found]
    alerts.write(conn, [alerts.row_of(alert, body) for alert, body in packed])
    return [("alert", alert.fixmedins_code, body) for alert, body in packed]


def _write_decisions(conn: Connection, given: Sequence[Decision]) -> list[tuple[str, str, bytes]]:
    packed = [(decision, bodies.dump(decision)) for decision in given]
    decisions.write(conn, [decisions.row_of(decision, body) for decision, body in packed])
    return [("decision", decision.fixmedins_code, body) for decision, body in packed]
