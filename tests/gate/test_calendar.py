"""The payment clock: when a claim must have been paid, in Chinese working days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.gate.calendar import expiry, is_working_day, pay_line, payment_due, working_days_left
from detectors.rulesets.model import Gate
from schemas.base import CHINA

GATE = Gate(filing_day=10, payment_working_days=20)


@pytest.mark.parametrize(
    ("settled_on", "due", "because"),
    [
        (date(2025, 12, 15), date(2026, 2, 6), "four plain weeks"),
        (date(2026, 1, 15), date(2026, 3, 16), "Spring Festival (15–23 February) doesn't count"),
        (date(2026, 3, 2), date(2026, 5, 12), "the May holiday doesn't count, the Saturday worked for it does"),
        (date(2025, 8, 31), date(2025, 10, 14), "1 to 8 October don't count, the two weekend days worked for them do"),
        (date(2026, 9, 9), date(2026, 11, 6), "the worked 10 October lies before the count begins"),
    ],
)
def test_a_claim_is_due_twenty_working_days_after_the_filing_deadline(
    settled_on: date, due: date, because: str
) -> None:
    assert payment_due(settled_on, GATE) == due, because


def test_every_day_of_a_month_has_the_same_line() -> None:
    assert payment_due(date(2026, 3, 1), GATE) == payment_due(date(2026, 3, 31), GATE)
    assert payment_due(date(2026, 3, 31), GATE) < payment_due(date(2026, 4, 1), GATE)


def test_spring_festival_is_no_working_time_but_the_weekend_worked_for_it_is() -> None:
    assert not is_working_day(date(2026, 2, 17))  # the first day of the year, a Tuesday
    assert is_working_day(date(2026, 2, 28))  # a Saturday worked for it


def test_a_year_whose_holidays_are_not_published_counts_monday_to_friday_and_says_so() -> None:
    line = pay_line(date(2043, 5, 4), GATE)
    assert line.assumed
    assert line.due == date(2043, 7, 8)  # 20 weekdays after 10 June
    assert not pay_line(date(2026, 3, 2), GATE).assumed


def test_working_days_left_run_down_to_none() -> None:
    due = date(2026, 5, 12)
    assert working_days_left(date(2026, 5, 12), due) == 0
    assert working_days_left(date(2026, 5, 11), due) == 1
    assert working_days_left(date(2026, 5, 8), due) == 3  # the worked Saturday, Monday, Tuesday
    assert working_days_left(date(2026, 6, 1), due) == 0


def test_a_hold_ends_as_the_last_payment_day_begins() -> None:
    assert expiry(date(2026, 5, 12)) == datetime(2026, 5, 12, tzinfo=CHINA)


@given(st.dates(date(2021, 1, 1), date(2060, 12, 31)), st.integers(1, 28), st.integers(1, 60))
def test_the_line_is_a_working_day_with_exactly_so_many_working_days_before_it(
    settled_on: date, filing_day: int, working_days: int
) -> None:
    gate = Gate(filing_day=filing_day, payment_working_days=working_days)
    due = payment_due(settled_on, gate)
    first = settled_on.replace(day=1)
    filed = (first + timedelta(days=32)).replace(day=filing_day)
    assert is_working_day(due)
    assert working_days_left(filed, due) == working_days
