"""States, timers, outbox, feed and the small tables beside them."""

# ruff: noqa: PT012 - transactions that fail half way are what is tested

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import CHINA
from storage import captures, checks, dead_letters, feed, log, outbox, states, stops, timers, unjoined
from storage.moments import from_micros, to_micros
from storage.states import StateRow
from storage.store import Store
from storage.text import storable
from storage.unjoined import Waiting
from tests.storage.samples import HOUSE, NOON, OTHER_HOUSE, capture, check, later, letter

EARLIEST, LATEST = datetime(1, 1, 2), datetime(9999, 12, 30)  # noqa: DTZ001 - Hypothesis wants them bare


@given(st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC)))
def test_a_moment_survives_storage_to_the_microsecond(moment: datetime) -> None:
    back = from_micros(to_micros(moment))
    assert back == moment
    assert back.tzinfo is CHINA


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        to_micros(datetime(2026, 3, 2))  # noqa: DTZ001 - that is the point


# -- states -----------------------------------------------------------------------------------------------


def test_states_of_a_person_and_a_ward_with_one_key_are_two(store: Store) -> None:
    with store.write() as conn:
        states.save(conn, "person", {"k": StateRow(1, b"person"), "l": StateRow(2, b"\x00\xff")})
        states.save(conn, "ward", {"k": StateRow(3, b"ward")})
        states.save(conn, "person", {"k": StateRow(4, b"changed")})
    with store.read() as conn:
        assert states.load(conn, "person", ["k", "l", "none"]) == {
            "k": StateRow(4, b"changed"),
            "l": StateRow(2, b"\x00\xff"),
        }
        assert states.load(conn, "ward", {"k"}) == {"k": StateRow(3, b"ward")}
        assert states.load(conn, "ward", []) == {}
        assert (states.count(conn, "person"), states.count(conn, "ward")) == (2, 1)


def test_all_states_can_be_walked_in_pages(store: Store) -> None:
    rows = {f"k{n:02d}": StateRow(n, bytes([n])) for n in range(25)}
    with store.write() as conn:
        states.save(conn, "person", rows)
    found: list[tuple[str, StateRow]] = []
    with store.read() as conn:
        while page := list(states.each(conn, "person", after=found[-1][0] if found else "", limit=10)):
            found += page
    assert dict(found) == rows
    assert [key for key, _ in found] == sorted(rows)


# -- timers -----------------------------------------------------------------------------------------------


def test_timers_fire_by_time_then_key_and_a_newer_wish_replaces_the_older(store: Store) -> None:
    with store.write() as conn:
        timers.set_many(conn, "person", {"b": later(hours=1), "a": later(hours=1), "c": NOON, "d": NOON})
        timers.set_many(conn, "ward", {"a": later(hours=1)})
        timers.set_many(conn, "person", {"c": later(hours=2), "d": None, "unknown": None})
    with store.read() as conn:
        assert timers.next_due(conn) == later(hours=1)
        assert timers.due(conn, later(minutes=59), 10) == []
        fired = [(one.space, one.key) for one in timers.due(conn, later(hours=1), 10)]
        assert fired == [("person", "a"), ("ward", "a"), ("person", "b")]
        assert len(timers.due(conn, later(days=1), 2)) == 2


def test_clearing_spares_a_timer_that_was_set_anew_meanwhile(store: Store) -> None:
    with store.write() as conn:
        timers.set_many(conn, "person", {"a": NOON, "b": NOON})
        fired = timers.due(conn, NOON, 10)
        timers.set_many(conn, "person", {"b": later(hours=3)})
        timers.clear(conn, fired)
        assert [(one.key, one.due) for one in timers.due(conn, later(days=1), 10)] == [("b", later(hours=3))]
        timers.clear(conn, timers.due(conn, later(days=1), 10))
        assert timers.next_due(conn) is None


# -- outbox -----------------------------------------------------------------------------------------------


def test_the_pump_keeps_the_order_of_each_topic_and_forgets_only_what_it_moved(store: Store) -> None:
    rows = [(f"t{n % 2}", f"k{n % 3}", str(n).encode()) for n in range(20)]
    with store.write() as conn:
        outbox.add(conn, rows)
    moved = []
    while True:
        with store.write() as conn:
            moved.append(outbox.pump(conn, 7, at=NOON))
        if not moved[-1]:
            break
    assert moved == [7, 7, 6, 0]
    with store.read() as conn:
        for topic in ("t0", "t1"):
            values = [record.value for record in log.read(conn, topic, 0, 0, 100)]
            assert values == [value for to, _, value in rows if to == topic]
        assert outbox.count(conn) == 0


