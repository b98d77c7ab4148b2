"""The router: lines of several topics in the order in which they arrived, each taken exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
import pytest

from schemas.base import Event
from schemas.codec import decode
from schemas.topics import INTAKE_TOPICS
from storage import dead_letters, decisions, log, offsets, requests
from storage.dead_letters import DeadLetter
from storage.errors import Fenced
from storage.store import Store
from streams.journal import Line
from streams.processors import PERSON_EVENTS
from streams.router import AHEAD, LATE, Merger, Routed, Router
from tests.journal import Hospital, Sent
from tests.storage.conftest import MakeStore
from tests.stories import at
from tests.streams.exactness import whole_system
from wardwatch.wiring import Parts

NOON = at("03-02 12:00")
WAIT = timedelta(seconds=5)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def routed(topic: str, offset: int, seconds: float) -> Routed:
    """A line of `topic` that arrived so many seconds after noon."""
    return Routed(topic, offset, b"", Line(0, after(seconds), "/fsi/callService", b"{}", {}))


def places(found: Sequence[Routed]) -> list[tuple[str, int]]:
    return [(one.topic, one.offset) for one in found]


# ── merging, without a database ──────────────────────────────────────────────────────────────────────────


def test_lines_go_out_by_arrival_once_every_topic_has_shown_something_later() -> None:
    merger = Merger(WAIT, ("admission", "charge"))
    merger.offer(routed("admission", 0, 3), NOON)
    merger.offer(routed("admission", 1, 9), NOON)
    assert merger.ready(NOON, 99) == [], "a charge of second 1 may still come"
    merger.offer(routed("charge", 0, 1), NOON)
    merger.offer(routed("charge", 1, 4), NOON)
    assert places(merger.ready(NOON, 99)) == [("charge", 0), ("admission", 0), ("charge", 1)]
    assert len(merger) == 1


def test_a_silent_topic_is_waited_for_no_longer_than_the_bound() -> None:
    merger = Merger(WAIT, ("admission", "charge"))
    merger.offer(routed("admission", 0, 0), NOON)
    assert merger.ready(after(4.9), 99) == []
    assert merger.wake_at() == NOON
    assert places(merger.ready(after(5), 99)) == [("admission", 0)]
    assert merger.wake_at() is None


def test_what_has_waited_takes_along_everything_that_arrived_before_it() -> None:
    merger = Merger(WAIT, ("admission", "charge", "scene"))
    merger.offer(routed("admission", 0, 2), NOON)
    merger.offer(routed("charge", 0, 1), after(4))
    merger.offer(routed("charge", 1, 3), after(4))
    assert places(merger.ready(after(5), 99)) == [("charge", 0), ("admission", 0)]


def test_a_line_behind_its_time_goes_out_at_once_and_says_so() -> None:
    merger = Merger(WAIT, ("admission", "charge"))
    merger.offer(routed("admission", 0, 10), NOON)
    merger.ready(after(5), 99)
    merger.offer(routed("charge", 0, 2), after(6))
    (late,) = merger.ready(after(6), 99)
    assert (late.topic, late.late) == ("charge", True)


def test_two_lines_of_one_moment_come_in_the_order_of_the_topics_and_neither_is_late() -> None:
    merger = Merger(timedelta(0), ("admission", "charge"))
    merger.offer(routed("charge", 0, 1), NOON)
    merger.offer(routed("admission", 0, 1), NOON)
    found = merger.ready(NOON, 99)
    assert places(found) == [("admission", 0), ("charge", 0)]
    assert not any(one.late for one in found)


def test_a_topic_keeps_its_own_order_even_where_its_times_jump_back() -> None:
    merger = Merger(WAIT, ("admission", "charge"))
    merger.offer(routed("admission", 0, 5), NOON)
    merger.offer(routed("admission", 1, 2), NOON)
    merger.offer(routed("charge", 0, 9), NOON)
    found = merger.ready(NOON, 99)
    assert places(found) == [("admission", 0), ("admission", 1)]
    assert [one.late for one in found] == [False, True]


def test_a_clock_that_runs_a_year_ahead_holds_nobody_else_up() -> None:
    merger = Merger(WAIT, ("admission", "charge"))
    year = timedelta(days=365).total_seconds()
    merger.offer(routed("admission", 0, year), NOON)
    assert places(merger.ready(after(5), 99)) == [("admission", 0)]
    merger.offer(routed("charge", 0, 6), after(6))
    assert [one.late for one in merger.ready(after(11), 99)] == [False]
    assert year > AHEAD.total_seconds()


def test_no_more_is_given_out_than_asked_for() -> None:
    merger = Merger(timedelta(0), ("admission",))
    for offset in range(5):
        merger.offer(routed("admission", offset, offset), NOON)
    assert places(merger.ready(NOON + WAIT, 2)) == [("admission", 0), ("admission", 1)]
    assert len(merger.ready(NOON + WAIT, 99)) == 3


# ── the router over a log ────────────────────────────────────────────────────────────────────────────────


class Desk:
    """A system with a router, and other systems that write its topics."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.time = NOON
        self.parts: Parts = whole_system(store)
        self.parts.pump.assign()
        self.router = self.new_router()

    def new_router(self) -> Router:
        router = Router(self.store, self.parts.intake, wait=WAIT, now=lambda: self.time)
        router.assign()
        return router

    def writes(self, topic: str, *values: Sent | bytes) -> None:
        raw = [("any", value.bytes if isinstance(value, Sent) else value) for value in values]
        with self.store.write() as conn:
            log.append(conn, topic, raw, at=self.time)

    def waits(self, seconds: float = 5) -> int:
        """Time passes, and everything is worked through. Returns how many lines were taken."""
        self.router.turn()
        self.time += timedelta(seconds=seconds)
        taken = 0
        while done := self.router.turn():
            taken += done
            self.parts.pump.drain()
            while self.parts.pump.fire(self.time):
                self.parts.pump.drain()
        return taken

    def events(self) -> list[Event]:
        with self.store.read() as conn:
            return [decode(record.value) for record in log.read(conn, PERSON_EVENTS, 0, 0, 1000)]

    def paths(self) -> list[str]:
        """Requests taken, in the order in which they were."""
        with self.store.read() as conn:
            found = requests.each(conn, since=at("01-01 00:00"), until=at("12-31 00:00"))
            return [one.path.rsplit("/", 1)[-1] for one in found]

    def dead(self) -> list[DeadLetter]:
        with self.store.read() as conn:
            return dead_letters.find(conn, newest=False).items

    def reached(self) -> dict[str, int]:
        with self.store.read() as conn:
            return {topic: offsets.reached(conn, "router", topic) for topic in INTAKE_TOPICS}


