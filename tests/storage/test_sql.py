"""The two helpers of the hot path: what they render, and that indexes serve it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, event, text

from storage import alerts, directory, log, requests, states, timers, unjoined
from storage.sql import insert_many
from storage.store import Store
from tests.storage.samples import HOUSE, NOON, alert, later

LOOKUPS: dict[str, Callable[[Connection], Any]] = {
    "states": lambda conn: states.load(conn, "person", ["a", "b"]),
    "numbers": lambda conn: directory.resolve_many(conn, "mdtrt", ["M1"]),
    "members": lambda conn: directory.persons_of(conn, HOUSE, "P1"),
    "stays of a person": lambda conn: directory.stays_of(conn, HOUSE, "990101:P1"),
    "roster": lambda conn: directory.roster(conn, HOUSE, "骨科"),
    "repeats": lambda conn: requests.find(conn, "k"),
    "by msgid": lambda conn: requests.by_msgid(conn, HOUSE, "m"),
    "not packed": lambda conn: requests.unpacked(conn, NOON, 10),
    "unjoined": lambda conn: unjoined.take(conn, "k"),
    "timers": lambda conn: timers.due(conn, NOON, 10),
    "log": lambda conn: log.read(conn, "t", 0, 5, 10),
    "alerts": lambda conn: alerts.find(conn),
    "alerts of a house": lambda conn: alerts.find(conn, alerts.AlertFilter(institutions=[HOUSE])),
}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", LOOKUPS)
def test_no_lookup_of_the_hot_path_walks_a_table(store: Store, name: str) -> None:
    """A lookup that no index serves is right, and slower every day. SQLite says how it would go about it."""
    ran: list[tuple[str, Any]] = []
    with store.write() as conn:
        log.append(conn, "t", [("k", b"x")], at=NOON)
        event.listen(conn, "before_cursor_execute", lambda *args: ran.append((args[2], args[3])))
        LOOKUPS[name](conn)
        plans = []
        for words, parameters in tuple(ran):  # asking is a statement too
            plans += [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", parameters)]
    assert ran
    walks = [step for step in plans if re.match(r"SCAN (?!json_each)", step) and "USING INDEX" not in step]
    assert walks == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_states_are_found_by_their_whole_key(store: Store) -> None:
    """SQLAlchemy's rendering of booleans for SQLite once made this a walk over the space: 400 times slower."""
    words = str(states._LOAD.compile(dialect=store._writer.dialect))
    assert "= 1" not in words
    with store.read() as conn:
        steps = [row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}", ("person", "[]"))]
    assert any("space=? AND key=?" in step for step in steps)


def pairs(conn: Connection) -> list[tuple[int, int]]:
    return [(a, b) for a, b in conn.execute(text("SELECT a, b FROM pair ORDER BY a"))]


def test_a_row_in_another_order_than_the_statement_is_our_mistake_and_is_caught(store: Store) -> None:
    table = Table("pair", MetaData(), Column("a", Integer, primary_key=True), Column("b", Integer))
    with store.write() as conn:
        table.create(conn)
        with pytest.raises(AssertionError, match="order"):
            insert_many(table, ["b", "a"])(conn, [(1, 2)])
        insert_many(table, ["a", "b"])(conn, [(1, 2), (3, 4)])
        assert pairs(conn) == [(1, 2), (3, 4)]


def test_keep_and_replace_do_what_they_say(store: Store) -> None:
    table = Table("pair", MetaData(), Column("a", Integer, primary_key=True), Column("b", Integer))
    keep, replace = (insert_many(table, ["a", "b"], conflict=way) for way in ("keep", "replace"))
    with store.write() as conn:
        table.create(conn)
        assert keep(conn, []) == 0
        keep(conn, [(1, 10), (1, 11), (2, 20)])
        replace(conn, [(2, 21), (3, 30)])
        assert pairs(conn) == [(1, 10), (2, 21), (3, 30)]


def test_one_list_of_keys_may_be_very_long(store: Store) -> None:
    with store.write() as conn:
        alerts.upsert(conn, [alert(f"al-{n}", updated_at=later(seconds=n)) for n in range(200)])
        found = alerts.get_many(conn, [f"al-{n}" for n in range(50_000)])
    assert len(found) == 200
