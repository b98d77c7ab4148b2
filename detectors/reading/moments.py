"""Moments, China dates and intervals. No odd date raises: what lies beyond the calendar lies at its edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from schemas.base import CHINA, china_time

DAY = timedelta(days=1)
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)

Interval = tuple[datetime, datetime]
Hole = tuple[datetime, datetime | None]
"""An interval that may be open-ended."""


def day(moment: datetime) -> date:
    """The +08:00 date of a moment."""
    return china_time(moment).date()


def starts(on: date) -> datetime:
    """00:00 +08:00 of a date."""
    return datetime.combine(on, time(), CHINA)


def ends(on: date) -> datetime:
    """24:00 +08:00 of a date."""
    return after(starts(on), DAY)


def after(moment: datetime, distance: timedelta) -> datetime:
    """`moment + distance`, at the calendar's edge where it would fall off."""
    try:
        return moment + distance
    except OverflowError:
        return LAST if distance > timedelta() else FIRST


def next_day(on: date, days: int = 1) -> date:
    """`days` dates later, at the calendar's edge where it would fall off."""
    try:
        return on + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


def dates(first: date, until: date) -> Iterator[date]:
    """Each date from `first` up to `until`, which is left out."""
    for number in range(first.toordinal(), until.toordinal()):
        yield date.fromordinal(number)


def overlaps(hole: Hole, first: datetime, last: datetime) -> bool:
    """Does the hole share any time with [first, last)? A mere moment is shared by what holds it."""
    begins, over = hole
    if first == last:
        return holds(hole, first)
    return begins < last and (over is None or first < over)


def holds(hole: Hole, moment: datetime) -> bool:
    """Does the moment lie in the hole, its edges included? Who is away until ten is excused at ten."""
    begins, over = hole
    return begins <= moment and (over is None or moment <= over)


def minus(first: datetime, last: datetime, holes: Iterable[Hole]) -> tuple[Interval, ...]:
    """What is left of [first, last] without the holes; pieces of no length are nothing."""
    left: list[Interval] = []
    at = first
    for begins, over in sorted(holes, key=lambda hole: hole[0]):
        if begins >= last:
            break
        if begins > at:
            left.append((at, begins))
        if over is None:
            return tuple(left)
        at = max(at, over)
    if at < last:
        left.append((at, last))
    return tuple(left)


def minutes(count: float) -> timedelta:
    """A rule set's minutes."""
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    """A rule set's hours."""
    return timedelta(hours=count)


def clock(moment: datetime) -> str:
    """A moment as a reason shows it: `2026-03-02 08:15`, China time."""
    return china_time(moment).strftime("%Y-%m-%d %H:%M")


def listed(days: Iterable[date]) -> str:
    """Dates as a reason shows them, each once, in order."""
    return ", ".join(d.isoformat() for d in sorted(set(days)))
