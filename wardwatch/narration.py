"""What a demonstration says in its terminal while days pass: findings and holds, as they come about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from schemas.texts import known, text
from storage import feed
from storage.store import Store

AT_ONCE = 200
WORDS = {2: ("可疑", "suspect"), 3: ("提醒", "notice")}


class Narrator:
    """Reads the live feed from where it stands and tells what is new, each thing once."""

    def __init__(self, store: Store, tell: Callable[[str], None]) -> None:
        self._store = store
        self._tell = tell
        self._told: set[tuple[str, Any]] = set()
        with store.read() as conn:
            self._seen = feed.last_id(conn)

    def look(self) -> None:
        """Tell what has come since the last look."""
        with self._store.read() as conn:
            rows = feed.since(conn, self._seen, AT_ONCE)
        for row in rows:
            self._seen = row.id
            said = orjson.loads(row.body)
            if row.kind == "alert":
                self._alert(said)
            elif row.kind == "decision":
                self._decision(said)

    def _alert(self, said: dict[str, Any]) -> None:
        mark = (said["alert_id"], (said["severity"], said.get("status", "open")))
        if mark in self._told:
            return
        self._told.add(mark)
        zh, en = WORDS[said["severity"]]
        names = _both(f"detectors.{said['detector']}", said["detector"])
        status = "" if said.get("status", "open") == "open" else f" [{said['status']}]"
        where = " ".join(filter(None, (said.get("ward"), said.get("mdtrt_id"))))
        self._tell(f"{_clock(said['updated_at'])}  疑点 {zh} · {names[0]} · {where}{status} / {en}: {names[1]}")

    def _decision(self, said: dict[str, Any]) -> None:
        if said["outcome"] != "hold" or said["infno"] != "2304" or said.get("soft"):
            return
        amount = said.get("fund_at_stake", "?")
        self._tell(
            f"{_clock(said['decided_at'])}  待核 · {said['mdtrt_id']} · {amount} 元，患者照常出院结算 / "
            f"hold: {amount} yuan of the claim wait for review, the patient leaves as usual"
        )


def _both(key: str, otherwise: str) -> tuple[str, str]:
    return (text(key, "zh"), text(key, "en")) if key in known() else (otherwise, otherwise)


def _clock(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%m-%d %H:%M}"
