"""A journal played through the embedded flow with its own clock: the same requests, the same findings.

Every line is a request as on the wire. A timer fires at its due time, before any line at or after it, and
everything derived is drained before the next line (contract §2).
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

import orjson
import zstandard

from access.callers import LOCAL, UnknownCaller, caller_as
from storage.store import Store
from streams.intake import Arrival, Intake
from streams.pump import Pump
from streams.requests import Request

CLOCK_PATH = "/clock"
LINES_A_COMMIT = 500
"""Lines played in one transaction. Nobody watches a replay's database while it runs; a crash starts it anew."""


class MovableClock(Protocol):
    """A clock that the journal moves."""

    def now(self) -> datetime: ...
    def set(self, to: datetime) -> None: ...


class JournalError(ValueError):
    """A journal that can't be played; the message names the line and what to mend."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when the server saw it, where it was posted, what."""

    number: int
    at: datetime
    path: str
    body: bytes
    document: Any
    idempotency_key: str
    sender: Any


@dataclass
class Played:
    """What a replay came to."""

    lines: int = 0
    requests: int = 0
    refused: int = 0
    timers: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


def open_journal(path: Path) -> IO[bytes]:
    """The journal's bytes, unpacked by its name: `.zst`, `.gz` or plain."""
    raw = path.open("rb")
    if path.suffix == ".zst":
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw))
    if path.suffix == ".gz":
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    return raw


def read_journal(stream: IO[bytes]) -> Iterator[Line]:
    """Its lines in order. Raises `JournalError` naming the line: unreadable, without offset, back in time."""
    last: datetime | None = None
    for number, raw in enumerate(stream, 1):
        if not raw.strip():
            continue
        line = _line(number, raw)
        if last is not None and line.at < last:
            raise JournalError(
                f"第 {number} 行的时间早于上一行 / line {number}: `at` lies before the line above"
            )
        last = line.at
        yield line


def _line(number: int, raw: bytes) -> Line:
    try:
        row = orjson.loads(raw)
        at = datetime.fromisoformat(row["at"])
        path = row["path"]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise JournalError(
            f"第 {number} 行无法读取（需要 at、path） / line {number}: not a journal line "
            f"(`at` and `path` wanted): {type(error).__name__}"
        ) from None
    if at.utcoffset() is None or not isinstance(path, str):
        raise JournalError(f"第 {number} 行的 at 缺少时区 / line {number}: `at` has no offset")
    document = row.get("json")
    return Line(
        number,
        at,
        path,
        orjson.dumps(document) if document is not None else b"",
        document,
        str(row.get("idempotency_key") or ""),
        row.get("as"),
    )


@dataclass
class Player:
    """Plays lines through an intake and a pump that share one store."""

    store: Store
    intake: Intake
    pump: Pump
    clock: MovableClock
    answered: Callable[[Line, Any], None] | None = None  # for tests that look at answers

    def play(self, lines: Iterator[Line], progress: Callable[[int], None] | None = None) -> Played:
        """All lines, then nothing more: timers due after the last line don't fire."""
        self.pump.assign()
        played = Played()
        group: list[Line] = []
        for line in lines:
            group.append(line)
            if len(group) >= LINES_A_COMMIT:
                self._group(group, played)
                if progress:
                    progress(played.lines)
                group = []
        self._group(group, played)
        if progress:
            progress(played.lines)
        return played

    def _group(self, lines: list[Line], played: Played) -> None:
        if not lines:
            return
        with self.store.write():
            for line in lines:
                self._one(line, played)

    def _one(self, line: Line, played: Played) -> None:
        self._until(line.at, played)
        self.clock.set(line.at)
        played.lines += 1
        played.first_at = played.first_at or line.at
        played.last_at = line.at
        if line.path == CLOCK_PATH:
            return
        played.requests += 1
        request = Request(
            path=line.path,
            body=line.body,
            at=line.at,
            caller=self._caller(line),
            idempotency_key=line.idempotency_key,
            document=line.document,
        )
        (result,) = self.intake.take([Arrival(request)])
        played.refused += isinstance(result, Exception)
        self.pump.drain()
        if self.answered is not None:
            self.answered(line, result)

    def _caller(self, line: Line) -> Any:
        if line.sender is None:
            return LOCAL
        try:
            return caller_as(line.sender)
        except UnknownCaller as error:
            raise JournalError(f"第 {line.number} 行 as：{error} / line {line.number}: {error}") from None

    def _until(self, moment: datetime, played: Played) -> None:
        """Timers due by `moment` fire one due time after the other, each drained before the next."""
        while (due := self.pump.next_due()) is not None and due <= moment:
            self.clock.set(max(due, self.clock.now()))
            fired = self.pump.fire(due)
            if not fired:
                break
            played.timers += fired
            self.pump.drain()


__all__ = ["CLOCK_PATH", "JournalError", "Line", "Played", "Player", "open_journal", "read_journal"]
