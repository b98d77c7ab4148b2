"""A stay's end in the ledger: past payment and objection its facts and faces go, what was decided stays elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from detectors.ledger.model import Person, Stay, dump, load
from detectors.step import CLOSING, Step, step
from schemas.base import Event
from tests.detectors.test_laws import OneRule
from tests.stories import Story, at


def lived(story: Story) -> tuple[Person, Step]:
    """Every event, and every timer in between, as the runner fires them."""
    policies, person, done = OneRule(), Person(key=story.person), None
    for event in story.events:
        while (due := _due(person)) is not None and due < event.arrived_at:
            person = step(person, _timer(story, due), policies).person
        done = step(person, event, policies)
        person = load(dump(done.person))
    assert done is not None
    return person, done


def _due(person: Person) -> datetime | None:
    return min((wake for stay in person.stays.values() for wake in stay.wakes.values()), default=None)


def _timer(story: Story, due: datetime) -> Event:
    return Story(psn_no=story.psn_no).timer(due).last


def the_stay(person: Person) -> Stay:
    (stay,) = person.stays.values()
    return stay


def a_whole_stay() -> Story:
    story = Story().admitted().enrolled().captured("03-03 09:00").charged("03-03 10:00")
    return story.discharged("03-06 09:00").settled("03-06 10:00")


def test_until_payment_and_objection_everything_is_there() -> None:
    person, _ = lived(a_whole_stay().timer("05-01 09:00"))
    assert the_stay(person).captures
    assert the_stay(person).closed_at is None
    assert the_stay(person).wakes[CLOSING] == at("05-12 00:00") + timedelta(days=90)


def test_after_it_only_the_outline_is_left() -> None:
    person, _ = lived(a_whole_stay().timer("12-01 09:00"))
    stay = the_stay(person)
    assert stay.closed_at is not None
    assert (stay.captures, stay.charges, stay.rulings, stay.opinions, stay.wakes) == ((), (), (), {}, {})
    assert [r.kind for r in stay.registrations] == ["admitted", "discharged"]
    assert len(dump(person)) < 1500


def test_what_comes_after_that_changes_nothing_and_withdraws_nothing() -> None:
    story = a_whole_stay().timer("12-01 09:00")
    before, _ = lived(story)
    after, done = lived(story.captured("03-05 09:00", told="12-02 09:00"))
    assert the_stay(after) == the_stay(before)
    assert (done.alerts, done.decisions) == ((), ())


def test_a_stay_that_was_never_discharged_is_never_closed() -> None:
    person, _ = lived(Story().admitted().enrolled().timer("12-01 09:00"))
    assert the_stay(person).closed_at is None


def test_a_discharge_taken_back_opens_it_again() -> None:
    person, _ = lived(Story().admitted().discharged("03-06 09:00").discharge_cancelled("03-06 11:00"))
    assert CLOSING not in the_stay(person).wakes
