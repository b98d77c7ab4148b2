"""冒名、人证不符、未建模: as a ward would tell it."""

from __future__ import annotations

from tests.detectors.judging import OBSERVING, codes, judge, rules, says, silent
from tests.stories import MODEL, Story, at

MISMATCH = "identity.mismatch"
DOCUMENT = "identity.document_mismatch"
NOT_ENROLLED = "identity.not_enrolled"


def in_the_ward() -> Story:
    return Story().admitted("03-02 09:00").enrolled("03-02 09:30")


# ── identity.mismatch ────────────────────────────────────────────────────────────────────────────────────


def test_a_stranger_in_the_bed_on_two_occasions_is_suspicious() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2).captured("03-03 16:00", number=2)
    opinion = says(MISMATCH, story)
    assert opinion.severity == 2
    assert codes(opinion) == ["identity_mismatch_session"] * 2
    assert (opinion.model, opinion.threshold) == (MODEL, 0.6)
    assert opinion.reasons[0].params["at"] == "2026-03-03 08:00"
    assert all(reason.evidence for reason in opinion.reasons)


def test_once_is_evidence_and_no_more() -> None:
    assert silent(MISMATCH, in_the_ward().captured("03-03 08:00", number=2))


def test_three_tries_of_one_session_are_still_one() -> None:
    story = in_the_ward()
    for minute in (0, 5, 10):
        story.captured(f"03-03 08:{minute:02}", number=2)
    assert silent(MISMATCH, story)


def test_a_try_that_succeeds_takes_the_session_back() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2).captured("03-03 08:05")
    assert silent(MISMATCH, story.captured("03-03 16:00", number=2))


def test_a_match_between_two_mismatches_parts_them() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2).captured("03-03 12:00")
    assert silent(MISMATCH, story.captured("03-03 16:00", number=2))


def test_an_unclear_picture_between_them_parts_nothing() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2).captured("03-03 12:00", away=0.5)
    assert says(MISMATCH, story.captured("03-03 16:00", number=2)).severity == 2


def test_two_staff_who_vouch_for_the_patient_part_them() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2)
    story.check("K1", "03-03 11:00", "03-03 13:00").answered("03-03 12:00", "K1", "witnessed")
    assert silent(MISMATCH, story.captured("03-03 16:00", number=2))


def test_a_later_match_withdraws_nothing() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2).captured("03-03 16:00", number=2)
    assert says(MISMATCH, story.captured("03-04 08:00")).severity == 2


def test_a_mismatch_that_was_a_swapped_picture_is_withdrawn() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2).captured("03-03 16:00", number=2)
    assert not silent(MISMATCH, story)
    assert silent(MISMATCH, story.mixed_up("03-03 16:30", story.capture_id))


def test_a_model_not_yet_calibrated_only_observes() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2).captured("03-03 16:00", number=2)
    opinion = says(MISMATCH, story, by=rules(calibration={MODEL: {"default": OBSERVING}}))
    assert opinion.severity == 3
    assert codes(opinion)[-1] == "identity_mismatch_uncalibrated"


def test_one_calibrated_and_one_uncalibrated_mismatch_only_observe() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2).compared("03-03 16:00", 0.9)
    assert says(MISMATCH, story).severity == 3


def test_an_uncalibrated_third_one_does_not_weaken_two_calibrated() -> None:
    story = in_the_ward().captured("03-03 08:00", number=2).captured("03-03 16:00", number=2)
    assert says(MISMATCH, story.compared("03-04 08:00", 0.9)).severity == 2


def test_a_terminal_that_compares_itself_is_heard() -> None:
    story = Story().admitted().compared("03-03 08:00", 0.9).compared("03-03 16:00", 0.8)
    opinion = says(MISMATCH, story)
    assert (opinion.severity, opinion.threshold) == (3, 0.5)


def test_it_is_said_when_the_enrolment_was_tied_to_no_document() -> None:
    story = Story().admitted().enrolled(anchor="none")
    story.captured("03-03 08:00", number=2).captured("03-03 16:00", number=2)
    assert "identity_mismatch_anchor_none" in codes(says(MISMATCH, story))


def test_the_rule_set_may_ask_for_three() -> None:
    strict = rules(identity_mismatch={"sessions": 3})
    story = in_the_ward().captured("03-03 08:00", number=2).captured("03-03 16:00", number=2)
    assert silent(MISMATCH, story, by=strict)
    assert not silent(MISMATCH, story.captured("03-04 08:00", number=2), by=strict)


