"""One commit a batch: the fence, redelivery, gaps, restored databases, and kill -9 at every statement."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from storage import alerts, commit, feed, log, offsets, outbox, states
from storage.commit import Commit
from storage.errors import Fenced
from storage.log import Record
from storage.states import StateRow
from storage.store import Store
from tests.storage.conftest import MakeStore, MakeUrl
from tests.storage.samples import HOUSE, NOON, alert, contents, decision, full_commit

TOPIC = "person-events"


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.read() as conn:
        return contents(conn)


def apply(store: Store, batch: Commit) -> None:
    with store.write() as conn:
        commit.apply(conn, batch)


def claim(store: Store) -> offsets.Claim:
    with store.write() as conn:
        return offsets.claim(conn, "person-engine", TOPIC)


class Worker:
    """As small as an engine can be: a state lists the values it has seen, in order."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.claim = claim(store)
        self.at = self.claim.next_offset

    def process(self, records: list[Record]) -> None:
        fresh = [record for record in records if record.offset >= self.at]
        if not fresh:
            return
        with self.store.write() as conn:
            seen = states.load(conn, "person", {record.key for record in fresh})
            for record in fresh:
                old = seen.get(record.key, StateRow(0, b""))
                seen[record.key] = StateRow(old.version + 1, old.body + record.value + b",")
            batch = Commit(
                consumer="person-engine",
                topic=TOPIC,
                partition=0,
                epoch=self.claim.epoch,
                expected=self.at,
                next_offset=fresh[-1].offset + 1,
                at=NOON,
                space="person",
                states=seen,
                outbox=[("ward-events", HOUSE, record.value) for record in fresh],
            )
            commit.apply(conn, batch)
        self.at = batch.next_offset


def records(count: int, *, start: int = 0) -> list[Record]:
    return [Record(n, f"990101:P{n % 3}", str(n).encode()) for n in range(start, start + count)]


def test_a_commit_is_read_back_whole(store: Store) -> None:
    apply(store, full_commit(0, 10, epoch=claim(store).epoch))
    rows = everything(store)
    empty = {"aliases", "institutions", "log_records", "members", "requests", "stays", "stops", "unjoined"}
    assert {name for name, found in rows.items() if not found} == empty
    with store.read() as conn:
        assert offsets.reached(conn, "person-engine", TOPIC) == 10


def test_alerts_and_decisions_tell_the_feed_by_themselves(store: Store) -> None:
    batch = full_commit(0, 1, epoch=claim(store).epoch)
    apply(store, batch)
    with store.read() as conn:
        told = [(row.kind, row.id) for row in feed.since(conn, 0, 100)]
        assert [kind for kind, _ in told] == ["alert"] * 3 + ["decision"] * 2 + ["check"]
        assert [ident for _, ident in told] == [1, 2, 3, 4, 5, 6]
        assert feed.last_id(conn) == 6


def test_the_last_form_of_an_alert_in_a_batch_is_the_one_kept(store: Store) -> None:
    batch = full_commit(0, 1, epoch=claim(store).epoch)
    batch.alerts = [alert("al-1", score=1.0), alert("al-2"), alert("al-1", score=9.0)]
    apply(store, batch)
    with store.read() as conn:
        kept = alerts.get(conn, "al-1")
    assert kept is not None
    assert kept.score == 9.0


def test_a_decision_delivered_again_is_the_same_decision(store: Store) -> None:
    taken = claim(store)
    first, second = full_commit(0, 1, epoch=taken.epoch), full_commit(1, 2, epoch=taken.epoch)
    second.decisions = [decision("de-0-0", outcome="pass")]
    apply(store, first)
    apply(store, second)
    kept = [row for row in everything(store)["decisions"] if "de-0-0" in row]
    assert len(kept) == 1
    assert "hold" in kept[0]


def test_the_outbox_goes_straight_to_a_log_of_the_same_database(store: Store) -> None:
    batch = full_commit(0, 1, epoch=claim(store).epoch)
    batch.own_log = {"ward-events": 1}
    apply(store, batch)
    with store.read() as conn:
        assert outbox.count(conn) == 0
        assert [r.value for r in log.read(conn, "ward-events", 0, 0, 9)] == [v for _, _, v in batch.outbox]


