"""漏查、巡查通过而抽查不过: what counts as asked, what as an answer."""

from __future__ import annotations

import pytest

from detectors.policy import Institution
from schemas.ward_check import AnswerResult
from tests.detectors.judging import OBSERVING, codes, judge, rules, says, silent
from tests.stories import MODEL, Story, at

MISSED = "check.missed"
CONFLICT = "check.spot_conflict"


def asked() -> Story:
    """A morning round, delivered when it opened."""
    return Story().admitted("03-02 09:00").enrolled().check("K1", "03-03 07:00", "03-03 09:00")


def seen_then_spot() -> Story:
    """The round saw the patient in the morning; a spot check came in the afternoon."""
    story = asked().captured("03-03 08:00", check="K1")
    return story.check("K2", "03-03 15:00", "03-03 16:00", "spot")


# ── check.missed ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_delivered_check_that_nobody_answers_is_missed_when_it_falls_due() -> None:
    story = asked()
    assert judge(MISSED, story).wake_at == at("03-03 09:00")
    assert silent(MISSED, story, "03-03 08:59")
    opinion = says(MISSED, story, "03-03 09:00")
    assert opinion.severity == 3
    assert codes(opinion) == ["check_missed_round"]
    assert opinion.reasons[0].evidence == ("K1",)


def test_once_it_is_due_time_changes_nothing_any_more() -> None:
    assert judge(MISSED, asked(), "03-03 09:00").wake_at is None


@pytest.mark.parametrize(
    "result",
    [
        "witnessed",
        "in_treatment",
        "on_leave",
        "not_on_ward",
        "not_found",
        "face_declined",
        "cannot_photograph",
    ],
)
def test_any_answer_counts_as_answered(result: AnswerResult) -> None:
    assert silent(MISSED, asked().answered("03-03 08:00", "K1", result), "03-03 09:00")


@pytest.mark.parametrize("number", [1, 2])
def test_any_picture_counts_as_answered_even_a_strangers(number: int) -> None:
    assert silent(MISSED, asked().captured("03-03 08:00", number, check="K1"), "03-03 09:00")


def test_a_picture_that_names_no_check_answers_every_open_one() -> None:
    story = asked().check("K2", "03-03 07:30", "03-03 08:30", "spot").captured("03-03 08:00")
    assert silent(MISSED, story, "03-03 12:00")


def test_a_picture_outside_the_window_answers_nothing() -> None:
    assert not silent(MISSED, asked().captured("03-03 06:59"), "03-03 09:00")


def test_enrolling_somebody_in_the_window_is_no_answer() -> None:
    assert not silent(MISSED, asked().enrolled("03-03 08:00"), "03-03 09:00")


def test_an_answer_given_in_time_that_arrives_late_withdraws_it() -> None:
    story = asked()
    assert not silent(MISSED, story, "03-03 09:00")
    assert silent(MISSED, story.answered("03-03 08:59", "K1", "witnessed", told="03-03 14:00"))


def test_an_answer_given_late_does_not() -> None:
    assert not silent(MISSED, asked().answered("03-03 09:01", "K1", "witnessed"))


def test_without_a_receipt_it_is_undelivered_and_never_missed() -> None:
    story = Story().admitted().check("K1", "03-03 07:00", "03-03 09:00", delivered=None)
    assert silent(MISSED, story, "03-04 09:00")
    assert judge(MISSED, story).wake_at is None


@pytest.mark.parametrize(("receipt", "missed"), [("03-03 08:30", True), ("03-03 08:31", False)])
def test_the_receipt_must_come_half_an_hour_before_it_falls_due(receipt: str, missed: bool) -> None:
    story = Story().admitted().check("K1", "03-03 07:00", "03-03 09:00", delivered=receipt)
    assert silent(MISSED, story, "03-03 09:00") is not missed


def test_a_receipt_that_comes_in_late_still_proves_delivery() -> None:
    story = Story().admitted().assigned("K1", "03-03 07:00", "03-03 09:00")
    story.delivered("K1", "03-03 07:05", told="03-03 18:00")
    assert not silent(MISSED, story)


def test_a_receipt_alone_is_no_check_of_this_patient() -> None:
    assert silent(MISSED, Story().admitted().delivered("K1", "03-03 07:00"), "03-04 09:00")


def test_who_was_discharged_before_it_fell_due_missed_nothing() -> None:
    story = asked()
    assert not silent(MISSED, story, "03-03 09:00")
    assert silent(MISSED, story.discharged("03-03 08:30", told="03-03 20:00"))


def test_a_discharge_taken_back_brings_it_back() -> None:
    story = asked().discharged("03-03 08:30").discharge_cancelled("03-03 12:00")
    assert not silent(MISSED, story)


def test_before_we_were_told_of_the_admission_nothing_is_monitored() -> None:
    story = Story().admitted("03-02 09:00", told="03-04 09:00").check("K1", "03-03 07:00", "03-03 09:00")
    assert silent(MISSED, story, "03-05 09:00")


def test_on_the_date_we_were_told_it_is() -> None:
    story = Story().admitted("03-02 09:00", told="03-03 20:00").check("K1", "03-03 07:00", "03-03 09:00")
    assert not silent(MISSED, story, "03-05 09:00")


