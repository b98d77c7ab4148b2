"""The one place that reads the time of the machine.

Everything else is given an object with `now()`; the lower layers type it with a protocol of their own. A
replay hands them a `ManualClock`, and the same journal gives the same bytes on any day.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from schemas.base import CHINA


class ClockWentBackError(ValueError):
    """A manual clock was asked to show an earlier time than it shows already."""


class Clock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time, aware, in +08:00. It may jump when the machine's time is corrected."""
        return datetime.now(CHINA)

    def monotonic(self) -> float:
        """Seconds since an arbitrary point, never going back: for deadlines and durations only."""
        return time.monotonic()

    def seconds_until(self, moment: datetime) -> float:
        """How many real seconds pass until this clock shows `moment`; 0 when it does already."""
        return max(0.0, (moment - self.now()).total_seconds())


class FastClock(Clock):
    """A clock that starts in the past and runs `pace` times as fast until it has caught up with the machine's,
    which it then follows. A demonstration lives through days in a minute with it; durations stay real."""

    def __init__(self, start: datetime, pace: float) -> None:
        """Start at `start`. Raises ValueError when it has no offset, or when `pace` is not above 1."""
        if not pace > 1:
            raise ValueError(f"倍速应大于 1 / the pace should be above 1: {pace}")
        self._start = _in_china(start)
        self._pace = pace
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The time of the demonstration, never later than the machine's."""
        ahead = timedelta(seconds=(time.monotonic() - self._began) * self._pace)
        return min(self._start + ahead, super().now())

    def seconds_until(self, moment: datetime) -> float:
        """As the clock runs now: what lies behind the machine's own time comes fast."""
        gap = super().seconds_until(moment)
        return gap / self._pace if moment < super().now() else gap


class ManualClock(Clock):
    """A clock that stands still until it is moved, and only ever moves forward."""

    def __init__(self, start: datetime) -> None:
        """Start at `start`; raises ValueError when it has no offset."""
        self._now = _in_china(start)
        self._elapsed = timedelta(0)

    def now(self) -> datetime:
        """The time last set, aware, in +08:00."""
        return self._now

    def monotonic(self) -> float:
        """Seconds by which the clock has been moved since it was made."""
        return self._elapsed.total_seconds()

    def set(self, to: datetime) -> None:
        """Move to `to`.

        Raises ClockWentBackError when `to` lies before the current time: timers that fired can't be
        called back. Raises ValueError when `to` has no offset.
        """
        moved_to = _in_china(to)
        if moved_to < self._now:
            raise ClockWentBackError(
                f"时钟不能倒走 / the clock can't go back: {self._now.isoformat()} -> {moved_to.isoformat()}"
            )
        self._elapsed += moved_to - self._now
        self._now = moved_to

    def advance(self, by: timedelta) -> datetime:
        """Move on by `by` and return the new time. Raises ClockWentBackError when `by` is negative."""
        self.set(self._now + by)
        return self._now


def _in_china(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"时间缺少时区 / a time without an offset: {moment.isoformat()}")
    return moment.astimezone(CHINA)