# -- the fence --------------------------------------------------------------------------------------------


def test_a_zombie_writer_changes_nothing(store: Store) -> None:
    zombie, heir = claim(store), claim(store)
    assert heir.epoch == zombie.epoch + 1
    before = everything(store)
    with pytest.raises(Fenced, match="Claim again"):
        apply(store, full_commit(0, 5, epoch=zombie.epoch))
    assert everything(store) == before
    apply(store, full_commit(0, 5, epoch=heir.epoch))
    with pytest.raises(Fenced):
        apply(store, full_commit(5, 9, epoch=zombie.epoch))


def test_the_fence_falls_before_anything_is_written(store: Store) -> None:
    zombie = claim(store)
    claim(store)
    statements: list[str] = []
    engine = store._writer
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with pytest.raises(Fenced):
        apply(store, full_commit(0, 5, epoch=zombie.epoch))
    writing = [words for words in statements if not words.startswith("BEGIN")]
    assert len(writing) == 1
    assert writing[0].startswith("UPDATE offsets")


def test_a_commit_from_the_wrong_offset_is_fenced(store: Store) -> None:
    taken = claim(store)
    apply(store, full_commit(0, 5, epoch=taken.epoch))
    for expected in (0, 4, 6):
        with pytest.raises(Fenced):
            apply(store, full_commit(expected, 9, epoch=taken.epoch))


def test_an_offset_never_goes_back(store: Store) -> None:
    taken = claim(store)
    apply(store, full_commit(0, 5, epoch=taken.epoch))
    with pytest.raises(ValueError, match="can't go back"):
        apply(store, full_commit(5, 4, epoch=taken.epoch))


def test_two_workers_that_race_for_one_batch_commit_it_once(store: Store) -> None:
    taken = claim(store)
    apply(store, full_commit(0, 5, epoch=taken.epoch))
    after = everything(store)
    with pytest.raises(Fenced):
        apply(store, full_commit(0, 5, epoch=taken.epoch))
    assert everything(store) == after


# -- what comes again, and what is missing ----------------------------------------------------------------


def straight(new_store: MakeStore, batch: list[Record]) -> dict[str, list[tuple[Any, ...]]]:
    store = new_store()
    Worker(store).process(batch)
    return everything(store)


def test_a_redelivery_cut_differently_changes_nothing(new_store: MakeStore) -> None:
    log_of_day = records(30)
    store = new_store()
    worker = Worker(store)
    for low, high in ((0, 10), (5, 12), (0, 12), (3, 4), (11, 30), (0, 30)):
        worker.process(log_of_day[low:high])
    worker = Worker(store)  # another takes over and is given all of it once more
    assert worker.at == 30
    worker.process(log_of_day)
    assert everything(store) == straight(new_store, log_of_day)


