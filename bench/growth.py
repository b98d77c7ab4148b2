"""The engine over a database of many open stays: does one more stay make the others slower?

The big database is the small one many times over, with the institutions' numbers replaced in every row: states
that the engine itself wrote, of other persons. A round works through a day of one of these copies, whose states
nobody has touched before; their rows lie scattered over the whole file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.journal import mark
from bench.town import Logs, copied
from storage.log import Record

_STATES = {
    "states": ("space", "key", "version", "body"),
    "state_parts": ("space", "key", "part", "body"),
    "timers": ("space", "key", "due"),
}
"""What the engines read: table → columns."""

_OPEN = "SELECT DISTINCT person FROM stays WHERE is_open = 1"


def multiply(file: Path, to: Path, houses: int, times: int) -> int:
    """Makes the big database out of the small one with `houses` institutions. Returns how many open stays it has."""
    copied(file, to)
    db = sqlite3.connect(to, isolation_level=None)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -262144"):
        db.execute(f"PRAGMA {pragma}")
    open_ones = {person for (person,) in db.execute(_OPEN)}
    for table in ("requests", "log_records", "captures", "feed"):  # of no concern to the engines
        db.execute(f"DELETE FROM {table}")
    for table, columns in _STATES.items():
        rows = db.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall()
        rows = [row for row in rows if row[0] == "ward" or row[1] in open_ones]
        db.execute("BEGIN")
        db.execute(f"DELETE FROM {table}")
        places = ", ".join("?" * len(columns))
        db.executemany(f"INSERT INTO {table} VALUES ({places})", _scattered(rows, houses, times))
        db.execute("COMMIT")
    (count,) = db.execute("SELECT count(*) FROM states WHERE space = 'person'").fetchone()
    db.close()
    return int(count)


def moved(logs: Logs, houses: int, copy: int) -> Logs:
    """The same day at the institutions of copy number `copy`."""
    marks = _marks(houses, copy)
    persons, wards = ([_record(record, marks) for record in topic] for topic in logs)
    return persons, wards


def _scattered(rows: list[tuple[Any, ...]], houses: int, times: int) -> Iterator[tuple[Any, ...]]:
    """Row by row in all copies, so that those of one copy don't lie side by side."""
    every = [_marks(houses, copy) for copy in range(times)]
    for row in rows:
        for marks in every:
            yield tuple(_replaced(value, marks) for value in row)


def _marks(houses: int, copy: int) -> list[tuple[str, str]]:
    return [(mark(house), mark(copy * houses + house)) for house in reversed(range(houses))] if copy else []


def _record(record: Record, marks: list[tuple[str, str]]) -> Record:
    return record._replace(key=_replaced(record.key, marks), value=_replaced(record.value, marks))


def _replaced(value: Any, marks: list[tuple[str, str]]) -> Any:
    for old, new in marks:
        if isinstance(value, str):
            value = value.replace(old, new)
        elif isinstance(value, bytes):
            value = value.replace(old.encode(), new.encode())
    return value
