"""Hypothesis strategies: what may be told about one person in two hospitals within a week, in any order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from schemas.base import Event
from schemas.system import FeedSilent
from tests.stories import Story, at, bed, service

START = at("03-02 08:00")
DAYS = 7
QUIET = START + timedelta(days=60)
"""Long after the last event and after every moment that a detector may want to be woken at."""

delays = st.sampled_from([0, 0, 0, 5, 60, 26 * 60]).map(lambda m: timedelta(minutes=m))
hours = st.sampled_from([1, 2, 4, 12, 30]).map(lambda h: timedelta(hours=h))

Check = tuple[str, int, int, int, str]
"""Its name, the day of the history, the hours at which it opens and falls due, its kind."""

CHECKS: list[Check] = [
    ("K1", 1, 7, 9, "round"),
    ("K2", 1, 15, 16, "spot"),
    ("K3", 2, 7, 9, "round"),
    ("K4", 2, 20, 23, "spot"),
    ("K5", 3, 7, 9, "round"),
    ("K6", 3, 21, 22, "round"),
    ("K7", 4, 9, 10, "onsite"),
]


def _within(check: Check, tens: int) -> datetime:
    return START.replace(hour=check[2]) + timedelta(days=check[1], minutes=10 * tens)


moments = st.one_of(
    st.integers(0, DAYS * 24 * 4).map(lambda quarter: START + timedelta(minutes=15 * quarter)),
    st.builds(_within, st.sampled_from(CHECKS), st.integers(0, 6)),
)
RESULTS = [
    "not_found",
    "not_found",
    "not_found",
    "witnessed",
    "in_treatment",
    "on_leave",
    "not_on_ward",
    "face_declined",
    "cannot_photograph",
]

Tell = Callable[[Story], Any]


def plots(asked: list[Check]) -> st.SearchStrategy[Tell]:
    """What makes a detector speak: chance alone hardly ever finds it."""
    checks = st.sampled_from(asked)
    return st.one_of(
        st.builds(lambda c: _answered_twice(c, 1, 7), checks),
        st.builds(lambda c: _answered_twice(c, 1, 7), checks),
        st.builds(lambda c: _captured(c, 1, 2, True), checks),
        st.builds(lambda c: _captured(c, 2, 2, True), checks),
        st.just(_stranger_twice),
        st.builds(_bed_only, st.integers(3, DAYS)),
        st.just(_leaves_often),
        st.just(lambda s: s.charged(START + timedelta(days=5), msgid="m5")),
        st.builds(_dialysis, moments),
        st.builds(lambda: lambda s: s.discharged(START + timedelta(days=4, hours=2))),
    )


def _stranger_twice(story: Story) -> None:
    story.enrolled(START + timedelta(hours=2))
    story.captured(START + timedelta(hours=6), 2).captured(START + timedelta(days=5, hours=6), 2)


def _bed_only(days: int) -> Tell:
    def tell(story: Story) -> None:
        for number in range(1, days + 1):
            noon = START + timedelta(days=number, hours=4)
            story.charged(noon, bed(noon, f"bed{number}"))

    return tell


def _leaves_often(story: Story) -> None:
    for number in (1, 3, 5):
        starts = START + timedelta(days=number, hours=8)
        story.away(starts, starts + timedelta(hours=3))


def _dialysis(moment: datetime) -> Tell:
    return lambda s: s.elsewhere("S2", "H3").scene(moment, "dialysis")


def tellings(asked: list[Check]) -> st.SearchStrategy[Tell]:
    """One thing that a hospital, a ward or a terminal may say."""
    checks = st.sampled_from(asked)
    faces = st.sampled_from([1, 1, 1, 2])
    return st.one_of(
        st.builds(_admitted, moments, delays),
        st.builds(_discharged, moments, delays, st.booleans()),
        st.builds(lambda m: lambda s: s.discharge_cancelled(m), moments),
        st.builds(lambda m: lambda s: s.admission_cancelled(m), moments),
        st.builds(lambda m, w: lambda s: s.changed(m, ward=w, bed="7"), moments, st.sampled_from(["W1", "W2"])),
        st.builds(lambda m, f: lambda s: s.enrolled(m, f), moments, faces),
        st.builds(lambda m, f, x: lambda s: s.enrolled(m, f, score=x), moments, faces, st.sampled_from([0.2, 0.9])),
        st.builds(_captured, checks, faces, st.integers(0, 12), st.booleans()),
        st.builds(_captured, checks, faces, st.integers(0, 12), st.booleans()),
        st.builds(lambda m, x: lambda s: s.compared(m, x), moments, st.sampled_from([0.2, 0.9])),
        st.builds(_answered, checks, st.sampled_from(RESULTS), st.integers(0, 12), delays),
        st.builds(_answered, checks, st.just("witnessed"), st.integers(0, 12), delays),
        st.builds(_answered_twice, checks, st.integers(0, 6), st.integers(5, 11)),
        st.builds(_answered_twice, checks, st.integers(0, 6), st.integers(5, 11)),
        st.builds(lambda c, m: lambda s: s.ward_wide(m, c[0]), checks, moments),
        st.builds(lambda m, n: lambda s: s.mixed_up(m, f"C{n}"), moments, st.integers(0, 30)),
        st.builds(_away, moments, hours, st.sampled_from(["leave", "theatre", "transfer", "icu"]), delays),
        st.builds(lambda m, d: lambda s: s.silent(m, m + d), moments, hours),
        st.builds(_charged, moments, delays),
        st.builds(_charged, moments, delays),
        st.builds(lambda m: lambda s: s.uncharged(m), moments),
        st.builds(lambda m: lambda s: s.ordered(m), moments),
        st.builds(lambda m: lambda s: s.vitals(m), moments),
        st.builds(lambda m, k: lambda s: s.scene(m, k), moments, st.sampled_from(["dialysis", "pharmacy"])),
        st.builds(_scene_with_face, moments, faces),
        st.builds(lambda m, n: lambda s: s.voided(m, f"m{n}"), moments, st.integers(0, 6)),
        st.builds(lambda m, d: lambda s: s.listed(m, ("theatre", m - d, m)), moments, hours),
        st.builds(lambda m: lambda s: s.timer(m), moments),
    )


def _admitted(moment: datetime, delay: timedelta) -> Tell:
    return lambda s: s.admitted(moment, told=moment + delay, msgid=f"m{moment.hour % 7}")


def _discharged(moment: datetime, delay: timedelta, died: bool) -> Tell:
    died_on = moment.strftime("%m-%d") if died else None
    return lambda s: s.discharged(moment, told=moment + delay, died=died_on)


def _captured(check: Check, number: int, tens: int, named: bool) -> Tell:
    name, _, _, _, kind = check
    moment = _within(check, tens)
    purpose: Any = kind
    return lambda s: s.captured(moment, number, check=name if named else "", purpose=purpose)


def _answered(check: Check, result: Any, tens: int, delay: timedelta) -> Tell:
    name = check[0]
    moment = _within(check, tens)
    return lambda s: s.answered(moment, name, result, told=moment + delay)


def _answered_twice(check: Check, tens: int, later: int) -> Tell:
    name = check[0]
    first = _within(check, tens)
    return lambda s: s.not_found_twice(name, first, first + timedelta(minutes=5 * later))


def _away(moment: datetime, long: timedelta, kind: Any, late: timedelta) -> Tell:
    return lambda s: s.away(moment, moment + long, kind, entered=moment + late)


def _charged(moment: datetime, delay: timedelta) -> Tell:
    sn = moment.strftime("%d%H%M")
    lines = (bed(moment, f"{sn}a"), service(moment, f"{sn}b"))
    return lambda s: s.charged(moment, *lines, told=moment + delay, msgid=f"m{moment.minute % 7}")


def _scene_with_face(moment: datetime, number: int) -> Tell:
    def tell(story: Story) -> None:
        story.captured(moment, number, purpose="scene")
        story.scene(moment, "pharmacy", capture=story.capture_id)

    return tell


@st.composite
def histories(draw: st.DrawFn, most: int = 10) -> list[Event]:
    """Events of one person in order of arrival: an admission, some checks, and whatever else is told."""
    first = Story()
    second = first.elsewhere("S2", draw(st.sampled_from(["H1", "H2"])), "W2")
    first.admitted(START, msgid="m0")
    if draw(st.booleans()):
        first.enrolled(START + timedelta(hours=1))
    if draw(st.booleans()):
        second.admitted(draw(moments), msgid="m1")
    asked = draw(st.lists(st.sampled_from(CHECKS), unique=True, min_size=1, max_size=5))
    for name, day, opens, due, kind in asked:
        starts = START.replace(hour=opens) + timedelta(days=day)
        ends = START.replace(hour=due) + timedelta(days=day)
        which: Any = kind
        first.check(name, starts, ends, which, delivered=draw(st.sampled_from([None, starts, starts, starts])))
    told = draw(st.lists(plots(asked), min_size=1, max_size=5)) + draw(st.lists(tellings(asked), max_size=most))
    for tell in told:
        tell(draw(st.sampled_from([first, first, first, second])))
    return sorted(first.events, key=lambda e: (e.arrived_at, e.event_id))


def another_order(events: list[Event], shuffled: list[Event]) -> list[Event]:
    """The events in the shuffled order. A silence is told to those we know of: it comes after their events."""
    assert len(events) == len(shuffled)
    return sorted(shuffled, key=lambda e: isinstance(e, FeedSilent))


@st.composite
def turns(draw: st.DrawFn) -> tuple[list[Event], list[Event]]:
    """A history that makes detectors speak, and events each of which might have come next."""
    before = draw(histories(most=3))
    story = Story(events=list(before))
    second = story.elsewhere("S2", "H2", "W2")
    for tell in draw(st.lists(tellings(CHECKS), min_size=12, max_size=24)):
        tell(draw(st.sampled_from([story, story, second])))
    return before, story.events[len(before) :]
