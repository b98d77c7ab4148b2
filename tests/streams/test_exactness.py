"""Every event counts exactly once, however it is delivered, whoever dies, and whatever is restored.

The oracle is the pure step folded over the log: no store, no batches, no second delivery.
"""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.base import Event
from schemas.codec import decode
from storage import dead_letters, log, offsets
from storage.errors import Fenced, StorageError
from storage.log import Record
from storage.store import Store
from streams.engine import DeadLetterLimit, Engine, TooManyDeadLetters
from streams.processors import PERSON_ENGINE, PERSON_EVENTS, Effects, PersonProcessor
from tests.storage.conftest import MakeStore
from tests.streams.exactness import NOON, Left, Recorded, cut, engine, folded, left_in, policies


@pytest.fixture
def oracle(week: Recorded) -> Left:
    return folded(week.records)


def run(worker: Engine, records: list[Record] | tuple[Record, ...], sizes: Iterator[int]) -> None:
    worker.assign()
    for batch in cut(records, sizes):
        worker.process(batch, at=NOON)


def same(store: Store, oracle: Left) -> None:
    """Compared part by part, so that a failure says which."""
    left = left_in(store)
    assert left.alerts == oracle.alerts
    assert left.decisions == oracle.decisions
    assert left.holds == oracle.holds
    assert left.wakes == oracle.wakes
    assert left.states == oracle.states
    assert left.told == oracle.told


# ── the straight way ─────────────────────────────────────────────────────────────────────────────────────


def test_the_week_is_worth_testing_with(week: Recorded, oracle: Left) -> None:
    """A week without alerts, amendments, holds and timers would prove nothing."""
    kinds = {record.value.split(b'"', 4)[3].decode() for record in week.records}
    assert len(kinds) >= 18
    assert len({alert["detector"] for alert in oracle.alerts.values()}) >= 7
    assert {decision["outcome"] for decision in oracle.decisions} == {"pass", "warn", "hold", "void"}
    assert any(decision["supersedes"] for decision in oracle.decisions)
    assert {hold["status"] for hold in oracle.holds.values()} >= {"expired", "void"}


def test_the_whole_system_leaves_what_folding_the_steps_leaves(week: Recorded, oracle: Left) -> None:
    left = week.left.of_persons
    assert left.alerts == oracle.alerts
    assert left.decisions == oracle.decisions
    assert left.holds == oracle.holds
    assert left.states == oracle.states


@pytest.mark.parametrize("size", [1, 7, 500])
def test_batches_of_any_size_come_to_the_same(new_store: MakeStore, week: Recorded, oracle: Left, size: int) -> None:
    store = new_store()
    run(engine(store), week.records, itertools.repeat(size))
    same(store, oracle)


@pytest.mark.parametrize("seed", range(3))
def test_batches_cut_at_random_come_to_the_same(new_store: MakeStore, week: Recorded, oracle: Left, seed: int) -> None:
    store, chance = new_store(), random.Random(seed)
    run(engine(store), week.records, iter(lambda: chance.randrange(1, 60), 0))
    same(store, oracle)


def test_states_that_leave_the_memory_are_read_again(new_store: MakeStore, week: Recorded, oracle: Left) -> None:
    store = new_store()
    run(Engine(store, PersonProcessor(policies(), keep=0)), week.records, itertools.repeat(11))
    same(store, oracle)


# ── delivered again, delivered with holes ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(3))
def test_a_redelivery_cut_differently_counts_nothing_twice(
    new_store: MakeStore, week: Recorded, oracle: Left, seed: int
) -> None:
    """After each batch the broker may go back, by a little or to the beginning, and cut elsewhere."""
    store, chance = new_store(), random.Random(seed)
    worker, records = engine(store), week.records
    worker.assign()
    reached = 0
    while reached < len(records):
        start = max(0, reached - chance.choice((0, 0, 3, 25, len(records))))
        end = min(len(records), max(start + 1, reached - 10 + chance.randrange(40)))
        worker.process(records[start:end], at=NOON)
        reached = max(reached, end)
    same(store, oracle)


def test_a_batch_that_is_wholly_old_writes_nothing(new_store: MakeStore, week: Recorded, oracle: Left) -> None:
    store = new_store()
    worker = engine(store)
    run(worker, week.records, itertools.repeat(500))
    assert worker.process(week.records[:200], at=NOON) == {}
    same(store, oracle)


