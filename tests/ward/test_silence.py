"""feed.silent: a question about data; no one is called absent in the dark."""

from __future__ import annotations

from datetime import timedelta

from schemas.system import FeedSilent
from tests.stories import at
from tests.ward.house import TestHouse


def silent_house() -> TestHouse:
    house = TestHouse()
    house.patient(1)
    house.patient(2)
    house.heard("03-02 09:20")
    assert house.wake_at == at("03-03 10:00")  # 24 hours after the end of the last hour in which it spoke
    house.wakes()
    return house


def test_a_day_without_a_word_raises_one_reminder_about_the_institution() -> None:
    (alert,) = silent_house().alerts.values()
    assert (alert.detector, alert.severity, alert.fixmedins_code) == ("feed.silent", 3, "H1")
    assert (alert.psn_no, alert.mdtrt_id, alert.status) == (None, None, "open")
    assert alert.reasons[0].params == {"hours": 24}


def test_everyone_there_learns_since_when_it_was_silent() -> None:
    told = silent_house().heard_of(FeedSilent)
    assert [(e.person, e.since, e.until) for e in told] == [
        ("330100:P1", at("03-02 10:00"), None),
        ("330100:P2", at("03-02 10:00"), None),
    ]


def test_when_it_speaks_again_everyone_learns_that_the_silence_is_over() -> None:
    house = silent_house()
    told = house.heard("03-03 15:30")
    assert [e.until for e in told] == [at("03-03 15:00") + timedelta(hours=1)] * 2
    (alert,) = house.alerts.values()
    assert (alert.reasons[0].code, alert.reasons[0].params) == ("feed_resumed", {"hours": 30})


def test_the_next_silence_is_another_alert() -> None:
    house = silent_house()
    house.heard("03-03 15:30")
    house.wakes()
    assert len(house.alerts) == 2


def test_a_house_that_keeps_talking_is_never_silent() -> None:
    house = TestHouse()
    house.patient(1)
    for hour in range(9, 19):
        house.heard(f"03-02 {hour:02}:05")
    assert house.alerts == {}
    assert house.wake_at == at("03-03 19:00")


def test_an_empty_house_owes_no_messages() -> None:
    house = TestHouse()
    house.patient(1, until="03-02 09:00")
    house.heard("03-02 09:20")
    house.wakes("03-05 09:00")
    assert house.alerts == {}
