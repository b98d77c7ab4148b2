"""The clocks: one that shows the machine's time, one that stands until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.base import CHINA
from wardwatch.clock import Clock, ClockWentBackError, FastClock, ManualClock

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


def test_a_fast_clock_runs_through_the_past_and_then_keeps_time() -> None:
    real = Clock()
    start = real.now() - timedelta(days=1)
    clock = FastClock(start, pace=1_000_000)
    seen = [clock.now()]
    while seen[-1] < real.now() - timedelta(seconds=1):
        seen.append(clock.now())
    assert seen == sorted(seen)
    assert start <= seen[0]
    assert abs(clock.now() - real.now()) < timedelta(seconds=1), "it never runs ahead of the machine"


def test_a_fast_clock_says_how_long_one_really_has_to_wait() -> None:
    real = Clock()
    clock = FastClock(real.now() - timedelta(hours=2), pace=3600)
    assert 0.5 < clock.seconds_until(real.now() - timedelta(hours=1)) <= 1.0
    assert clock.seconds_until(real.now() - timedelta(hours=3)) == 0
    assert real.seconds_until(real.now() + timedelta(seconds=10)) == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("pace", [1, 0.5, 0, -3])
def test_a_fast_clock_is_fast(pace: float) -> None:
    with pytest.raises(ValueError, match="pace"):
        FastClock(Clock().now(), pace)
