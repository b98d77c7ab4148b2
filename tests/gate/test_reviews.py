"""What the agency's two reviewers do with a hold, and what may still happen to it afterwards."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from detectors.gate.review import Result, review
from schemas.settlement import HoldReviewed
from tests.gate.story import IMPOSTOR, LATER, MISSED, SETTLED, Story, at

DAYS = (date(2026, 2, 20), date(2026, 2, 21))
LINE = at("2026-05-12", 0)


def held() -> Story:
    """A claim that is marked: a suspected impostor settled."""
    story = Story().think("identity.mismatch", IMPOSTOR)
    story.settles(SETTLED)
    return story


@pytest.mark.parametrize(("action", "status"), [("keep", "kept"), ("release", "released")])
def test_two_reviewers_who_agree_close_a_hold(action: str, status: str) -> None:
    story = held()
    assert story.reviews("anna", action, LATER).status == 202  # type: ignore[arg-type]
    assert story.hold.status == "open"
    assert story.reviews("bo", action, LATER).status == 200  # type: ignore[arg-type]
    assert story.hold.status == status
    assert [review.reviewer for review in story.hold.reviews] == ["anna", "bo"]
    assert story.wake_at is None


def test_one_person_never_reviews_twice() -> None:
    story = held()
    story.reviews("anna", "release", LATER)
    assert story.reviews("anna", "release", LATER).status == 409
    assert (story.hold.status, len(story.hold.reviews)) == ("open", 1)


def test_a_second_reviewer_who_says_otherwise_becomes_the_first() -> None:
    story = held()
    story.reviews("anna", "release", LATER)
    differing = story.reviews("bo", "keep", LATER)
    assert (differing.status, differing.code) == (202, "gate.review_differs")
    assert story.reviews("anna", "keep", LATER).status == 200
    assert story.hold.status == "kept"


def test_days_are_released_in_part_only_where_they_have_prices() -> None:
    story = held()
    assert story.reviews("anna", "part_release", LATER, DAYS[:1]).code == "gate.review_not_by_day"
    story.unverified = DAYS
    story.waits(LATER)
    assert story.reviews("anna", "part_release", LATER).code == "gate.review_days_wrong"
    assert story.reviews("anna", "part_release", LATER, (date(2026, 1, 1),)).status == 422
    assert story.reviews("anna", "part_release", LATER, DAYS[:1]).status == 202
    assert story.reviews("bo", "part_release", LATER, DAYS).status == 202  # other days: another word
    assert story.reviews("anna", "part_release", LATER, DAYS).status == 200
    assert story.hold.status == "part_released"


@pytest.mark.parametrize(
    ("end", "code"),
    [("reviewed", "gate.review_closed"), ("cancelled", "gate.review_void"), ("expired", "gate.review_expired")],
)
def test_a_hold_that_ended_takes_no_more_reviews(end: str, code: str) -> None:
    story, now = held(), LATER
    match end:
        case "reviewed":
            story.reviews("anna", "keep", now)
            story.reviews("bo", "keep", now)
        case "cancelled":
            story.cancels(now)
        case _:
            now = LINE
    result = story.reviews("cai", "release", now)
    assert (result.status, result.code) == (409, code)


def test_a_first_word_falls_when_the_hold_has_come_to_rest_on_more() -> None:
    story = held()
    story.reviews("anna", "release", LATER)
    story.unverified = DAYS
    story.waits(LATER)
    assert story.reviews("bo", "release", LATER).status == 202
    assert story.reviews("anna", "release", LATER).status == 200


def reviewed() -> Story:
    story = held()
    story.reviews("anna", "release", LATER)
    story.reviews("bo", "release", LATER)
    return story


def test_after_the_reviewers_only_something_they_had_not_seen_opens_the_hold_again() -> None:
    story = reviewed()
    again = replace(IMPOSTOR, reasons=(replace(IMPOSTOR.reasons[0], params={"sessions": 3}),))
    story.think("identity.mismatch", again).waits(LATER)
    assert (story.hold.status, story.outcomes) == ("released", ["hold"])
    story.think("presence.elsewhere", IMPOSTOR).waits(LATER + timedelta(days=1))
    assert (story.hold.status, story.outcomes) == ("open", ["hold", "hold"])
    assert len(story.hold.reviews) == 2
    assert story.reviews("anna", "keep", LATER + timedelta(days=2)).status == 202
    assert story.reviews("bo", "keep", LATER + timedelta(days=2)).status == 200
    assert story.hold.status == "kept"


def test_a_notice_after_the_reviewers_stays_a_notice() -> None:
    story = reviewed().think("check.missed", MISSED)
    story.waits(LATER)
    assert (story.hold.status, len(story.decisions)) == ("released", 1)


def test_what_people_kept_the_machine_never_lifts_but_it_tells_them() -> None:
    story = held()
    story.reviews("anna", "keep", LATER)
    story.reviews("bo", "keep", LATER)
    story.think("identity.mismatch").waits(LATER)
    assert (story.outcomes, story.hold.status) == (["hold", "pass"], "kept")


def test_a_kept_hold_does_not_expire_but_a_cancelled_settlement_ends_it() -> None:
    story = held()
    story.reviews("anna", "keep", LATER)
    story.reviews("bo", "keep", LATER)
    story.waits(LINE)
    assert story.hold.status == "kept"
    story.cancels(LINE)
    assert (story.hold.status, story.outcomes[-1]) == ("void", "void")


def test_a_hold_that_does_not_exist_is_not_reviewed() -> None:
    story = held()
    story.holds.append(story.hold.model_copy(update={"hold_id": "ho-other"}))
    assert story.reviews("anna", "keep", LATER).status == 404


def test_a_kept_hold_still_shows_what_people_kept_when_its_settlement_is_cancelled() -> None:
    story = held()
    story.reviews("anna", "keep", LATER)
    story.reviews("bo", "keep", LATER)
    story.think("identity.mismatch").waits(LATER)
    story.cancels(LATER + timedelta(hours=1))
    assert [r.code for r in story.hold.reasons] == ["gate.settlement_cancelled", "identity_mismatch"]
    assert story.hold.basis


def test_the_gateway_refuses_a_review_at_the_payment_line_before_the_timer_has_run() -> None:
    story = held()
    (ruling,) = story.stay.rulings
    said = HoldReviewed(
        event_id="r", at=LINE, arrived_at=LINE, hold_id=ruling.hold_id, action="release", reviewer="anna"
    )
    assert review(ruling, said, LINE) == (ruling, Result(409, "gate.review_expired"))
    assert review(ruling, said, LINE - timedelta(seconds=1))[1].status == 202
