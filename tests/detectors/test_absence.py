"""Absence: not found, not found again, and nothing that excuses it."""

from __future__ import annotations

import pytest

from detectors.reading.absence import absences, absences_with_leave
from detectors.reading.moments import minus
from schemas.ward_check import AnswerResult, WhereaboutsKind
from tests.detectors.judging import case_of
from tests.stories import Story, at


def asked() -> Story:
    return Story().admitted("03-02 09:00").enrolled().check("K1", "03-03 14:00", "03-03 18:00")


def gone() -> Story:
    return asked().not_found_twice("K1", "03-03 15:00", "03-03 15:40")


def test_twice_not_found_is_an_absence_from_the_first_to_the_second() -> None:
    (absence,) = absences(case_of(gone()))
    assert (absence.starts, absence.ends, absence.minutes) == (at("03-03 15:00"), at("03-03 15:40"), 40)
    assert len(absence.evidence) == 2


def test_once_not_found_is_unknown() -> None:
    assert absences(case_of(asked().answered("03-03 15:00", "K1", "not_found"))) == ()


@pytest.mark.parametrize(
    ("second", "confirmed"), [("15:29", False), ("15:30", True), ("16:00", True), ("16:01", False)]
)
def test_the_second_look_comes_between_half_an_hour_and_an_hour_later(second: str, confirmed: bool) -> None:
    story = asked().not_found_twice("K1", "03-03 15:00", f"03-03 {second}")
    assert bool(absences(case_of(story))) is confirmed


@pytest.mark.parametrize(
    ("first", "second", "confirmed"),
    [("17:31", "17:36", True), ("17:31", "18:00", True), ("17:31", "18:01", False), ("17:30", "17:36", False)],
)
def test_where_the_check_closes_sooner_any_later_look_up_to_its_end_confirms(
    first: str, second: str, confirmed: bool
) -> None:
    story = asked().not_found_twice("K1", f"03-03 {first}", f"03-03 {second}")
    assert bool(absences(case_of(story))) is confirmed


def test_two_answers_of_one_moment_confirm_nothing() -> None:
    assert absences(case_of(asked().not_found_twice("K1", "03-03 17:50", "03-03 17:50"))) == ()


def test_not_found_by_two_different_checks_confirms_nothing() -> None:
    story = asked().check("K2", "03-03 14:00", "03-03 18:00")
    story.answered("03-03 15:00", "K1", "not_found").answered("03-03 15:40", "K2", "not_found")
    assert absences(case_of(story)) == ()


def test_a_third_look_makes_it_longer() -> None:
    (absence,) = absences(case_of(gone().answered("03-03 16:30", "K1", "not_found")))
    assert absence.minutes == 90


@pytest.mark.parametrize("result", ["in_treatment", "on_leave", "not_on_ward", "witnessed"])
def test_an_answer_that_explains_excuses_it(result: AnswerResult) -> None:
    assert absences(case_of(gone().answered("03-03 17:00", "K1", result))) == ()


@pytest.mark.parametrize("result", ["face_declined", "cannot_photograph"])
def test_an_answer_that_explains_nothing_does_not(result: AnswerResult) -> None:
    assert absences(case_of(gone().answered("03-03 17:00", "K1", result)))


def test_who_was_seen_in_between_was_not_absent() -> None:
    assert absences(case_of(gone().captured("03-03 15:20"))) == ()


def test_a_strangers_picture_in_between_is_no_sighting() -> None:
    assert absences(case_of(gone().captured("03-03 15:20", number=2)))


@pytest.mark.parametrize("kind", ["leave", "theatre", "imaging", "dialysis", "icu", "transfer", "other"])
def test_whereabouts_that_hold_it_excuse_it_even_entered_later(kind: WhereaboutsKind) -> None:
    story = gone().away("03-03 14:30", "03-03 16:00", kind, entered="03-03 20:00")
    assert absences(case_of(story)) == ()


def test_whereabouts_without_an_end_excuse_what_follows() -> None:
    assert absences(case_of(gone().away("03-03 14:30", None))) == ()


def test_whereabouts_that_hold_a_part_leave_the_rest() -> None:
    (absence,) = absences(case_of(gone().away("03-03 15:10", "03-03 15:30", "imaging")))
    assert absence.minutes == 20
    assert len(absence.left) == 2


def test_corrected_whereabouts_count_as_corrected() -> None:
    story = gone().away("03-03 14:00", "03-03 18:00", name="w", entered="03-03 19:00")
    story.away("03-03 08:00", "03-03 10:00", name="w", entered="03-03 20:00")
    assert absences(case_of(story))


def test_in_a_silent_feed_nobody_is_absent() -> None:
    assert absences(case_of(gone().silent("03-03 14:00", "03-03 17:00"))) == ()


def test_a_discharge_told_late_takes_it_back() -> None:
    assert absences(case_of(gone().discharged("03-03 15:30", told="03-04 09:00"))) == ()


def test_a_discharge_afterwards_does_not() -> None:
    assert absences(case_of(gone().discharged("03-03 15:41")))


def test_an_operation_that_the_settlement_list_states_excuses_it() -> None:
    assert absences(case_of(gone().listed("03-10 10:00", ("theatre", "03-03 14:00", "03-03 18:00")))) == ()


def test_where_leave_counts_as_absence_only_leave_is_no_excuse() -> None:
    on_leave = case_of(gone().away("03-03 14:30", "03-03 16:00"))
    assert (absences(on_leave), len(absences_with_leave(on_leave))) == ((), 1)
    scanned = case_of(gone().away("03-03 14:30", "03-03 16:00", "imaging"))
    assert absences_with_leave(scanned) == ()


def test_what_is_left_of_an_interval() -> None:
    nine, ten, eleven, noon = (at(f"03-03 {hour}:00") for hour in ("09", "10", "11", "12"))
    assert minus(nine, noon, []) == ((nine, noon),)
    assert minus(nine, noon, [(ten, eleven)]) == ((nine, ten), (eleven, noon))
    assert minus(nine, noon, [(ten, None)]) == ((nine, ten),)
    assert minus(nine, noon, [(nine, ten), (eleven, noon)]) == ((ten, eleven),)
    assert minus(nine, noon, [(nine, eleven), (ten, noon)]) == ()
    assert minus(nine, nine, []) == ()
