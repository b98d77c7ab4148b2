"""Dates of a stay: verified, unverified (未核验日), not scheduled, not monitored, undelivered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

from detectors.base import Case
from detectors.reading.cache import lasting, once
from detectors.reading.checks import VALID, asked, next_due
from detectors.reading.faces import looks
from detectors.reading.moments import dates, day, holds, next_day

DayState = Literal["verified", "unverified", "not_scheduled", "not_monitored", "undelivered"]


@once
def unverified_days(case: Case) -> tuple[date, ...]:
    """未核验日: dates with a check that was ordered, delivered and due, and no valid answer all day.

    A check's date is the +08:00 date of its `due_by`. Checks that don't count (see `asked`) leave no mark.
    """
    due = {one.day for one in asked(case) if one.due_by <= case.now}
    return tuple(sorted(due - verified_days(case))) if due else ()


def unverified_until(case: Case) -> datetime | None:
    """When time alone may next add an unverified day."""
    return next_due(case)


@lasting("captures", "mix_ups", "checks", "answers", "whereabouts")
def verified_days(case: Case) -> frozenset[date]:
    """Dates with a valid answer: a match, 人工核验, or where the patient lawfully is.

    What answers a check counts for the check's date too, when it came no later than that date; whereabouts
    count where they hold `due_by` and were entered before it.
    """
    check_day = {c.check_id: day(c.due_by) for c in case.stay.checks if c.due_by is not None}
    found: set[date] = set()
    for seen in looks(case):
        if seen.band == "same":
            found.update(_days_of(seen.capture.at, check_day.get(seen.capture.check_id)))
    for answer in case.stay.answers:
        if answer.result in VALID:
            found.update(_days_of(answer.at, check_day.get(answer.check_id)))
    found.update(_days_excused(case))
    return frozenset(found)


def _days_of(at: datetime, asked_for: date | None) -> Iterator[date]:
    on = day(at)
    yield on
    if asked_for is not None and on <= asked_for:
        yield asked_for


def _days_excused(case: Case) -> Iterator[date]:
    for stated in case.stay.whereabouts:
        for check in case.stay.checks:
            due_by = check.due_by
            if due_by and stated.entered_at <= due_by and holds((stated.starts, stated.ends), due_by):
                yield day(due_by)


def day_states(case: Case) -> dict[date, DayState]:
    """Every date of the stay so far with its state; at most the last 400."""
    span = case.span
    begin = span.began_at or span.first_told_at
    if begin is None or span.cancelled:
        return {}
    last = day(case.now if span.ended_at is None else min(case.now, span.ended_at))
    first = max(day(begin), next_day(last, -400))
    return {on: _state(case, on) for on in dates(first, next_day(last))}


def _state(case: Case, on: date) -> DayState:
    told = case.span.first_told_at
    if told is None or on < day(told):
        return "not_monitored"
    if on in verified_days(case):
        return "verified"
    if on in unverified_days(case):
        return "unverified"
    ordered = [c for c in case.stay.checks if c.due_by and day(c.due_by) == on and c.due_by <= case.now]
    counted = {one.check.check_id for one in asked(case)}
    return "undelivered" if any(c.check_id not in counted for c in ordered) else "not_scheduled"
