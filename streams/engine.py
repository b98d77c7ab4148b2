"""The engine: a batch of one partition's records → decode, step, one commit. The same under every runner.

Exactly-once in effect: states, findings, timers, outbox and the offset reached are one SQL transaction,
fenced by the epoch that this worker took when it was assigned the partition. Records below the offset are
dropped one by one, because a redelivery may be cut differently; gaps pass.
"""

from __future__ import annotations

import logging
import traceback
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from typing import Any

from detectors.gate.review import Result
from schemas.base import Event
from schemas.codec import UnreadableEvent, decode, encode
from storage import commit as commits
from storage import offsets, states
from storage.captures import CaptureRow
from storage.commit import Commit
from storage.dead_letters import DeadLetter
from storage.log import Record
from storage.states import StateRow
from storage.store import Store
from streams.processors import Effects, Processor

log = logging.getLogger("wardwatch.engine")


class TooManyDeadLetters(RuntimeError):
    """So much can't be processed that the fault is ours: the worker stops instead of emptying the log."""


@dataclass
class DeadLetterLimit:
    """Stop when `most` of the last `window` records were poison: single ones are theirs, many are ours."""

    most: int = 20
    window: int = 400
    _recent: deque[bool] = field(default_factory=deque)

    def note(self, poison: bool) -> None:
        """One record went through, or not."""
        self._recent.append(poison)
        if len(self._recent) > self.window:
            self._recent.popleft()

    @property
    def poisoned(self) -> int:
        """How many of the last records were poison."""
        return sum(self._recent)

    @property
    def reached(self) -> bool:
        """So many were poison that the fault must be ours."""
        return self.poisoned >= self.most

    def check(self) -> None:
        """Raises `TooManyDeadLetters` at the limit."""
        if self.reached:
            raise TooManyDeadLetters(
                f"{self.poisoned} of the last {len(self._recent)} events could not be processed: stopped. "
                "Look at the newest dead letters; nothing after them was taken or lost."
            )