def test_two_pumps_at_once_double_nothing_and_keep_the_order(store: Store) -> None:
    with store.write() as conn:
        outbox.add(conn, [("t", "k", str(n).encode()) for n in range(120)])
    ready = threading.Barrier(2)

    def pump() -> None:
        ready.wait()
        for _ in range(30):
            with store.write() as conn:
                outbox.pump(conn, 5, at=NOON)

    pumps = [threading.Thread(target=pump) for _ in range(2)]
    for one in pumps:
        one.start()
    for one in pumps:
        one.join()
    with store.read() as conn:
        assert [int(record.value) for record in log.read(conn, "t", 0, 0, 1000)] == list(range(120))


def test_a_pump_that_fails_moves_nothing(store: Store) -> None:
    with store.write() as conn:
        outbox.add(conn, [("t", "k", b"1")])
    with pytest.raises(KeyError), store.write() as conn:
        outbox.pump(conn, 10, at=NOON)
        raise KeyError
    with store.read() as conn:
        assert outbox.count(conn) == 1
        assert log.end(conn, "t", 0) == 0


def test_only_acknowledged_rows_leave_the_outbox(store: Store) -> None:
    with store.write() as conn:
        outbox.add(conn, [("t", "k", bytes([n])) for n in range(4)])
        waiting = outbox.pending(conn, 10)
        outbox.done(conn, [waiting[0].id, waiting[2].id])
        assert [row.value for row in outbox.pending(conn, 10)] == [b"\x01", b"\x03"]
        assert len(outbox.pending(conn, 1)) == 1


# -- feed -------------------------------------------------------------------------------------------------


def test_the_feed_resumes_after_any_id_and_shows_a_house_only_its_own(store: Store) -> None:
    with store.write() as conn:
        ids = feed.append(conn, [("alert", HOUSE, b"1"), ("alert", OTHER_HOUSE, b"2")], at=NOON)
        ids += feed.append(conn, [("decision", HOUSE, b"3"), ("system", "", b"4")], at=NOON)
        assert feed.append(conn, [], at=NOON) == []
    assert ids == [1, 2, 3, 4]
    with store.read() as conn:
        assert [row.id for row in feed.since(conn, 0, 10)] == ids
        assert [row.id for row in feed.since(conn, 2, 1)] == [3]
        assert [row.body for row in feed.since(conn, 0, 10, [HOUSE])] == [b"1", b"3"]
        assert feed.since(conn, 0, 10, []) == []
        assert feed.last_id(conn) == 4


def test_a_reader_that_resumes_misses_nothing_of_writers_side_by_side(store: Store) -> None:
    stop = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        while True:
            last_round = stop.is_set()
            with store.read() as conn:
                seen.extend(row.id for row in feed.since(conn, seen[-1] if seen else 0, 1000))
            if last_round:
                return

    def write() -> None:
        for n in range(30):
            with store.write() as conn:
                feed.append(conn, [("alert", HOUSE, str(n).encode())] * 2, at=NOON)

    follower = threading.Thread(target=follow)
    writers = [threading.Thread(target=write) for _ in range(3)]
    follower.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stop.set()
    follower.join()
    assert seen == list(range(1, 181))


# -- stop switch ------------------------------------------------------------------------------------------


def test_a_stop_holds_until_it_is_lifted_and_stays_on_record(store: Store) -> None:
    with store.write() as conn:
        stops.add(conn, "rule", "presence.bed_hanging", by="u1", reason="false alarms", at=NOON)
        stops.add(conn, "institution", HOUSE, by="u1", reason="feed broken", at=later(hours=1))
        assert [(stop.kind, stop.value) for stop in stops.active(conn)] == [
            ("rule", "presence.bed_hanging"),
            ("institution", HOUSE),
        ]
        assert stops.lift(conn, "rule", "presence.bed_hanging", by="u2", at=later(hours=2)) == 1
        assert stops.lift(conn, "rule", "presence.bed_hanging", by="u2", at=later(hours=3)) == 0
        assert [stop.value for stop in stops.active(conn)] == [HOUSE]
        lifted = stops.history(conn)[1]
        assert (lifted.by, lifted.lifted_by, lifted.lifted_at) == ("u1", "u2", later(hours=2))


# -- dead letters -----------------------------------------------------------------------------------------


