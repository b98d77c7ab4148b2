"""Events into the ledger: what each leaves behind, what a void takes away, and what must not matter."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from detectors.ledger.fold import fold
from detectors.ledger.model import Person, Stay, dump, load
from detectors.ledger.view import live_lines, live_settlements, placement, span
from schemas.admission import MessageVoided, StayIdentified
from schemas.base import Event
from schemas.settlement import SettlementAsked, SettlementCancelled
from tests.stories import Story, at, face, refund, service


def ledger(*events: Event) -> Person:
    person = Person(key="330100:P1")
    for event in events:
        person = fold(person, event)
        assert load(dump(person)) == person
    return person


def the_stay(person: Person) -> Stay:
    (stay,) = person.stays.values()
    return stay


def test_an_event_delivered_twice_is_in_it_once() -> None:
    story = Story().admitted().enrolled().captured("03-03 09:00").discharged("03-05 09:00")
    assert ledger(*story.events, *story.events) == ledger(*story.events)


def test_events_that_leave_nothing_behind_change_nothing() -> None:
    person = ledger(*Story().admitted().events)
    assert fold(person, Story().admitted().tell(StayIdentified, "03-02 10:00").last) is person


def test_the_books_follow_the_sender_s_own_order_whatever_order_the_messages_came_in() -> None:
    story = Story().admitted().changed("03-03 09:00", ward="W2", bed="7").discharged("03-05 09:00")
    story.discharge_cancelled("03-05 10:00").discharged("03-06 09:00")
    for events in (story.events, story.events[::-1]):
        stay = the_stay(ledger(*events))
        assert span(stay).ended_at == at("03-06 09:00")
        assert (placement(stay).ward, placement(stay).bed) == ("W2", "7")


def test_a_void_takes_back_what_its_message_said_also_when_it_comes_first() -> None:
    said = Story().admitted(msgid="m1")
    void = Story().tell(MessageVoided, "03-02 09:30", voids="m1").last
    for events in ([*said.events, void], [void, *said.events]):
        person = ledger(*events)
        assert not any(stay.registrations for stay in person.stays.values())


def test_a_void_of_another_institution_reaches_nothing_here() -> None:
    said = Story().admitted(msgid="m1")
    void = Story(house="H2").tell(MessageVoided, "03-02 09:30", voids="m1").last
    assert the_stay(ledger(*said.events, void)).registrations


def test_a_death_that_was_taken_back_is_none() -> None:
    story = Story().admitted().discharged("03-05 09:00", died="03-05")
    assert ledger(*story.events).died_on == at("03-05 09:00").date()
    assert ledger(*story.discharge_cancelled("03-05 11:00").events).died_on is None


def test_a_probe_is_compared_with_the_enrolment_in_force_when_it_was_taken() -> None:
    story = Story().admitted().enrolled("03-02 09:30", number=1).enrolled("03-04 09:30", number=2)
    story.captured("03-03 09:00", number=1).captured("03-05 09:00", number=1)
    for events in (story.events, story.events[::-1]):
        probes = [c for c in the_stay(ledger(*events)).captures if c.purpose != "enrolment"]
        assert [c.score is not None and c.score < 0.4 for c in probes] == [True, False]


def test_a_probe_before_any_enrolment_waits_for_the_first() -> None:
    story = Story().admitted().captured("03-02 10:00", number=1)
    assert the_stay(ledger(*story.events)).captures[0].score is None
    story.enrolled("03-02 12:00", number=1)
    assert the_stay(ledger(*story.events)).captures[0].score == 0.2


def test_an_old_probe_s_face_goes_its_score_stays() -> None:
    story = Story().admitted().enrolled("03-02 09:30")
    for day in range(3, 9):
        story.captured(f"03-{day:02} 09:00")
    stay = the_stay(ledger(*story.events))
    probes = [c for c in stay.captures if c.purpose != "enrolment"]
    assert [bool(c.vector) for c in probes] == [False, False, True, True, True, True]
    assert all(c.score is not None for c in probes)
    assert next(c for c in stay.captures if c.purpose == "enrolment").vector == face(1)


def test_the_last_word_on_a_leave_is_the_one_entered_last() -> None:
    story = Story().admitted()
    story.away("03-03 09:00", "03-03 12:00", entered="03-03 08:00", name="w1")
    story.away("03-03 09:00", "03-03 18:00", entered="03-03 11:00", name="w1")
    for events in (story.events, story.events[::-1]):
        (leave,) = the_stay(ledger(*events)).whereabouts
        assert leave.ends == at("03-03 18:00")


def test_a_refunded_or_withdrawn_line_no_longer_stands() -> None:
    lines = [service("03-03 10:00", sn) for sn in ("1", "2", "3")]
    story = Story().admitted().charged("03-03 10:00", *lines)
    story.uncharged("03-03 12:00", "1").charged("03-03 13:00", refund("03-03 13:00", "4", of="2"))
    for events in (story.events, story.events[::-1]):
        assert [line.sn for line in live_lines(the_stay(ledger(*events)))] == ["3"]


def settled(story: Story, moment: str, setl_id: str) -> Story:
    return story.tell(
        SettlementAsked, moment, infno="2304", setl_id=setl_id, fee_total=Decimal(100), fund_pay=Decimal(60)
    )


def test_a_settlement_stands_until_its_own_2305_and_the_next_one_stands_again() -> None:
    story = settled(Story().admitted(), "03-05 09:00", "T1")
    story.tell(SettlementCancelled, "03-05 10:00", setl_id="T1")
    assert live_settlements(the_stay(ledger(*story.events))) == ()
    settled(story, "03-05 11:00", "T2")
    for events in (story.events, story.events[::-1]):
        assert [s.setl_id for s in live_settlements(the_stay(ledger(*events)))] == ["T2"]


def test_vectors_are_kept_for_as_long_as_the_rules_say() -> None:
    story = Story().admitted().enrolled("03-02 09:30").captured("03-03 09:00").captured("03-04 10:00")
    person = Person(key="330100:P1")
    for event in story.events:
        person = fold(person, event, timedelta(hours=24))
    probes = [c for c in the_stay(person).captures if c.purpose != "enrolment"]
    assert [bool(c.vector) for c in probes] == [False, True]


def test_a_silence_told_before_the_stay_is_told_still_counts_for_it() -> None:
    story = Story().admitted().silent("03-02 12:00", "03-03 12:00")
    for events in (story.events, story.events[::-1]):
        assert [s.since for s in the_stay(ledger(*events)).silences] == [at("03-02 12:00")]
