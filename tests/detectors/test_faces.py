"""Bands and sessions: what one picture says, and what several close together say."""

from __future__ import annotations

import pytest

from detectors.reading.faces import band, banded, looks, sessions
from detectors.rulesets.model import Bands
from tests.detectors.judging import case_of, rules
from tests.stories import EDGE_MODEL, Story

DISTANCE = Bands(metric="distance", same=0.4, different=0.6)
SIMILARITY = Bands(metric="similarity", same=0.6, different=0.4)


@pytest.mark.parametrize(
    ("score", "expected"),
    [(0.0, "same"), (0.4, "same"), (0.4001, "unclear"), (0.5999, "unclear"), (0.6, "different"), (9, "different")],
)
def test_the_lines_of_a_distance_belong_to_the_outer_bands(score: float, expected: str) -> None:
    assert banded(score, DISTANCE) == expected


@pytest.mark.parametrize(
    ("score", "expected"), [(1.0, "same"), (0.6, "same"), (0.5, "unclear"), (0.4, "different"), (-1, "different")]
)
def test_a_similarity_runs_the_other_way(score: float, expected: str) -> None:
    assert banded(score, SIMILARITY) == expected


def test_the_enrolled_face_is_the_same_and_a_strangers_is_different() -> None:
    story = Story().admitted().enrolled().captured("03-03 08:00").captured("03-03 16:00", number=2)
    assert [seen.band for seen in looks(case_of(story))] == ["same", "different"]


def test_between_the_lines_it_is_unclear() -> None:
    story = Story().admitted().enrolled().captured("03-03 08:00", away=0.5)
    assert [seen.band for seen in looks(case_of(story))] == ["unclear"]


def test_without_an_enrolment_there_is_nothing_to_compare() -> None:
    story = Story().admitted().captured("03-03 08:00")
    case = case_of(story)
    assert looks(case) == ()
    assert band(case, case.stay.captures[0]) is None


def test_a_late_enrolment_gives_earlier_pictures_their_band() -> None:
    story = Story().admitted().captured("03-02 11:00").enrolled("03-02 12:00")
    assert [seen.band for seen in looks(case_of(story))] == ["same"]


def test_an_enrolment_itself_has_no_band() -> None:
    case = case_of(Story().admitted().enrolled())
    assert band(case, case.stay.captures[0]) is None


def test_a_swapped_picture_is_neither_same_nor_different() -> None:
    story = Story().admitted().enrolled().captured("03-03 08:00", number=2)
    story.mixed_up("03-03 08:10", story.capture_id)
    assert looks(case_of(story)) == ()


def test_a_terminals_own_comparison_with_a_known_model_is_read_by_our_bands() -> None:
    known = rules(calibration={EDGE_MODEL: {"default": DISTANCE}})
    story = Story().admitted().compared("03-03 08:00", 0.55, threshold=0.6)
    assert [seen.band for seen in looks(case_of(story, by=known))] == ["unclear"]


@pytest.mark.parametrize(("score", "expected"), [(0.5, "same"), (0.51, "different")])
def test_a_terminal_with_a_model_nobody_knows_stands_by_its_own_threshold(score: float, expected: str) -> None:
    (seen,) = looks(case_of(Story().admitted().compared("03-03 08:00", score, threshold=0.5)))
    assert (seen.band, seen.calibrated, seen.threshold) == (expected, False, 0.5)


def test_a_terminal_without_a_threshold_says_nothing_yet() -> None:
    assert looks(case_of(Story().admitted().compared("03-03 08:00", 0.1, threshold=None))) == ()


def test_bands_of_the_other_metric_are_not_applied() -> None:
    known = rules(calibration={EDGE_MODEL: {"default": SIMILARITY}})
    (seen,) = looks(case_of(Story().admitted().compared("03-03 08:00", 0.3, threshold=0.5), by=known))
    assert (seen.band, seen.calibrated) == ("same", False)


def test_retries_within_half_an_hour_are_one_session() -> None:
    story = Story().admitted().enrolled()
    story.captured("03-03 08:00", number=2).captured("03-03 08:29", number=2).captured("03-03 08:58")
    (met,) = sessions(case_of(story))
    assert met.band == "same"


def test_half_an_hour_later_it_is_a_new_session() -> None:
    story = Story().admitted().enrolled().captured("03-03 08:00", number=2).captured("03-03 08:30")
    assert [met.band for met in sessions(case_of(story))] == ["different", "same"]


def test_a_witness_within_the_session_makes_it_the_same_person() -> None:
    story = Story().admitted().enrolled().check("K1", "03-03 08:00", "03-03 10:00")
    story.captured("03-03 08:10", number=2, check="K1").answered("03-03 08:20", "K1", "witnessed")
    assert [met.band for met in sessions(case_of(story))] == ["same"]


def test_a_witness_alone_is_a_session_too() -> None:
    story = Story().admitted().check("K1", "03-03 08:00", "03-03 10:00").answered("03-03 08:20", "K1", "witnessed")
    (met,) = sessions(case_of(story))
    assert (met.band, met.looks) == ("same", ())
