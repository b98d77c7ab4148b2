"""The bare loop beside the engine: what `json.loads`, a dict and an upsert cost on the same journal.

It joins nobody, knows no repeats, keeps no history, finds nothing. It is the floor, not a rival.
"""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

from bench.journal import Sent

_UPSERT = "INSERT INTO stays VALUES (?, ?) ON CONFLICT (stay) DO UPDATE SET body = excluded.body"


def bare(file: Path, sent: list[Sent], group: int) -> float:
    """Seconds for these requests, durable, `group` requests a transaction."""
    file.unlink(missing_ok=True)
    db = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE stays (stay TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
    known: dict[str, dict[str, Any]] = {}
    began = time.perf_counter()
    for first in range(0, len(sent), group):
        touched: dict[str, None] = {}
        for one in sent[first : first + group]:
            stay, document = _read(one)
            held = known.setdefault(stay, {"requests": 0})
            held["requests"] += 1
            held["last"] = document
            touched[stay] = None
        db.execute("BEGIN IMMEDIATE")
        db.executemany(_UPSERT, [(stay, json.dumps(known[stay], ensure_ascii=False)) for stay in touched])
        db.execute("COMMIT")
    seconds = time.perf_counter() - began
    db.close()
    return seconds


def _read(one: Sent) -> tuple[str, Any]:
    document = json.loads(one.body)
    meta = document.get("meta", document)
    if "mdtrt_id" in meta:
        return meta["mdtrt_id"], document
    request = document.get("request", document)
    body = request.get("input")
    if body is None:
        return one.path, document
    row = next(iter(body.values()))
    row = row[0] if isinstance(row, list) else row
    return row.get("mdtrt_id") or row["psn_no"], document
