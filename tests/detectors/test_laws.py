"""Laws that hold for every detector there is, tested over histories that nobody thought of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Case
from detectors.ledger.model import Opinion, Person, Stay, dump, load
from detectors.policy import Institution
from detectors.registry import DETECTORS
from detectors.rulesets.model import RuleSet
from detectors.step import step
from schemas.base import Event
from schemas.system import TimerDue
from tests.detectors.histories import QUIET, START, another_order, histories, turns
from tests.detectors.judging import ledger, rules
from tests.stories import Story

pytestmark = pytest.mark.timeout(600)  # making a failing history small takes its time; a passing one is quick

# Probes keep their template for longer than any history: how long that is, is a choice, not a law.
LAW_RULES = rules(
    ledger={"late_hours": 1440},
    presence_bed_hanging={"no_service_hours": 48, "leave_max_count": 2, "leave_day_ratio": 0.25, "notice": 1.0},
)


class OneRule:
    """Policies of a test city: one rule set, every institution as it comes."""

    def institution(self, code: str) -> Institution:
        return Institution(code)

    def rules(self, region: str, moment: datetime) -> RuleSet:
        return LAW_RULES


CITY = OneRule()
Held = dict[tuple[str, str], tuple[Opinion, ...]]


def run(events: list[Event], person: Person | None = None) -> Person:
    person = person or Person(key=Story().person)
    for event in events:
        person = step(person, event, CITY).person
    return person


def held(person: Person) -> Held:
    """What is held of whom, by (stay, detector)."""
    return {(key, code): said for key, stay in person.stays.items() for code, said in stay.opinions.items()}


def woken(person: Person, moment: datetime = QUIET) -> Person:
    timer = TimerDue(event_id=f"timer-{moment.isoformat()}", at=moment, arrived_at=moment, person=person.key)
    return step(person, timer, CITY).person


def case_of(person: Person, stay: Stay, now: datetime) -> Case:
    return Case(person, stay, LAW_RULES, CITY.institution(stay.institution), now)


@given(histories())
def test_the_same_events_say_the_same(events: list[Event]) -> None:
    assert dump(woken(run(events))) == dump(woken(run(events)))


@given(histories(), st.data())
def test_what_goes_in_is_not_changed(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events) - 1))
    person, event = run(events[:cut]), events[cut]
    before, said = dump(person), event.model_dump_json()
    step(person, event, CITY)
    assert (dump(person), event.model_dump_json()) == (before, said)


@given(histories(), st.data())
def test_a_run_from_any_snapshot_equals_the_straight_run(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    kept = dump(run(events[:cut]))
    assert dump(load(kept)) == kept
    assert dump(woken(run(events[cut:], load(kept)))) == dump(woken(run(events)))


@given(histories(), st.data())
def test_the_order_of_arrival_does_not_matter_in_the_end(events: list[Event], data: st.DataObject) -> None:
    shuffled = another_order(events, data.draw(st.permutations(events)))
    assert held(woken(run(shuffled))) == held(woken(run(events)))


@given(histories(), st.data())
def test_a_second_delivery_changes_nothing(events: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(events), max_size=4))
    assert held(woken(run([*events, *again]))) == held(woken(run(events)))


@given(turns())
def test_who_listens_and_wakes_misses_nothing(turn: tuple[list[Event], list[Event]]) -> None:
    """After every event that might come next, what is held is what asking everyone anew would say."""
    before, nexts = turn
    person = run(before)
    for event in nexts:
        after = step(person, event, CITY).person
        assert after.clock is not None
        for stay in after.stays.values():
            case = case_of(after, stay, after.clock)
            for detector in DETECTORS:
                said = () if case.span.cancelled else detector.judge(case).opinions
                assert stay.opinions.get(detector.code, ()) == said, detector.code


@given(histories(), st.integers(0, 40 * 24 * 4))
def test_until_its_wake_time_alone_changes_nothing(events: list[Event], quarters: int) -> None:
    person = run(events)
    assert person.clock is not None
    later = max(person.clock, START) + timedelta(minutes=15 * quarters)
    for stay in person.stays.values():
        for detector in DETECTORS:
            now = detector.judge(case_of(person, stay, person.clock))
            assert now.wake_at is None or now.wake_at > person.clock, "a wake that has passed would never end"
            if now.wake_at is None or later < now.wake_at:
                assert detector.judge(case_of(person, stay, later)).opinions == now.opinions, detector.code


@given(histories())
def test_every_opinion_stands_on_facts_and_names_nobody(events: list[Event]) -> None:
    for said in held(woken(run(events))).values():
        for opinion in said:
            assert opinion.severity in (2, 3)
            assert opinion.reasons
            for reason in opinion.reasons:
                assert reason.evidence, reason.code
                assert "P1" not in str(reason.params)


@given(histories())
def test_bed_hanging_weights_add_up_to_its_score(events: list[Event]) -> None:
    for (_, code), said in held(woken(run(events))).items():
        for opinion in said if code == "presence.bed_hanging" else ():
            assert round(sum(reason.weight for reason in opinion.reasons), 4) == opinion.score


@given(histories())
def test_a_stay_that_never_happened_has_nothing_said_of_it(events: list[Event]) -> None:
    story = Story(events=list(events))
    last = max(e.arrived_at for e in events) + timedelta(days=1)
    person = woken(run([*events, *story.admission_cancelled(last).events[-1:]]))
    assert person.stays["S1"].opinions == {}


# ── odd data ─────────────────────────────────────────────────────────────────────────────────────────────

anytime = st.datetimes(timezones=st.just(UTC))


@st.composite
def odd_histories(draw: st.DrawFn) -> list[Event]:
    """Dates of a device without a clock, ends before beginnings, scores that no model gives."""
    story = Story()
    for _ in range(draw(st.integers(1, 12))):
        moment, other, told = draw(anytime), draw(anytime), draw(anytime)
        match draw(st.integers(0, 10)):
            case 0:
                story.admitted(moment, told)
            case 1:
                story.discharged(moment, told, died=None)
            case 2:
                story.enrolled(moment, score=draw(st.floats(-9, 9)), told=told)
            case 3:
                story.captured(moment, check="K1", told=told)
            case 4:
                story.check("K1", moment, other)
            case 5:
                story.not_found_twice("K1", moment, other)
            case 6:
                story.away(moment, draw(st.none() | st.just(other)), entered=told)
            case 7:
                story.charged(moment, told=told)
            case 8:
                story.elsewhere("S2", "H2").admitted(moment, told).scene(other, "dialysis")
            case 9:
                story.compared(moment, draw(st.floats(allow_nan=False, allow_infinity=False)))
            case _:
                story.silent(moment, draw(st.none() | st.just(other)), told)
    return story.events


@given(odd_histories(), anytime)
def test_odd_data_raises_nothing(events: list[Event], now: datetime) -> None:
    person = ledger(Story(events=events))
    for stay in person.stays.values():
        for detector in DETECTORS:
            detector.judge(case_of(person, stay, now))
