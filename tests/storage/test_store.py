"""Transactions: joined, rolled back, read beside, and what their failures say."""

# ruff: noqa: PT012 - transactions that fail half way are what is tested

from __future__ import annotations

import sqlite3
import threading
import time
import traceback
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from storage import requests, states
from storage.errors import Busy, Conflict, DiskFull, RolledBack, StorageError, Unreachable, Unstorable
from storage.requests import Request
from storage.states import StateRow
from storage.store import Store
from tests.storage.samples import NOON


def put(conn: Connection, key: str, body: bytes = b"x", version: int = 1) -> None:
    states.save(conn, "person", {key: StateRow(version, body)})


def keys(store: Store) -> set[str]:
    with store.read() as conn:
        return {key for key, _ in states.each(conn, "person")}


def test_a_block_that_ends_is_kept_and_one_that_raises_is_not(store: Store) -> None:
    with store.write() as conn:
        put(conn, "kept")
    with pytest.raises(KeyError), store.write() as conn:
        put(conn, "lost")
        raise KeyError
    assert keys(store) == {"kept"}


def test_an_inner_block_joins_the_outer_one_and_reads_see_its_work(store: Store) -> None:
    with store.write() as outer:
        with store.write() as inner:
            assert inner is outer
            put(inner, "a")
        with store.read() as reading:
            assert set(states.load(reading, "person", ["a"])) == {"a"}
        elsewhere: list[set[str]] = []
        thread = threading.Thread(target=lambda: elsewhere.append(keys(store)))
        thread.start()
        thread.join()
        assert elsewhere == [set()], "another thread sees it before the commit"
    assert keys(store) == {"a"}


def test_an_inner_failure_swallowed_on_the_way_still_undoes_the_whole(store: Store) -> None:
    with pytest.raises(RolledBack), store.write() as conn:
        put(conn, "outer")
        try:
            with store.write() as inner:
                put(inner, "half")
                raise KeyError
        except KeyError:
            pass
    assert keys(store) == set()
    with store.write() as conn:
        put(conn, "next")
    assert keys(store) == {"next"}, "the next transaction starts clean"


def test_a_call_after_commit_happens_once_and_only_then(store: Store) -> None:
    calls: list[set[str]] = []
    with store.write() as conn:
        put(conn, "a")
        with store.write():
            store.after_commit(lambda: calls.append(keys(store)))
        assert calls == []
    assert calls == [{"a"}]
    with pytest.raises(KeyError), store.write():
        store.after_commit(lambda: calls.append(set()))
        raise KeyError
    with store.write():
        pass
    assert len(calls) == 1


def test_after_commit_outside_a_transaction_is_our_mistake(store: Store) -> None:
    with pytest.raises(StorageError, match="needs an open write"):
        store.after_commit(lambda: None)


def test_a_read_is_one_unmoving_view(store: Store) -> None:
    with store.read() as conn:
        assert states.count(conn, "person") == 0
        thread = threading.Thread(target=lambda: _write_one(store, "a"))
        thread.start()
        thread.join()
        assert states.count(conn, "person") == 0
    assert keys(store) == {"a"}


def test_a_reader_is_not_blocked_by_a_long_write(store: Store) -> None:
    _write_one(store, "before")
    writing, done = threading.Event(), threading.Event()

    def write_long() -> None:
        with store.write() as conn:
            put(conn, "during")
            writing.set()
            done.wait(20)

    thread = threading.Thread(target=write_long)
    thread.start()
    assert writing.wait(20)
    began = time.monotonic()
    assert keys(store) == {"before"}
    took = time.monotonic() - began
    done.set()
    thread.join()
    assert took < 5
    assert keys(store) == {"before", "during"}


def test_threads_that_count_up_one_row_lose_no_step(store: Store) -> None:
    with store.write() as conn:
        put(conn, "n", version=0)

    def count_up() -> None:
        for _ in range(25):
            with store.write() as conn:
                if store.dialect == "postgresql":  # READ COMMITTED: whoever reads to write, locks
                    conn.execute(text("SELECT 1 FROM states WHERE key = 'n' FOR UPDATE"))
                version = states.load(conn, "person", ["n"])["n"].version
                put(conn, "n", version=version + 1)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as conn:
        assert states.load(conn, "person", ["n"])["n"].version == 100


def test_a_reader_can_not_write(store: Store) -> None:
    with pytest.raises(StorageError), store.read() as conn:
        put(conn, "a")
    assert keys(store) == set()


