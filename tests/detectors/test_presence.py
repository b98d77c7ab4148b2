"""夜间不在院、人在他院."""

from __future__ import annotations

import pytest

from schemas.ward_check import SceneKind
from tests.detectors.judging import OBSERVING, codes, judge, rules, says, silent
from tests.stories import MODEL, Story, at

NIGHT = "presence.night_absence"
ELSEWHERE = "presence.elsewhere"


def admitted() -> Story:
    return Story().admitted("03-02 09:00").enrolled("03-02 09:30")


def not_found(first: str, second: str) -> Story:
    return admitted().check("K1", "03-03 18:00", "03-04 09:30").not_found_twice("K1", first, second)


# ── presence.night_absence ───────────────────────────────────────────────────────────────────────────────


def test_twice_not_found_at_night_is_suspicious() -> None:
    opinion = says(NIGHT, not_found("03-03 22:00", "03-03 22:40"))
    assert opinion.severity == 2
    assert opinion.reasons[0].params == {"night": "2026-03-03", "minutes": 40, "window": "21:00–08:00"}


def test_after_midnight_it_is_still_the_night_before() -> None:
    opinion = says(NIGHT, not_found("03-04 02:00", "03-04 02:40"))
    assert opinion.reasons[0].params["night"] == "2026-03-03"


@pytest.mark.parametrize(
    ("first", "second", "night"),
    [
        ("03-03 20:20", "03-03 21:00", False),
        ("03-03 20:21", "03-03 21:01", True),
        ("03-04 07:59", "03-04 08:39", True),
        ("03-04 08:00", "03-04 08:40", False),
    ],
)
def test_the_night_begins_at_nine_and_ends_at_eight(first: str, second: str, night: bool) -> None:
    assert silent(NIGHT, not_found(first, second)) is not night


def test_leave_through_the_night_excuses_it() -> None:
    story = not_found("03-03 22:00", "03-03 22:40").away("03-03 20:00", "03-04 08:00")
    assert silent(NIGHT, story)


def test_leave_that_ends_before_the_night_part_does_not() -> None:
    story = not_found("03-03 20:40", "03-03 21:20").away("03-03 20:00", "03-03 21:10")
    assert not silent(NIGHT, story)
    story = not_found("03-03 20:40", "03-03 21:20").away("03-03 21:00", "03-03 22:00")
    assert silent(NIGHT, story)


def test_where_two_nights_are_needed_the_first_only_reminds() -> None:
    story = not_found("03-03 22:00", "03-03 22:40")
    two = rules(presence_night_absence={"nights": 2})
    assert says(NIGHT, story, by=two).severity == 3
    story.check("K2", "03-04 18:00", "03-05 09:00").not_found_twice("K2", "03-04 22:00", "03-04 22:40")
    opinion = says(NIGHT, story, by=two)
    assert (opinion.severity, len(opinion.reasons)) == (2, 2)


def test_a_window_within_one_day_is_read_as_it_stands() -> None:
    daytime = rules(presence_night_absence={"from_time": "08:00", "to_time": "17:00"})
    assert silent(NIGHT, not_found("03-03 22:00", "03-03 22:40"), by=daytime)
    assert not silent(NIGHT, not_found("03-04 08:00", "03-04 08:40"), by=daytime)


def test_not_found_once_at_night_says_nothing() -> None:
    assert silent(
        NIGHT, admitted().check("K1", "03-03 18:00", "03-04 08:30").answered("03-03 22:00", "K1", "not_found")
    )


# ── presence.elsewhere: scenes ───────────────────────────────────────────────────────────────────────────


def scene_with_face(number: int, kind: SceneKind = "pharmacy", *, agent: bool = False) -> Story:
    story = admitted()
    other = story.elsewhere("S2", "H2").captured("03-03 10:00", number, purpose="scene")
    other.scene("03-03 10:00", kind, capture=other.capture_id, agent=agent)
    return story


def test_the_same_face_at_another_institution_is_suspicious() -> None:
    opinion = says(ELSEWHERE, scene_with_face(1))
    assert (opinion.severity, opinion.model) == (2, MODEL)
    assert opinion.reasons[0].params == {"at": "2026-03-03 10:00", "institution": "H2"}


def test_by_an_uncalibrated_model_it_only_observes() -> None:
    opinion = says(ELSEWHERE, scene_with_face(1), by=rules(calibration={MODEL: {"default": OBSERVING}}))
    assert (opinion.severity, codes(opinion)[-1]) == (3, "presence_elsewhere_uncalibrated")


def test_a_strangers_face_there_is_not_the_patients_body() -> None:
    assert silent(ELSEWHERE, scene_with_face(2))


def test_somebody_who_buys_for_the_patient_proves_nothing() -> None:
    assert silent(ELSEWHERE, scene_with_face(1, agent=True))