class Kept:
    """States as they were last committed, so that busy keys aren't read and decoded for every batch.

    States are frozen, and only the worker that holds the partition writes them: what is kept here stays true
    until the partition is assigned anew. The longest unused leave first.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._rows: dict[str, tuple[int, Any]] = {}  # key → (version, state)

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def get(self, key: str) -> tuple[int, Any] | None:
        """(version, state) of a key; it counts as used."""
        found = self._rows.pop(key, None)
        if found is not None:
            self._rows[key] = found
        return found

    def put(self, key: str, version: int, state: Any) -> None:
        """Keep a committed state, and let go of what no longer fits."""
        self._rows.pop(key, None)
        self._rows[key] = (version, state)
        if len(self._rows) > self.most:
            del self._rows[next(iter(self._rows))]

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()


@dataclass
class _Work:
    """What a batch comes to while it is being computed."""

    at: datetime
    before: dict[str, Any] = field(default_factory=dict)  # key → state as it was committed; None: there was none
    states: dict[str, tuple[int, Any]] = field(default_factory=dict)  # key → (version, state)
    touched: dict[str, None] = field(default_factory=dict)
    timers: dict[str, datetime | None] = field(default_factory=dict)
    outbox: list[tuple[str, str, bytes]] = field(default_factory=list)
    alerts: list[Any] = field(default_factory=list)
    decisions: list[Any] = field(default_factory=list)
    holds: list[Any] = field(default_factory=list)
    captures: list[CaptureRow] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    reviews: dict[str, Result] = field(default_factory=dict)  # event_id → result
    kinds: Counter[str] = field(default_factory=Counter)


class Engine:
    """One processor on one partition. `own_log`: topic → partitions where the log is in the same database."""

    def __init__(
        self,
        store: Store,
        processor: Processor,
        *,
        partition: int = 0,
        own_log: Mapping[str, int] | None = None,
        limit: DeadLetterLimit | None = None,
    ) -> None:
        self.store = store
        self.processor = processor
        self.consumer = f"{processor.space}-engine"
        self.partition = partition
        self.own_log = own_log
        self.limit = limit or DeadLetterLimit()
        self.kept = Kept(processor.keep)
        self.epoch = 0
        self.next_offset = 0
        self.newest: Commit | None = None  # the last batch written, and the kinds of its events: for whoever counts
        self.kinds: Counter[str] = Counter()

    def assign(self) -> int:
        """Take the partition: a new epoch on its row. Returns the offset to read from."""
        with self.store.write() as conn:
            claim = offsets.claim(conn, self.consumer, self.processor.topic, self.partition)
        self.epoch, self.next_offset = claim.epoch, claim.next_offset
        self.kept.clear()
        return self.next_offset

    def process(self, records: Sequence[Record], *, at: datetime, backlog: int = 0) -> dict[str, Result]:
        """One batch, committed when this returns. Raises `Fenced` when the partition is no longer ours.

        `at` is the runner's clock, by which the log ages; nothing is decided by it. `backlog`: how many
        records wait behind this batch. Returns what came of reviewers' words, by event id.
        """
        fresh = [r for r in records if r.offset >= self.next_offset]
        if not fresh:
            return {}
        self.limit.check()
        work = _Work(at)
        # Only this worker writes these states, so they are read and computed outside the write transaction:
        # the gateway isn't kept waiting while detectors think. The fence catches whoever is wrong about it.
        unknown = list(dict.fromkeys(r.key for r in fresh if r.key not in self.kept))
        rows: dict[str, StateRow] = {}
        if unknown:
            with self.store.read() as conn:
                rows = states.load(conn, self.processor.space, unknown)
        for place, record in enumerate(fresh):
            buried = len(work.dead)
            self._one(record, rows, work, backlog + len(fresh) - place - 1)
            if len(work.dead) > buried and self.limit.reached:
                fresh = fresh[: place + 1]  # what came so far is kept; the next call stops here
                break
        batch = self._commit(fresh, work)
        with self.store.write() as conn:
            commits.apply(conn, batch)
        self.next_offset, self.newest, self.kinds = batch.next_offset, batch, work.kinds
        for key in work.touched:
            self.kept.put(key, *work.states[key])
        return work.reviews

    def _one(self, record: Record, rows: Mapping[str, StateRow], work: _Work, backlog: int) -> None:
        """One record. What can't be processed becomes a dead letter; its neighbours go on."""
        try:
            event = decode(record.value)
            version, state = self._state(record.key, rows, work)
            effects = self.processor.step(state, event, version + 1, backlog)
        except UnreadableEvent as error:
            self._poison(record, work, "unreadable_event", str(error))
        except Exception as error:  # noqa: BLE001
            # Whatever a step raises is our bug; the record is kept whole and the partition goes on.
            # The exception's text may quote a person, so only its type and place are written down.
            log.error("%s in %s at offset %s", type(error).__name__, self.processor.topic, record.offset)
            self._poison(record, work, "step_failed", f"{type(error).__name__} at {_place(error)}")
        else:
            self.limit.note(False)
            work.states[record.key] = (version + 1, effects.state)
            work.touched[record.key] = None
            self._collect(record.key, event, effects, work)

    def _state(self, key: str, rows: Mapping[str, StateRow], work: _Work) -> tuple[int, Any]:
        found = work.states.get(key)
        if found is None:
            row = rows.get(key)
            found = self.kept.get(key) or (row.version if row else 0, self.processor.load(key, row))
            work.before[key] = found[1] if found[0] else None
        return found

    def _collect(self, key: str, event: Event, effects: Effects, work: _Work) -> None:
        work.kinds[event.kind] += 1  # type: ignore[attr-defined]
        work.timers[key] = effects.wake_at
        for topic, to, told in effects.out:
            work.outbox.append((topic, to, encode(told)))
        work.alerts += effects.alerts
        work.decisions += effects.decisions
        work.holds += effects.holds
        for c in effects.captures:
            row = CaptureRow(c.capture_id, key, c.institution, c.ward, c.state, c.band, c.reasons, event.arrived_at)
            work.captures.append(row)
        if effects.review is not None:
            work.reviews[event.event_id] = effects.review

    def _poison(self, record: Record, work: _Work, code: str, reason: str) -> None:
        self.limit.note(True)
        work.dead.append(
            DeadLetter(
                source=self.processor.topic,
                partition=self.partition,
                offset=record.offset,
                arrived_at=work.at,
                code=code,
                reason=reason,
                body=record.value,
            )
        )

    def _commit(self, fresh: Sequence[Record], work: _Work) -> Commit:
        return Commit(
            consumer=self.consumer,
            topic=self.processor.topic,
            partition=self.partition,
            epoch=self.epoch,
            expected=self.next_offset,
            next_offset=fresh[-1].offset + 1,
            at=work.at,
            space=self.processor.space,
            states={key: self._row(key, work) for key in work.touched},
            timers=work.timers,
            outbox=work.outbox,
            alerts=work.alerts,
            decisions=work.decisions,
            holds=work.holds,
            captures=work.captures,
            dead_letters=work.dead,
            own_log=self.own_log,
        )

    def _row(self, key: str, work: _Work) -> StateRow:
        version, state = work.states[key]
        return StateRow(version, *self.processor.dump(state, work.before[key]))


def _place(error: Exception) -> str:
    """Where our code raised, as file:line: enough to mend it, and nothing of what it was working on."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