@pytest.fixture
def desk(new_store: MakeStore) -> Desk:
    return Desk(new_store())


def admission(hospital: Hospital, moment: str) -> Sent:
    hospital.ward().admits(moment)
    return hospital.journal.lines.pop()


def test_a_settlement_written_before_the_check_that_arrived_before_it_is_decided_after_it(desk: Desk) -> None:
    hospital = Hospital()
    patient = hospital.ward().admits("03-01 09:00")
    came = hospital.journal.lines.pop()
    check = patient.ward.round("03-02 10:00", until="03-02 10:40")
    ordered, delivered = hospital.journal.lines[-2:]
    patient.not_found(check, "03-02 10:05", "03-02 10:36")
    answers = hospital.journal.lines[-2:]
    settled = patient.settles("03-02 11:00", total="1920.00", fund="1200.50")
    desk.writes("settlement", settled)
    desk.waits(1)
    desk.writes("admission", came)
    desk.writes("ward-check", ordered, delivered, *answers)
    assert desk.waits() == 6
    assert desk.paths() == ["callService", "checks", "receipts", "answers", "answers", "callService"]
    with desk.store.read() as conn:
        *_, standing = decisions.each(conn)
    assert standing.unverified_days == (at("03-02 10:40").date(),), "the check that nobody answered counts"


def test_a_restart_takes_nothing_twice_and_loses_nothing(desk: Desk) -> None:
    hospital = Hospital()
    lines = [admission(hospital, f"03-02 09:{minute:02d}") for minute in range(6)]
    desk.writes("admission", *lines[:3])
    desk.waits()
    desk.writes("admission", *lines[3:])
    desk.router.turn()  # read, and waiting when the power goes
    desk.router = desk.new_router()
    assert desk.waits() == 3
    assert len(desk.paths()) == 6
    assert desk.reached()["admission"] == 6


def test_what_fails_half_way_is_taken_whole_the_next_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.writes("admission", admission(Hospital(), "03-02 09:00"), b"no line")
    whole = dead_letters.add

    def full(*_: object) -> None:
        raise OSError("no room left")

    monkeypatch.setattr("streams.router.dead_letters.add", full)
    with pytest.raises(OSError, match="no room"):
        desk.waits()
    assert (desk.paths(), desk.dead(), desk.reached()["admission"]) == ([], [], 0)
    monkeypatch.setattr("streams.router.dead_letters.add", whole)
    assert desk.waits() == 2
    assert (len(desk.paths()), len(desk.dead())) == (1, 1)


def test_a_router_that_lost_its_topics_takes_nothing_more(desk: Desk) -> None:
    desk.writes("admission", admission(Hospital(), "03-02 09:00"))
    desk.new_router()
    with pytest.raises(Fenced):
        desk.waits()
    assert desk.paths() == []


@pytest.mark.parametrize(
    "value",
    [
        b"\xff\xfe",
        b"[]",
        b'{"path":"/fsi/callService"}',
        b'{"at":"2026-03-02T09:00:00","path":"/fsi/callService","json":{}}',
        orjson.dumps({"at": "2026-03-02T09:00:00+08:00", "path": "/api/v1/captures", "json": {}, "files": {"p": "x"}}),
        orjson.dumps({"at": "2026-03-02T09:00:00+08:00", "path": "/api/v1/checks", "json": {}, "as": "nobody"}),
    ],
    ids=["bytes", "list", "no time", "no offset", "photographs", "unknown role"],
)
def test_a_line_that_can_not_be_read_is_kept_with_its_place_and_the_next_one_goes_on(desk: Desk, value: bytes) -> None:
    desk.writes("charge", value)
    desk.writes("admission", admission(Hospital(), "03-02 09:00"))
    desk.waits()
    (letter,) = desk.dead()
    assert (letter.source, letter.partition, letter.offset, letter.body) == ("charge", 0, 0, value)
    assert letter.reason
    assert desk.paths() == ["callService"]
    assert desk.reached()["charge"] == 1


def test_events_of_a_late_line_carry_its_flag(desk: Desk) -> None:
    hospital = Hospital()
    desk.writes("charge", admission(hospital, "03-02 11:30"))
    desk.waits()
    desk.writes("admission", admission(hospital, "03-02 09:00"))
    desk.waits()
    flags = [LATE in event.flags for event in desk.events() if event.kind == "admitted"]  # type: ignore[attr-defined]
    assert flags == [False, True]


def test_a_line_that_only_moves_the_clock_is_no_request(desk: Desk) -> None:
    hospital = Hospital()
    desk.writes("scene", hospital.journal.clock("03-02 09:00"))
    assert desk.waits() == 1
    assert (desk.paths(), desk.dead()) == ([], [])
    assert desk.reached()["scene"] == 1
