"""Feeding a journal to a running server the way a hospital would: over HTTP, line by line, at its own times.

The journal's days are moved, whole days at a time, so that they end about now; a `FastClock` then runs through
them and catches up with the present.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
import orjson

from schemas.base import china_date
from streams.journal import CLOCK_PATH, Line, open_journal, parse_line, read_journal
from wardwatch.clock import FastClock

SECONDS = 45.0
"""How long a feed lasts where no pace is given: everything worth seeing happens within a minute."""

LEAD = timedelta(minutes=20)
"""The clock starts this much before the first line."""

AROUND = timedelta(days=60)
"""Dates this close to the journal's own days belong to what it tells; others (births) stay as they are."""

PATIENCE = 10.0
"""Seconds that one request may take."""

_DATE = re.compile(rb"\d{4}-\d\d-\d\d")


@dataclass
class Feed:
    """Lines with their new times, and the clock that the server must run by."""

    lines: list[Line]
    clock: FastClock
    sent: int = 0
    refused: int = 0
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self, address: str, tell: Callable[[str], None], look: Callable[[], None] = lambda: None) -> None:
        """Begin to send to `address`. `tell` gets a line of news now and then, `look` is called between sends."""
        self._thread = threading.Thread(
            target=self._run, args=(address, tell, look), name="wardwatch-feed", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End after the request in hand."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(timeout=PATIENCE + 1)

    def _run(self, address: str, tell: Callable[[str], None], look: Callable[[], None]) -> None:
        with httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False) as http:
            for line in self.lines:
                if not self._until(line.at, look) or not self._send(http, line, tell):
                    return
        tell(
            f"样本已送完，{self.sent} 条，{self.refused} 条未受理；服务继续运行 / "
            f"all {self.sent} requests are sent, {self.refused} refused; the server goes on"
        )
        while not self._end.wait(0.5):
            look()

    def _until(self, moment: datetime, look: Callable[[], None]) -> bool:
        """Waits until the clock shows `moment`. False: it is time to stop."""
        while (left := self.clock.seconds_until(moment)) > 0:
            if self._end.wait(min(left, 0.5)):
                return False
            look()
        return not self._end.is_set()

    def _send(self, http: httpx.Client, line: Line, tell: Callable[[str], None]) -> bool:
        if line.path == CLOCK_PATH:
            return True
        headers = {"Content-Type": "application/json"}
        if line.idempotency_key:
            headers["Idempotency-Key"] = line.idempotency_key
        if isinstance(line.sender, str):
            headers["Wardwatch-As"] = line.sender
        try:
            answer = http.post(line.path, content=line.body, headers=headers)
        except httpx.HTTPError as error:
            if not self._end.is_set():
                tell(f"送入中断 / feeding broke off: {type(error).__name__}")
            return False
        self.sent += 1
        if answer.is_error:
            self.refused += 1
            tell(f"第 {line.number} 行未受理 / line {line.number} was refused: HTTP {answer.status_code}")
        return True


def plan(journal: Path, now: datetime, pace: float | None) -> Feed:
    """The feed of a journal that ends about `now`, at `pace` or within `SECONDS`.

    Raises `JournalError`, and `ValueError` for a journal without lines.
    """
    with open_journal(journal) as stream:
        lines = list(read_journal(stream))
    if not lines:
        raise ValueError(f"{journal}: 没有内容 / holds no lines")
    first, last = lines[0].at, lines[-1].at
    days = (now - last).days
    shift = timedelta(days=days)
    span = last - first + LEAD
    moved = [_moved(line, days, china_date(first - AROUND), china_date(last + AROUND)) for line in lines]
    return Feed(moved, FastClock(first + shift - LEAD, pace or max(2.0, span.total_seconds() / SECONDS)))


def _moved(line: Line, days: int, first: date, last: date) -> Line:
    """The same line some days later: its own time, and every date of those days that it mentions."""

    def later(found: re.Match[bytes]) -> bytes:
        try:
            said = date.fromisoformat(found[0].decode())
        except ValueError:
            return found[0]
        return (said + timedelta(days=days)).isoformat().encode() if first <= said <= last else found[0]

    row = {"at": line.at.isoformat(), "path": line.path, "json": line.document}
    row |= {"idempotency_key": line.idempotency_key, "as": line.sender}
    return parse_line(_DATE.sub(later, orjson.dumps(row)), line.number)
