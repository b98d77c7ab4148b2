"""The router: intake topics, written by other systems, merged by arrival time into the one way in.

`Merger` is pure: it holds lines back until no earlier one can come, or until they have waited long enough.
`Router` reads the topics from the log, hands what is ready to the intake, and moves its offset rows in the same
transaction: after a crash nothing is lost and nothing is taken twice.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from schemas.topics import INTAKE_TOPICS
from storage import dead_letters, offsets
from storage import log as logs
from storage.dead_letters import DeadLetter
from storage.store import Store
from streams.intake import Arrival, Intake
from streams.journal import JournalError, Line, parse_line
from streams.requests import Request

CONSUMER = "router"
LATE = "late_line"
"""Flag of events whose line came after one that arrived later had been taken."""

AHEAD = timedelta(minutes=5)
"""A line that claims to have arrived later than this from now has a wrong clock: it counts as arriving now."""


# ── merging ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Routed:
    """One record in its turn. `line` None: it can't be read, `wrong` says why. `late`: behind its time."""

    topic: str
    offset: int
    value: bytes
    line: Line | None = None
    wrong: str = ""
    late: bool = False


@dataclass
class Merger:
    """Lines of several topics in one order: by arrival time, ties by topic, each topic in its own order.

    A topic's own order is never changed (its offset row could not say what was taken otherwise), so within a
    topic a line counts from its predecessor's time on at the earliest.
    """

    wait: timedelta
    topics: Sequence[str] = INTAKE_TOPICS
    _heap: list[tuple[datetime, int, int, datetime, Routed]] = field(default_factory=list)
    _newest: dict[str, datetime] = field(default_factory=dict)  # topic → time of its last line offered
    _out: datetime | None = None  # the latest time that has been given out

    def offer(self, routed: Routed, now: datetime) -> None:
        """One record as it is read, in the order of its topic. `now` is when."""
        before = self._newest.get(routed.topic)
        at = routed.line.at if routed.line else before or now
        if at > now + AHEAD:
            at = now
        at = max(at, before) if before else at
        self._newest[routed.topic] = at
        heapq.heappush(self._heap, (at, self.topics.index(routed.topic), routed.offset, now, routed))

    def ready(self, now: datetime, most: int) -> list[Routed]:
        """Up to `most` records whose turn it is, in order; they leave the merger."""
        limit = self._limit(now)
        found: list[Routed] = []
        while self._heap and len(found) < most and limit is not None and self._heap[0][0] <= limit:
            at, _, _, _, routed = heapq.heappop(self._heap)
            late = routed.line is not None and self._out is not None and routed.line.at < self._out
            found.append(replace(routed, late=True) if late else routed)
            self._out = max(at, self._out) if self._out else at
        return found

    def wake_at(self) -> datetime | None:
        """When waiting alone makes the next record ready; None: nothing waits."""
        return min((offered for _, _, _, offered, _ in self._heap), default=None)

    def __len__(self) -> int:
        return len(self._heap)

    def clear(self) -> None:
        """Forget what waits: it will be read again."""
        self._heap.clear()
        self._newest.clear()

    def _limit(self, now: datetime) -> datetime | None:
        """Everything up to here may go: each topic has shown something at least as late, or it has waited."""
        waited = [at for at, _, _, offered, _ in self._heap if offered <= now - self.wait]
        shown = min(self._newest.values()) if len(self._newest) == len(self.topics) else None
        return max([*waited, *([shown] if shown else [])], default=None)


# ── the shell ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the router stands in a topic: `epoch` and committed `taken`; `read` runs ahead of it."""

    epoch: int
    taken: int
    read: int


class Router:
    """Intake topics of the embedded log → `Intake`. Every call runs in the writer's thread."""

    def __init__(
        self,
        store: Store,
        intake: Intake,
        *,
        wait: timedelta,
        now: Callable[[], datetime],
        topics: Sequence[str] = INTAKE_TOPICS,
        most: int = 64,
    ) -> None:
        self.store = store
        self.intake = intake
        self.now = now
        self.most = most
        self.merger = Merger(wait, topics)
        self._places: dict[str, _Place] = {}

    def assign(self) -> None:
        """Take the topics: whoever routed them before can't commit any more."""
        with self.store.write() as conn:
            claims = [offsets.claim(conn, CONSUMER, topic) for topic in self.merger.topics]
        self.merger.clear()
        self._places = {c.topic: _Place(c.epoch, c.next_offset, c.next_offset) for c in claims}

    def turn(self) -> int:
        """Reads on, and takes what is ready, in one transaction. Returns how many records were taken.

        Raises `Fenced` when another router has the topics. Whatever raises, nothing of the turn was kept.
        """
        now = self.now()
        self._read(now)
        ready = self.merger.ready(now, self.most)
        if not ready:
            return 0
        try:
            with self.store.write() as conn:
                self._take(conn, ready, now)
        except BaseException:
            self._begin_again()
            raise
        for topic, place in self._after(ready).items():
            self._places[topic] = place
        return len(ready)

    def wake_at(self) -> datetime | None:
        """When the longest waiting record has waited enough."""
        waiting = self.merger.wake_at()
        return waiting + self.merger.wait if waiting else None

    def _read(self, now: datetime) -> None:
        """A topic is read ahead a little: enough to merge, not so much that a slow day fills the memory."""
        with self.store.read() as conn:
            for topic, place in self._places.items():
                if place.read - place.taken >= 4 * self.most:
                    continue
                records = logs.read(conn, topic, 0, place.read, self.most)
                for record in records:
                    self.merger.offer(_routed(topic, record.offset, record.value), now)
                if records:
                    self._places[topic] = replace(place, read=records[-1].offset + 1)

    def _take(self, conn: Connection, ready: Sequence[Routed], now: datetime) -> None:
        arrivals: list[Arrival] = []
        dead: list[DeadLetter] = []
        for routed in ready:
            found = _request(routed)
            if isinstance(found, Request):
                arrivals.append(Arrival(found))
            elif found:
                dead.append(
                    DeadLetter(
                        source=routed.topic,
                        partition=0,
                        offset=routed.offset,
                        arrived_at=now,
                        code="line_unreadable",
                        reason=found,
                        body=routed.value,
                    )
                )
        if arrivals:
            self.intake.take(arrivals)
        dead_letters.add(conn, dead)
        for topic, place in self._after(ready).items():
            before = self._places[topic]
            offsets.advance(
                conn, CONSUMER, topic, 0, epoch=before.epoch, expected=before.taken, next_offset=place.taken
            )

    def _after(self, ready: Sequence[Routed]) -> dict[str, _Place]:
        """Where each topic of this turn stands once it is committed."""
        ends = {routed.topic: routed.offset + 1 for routed in ready}
        return {topic: replace(self._places[topic], taken=end) for topic, end in ends.items()}

    def _begin_again(self) -> None:
        self.merger.clear()
        self._places = {topic: replace(place, read=place.taken) for topic, place in self._places.items()}


def _routed(topic: str, offset: int, value: bytes) -> Routed:
    try:
        return Routed(topic, offset, value, parse_line(value))
    except JournalError as error:
        return Routed(topic, offset, value, wrong=str(error))


def _request(routed: Routed) -> Request | str:
    """The request of a record; "" where it only moves a clock; else why there is none."""
    line = routed.line
    if line is None:
        return routed.wrong
    if line.has_files:
        return "消息中不能带照片 / photographs can't come in a topic (contract §2)"
    if line.moves_clock_only:
        return ""
    try:
        request = line.request()
    except JournalError as error:
        return str(error)
    return replace(request, flags=(LATE,)) if routed.late else request
