"""The clocks: one that shows the machine's time, one that stands until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.base import CHINA
from wardwatch.clock import Clock, ClockWentBackError, ManualClock

MORNING = datetime(2026, 3, 2, 8, 15, tzinfo=CHINA)


def test_the_machines_clock_shows_china_time() -> None:
    before = datetime.now(UTC)
    now = Clock().now()
    assert now.utcoffset() == timedelta(hours=8)
    assert before <= now <= datetime.now(UTC)


def test_the_machines_monotonic_clock_does_not_go_back() -> None:
    clock = Clock()
    readings = [clock.monotonic() for _ in range(1000)]
    assert readings == sorted(readings)


def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(MORNING)
    assert clock.now() == clock.now() == MORNING
    assert clock.advance(timedelta(minutes=5)) == clock.now() == MORNING + timedelta(minutes=5)
    assert clock.monotonic() == 300.0


def test_a_manual_clock_shows_china_time_whatever_it_was_given() -> None:
    clock = ManualClock(MORNING.astimezone(UTC))
    assert clock.now().isoformat() == "2026-03-02T08:15:00+08:00"
    clock.set(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
    assert clock.now().isoformat() == "2026-03-02T09:00:00+08:00"


def test_a_manual_clock_may_be_set_to_the_time_it_shows() -> None:
    clock = ManualClock(MORNING)
    clock.set(MORNING)
    assert clock.now() == MORNING


@pytest.mark.parametrize("back", [timedelta(microseconds=1), timedelta(days=1)])
def test_a_manual_clock_never_goes_back(back: timedelta) -> None:
    clock = ManualClock(MORNING)
    with pytest.raises(ClockWentBackError, match=r"2026-03-02T08:15:00\+08:00"):
        clock.set(MORNING - back)
    with pytest.raises(ClockWentBackError):
        clock.advance(-back)
    assert clock.now() == MORNING


def test_a_time_without_an_offset_is_refused() -> None:
    naive = MORNING.replace(tzinfo=None)
    with pytest.raises(ValueError, match="without an offset"):
        ManualClock(naive)
    with pytest.raises(ValueError, match="without an offset"):
        ManualClock(MORNING).set(naive)