def test_an_offset_gap_passes(new_store: MakeStore) -> None:
    log_of_day = [record for record in records(30) if record.offset not in {7, 8, 9, 20}]
    store = new_store()
    worker = Worker(store)
    worker.process(log_of_day[:7])
    worker.process(log_of_day[7:])
    assert everything(store) == straight(new_store, log_of_day)
    assert worker.at == 30


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_database_restored_behind_its_log_reads_again_and_skips_nothing(
    new_url: MakeUrl, new_store: MakeStore, tmp_path: Path
) -> None:
    log_of_day = records(30)
    with new_store().write() as conn:  # the log lives elsewhere, as Kafka does
        log.append(conn, TOPIC, [(r.key, r.value) for r in log_of_day], at=NOON)
        kept_log = log.read(conn, TOPIC, 0, 0, 100)

    url = new_url()
    path, backup = Path(url.removeprefix("sqlite:///")), tmp_path / "backup.db"
    with Store.open(url, durable=False) as store:
        worker = Worker(store)
        worker.process(kept_log[:12])
    shutil.copy(path, backup)
    with Store.open(url, durable=False) as store:
        worker = Worker(store)
        worker.process(kept_log[12:25])
    shutil.copy(backup, path)

    with Store.open(url, durable=False) as store:
        worker = Worker(store)
        assert worker.at == 12, "the row is the truth, not how far we once were"
        worker.process([record for record in kept_log if record.offset >= worker.at])
        assert everything(store) == straight(new_store, log_of_day)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_worker_that_outlived_the_restore_is_fenced(new_url: MakeUrl, tmp_path: Path) -> None:
    url = new_url()
    path, backup = Path(url.removeprefix("sqlite:///")), tmp_path / "backup.db"
    with Store.open(url, durable=False) as store:
        worker = Worker(store)
        worker.process(records(12))
    shutil.copy(path, backup)
    with Store.open(url, durable=False) as store:
        worker.store = store
        worker.process(records(13, start=12))
    shutil.copy(backup, path)
    with Store.open(url, durable=False) as store:
        worker.store = store
        with pytest.raises(Fenced):
            worker.process(records(5, start=25))


# -- kill -9 ----------------------------------------------------------------------------------------------


def die_at(engine: Engine, n: int) -> None:
    """SIGKILL to this very process before its n-th statement; BEGIN and COMMIT count."""
    seen = 0

    def count(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == n:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "begin", count)
    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)


def in_a_process_that_dies(work: Callable[[], None]) -> bool:
    """Runs `work` in a child. True: it was killed on its way; False: it came to the end."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, this copy of the tests must end here
            os._exit(2)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the child failed in another way than by being killed"
    return False


def dies(url: str, batch: Commit, *, at: int) -> bool:
    """Applies the batch in a process that is killed before its `at`-th statement, if there is one."""

    def work() -> None:
        store = Store.open(url)
        die_at(store._writer, at)
        apply(store, batch)

    return in_a_process_that_dies(work)


OwnLog = dict[str, int] | None


def second_batch(epoch: int, own_log: OwnLog) -> Commit:
    batch = full_commit(10, 20, epoch=epoch)
    batch.own_log = own_log
    return batch


def with_first_batch(url: str, own_log: OwnLog) -> int:
    """Makes a database that holds the first batch. Returns the epoch."""
    with Store.open(url, durable=False) as store:
        batch = full_commit(0, 10, epoch=claim(store).epoch)
        batch.own_log = own_log
        apply(store, batch)
    return batch.epoch


@pytest.mark.parametrize("own_log", [None, {"ward-events": 2}], ids=["outbox", "own log"])
def test_kill_9_at_every_statement_of_the_commit_leaves_all_or_nothing(new_url: MakeUrl, own_log: OwnLog) -> None:
    url = new_url()
    epoch = with_first_batch(url, own_log)
    with Store.open(url, durable=False) as store:
        nothing = everything(store)
        apply(store, second_batch(epoch, own_log))
        all_of_it = everything(store)
    for statement in itertools.count(1):
        url = new_url()
        epoch = with_first_batch(url, own_log)
        killed = dies(url, second_batch(epoch, own_log), at=statement)
        with Store.open(url, durable=False) as store:
            assert everything(store) == (nothing if killed else all_of_it), f"at statement {statement}"
            if not killed:
                break
            heir = claim(store)
            assert heir.next_offset == 10
            apply(store, second_batch(heir.epoch, own_log))
            assert everything(store) == all_of_it, f"resumed after statement {statement}"
    assert statement >= 14, "fewer statements than the commit has tables: what was killed?"


def test_kill_9_after_the_commit_loses_nothing(new_url: MakeUrl) -> None:
    url = new_url()
    epoch = with_first_batch(url, None)

    def work() -> None:
        apply(Store.open(url), second_batch(epoch, None))
        os.kill(os.getpid(), signal.SIGKILL)

    assert in_a_process_that_dies(work)
    with Store.open(url, durable=False) as store:
        assert claim(store).next_offset == 20
        assert len(everything(store)["dead_letters"]) == 2