@pytest.mark.parametrize("place", ["W1", "W1/round", "*"])
def test_before_its_ward_and_kind_are_monitored_nothing_is_missed(place: str) -> None:
    later = Institution("H1", monitored_from={place: at("03-03 09:01")})
    assert silent(MISSED, asked(), "03-03 12:00", institution=later)
    begun = Institution("H1", monitored_from={place: at("03-03 09:00")})
    assert not silent(MISSED, asked(), "03-03 12:00", institution=begun)


def test_in_a_silent_feed_everything_is_unknown() -> None:
    assert silent(MISSED, asked().silent("03-03 08:30", "03-03 12:00"))


def test_a_silence_after_it_fell_due_excuses_nothing() -> None:
    assert not silent(MISSED, asked().silent("03-03 09:00", "03-03 12:00"))


def test_leave_that_was_on_the_books_excuses_it() -> None:
    assert silent(MISSED, asked().away("03-03 08:00", "03-03 12:00"), "03-03 12:00")


def test_leave_entered_afterwards_does_not() -> None:
    story = asked().away("03-03 08:00", "03-03 12:00", entered="03-03 10:00")
    assert not silent(MISSED, story, "03-03 12:00")


def test_when_most_of_the_ward_missed_it_nothing_is_said_of_one() -> None:
    assert silent(MISSED, asked().ward_wide("03-03 09:05", "K1"), "03-03 12:00")


def test_a_ward_wide_miss_is_named_beside_one_that_was_not() -> None:
    story = asked().check("K2", "03-04 07:00", "03-04 09:00", "spot").ward_wide("03-03 09:05", "K1")
    assert codes(says(MISSED, story, "03-04 09:00")) == ["check_missed_ward_wide", "check_missed_spot"]


# ── check.spot_conflict ──────────────────────────────────────────────────────────────────────────────────


def test_seen_at_the_round_and_twice_not_found_at_the_spot_check_is_suspicious() -> None:
    story = seen_then_spot().not_found_twice("K2", "03-03 15:10", "03-03 15:45")
    opinion = says(CONFLICT, story)
    assert opinion.severity == 2
    assert codes(opinion) == ["check_spot_conflict_absent"]


def test_another_face_at_the_spot_check_is_suspicious() -> None:
    opinion = says(CONFLICT, seen_then_spot().captured("03-03 15:10", number=2, check="K2", purpose="spot"))
    assert (opinion.severity, opinion.model, opinion.threshold) == (2, MODEL, 0.6)


def test_another_face_by_an_uncalibrated_model_only_observes() -> None:
    story = seen_then_spot().captured("03-03 15:10", number=2, check="K2", purpose="spot")
    observing = rules(calibration={MODEL: {"default": OBSERVING}})
    assert says(CONFLICT, story, by=observing).severity == 3


def test_another_face_and_then_the_right_one_is_no_conflict() -> None:
    story = seen_then_spot().captured("03-03 15:10", number=2, check="K2", purpose="spot")
    assert silent(CONFLICT, story.captured("03-03 15:12", check="K2", purpose="spot"))


def test_a_missed_spot_check_after_a_round_only_reminds() -> None:
    story = seen_then_spot()
    assert judge(CONFLICT, story).wake_at == at("03-03 16:00")
    opinion = says(CONFLICT, story, "03-03 16:00")
    assert (opinion.severity, codes(opinion)) == (3, ["check_spot_conflict_missed"])


def test_a_spot_check_that_most_of_the_ward_missed_is_no_conflict() -> None:
    assert silent(CONFLICT, seen_then_spot().ward_wide("03-03 16:05", "K2"), "03-03 17:00")


def test_two_staff_at_the_round_count_as_passed() -> None:
    story = asked().answered("03-03 08:00", "K1", "witnessed")
    story.check("K2", "03-03 15:00", "03-03 16:00", "spot").not_found_twice("K2", "03-03 15:10", "03-03 15:45")
    assert says(CONFLICT, story).severity == 2


def test_without_a_round_that_passed_there_is_no_conflict() -> None:
    story = asked().check("K2", "03-03 15:00", "03-03 16:00", "spot")
    assert silent(CONFLICT, story.not_found_twice("K2", "03-03 15:10", "03-03 15:45"), "03-04 00:00")


@pytest.mark.parametrize(("first", "second", "near"), [("08:00", "08:35", True), ("08:01", "08:36", False)])
def test_a_day_later_it_is_no_conflict_any_more(first: str, second: str, near: bool) -> None:
    story = asked().captured("03-03 08:00", check="K1").check("K2", "03-04 07:30", "03-04 09:00", "spot")
    story.not_found_twice("K2", f"03-04 {first}", f"03-04 {second}")
    assert silent(CONFLICT, story, "03-04 09:00") is not near


def test_theatre_excuses_it() -> None:
    story = seen_then_spot().not_found_twice("K2", "03-03 15:10", "03-03 15:45")
    assert silent(CONFLICT, story.away("03-03 14:00", "03-03 18:00", "theatre", entered="03-03 20:00"))


def test_a_visit_by_the_bureau_counts_like_a_spot_check() -> None:
    story = asked().captured("03-03 08:00", check="K1").check("K2", "03-03 15:00", "03-03 16:00", "onsite")
    assert says(CONFLICT, story.not_found_twice("K2", "03-03 15:10", "03-03 15:45")).severity == 2


def test_two_rounds_that_disagree_are_no_spot_conflict() -> None:
    story = asked().captured("03-03 08:00", check="K1").check("K2", "03-03 15:00", "03-03 16:00", "round")
    assert silent(CONFLICT, story.not_found_twice("K2", "03-03 15:10", "03-03 15:45"), "03-03 16:00")