def test_gaps_between_offsets_pass(new_store: MakeStore, week: Recorded, oracle: Left) -> None:
    """Compacted records and transaction markers leave holes in a Kafka partition; they are no loss."""
    store = new_store()
    holey = [r._replace(offset=r.offset * 3 + (r.offset // 50) * 1000) for r in week.records]
    worker = engine(store)
    run(worker, holey, itertools.repeat(23))
    worker.process(holey[-40:], at=NOON)
    same(store, oracle)
    assert worker.next_offset == holey[-1].offset + 1


# ── who dies, who lives on, what is restored ─────────────────────────────────────────────────────────────


def test_a_worker_that_lost_its_partition_writes_nothing_any_more(
    new_store: MakeStore, week: Recorded, oracle: Left
) -> None:
    store, records = new_store(), week.records
    zombie, heir = engine(store), engine(store)
    zombie.assign()
    zombie.process(records[:100], at=NOON)
    heir.assign()
    before = left_in(store)
    with pytest.raises(Fenced):
        zombie.process(records[100:150], at=NOON)
    assert left_in(store) == before

    heir.process(records[100:180], at=NOON)
    with pytest.raises(Fenced):
        zombie.process(records[100:400], at=NOON)
    for batch in cut(records[90:], itertools.repeat(37)):
        heir.process(batch, at=NOON)
    same(store, oracle)


def test_a_zombie_that_takes_the_partition_back_starts_where_its_heir_was(
    new_store: MakeStore, week: Recorded, oracle: Left
) -> None:
    """What it kept in memory is older than what the heir wrote: it must not work with it."""
    store, records = new_store(), week.records
    zombie, heir = engine(store), engine(store)
    zombie.assign()
    zombie.process(records[:100], at=NOON)
    assert heir.assign() == 100
    heir.process(records[100:200], at=NOON)
    assert zombie.assign() == 200
    for batch in cut(records, itertools.repeat(50)):
        zombie.process(batch, at=NOON)
    same(store, oracle)


def test_a_database_restored_behind_the_log_is_brought_up_again(tmp_path: Path, week: Recorded, oracle: Left) -> None:
    """The log lives elsewhere and has gone on; the backup of last night knows an older offset, and re-reads."""
    with Store.open(f"sqlite:///{tmp_path / 'log.sqlite'}", durable=False) as elsewhere:
        with elsewhere.write() as conn:
            log.append(conn, PERSON_EVENTS, [(r.key, r.value) for r in week.records], at=NOON)
        live, backup = tmp_path / "live.sqlite", tmp_path / "backup.sqlite"
        with Store.open(f"sqlite:///{live}", durable=False) as store:
            _read_on(elsewhere, engine(store), until=120)
        shutil.copy(live, backup)
        with Store.open(f"sqlite:///{live}", durable=False) as store:
            _read_on(elsewhere, engine(store), until=260)

        shutil.copy(backup, live)
        with Store.open(f"sqlite:///{live}", durable=False) as store:
            worker = engine(store)
            _read_on(elsewhere, worker, until=len(week.records))
            same(store, oracle)


def test_a_running_worker_notices_that_the_database_was_restored_under_it(
    new_store: MakeStore, week: Recorded, oracle: Left
) -> None:
    store, records = new_store(), week.records
    worker = engine(store)
    worker.assign()
    worker.process(records[:100], at=NOON)
    lost = worker.next_offset
    with store.write() as conn:  # what a restore does to the row that counts
        conn.exec_driver_sql("UPDATE offsets SET next_offset = 40 WHERE consumer = 'person-engine'")
    with pytest.raises(Fenced):
        worker.process(records[100:120], at=NOON)
    assert worker.assign() == 40 < lost


def _read_on(elsewhere: Store, worker: Engine, *, until: int) -> None:
    """As a consumer does: from the row's offset, in batches, up to an offset."""
    reached = worker.assign()
    while reached < until:
        with elsewhere.read() as conn:
            batch = log.read(conn, PERSON_EVENTS, 0, reached, min(33, until - reached))
        worker.process(batch, at=NOON)
        reached = worker.next_offset


def test_a_commit_that_broke_is_tried_again_by_the_same_worker(
    new_store: MakeStore, week: Recorded, oracle: Left
) -> None:
    """It left no trace in the database, nor in what the worker keeps in memory."""
    store = new_store()
    worker, records = engine(store), week.records
    worker.assign()
    for batch in cut(records, itertools.repeat(45)):
        before = left_in(store)
        with store.write() as conn:
            conn.exec_driver_sql("ALTER TABLE timers RENAME TO mislaid")
        with pytest.raises(StorageError):
            worker.process(batch, at=NOON)
        with store.write() as conn:
            conn.exec_driver_sql("ALTER TABLE mislaid RENAME TO timers")
        assert left_in(store) == before
        worker.process(batch, at=NOON)
    same(store, oracle)


# ── poison ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "poison",
    [b"", b"\xff\xfe", b"[]", b'{"kind":"gossip","v":1}', b'{"kind":"admitted","v":99}', b'{"kind":"admitted","v":1}'],
)
def test_one_bad_record_is_one_dead_letter_and_its_neighbours_go_on(
    new_store: MakeStore, week: Recorded, oracle: Left, poison: bytes
) -> None:
    store = new_store()
    records = [r._replace(offset=r.offset + (r.offset >= 50)) for r in week.records]
    bad = Record(50, records[50].key, poison)
    run(engine(store), [*records[:50], bad, *records[50:]], itertools.repeat(40))

    same(store, oracle)
    assert left_in(store).dead == [(PERSON_EVENTS, 50, "unreadable_event")]
    with store.read() as conn:
        (letter,) = dead_letters.find(conn).items
    assert (letter.partition, letter.body) == (0, poison)


class _Brittle(PersonProcessor):
    """A processor with a bug: one event makes it raise."""

    victim = ""

    def step(self, state: Any, event: Event, version: int, backlog: int) -> Effects:
        if event.event_id == self.victim:
            raise KeyError("张三")
        return super().step(state, event, version, backlog)


def test_a_bug_of_ours_costs_one_record_and_names_no_person(new_store: MakeStore, week: Recorded) -> None:
    store, records = new_store(), week.records
    brittle = _Brittle(policies())
    object.__setattr__(brittle, "victim", decode(records[70].value).event_id)
    run(Engine(store, brittle), records, itertools.repeat(40))

    expected = folded([r for r in records if r.offset != 70])
    left = left_in(store)
    assert left.alerts == expected.alerts
    assert left.states.keys() == expected.states.keys()
    assert left.dead == [(PERSON_EVENTS, 70, "step_failed")]
    with store.read() as conn:
        (letter,) = dead_letters.find(conn).items
    assert letter.reason.startswith("KeyError at ")
    assert "张三" not in letter.reason
    assert letter.body == records[70].value


def test_when_everything_is_poison_the_worker_stops_instead_of_emptying_the_log(new_store: MakeStore) -> None:
    store = new_store()
    worker = Engine(store, PersonProcessor(policies()), limit=DeadLetterLimit(most=5, window=50))
    worker.assign()
    poison = [Record(n, "990101:P1", b"?") for n in range(40)]
    worker.process(poison, at=NOON)  # one batch: it ends at the fifth
    with pytest.raises(TooManyDeadLetters):
        worker.process(poison[5:], at=NOON)

    assert len(left_in(store).dead) == 5
    with store.read() as conn:
        assert offsets.reached(conn, PERSON_ENGINE, PERSON_EVENTS, 0) == 5
    # After the bug is mended, a new worker goes on where it stopped: nothing was skipped.
    heir = Engine(store, PersonProcessor(policies()), limit=DeadLetterLimit(most=50, window=50))
    assert heir.assign() == 5


def test_single_bad_records_far_apart_never_stop_it(new_store: MakeStore, week: Recorded) -> None:
    store = new_store()
    mixed: list[Record] = []
    for record in week.records:
        mixed.append(record._replace(offset=len(mixed)))
        if record.offset % 20 == 0:
            mixed.append(Record(len(mixed), record.key, b"?"))
    worker = Engine(store, PersonProcessor(policies()), limit=DeadLetterLimit(most=5, window=50))
    run(worker, mixed, itertools.repeat(10))
    assert worker.next_offset == len(mixed)
