"""未核验日: a date on which somebody asked and nobody could say that the patient was seen."""

from __future__ import annotations

import pytest

from detectors.reading.days import day_states, unverified_days
from schemas.ward_check import AnswerResult
from tests.detectors.judging import case_of
from tests.stories import Story, day

THE_DAY = (day("03-03"),)


def asked() -> Story:
    return Story().admitted("03-02 09:00").enrolled().check("K1", "03-03 07:00", "03-03 09:00")


def days(story: Story, now: str = "03-05 12:00") -> tuple[object, ...]:
    return unverified_days(case_of(story, now))


def test_a_delivered_check_without_a_valid_answer_makes_its_date_unverified() -> None:
    assert days(asked()) == THE_DAY


def test_not_before_it_falls_due() -> None:
    assert days(asked(), "03-03 08:59") == ()
    assert days(asked(), "03-03 09:00") == THE_DAY


@pytest.mark.parametrize("result", ["witnessed", "in_treatment", "on_leave", "not_on_ward"])
def test_a_valid_answer_verifies_the_date(result: AnswerResult) -> None:
    assert days(asked().answered("03-03 08:00", "K1", result)) == ()


@pytest.mark.parametrize("result", ["not_found", "face_declined", "cannot_photograph"])
def test_others_do_not_without_a_later_witness(result: AnswerResult) -> None:
    story = asked().answered("03-03 08:00", "K1", result)
    assert days(story) == THE_DAY
    assert days(story.answered("03-03 20:00", "K1", "witnessed")) == ()


def test_a_match_at_any_hour_of_the_date_verifies_it() -> None:
    assert days(asked().captured("03-03 23:30")) == ()


def test_a_match_on_another_date_does_not() -> None:
    assert days(asked().captured("03-04 00:10")) == THE_DAY


@pytest.mark.parametrize("away", [0.5, 0.9])
def test_an_unclear_or_different_picture_does_not(away: float) -> None:
    assert days(asked().captured("03-03 08:00", away=away, check="K1")) == THE_DAY


def test_an_uncalibrated_match_still_verifies() -> None:
    assert days(asked().compared("03-03 08:00", 0.3, check="K1")) == ()


def test_a_check_through_midnight_belongs_to_the_date_on_which_it_falls_due() -> None:
    story = Story().admitted().enrolled().check("K1", "03-03 22:00", "03-04 02:00")
    assert days(story) == (day("03-04"),)
    assert days(story.captured("03-03 23:00", check="K1")) == ()


def test_the_date_is_chinas() -> None:
    story = Story().admitted().check("K1", "03-03 23:00", "03-04 00:00")
    assert days(story) == (day("03-04"),)


def test_an_undelivered_check_leaves_no_mark() -> None:
    assert days(Story().admitted().check("K1", "03-03 07:00", "03-03 09:00", delivered=None)) == ()


def test_leave_on_the_books_verifies_and_leave_entered_later_does_not() -> None:
    assert days(asked().away("03-03 08:00", "03-03 12:00")) == ()
    assert days(asked().away("03-03 08:00", "03-03 12:00", entered="03-03 10:00")) == THE_DAY


def test_days_before_we_were_told_are_not_monitored() -> None:
    story = Story().admitted("03-02 09:00", told="03-04 09:00").check("K1", "03-03 07:00", "03-03 09:00")
    assert days(story) == ()


def test_every_date_of_a_stay_has_its_state() -> None:
    story = Story().admitted("03-01 09:00", told="03-02 10:00").enrolled("03-02 11:00")
    story.captured("03-02 12:00").check("K1", "03-03 07:00", "03-03 09:00")
    story.check("K2", "03-04 07:00", "03-04 09:00", delivered=None)
    assert day_states(case_of(story, "03-05 12:00")) == {
        day("03-01"): "not_monitored",
        day("03-02"): "verified",
        day("03-03"): "unverified",
        day("03-04"): "undelivered",
        day("03-05"): "not_scheduled",
    }