# ── identity.document_mismatch ───────────────────────────────────────────────────────────────────────────


def test_a_face_that_is_not_the_documents_is_suspicious() -> None:
    opinion = says(DOCUMENT, Story().admitted().enrolled(score=0.3))
    assert (opinion.severity, opinion.threshold) == (2, 0.5)
    assert codes(opinion) == ["identity_document_mismatch_enrolment"]


def test_a_face_that_is_only_unlike_its_document_is_not() -> None:
    assert silent(DOCUMENT, Story().admitted().enrolled(score=0.6))


def test_a_second_try_that_agrees_within_the_day_takes_it_back() -> None:
    story = Story().admitted().enrolled("03-02 09:30", score=0.3)
    assert silent(DOCUMENT, story.enrolled("03-03 09:30", score=0.9))


def test_a_second_try_after_the_day_does_not() -> None:
    story = Story().admitted().enrolled("03-02 09:30", score=0.3)
    assert not silent(DOCUMENT, story.enrolled("03-03 09:31", score=0.9))


def test_enrolling_another_face_after_the_right_one_is_suspicious() -> None:
    story = Story().admitted().enrolled("03-02 09:30", score=0.9).enrolled("03-02 10:00", number=2, score=0.2)
    assert says(DOCUMENT, story).severity == 2


def test_without_lines_for_its_metric_nothing_is_said() -> None:
    assert silent(DOCUMENT, Story().admitted().enrolled(score=0.9, metric="distance"))


def test_an_enrolment_tied_to_nothing_has_no_document_to_differ_from() -> None:
    assert silent(DOCUMENT, Story().admitted().enrolled(anchor="none", score=0.1))


# ── identity.not_enrolled ────────────────────────────────────────────────────────────────────────────────


def test_after_a_day_without_an_enrolment_we_remind() -> None:
    story = Story().admitted("03-02 09:00")
    assert judge(NOT_ENROLLED, story).wake_at == at("03-03 09:00")
    assert silent(NOT_ENROLLED, story, "03-03 08:59")
    assert says(NOT_ENROLLED, story, "03-03 09:00").severity == 3


def test_the_day_begins_when_we_are_told() -> None:
    story = Story().admitted("03-02 09:00", told="03-02 15:00")
    assert judge(NOT_ENROLLED, story).wake_at == at("03-03 15:00")


def test_any_enrolment_withdraws_it() -> None:
    assert silent(NOT_ENROLLED, Story().admitted("03-02 09:00").enrolled("03-05 09:00"), "03-06 09:00")


def test_who_declines_a_picture_is_not_reported() -> None:
    story = Story().admitted().check("K1", "03-02 11:00", "03-02 12:00")
    assert silent(NOT_ENROLLED, story.answered("03-02 11:30", "K1", "face_declined"), "03-06 09:00")


def test_who_was_witnessed_is_not_reported() -> None:
    story = Story().admitted().check("K1", "03-02 11:00", "03-02 12:00")
    assert silent(NOT_ENROLLED, story.answered("03-02 11:30", "K1", "witnessed"), "03-06 09:00")


def test_a_newborn_with_its_mother_is_not_reported() -> None:
    assert silent(NOT_ENROLLED, Story().admitted(newborn_with_mother=True), "03-06 09:00")


def test_a_stay_that_ended_earlier_is_not_reported() -> None:
    story = Story().admitted("03-02 09:00").discharged("03-03 09:00")
    assert silent(NOT_ENROLLED, story, "03-06 09:00")


def test_in_intensive_care_the_day_starts_over_when_it_ends() -> None:
    story = Story().admitted("03-02 09:00").away("03-02 10:00", "03-04 10:00", "icu")
    assert silent(NOT_ENROLLED, story, "03-05 09:59")
    assert not silent(NOT_ENROLLED, story, "03-05 10:00")


def test_while_the_feed_is_silent_nothing_is_due() -> None:
    story = Story().admitted("03-02 09:00").silent("03-02 12:00", None)
    assert judge(NOT_ENROLLED, story, "03-08 09:00").wake_at is None
    assert not silent(NOT_ENROLLED, story.silent("03-02 12:00", "03-04 12:00"), "03-05 12:00")
