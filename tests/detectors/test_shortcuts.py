"""Shortcuts of the hot path say what the long way says: calm events, whole batches of charges, states in parts."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given

from detectors import step as step_module
from detectors.ledger.model import Person, dump
from detectors.ledger.parts import join, split
from detectors.reading.services import longest_gap, longest_pause
from detectors.sparing import CHECKS, SPARED
from detectors.step import step
from schemas.base import Event
from tests.detectors.histories import histories
from tests.detectors.test_laws import CITY, case_of, held, run
from tests.stories import Story, at


def asking_everyone(events: list[Event]) -> Person:
    with patch.object(step_module, "spared", lambda *_: None):
        return run(events)


@given(histories())
def test_sparing_the_detectors_changes_nothing_that_is_held(events: list[Event]) -> None:
    assert held(run(events)) == held(asking_everyone(events))


def morning_round() -> Story:
    """Admitted and enrolled; a check is ordered and reaches the ward."""
    story = Story().admitted("03-02 09:00").enrolled("03-02 09:10")
    return story.check("K1", "03-03 07:00", "03-03 09:00")


def test_everyday_life_is_spared() -> None:
    assert {"check_assigned", "check_delivered", "capture_assessed"} == SPARED
    stay = run(morning_round().events).stays["S1"]
    assert stay.wakes == {CHECKS: at("03-03 09:00")}, "nobody was asked, and they will be when it falls due"


def test_whoever_was_seen_needs_no_waking() -> None:
    story = morning_round().captured("03-03 07:20", check="K1")
    assert run(story.events).stays["S1"].wakes == {}


def test_a_check_that_was_spared_is_missed_when_it_falls_due() -> None:
    story = morning_round().timer("03-03 09:00")
    stay = run(story.events).stays["S1"]
    assert "check.missed" in stay.opinions
    assert CHECKS not in stay.wakes


@given(histories())
def test_no_gap_in_the_services_is_longer_than_the_quick_look_says(events: list[Event]) -> None:
    person = run(events)
    assert person.clock is not None
    for stay in person.stays.values():
        case = case_of(person, stay, person.clock)
        gap = longest_gap(case)
        assert gap is None or gap[0][1] - gap[0][0] <= longest_pause(case)


@given(histories())
def test_a_state_written_in_parts_is_read_back_whole(events: list[Event]) -> None:
    """Only what changed is written each time; together it is the state."""
    kept: dict[str, bytes | None] = {}
    person: Person | None = None
    for event in events:
        after = step(person or Person(key=Story().person), event, CITY).person
        head, changed = split(after, person)
        kept = {name: body for name, body in {**kept, **changed}.items() if body is not None}
        assert dump(join(head, kept)) == dump(after)
        person = after


def test_an_event_writes_no_more_than_what_it_changes() -> None:
    before = run(morning_round().captured("03-03 07:20", check="K1").events)
    story = morning_round().captured("03-03 07:20", check="K1").check("K2", "03-03 14:00", "03-03 16:00")
    after = run(story.events[-1:], before)
    assert split(after, before)[1] == {}, "a check is in the head: neither faces nor charges are written again"
