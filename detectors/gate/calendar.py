"""The payment clock: working days as the State Council publishes them, and when the agency must have paid.

The published calendar ends with a year (holidays are announced each autumn for the next). Beyond it Monday to
Friday count as working days, and `PayLine.assumed` says so.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

import chinese_calendar

from detectors.rulesets.model import Gate
from schemas.base import CHINA

_DAY = timedelta(days=1)
_FRIDAY = 4


class PayLine(NamedTuple):
    """The last day on which a claim may be paid."""

    due: date
    assumed: bool  # it rests on a year whose holidays aren't published


@lru_cache(maxsize=4096)
def is_working_day(day: date) -> bool:
    """Do offices work on `day`? Adjusted weekends (调休) count as the State Council says."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() <= _FRIDAY


@lru_cache(maxsize=64)
def is_published(year: int) -> bool:
    """Are the holidays of `year` known?"""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def pay_line(settled_on: date, gate: Gate) -> PayLine:
    """When a claim settled on `settled_on` must be paid.

    Institutions file by `filing_day` of the next month; the agency pays within `payment_working_days` working
    days counted from the day after (即时结算, law reference §2.1).
    """
    return _pay_line(settled_on.year, settled_on.month, gate.filing_day, gate.payment_working_days)


def payment_due(settled_on: date, gate: Gate) -> date:
    """The day of `pay_line`."""
    return pay_line(settled_on, gate).due


@lru_cache(maxsize=512)
def _pay_line(year: int, month: int, filing_day: int, working_days: int) -> PayLine:
    day = filed = date(year + month // 12, month % 12 + 1, filing_day)
    left = working_days
    while left:
        day += _DAY
        left -= is_working_day(day)
    return PayLine(day, not (is_published(filed.year) and is_published(day.year)))


def working_days_left(from_date: date, due: date) -> int:
    """Working days after `from_date` up to and including `due`; 0 on the day itself and later."""
    return sum(is_working_day(from_date + _DAY * n) for n in range(1, (due - from_date).days + 1))


def expiry(due: date) -> datetime:
    """A hold ends as the last payment day begins (00:00 +08:00), so that the agency can still pay on it."""
    return datetime.combine(due, time(), CHINA)