def test_a_dead_letter_is_kept_whole_and_its_redelivery_is_no_second_one(store: Store) -> None:
    odd = letter(None, source="/fsi/callService", body=b"\x00\xff{", reason="NUL \0 and half \ud800", meta={"a": [1]})
    with store.write() as conn:
        dead_letters.add(conn, [letter(5), odd, odd])
        dead_letters.add(conn, [letter(5, reason="again")])
    with store.read() as conn:
        found = dead_letters.find(conn, newest=False).items
    assert [(one.source, one.offset, one.body) for one in found] == [
        ("person-events", 5, b"\xff\x00"),
        ("/fsi/callService", None, b"\x00\xff{"),
        ("/fsi/callService", None, b"\x00\xff{"),
    ]
    assert found[0].reason == "not JSON"
    assert found[1].reason == "NUL \ufffd and half \ufffd"
    assert found[1].meta == {"a": [1]}


def test_dead_letters_are_counted_since_a_moment_and_paged(store: Store) -> None:
    with store.write() as conn:
        dead_letters.add(conn, [letter(n, arrived_at=later(minutes=n)) for n in range(6)])
    with store.read() as conn:
        assert dead_letters.count_since(conn, later(minutes=4)) == 2
        first = dead_letters.find(conn, limit=4)
        rest = dead_letters.find(conn, limit=4, cursor=first.cursor)
        assert [one.offset for one in first.items + rest.items] == [5, 4, 3, 2, 1, 0]
        assert rest.cursor is None


@given(st.text())
def test_storable_text_has_utf8_and_no_nul(words: str) -> None:
    clean = storable(words)
    assert "\0" not in clean.encode().decode()
    assert len(clean) == len(words)
    assert storable("普通文字 plain") == "普通文字 plain"


# -- unjoined ---------------------------------------------------------------------------------------------


def test_what_waits_for_a_key_is_taken_once_in_order_of_arrival(store: Store) -> None:
    rows = [Waiting(f"mdtrt:M{n % 2}", "person-events", str(n).encode(), later(minutes=n), f"rq-{n}") for n in range(6)]
    with store.write() as conn:
        unjoined.add(conn, rows)
        assert unjoined.oldest(conn) == NOON
        taken = unjoined.take(conn, "mdtrt:M1")
        assert [(one.event, one.arrived_at, one.request_id) for one in taken] == [
            (str(n).encode(), later(minutes=n), f"rq-{n}") for n in (1, 3, 5)
        ]
        assert unjoined.take(conn, "mdtrt:M1") == []
        assert unjoined.count(conn) == 3
        assert [one.event for one in unjoined.find(conn, limit=2).items] == [b"0", b"2"]
        assert [one.event for one in unjoined.take_many(conn, ["mdtrt:M0", "mdtrt:M1"])] == [b"0", b"2", b"4"]
        assert unjoined.oldest(conn) is None


# -- projections ------------------------------------------------------------------------------------------


def test_a_capture_is_answered_with_its_newest_form(store: Store) -> None:
    with store.write() as conn:
        captures.upsert_many(conn, [capture("cp-1", state="received", band="", reasons=[]), capture("cp-2")])
        captures.upsert_many(conn, [capture("cp-1")])
    with store.read() as conn:
        assert captures.get(conn, "cp-1") == capture("cp-1")
        assert captures.get(conn, "none") is None
        assert set(captures.get_many(conn, ["cp-1", "cp-2", "none"])) == {"cp-1", "cp-2"}


def test_a_ward_sees_the_checks_whose_window_is_open(store: Store) -> None:
    with store.write() as conn:
        checks.upsert(
            conn,
            [
                check("ck-open", due_by=later(minutes=30)),
                check("ck-soon", due_by=later(minutes=5)),
                check("ck-roster", ward="", due_by=later(hours=2)),
                check("ck-past", opens_at=later(hours=-2), due_by=later(seconds=-1)),
                check("ck-future", opens_at=later(seconds=1)),
                check("ck-next-door", ward="内科"),
                check("ck-elsewhere", institution=OTHER_HOUSE),
            ],
        )
    with store.read() as conn:
        mine = checks.open_for(conn, HOUSE, "骨科一病区", NOON)
        assert [one.check_id for one in mine] == ["ck-soon", "ck-open", "ck-roster"]
        house = checks.open_for(conn, HOUSE, None, NOON)
        assert {one.check_id for one in house} == {"ck-soon", "ck-open", "ck-roster", "ck-next-door"}
        assert checks.get(conn, "ck-past") == check("ck-past", opens_at=later(hours=-2), due_by=later(seconds=-1))
        assert set(checks.get_many(conn, ["ck-open", "x"])) == {"ck-open"}
        last_moment = NOON + timedelta(minutes=30)
        assert "ck-open" in {one.check_id for one in checks.open_for(conn, HOUSE, None, last_moment)}
