"""A journal played through the embedded flow with its own clock: the same requests, the same findings.

Every line is a request as on the wire. A timer fires at its due time, before any line at or after it, and
everything derived is drained before the next line (contract §2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from storage.store import Store
from streams.intake import Arrival, Intake
from streams.journal import CLOCK_PATH, JournalError, Line, open_journal, read_journal
from streams.pump import Pump
from streams.requests import Rejected, Unprocessable

LINES_A_COMMIT = 500
"""Lines played in one transaction. Nobody watches a replay's database while it runs; a crash starts it anew."""


class MovableClock(Protocol):
    """A clock that the journal moves."""

    def now(self) -> datetime: ...
    def set(self, to: datetime) -> None: ...


@dataclass
class Played:
    """What a replay came to."""

    lines: int = 0
    requests: int = 0
    refused: int = 0
    timers: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


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
        if line.moves_clock_only:
            return
        played.requests += 1
        result = self._take(line)
        played.refused += isinstance(result, Rejected)
        self.pump.drain()
        if self.answered is not None:
            self.answered(line, result)

    def _take(self, line: Line) -> Any:
        if not line.has_files:
            (result,) = self.intake.take([Arrival(line.request())])
            return result
        # As over HTTP: a picture is refused with a clear word, and what was said of it is kept.
        refused = Unprocessable("photo_not_supported_yet")
        self.intake.keep_unreadable(line.path, line.body, refused.key, refused.key, line.at)
        return refused

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
