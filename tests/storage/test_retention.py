"""What is swept and what never is; in steps; and what the disk holds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from storage import (
    alerts,
    captures,
    checks,
    commit,
    dead_letters,
    decisions,
    feed,
    holds,
    log,
    offsets,
    outbox,
    requests,
    retention,
    sizes,
    states,
)
from storage.requests import Request
from storage.retention import Retention
from storage.store import Store
from storage.tables import log_records, metadata
from tests.storage.samples import (
    HOUSE,
    NOON,
    alert,
    capture,
    check,
    decision,
    full_commit,
    hold,
    later,
    letter,
)

POLICY = Retention(requests_days=10, feed_days=10, dead_letters_days=10, captures_days=10, checks_days=10,
                   log_days={"t": 10})  # fmt: skip


def in_log(store: Store, topic: str = "t", partition: int = 0) -> list[int]:
    with store.read() as conn:
        return [record.offset for record in log.read(conn, topic, partition, 0, 1000)]


def test_old_rows_go_and_young_ones_stay_whatever_the_size_of_a_step(store: Store) -> None:
    with store.write() as conn:
        for day in range(20):
            at = later(days=day)
            requests.add(conn, [Request(f"rq-{day}", at, "/x", b"{}")])
            feed.append(conn, [("alert", HOUSE, b"{}")], at=at)
            dead_letters.add(conn, [letter(day, arrived_at=at)])
            captures.upsert_many(conn, [capture(f"cp-{day}", updated_at=at)])
            checks.upsert(conn, [check(f"ck-{day}", due_by=at)])
    gone = retention.sweep(store, later(days=15), POLICY, step=3)
    assert gone == {"requests": 5, "feed": 5, "dead_letters": 5, "captures": 5, "checks": 5, "log_records": 0}
    with store.read() as conn:
        assert requests.get(conn, "rq-4") is None
        assert requests.get(conn, "rq-5") is not None
        assert captures.get(conn, "cp-4") is None
        assert captures.get(conn, "cp-5") is not None
        assert checks.get(conn, "ck-5") is not None
        assert [row.id for row in feed.since(conn, 0, 100)] == list(range(6, 21))
    assert sum(retention.sweep(store, later(days=15), POLICY).values()) == 0


def test_the_log_loses_only_what_is_old_and_read_by_everybody(store: Store) -> None:
    with store.write() as conn:
        for day in range(10):
            log.append(conn, "t", [(f"k{n}", b"x") for n in range(3)], at=later(days=day))
        log.append(conn, "unread", [("k", b"x")], at=NOON)
        fast, slow = offsets.claim(conn, "fast", "t"), offsets.claim(conn, "slow", "t")
        offsets.advance(conn, "fast", "t", 0, epoch=fast.epoch, expected=0, next_offset=30)
        offsets.advance(conn, "slow", "t", 0, epoch=slow.epoch, expected=0, next_offset=7)
    everything_is_old = later(days=99)
    assert retention.sweep(store, everything_is_old, POLICY, step=2)["log_records"] == 7
    assert in_log(store) == list(range(7, 30))
    with store.write() as conn:
        offsets.forget(conn, "slow")
    assert retention.sweep(store, later(days=15), POLICY, step=4)["log_records"] == 8
    assert in_log(store) == list(range(15, 30))
    with store.read() as conn:
        assert log.span(conn, "t", 0) == (15, 30)
    assert in_log(store, "unread") == [0]


def test_offsets_go_on_where_they_were_after_a_sweep(store: Store) -> None:
    with store.write() as conn:
        log.append(conn, "t", [("k", b"x")] * 5, at=NOON)
        taken = offsets.claim(conn, "c", "t")
        offsets.advance(conn, "c", "t", 0, epoch=taken.epoch, expected=0, next_offset=5)
    assert retention.sweep(store, later(days=99), POLICY)["log_records"] == 5
    with store.write() as conn:
        assert log.append(conn, "t", [("k", b"y")], at=NOON) == [5]
        feed.append(conn, [("alert", HOUSE, b"{}")], at=NOON)
    retention.sweep(store, later(days=99), POLICY)
    with store.write() as conn:
        assert feed.append(conn, [("alert", HOUSE, b"{}")], at=NOON) == [2]


def test_the_record_is_never_swept(store: Store) -> None:
    with store.write() as conn:
        alerts.upsert(conn, [alert()])
        decisions.insert(conn, [decision()])
        holds.upsert(conn, [hold()])
        outbox.add(conn, [("t", "k", b"not sent yet")])
        claim = offsets.claim(conn, "person-engine", "person-events")
        commit.apply(conn, full_commit(0, 1, epoch=claim.epoch))
        before = states.count(conn, "person")
    retention.sweep(store, NOON + timedelta(days=36_500))
    with store.read() as conn:
        assert alerts.get(conn, "al-1") is not None
        assert decisions.get(conn, "de-1") is not None
        assert holds.get(conn, "ho-1") is not None
        assert outbox.count(conn) == 6
        assert states.count(conn, "person") == before


def test_a_sweep_works_in_small_transactions(store: Store) -> None:
    with store.write() as conn:
        feed.append(conn, [("alert", HOUSE, b"{}")] * 1000, at=NOON)
    commits: list[object] = []
    event.listen(store._writer, "commit", commits.append)
    retention.sweep(store, later(days=99), POLICY, step=100)
    assert len(commits) >= 10


def test_a_sweep_of_a_large_young_log_looks_at_its_beginning_only(store: Store) -> None:
    with store.write() as conn:
        log.append(conn, "t", [("k", b"x")] * 3000, at=NOON)
        taken = offsets.claim(conn, "c", "t")
        offsets.advance(conn, "c", "t", 0, epoch=taken.epoch, expected=0, next_offset=3000)
    fetched: list[str] = []
    event.listen(store._writer, "before_cursor_execute", lambda *args: fetched.append(args[2]))
    retention.sweep(store, later(days=1), POLICY, step=50)
    looked = [words for words in fetched if "log_records" in words]
    assert len(looked) == 1
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(log_records)).scalar_one() == 3000


def test_sizes_name_every_table_and_grow_with_what_is_stored(store: Store) -> None:
    with store.read() as conn:
        before = sizes.by_table(conn)
    assert set(metadata.tables) <= set(before)
    with store.write() as conn:
        requests.add(conn, [Request(f"rq-{n}", NOON, "/x", bytes(2000)) for n in range(300)])
    with store.read() as conn:
        after = sizes.by_table(conn)
        assert sizes.total(conn) == sum(after.values())
    if store.dialect == "sqlite":  # PostgreSQL compresses zeros
        assert after["requests"] - before["requests"] > 300 * 2000
    assert next(iter(after)) == "requests"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_room_freed_by_a_sweep_is_used_again(store: Store) -> None:
    def fill(day: int) -> None:
        with store.write() as conn:
            requests.add(conn, [Request(f"rq-{day}-{n}", later(days=day), "/x", bytes(3000)) for n in range(200)])

    fill(0)
    fill(1)
    with store.read() as conn:
        full = sizes.total(conn)
    for day in range(2, 8):
        retention.sweep(store, later(days=day + 9), POLICY)
        fill(day)
    with store.read() as conn:
        assert sizes.total(conn) < full * 1.3