@pytest.mark.parametrize("kind", ["pharmacy", "rehab", "outpatient"])
def test_a_purchase_or_visit_without_a_face_counts_nothing(kind: SceneKind) -> None:
    story = admitted()
    story.elsewhere("S2", "H2").scene("03-03 10:00", kind)
    assert silent(ELSEWHERE, story)


def test_a_scene_in_the_same_hospital_is_not_elsewhere() -> None:
    assert silent(ELSEWHERE, admitted().scene("03-03 10:00", "dialysis"))


def dialysis() -> Story:
    story = admitted()
    other = story.elsewhere("S2", "H2")
    other.scene("03-03 08:00", "dialysis", phase="start").scene("03-03 12:00", "dialysis", phase="end")
    return story


def test_a_dialysis_session_is_a_body_even_without_a_face() -> None:
    opinion = says(ELSEWHERE, dialysis())
    assert (opinion.severity, codes(opinion)) == (2, ["presence_elsewhere_dialysis"])
    assert len(opinion.reasons[0].evidence) == 2


def test_a_dialysis_session_with_a_strangers_face_is_not() -> None:
    story = admitted()
    other = story.elsewhere("S2", "H2").captured("03-03 08:00", 2, purpose="scene")
    other.scene("03-03 08:00", "dialysis", phase="start", capture=other.capture_id)
    assert silent(ELSEWHERE, story)


@pytest.mark.parametrize("kind", ["dialysis", "leave", "transfer", "other"])
def test_whereabouts_that_hold_the_session_excuse_it(kind: str) -> None:
    assert silent(ELSEWHERE, dialysis().away("03-03 07:30", "03-03 12:30", kind))  # type: ignore[arg-type]


def test_whereabouts_that_hold_only_its_beginning_are_enough() -> None:
    assert silent(ELSEWHERE, dialysis().away("03-03 07:30", "03-03 11:30", "dialysis"))


def test_whereabouts_of_another_hour_are_not() -> None:
    assert not silent(ELSEWHERE, dialysis().away("03-03 13:00", "03-03 15:00", "dialysis"))


@pytest.mark.parametrize("change", ["discharged", "cancelled"])
def test_a_stay_that_was_over_by_then_has_nobody_elsewhere(change: str) -> None:
    story = dialysis()
    assert not silent(ELSEWHERE, story)
    story.discharged("03-03 07:00", told="03-04 09:00") if change == "discharged" else story.admission_cancelled(
        "03-04 09:00"
    )
    assert silent(ELSEWHERE, story)


def test_a_stay_whose_admission_we_never_saw_has_nobody_elsewhere() -> None:
    story = Story().enrolled("03-02 09:30")
    story.elsewhere("S2", "H2").scene("03-03 08:00", "dialysis")
    assert silent(ELSEWHERE, story)


# ── presence.elsewhere: a second admission ───────────────────────────────────────────────────────────────


def second_admission(moment: str = "03-04 09:00") -> Story:
    story = admitted()
    story.elsewhere("S2", "H2").admitted(moment)
    return story


def test_a_second_admission_is_said_once_a_transfer_would_be_over() -> None:
    story = second_admission()
    assert judge(ELSEWHERE, story).wake_at == at("03-04 11:00")
    assert silent(ELSEWHERE, story, "03-04 10:59")
    opinion = says(ELSEWHERE, story, "03-04 11:00")
    assert (opinion.severity, codes(opinion)) == (3, ["presence_elsewhere_admission"])


def test_after_a_day_it_is_suspicious() -> None:
    assert says(ELSEWHERE, second_admission(), "03-05 08:59").severity == 3
    assert says(ELSEWHERE, second_admission(), "03-05 09:00").severity == 2


def test_the_first_hospital_going_on_with_its_fees_makes_it_suspicious_at_once() -> None:
    story = second_admission()
    story.charged("03-05 08:00")
    assert says(ELSEWHERE, story, "03-05 08:00").severity == 2


def test_a_discharge_within_the_time_of_a_transfer_withdraws_it() -> None:
    story = second_admission()
    assert not silent(ELSEWHERE, story, "03-06 09:00")
    assert silent(ELSEWHERE, story.discharged("03-04 10:59", told="03-06 09:00"))


@pytest.mark.parametrize("kind", ["transfer", "leave"])
def test_whereabouts_that_hold_the_second_admission_excuse_it(kind: str) -> None:
    story = second_admission().away("03-04 08:00", "03-04 12:00", kind)  # type: ignore[arg-type]
    assert silent(ELSEWHERE, story, "03-06 09:00")


def test_a_second_stay_in_the_same_hospital_is_not_elsewhere() -> None:
    story = admitted()
    story.elsewhere("S2", "H1").admitted("03-04 09:00")
    assert silent(ELSEWHERE, story, "03-06 09:00")


def test_the_later_stay_is_not_the_one_that_was_left() -> None:
    story = second_admission()
    story.stay, story.house = "S2", "H2"
    assert silent(ELSEWHERE, story, "03-06 09:00")