def test_a_conflict_says_which_rule_and_quotes_nobody(store: Store) -> None:
    secret = "330102196001010011"
    with store.write() as conn:
        requests.add(conn, [Request(secret, NOON, "/x", b"")])
    with pytest.raises(Conflict, match="request_id") as caught, store.write() as conn:
        requests.add(conn, [Request(secret, NOON, "/x", b"")])
    assert secret not in "".join(traceback.format_exception(caught.value))


def test_text_without_utf8_is_refused_with_a_clear_error(store: Store) -> None:
    with pytest.raises(Unstorable), store.write() as conn:
        put(conn, "half \ud800 pair")
    assert keys(store) == set()


@pytest.mark.parametrize("key", ["a\0b", "\ud800"])
def test_a_key_that_can_not_be_looked_up_is_refused_not_cut(store: Store, key: str) -> None:
    _write_one(store, "a")
    with pytest.raises(Unstorable), store.read() as conn:
        states.load(conn, "person", ["a", key])


def test_a_key_may_hold_anything_that_is_text(store: Store) -> None:
    odd = ["\\u0000", "'; DROP TABLE states; --", '"', "<b>", "张三\t\n", "😀", ""]
    with store.write() as conn:
        for key in odd:
            put(conn, key)
        assert set(states.load(conn, "person", odd)) == set(odd)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_full_disk_is_said_clearly_and_nothing_half_written_stays(store: Store) -> None:
    _write_one(store, "before")
    with store.write() as conn:
        pages = conn.execute(text("PRAGMA page_count")).scalar_one()
        conn.execute(text(f"PRAGMA max_page_count = {pages + 40}"))
    with pytest.raises(DiskFull, match="Free space"), store.write() as conn:
        for n in range(1000):
            put(conn, f"big-{n}", b"x" * 4000)
    assert keys(store) == {"before"}
    with store.write() as conn:
        conn.execute(text("PRAGMA max_page_count = 1073741823"))
        put(conn, "after")
    assert keys(store) == {"before", "after"}, "with room again, work goes on"
    with store.read() as conn:
        assert conn.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_foreign_process_that_holds_the_file_too_long_is_busy_not_broken(store: Store) -> None:
    with store.write() as conn:
        conn.execute(text("PRAGMA busy_timeout = 50"))
    foreign = sqlite3.connect(str(store.url.database), isolation_level=None)
    foreign.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(Busy) as caught, store.write():
            pass
        assert caught.value.transient
    finally:
        foreign.execute("ROLLBACK")
        foreign.close()
    _write_one(store, "a")
    assert keys(store) == {"a"}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_durable_waits_for_the_disk_at_every_commit(backend: str, durable: bool, level: int, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/d.db", durable=durable) as store, store.write() as conn:
        assert conn.execute(text("PRAGMA synchronous")).scalar_one() == level
        assert conn.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"


def test_a_checkpoint_empties_the_log_beside_a_writer_and_loses_nothing(store: Store) -> None:
    wal = Path(f"{store.url.database}-wal")
    with store.write() as conn:
        put(conn, "big", b"x" * 500_000)
    with store.write() as conn:
        put(conn, "during")
        store.checkpoint()
    store.checkpoint()
    size = wal.stat().st_size if store.dialect == "sqlite" else 0
    with store.write() as conn:
        put(conn, "after", b"x" * 100_000)
    assert keys(store) == {"big", "during", "after"}
    if store.dialect == "sqlite":
        assert wal.stat().st_size == size, "the log starts over instead of growing"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "can't be read"),
        ("mysql://x/y", "not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:////no/such/folder/w.db", "no such folder"),
    ],
)
def test_a_url_that_can_not_be_used_says_why(url: str, said: str) -> None:
    with pytest.raises(StorageError, match=said):
        Store.open(url)


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    path.write_bytes(b"this is a letter to the mayor, not a database" * 100)
    with pytest.raises(StorageError, match="not a database"):
        Store.open(f"sqlite:///{path}")


def test_a_server_out_of_reach_is_transient_and_its_password_is_not_said() -> None:
    password = "s3cret"
    with pytest.raises(Unreachable) as caught:
        Store.open(f"postgresql://ward:{password}@127.0.0.1:1/none")
    assert caught.value.transient
    assert password not in "".join(traceback.format_exception(caught.value))


def _write_one(store: Store, key: str) -> None:
    with store.write() as conn:
        put(conn, key)
