"""挂床住院: what adds up, what takes off, and what a region's agreement says outright."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detectors.rulesets.model import BedHanging
from tests.detectors.judging import RULES, codes, judge, rules, says, silent
from tests.stories import Story, at, bed, days_after, refund, service

CODE = "presence.bed_hanging"
WEIGHT = RULES.presence_bed_hanging


def admitted() -> Story:
    return Story().admitted("03-02 09:00").enrolled("03-02 09:30")


def gone_on(story: Story, date: str, check: str = "") -> Story:
    """Two looks that find nobody on an afternoon."""
    name = check or f"K-{date}"
    story.check(name, f"{date} 14:00", f"{date} 18:00")
    return story.not_found_twice(name, f"{date} 15:00", f"{date} 15:40")


def idle(story: Story, days: int) -> Story:
    """Bed fees every day at noon from the day after admission, and one later day that shows they're complete."""
    for number in range(1, days + 2):
        noon = days_after("03-02 12:00", number)
        story.charged(noon, bed(noon, f"B{number}"))
    return story


# ── the score ────────────────────────────────────────────────────────────────────────────────────────────


def test_one_confirmed_absence_reminds() -> None:
    opinion = says(CODE, gone_on(admitted(), "03-03"))
    assert (opinion.severity, opinion.score) == (3, WEIGHT.absence)
    assert codes(opinion) == ["presence_bed_hanging_absence"]


def test_absences_on_two_dates_are_suspicious() -> None:
    opinion = says(CODE, gone_on(gone_on(admitted(), "03-03"), "03-04"))
    assert (opinion.severity, opinion.score) == (2, 2 * WEIGHT.absence)
    assert opinion.reasons[0].params == {"count": 2, "dates": "2026-03-03, 2026-03-04"}


def test_two_absences_of_one_date_with_nobody_seen_between_are_one() -> None:
    story = gone_on(admitted(), "03-03")
    story.check("K2", "03-03 19:00", "03-03 22:00").not_found_twice("K2", "03-03 19:30", "03-03 20:10")
    assert says(CODE, story).score == WEIGHT.absence


def test_seen_in_between_they_are_two_and_the_sighting_takes_off() -> None:
    story = gone_on(admitted(), "03-03").captured("03-03 18:30")
    story.check("K2", "03-03 19:00", "03-03 22:00").not_found_twice("K2", "03-03 19:30", "03-03 20:10")
    assert says(CODE, story).score == pytest.approx(2 * WEIGHT.absence + WEIGHT.verified)


def test_the_weights_of_the_reasons_add_up_to_the_score() -> None:
    story = gone_on(admitted(), "03-03").captured("03-03 18:30")
    story.check("K2", "03-04 07:00", "03-04 09:00").answered("03-04 08:00", "K2", "in_treatment")
    story.check("K3", "03-05 07:00", "03-05 09:00")
    gone_on(story, "03-05")
    opinion = says(CODE, story, "03-05 18:00")
    assert opinion.score == pytest.approx(sum(reason.weight for reason in opinion.reasons))
    assert codes(opinion) == [
        "presence_bed_hanging_absence",
        "presence_bed_hanging_missed",
        "presence_bed_hanging_verified",
        "presence_bed_hanging_excused",
    ]


def test_matches_before_clear_nothing_that_comes_after() -> None:
    story = admitted()
    for hour in ("08:00", "12:00", "16:00"):
        story.captured(f"03-03 {hour}")
    assert says(CODE, gone_on(story, "03-04")).score == WEIGHT.absence


def test_matches_after_take_nothing_back() -> None:
    story = gone_on(gone_on(admitted(), "03-03"), "03-04")
    for hour in ("08:00", "12:00", "16:00"):
        story.captured(f"03-05 {hour}")
    assert says(CODE, story).severity == 2


def test_retries_of_one_session_take_off_once() -> None:
    story = gone_on(admitted(), "03-03").captured("03-04 08:00").captured("03-04 08:05")
    assert says(CODE, gone_on(story, "03-05")).score == pytest.approx(2 * WEIGHT.absence + WEIGHT.verified)


def test_a_witness_takes_off_less_than_a_face() -> None:
    story = gone_on(admitted(), "03-03").check("K2", "03-04 07:00", "03-04 09:00")
    story.answered("03-04 08:00", "K2", "witnessed")
    assert says(CODE, gone_on(story, "03-05")).score == pytest.approx(2 * WEIGHT.absence + WEIGHT.witnessed)


def test_misses_alone_add_up_slowly_and_once_a_day() -> None:
    story = admitted()
    for number in range(3, 10):
        story.check(f"A{number}", f"03-{number:02} 07:00", f"03-{number:02} 09:00")
        story.check(f"B{number}", f"03-{number:02} 15:00", f"03-{number:02} 17:00")
    assert silent(CODE, story, "03-08 18:00")
    opinion = says(CODE, story, "03-09 18:00")
    assert opinion.severity == 3
    assert opinion.score == pytest.approx(7 * WEIGHT.missed)


def test_ward_wide_misses_add_nothing() -> None:
    story = admitted()
    for number in range(3, 10):
        story.check(f"A{number}", f"03-{number:02} 07:00", f"03-{number:02} 09:00")
        story.ward_wide(f"03-{number:02} 09:05", f"A{number}")
    assert silent(CODE, story, "03-12 09:00")


def test_it_looks_again_when_a_check_falls_due() -> None:
    assert judge(CODE, admitted().check("K1", "03-03 07:00", "03-03 09:00")).wake_at == at("03-03 09:00")


@pytest.mark.parametrize("kind", ["leave", "theatre", "dialysis"])
def test_excused_absences_add_nothing(kind: str) -> None:
    story = gone_on(admitted(), "03-03").away("03-03 13:00", "03-03 19:00", kind)  # type: ignore[arg-type]
    assert silent(CODE, story, "03-05 00:00")


def test_where_leave_counts_as_absence_it_does_not_excuse() -> None:
    story = gone_on(admitted(), "03-03").away("03-03 13:00", "03-03 19:00")
    strict = rules(presence_bed_hanging={"leave_counts_as_absent": True})
    assert says(CODE, story, "03-05 00:00", by=strict).score == WEIGHT.absence


def test_a_discharge_told_late_withdraws_it() -> None:
    story = gone_on(gone_on(admitted(), "03-03"), "03-04")
    assert not silent(CODE, story)
    assert silent(CODE, story.discharged("03-03 12:00", told="03-05 09:00"))


# ── whole days ───────────────────────────────────────────────────────────────────────────────────────────


def test_days_with_nothing_but_the_bed_fee_add_up() -> None:
    opinion = says(CODE, idle(admitted(), 10))
    counted = 10 - WEIGHT.idle_after_days + 1
    assert opinion.severity == 3
    assert opinion.score == pytest.approx(counted * WEIGHT.idle_day)
    assert codes(opinion) == ["presence_bed_hanging_idle_day"]
    assert all(reason.evidence for reason in opinion.reasons)


def test_the_last_posted_date_is_not_judged_yet() -> None:
    assert not silent(CODE, idle(admitted(), 10))
    assert silent(CODE, idle(admitted(), 9), "04-20 00:00"), "no later line shows that these days are complete"


def test_discharge_completes_the_days() -> None:
    story = idle(admitted(), 9)
    assert not silent(CODE, story.discharged("03-14 10:00"))


def test_without_any_charge_days_say_nothing() -> None:
    assert silent(CODE, admitted().discharged("04-20 10:00"))


@pytest.mark.parametrize("what", ["service", "order", "vitals", "match", "witness", "leave", "silence"])
def test_a_day_with_anything_else_is_not_idle(what: str) -> None:
    story = idle(admitted(), 10)
    noon = at("03-08 12:00")
    match what:
        case "service":
            story.charged(noon, service(noon, "S1"))
        case "order":
            story.ordered(noon)
        case "vitals":
            story.vitals(noon)
        case "match":
            story.captured(noon)
        case "witness":
            story.check("K", noon, noon + timedelta(hours=2)).answered(noon, "K", "witnessed")
        case "leave":
            story.away(noon, noon + timedelta(hours=2))
        case _:
            story.silent(noon, noon + timedelta(hours=2))
    assert silent(CODE, story, "03-20 00:00")


def test_a_service_that_was_refunded_does_not_count() -> None:
    story = idle(admitted(), 10)
    noon = at("03-08 12:00")
    story.charged(noon, service(noon, "S1")).charged(noon, refund(noon, "S2", of="S1"))
    assert not silent(CODE, story)


def test_a_service_that_was_withdrawn_does_not_count() -> None:
    story = idle(admitted(), 10)
    noon = at("03-08 12:00")
    assert silent(CODE, story.charged(noon, service(noon, "S1")), "03-20 00:00")
    assert not silent(CODE, story.uncharged("03-20 00:00", "S1"))


def test_lines_of_unknown_class_count_as_services() -> None:
    story = admitted()
    for number in range(1, 13):
        noon = days_after("03-02 12:00", number)
        story.charged(noon, service(noon, f"X{number}", item_class="", item="002301000000000-X"))
    assert silent(CODE, story)


def test_bed_and_nursing_are_known_by_their_national_code_too() -> None:
    story = admitted()
    for number in range(1, 13):
        noon = days_after("03-02 12:00", number)
        story.charged(noon, service(noon, f"X{number}", item_class="", item="001109000010000-110900001"))
    assert not silent(CODE, story)


# ── hard conditions ──────────────────────────────────────────────────────────────────────────────────────

HARD = BedHanging(absent_days=0, notice=19, alarm=20)
"""A score that never speaks, and no condition: each test switches one on."""


def hard(**condition: float) -> dict[str, Any]:
    return {"by": rules(presence_bed_hanging=HARD.model_copy(update=condition))}


def test_absent_on_three_dates_is_suspicious_whatever_the_score() -> None:
    story = gone_on(gone_on(admitted(), "03-03"), "03-04")
    assert silent(CODE, story, **hard(absent_days=3))
    opinion = says(CODE, gone_on(story, "03-06"), **hard(absent_days=3))
    assert opinion.severity == 2
    assert codes(opinion)[0] == "presence_bed_hanging_absent_days"


def test_absent_twice_on_one_date_is_one_date() -> None:
    story = gone_on(admitted(), "03-03").captured("03-03 18:30")
    story.check("K2", "03-03 19:00", "03-03 22:00").not_found_twice("K2", "03-03 19:30", "03-03 20:10")
    assert silent(CODE, story, **hard(absent_days=2))


def served(story: Story, *moments: str) -> Story:
    for number, moment in enumerate(moments):
        story.charged(moment, service(moment, f"S{number}"), bed(moment, f"B{number}"))
    return story


@pytest.mark.parametrize(("again", "long"), [("03-06 09:59", False), ("03-06 10:00", True)])
def test_three_days_without_any_service_line_is_a_condition_of_some_regions(again: str, long: bool) -> None:
    story = served(admitted(), "03-03 10:00", again, "03-07 10:00")
    assert silent(CODE, story, **hard(no_service_hours=72)) is not long


def test_the_reason_names_the_facts_on_both_sides() -> None:
    story = served(admitted(), "03-03 10:00", "03-07 10:00")
    reason, *_ = says(CODE, story, **hard(no_service_hours=72)).reasons
    assert reason.params == {"hours": 86, "first": "2026-03-03", "last": "2026-03-07", "limit": 72}
    assert len(reason.evidence) == 2


def test_a_line_at_midnight_stands_for_its_whole_date() -> None:
    story = served(admitted(), "03-03 00:00", "03-06 23:00", "03-07 10:00")
    assert silent(CODE, story, **hard(no_service_hours=72))
    story = served(admitted(), "03-03 00:00", "03-07 00:00")
    reason, *_ = says(CODE, story, **hard(no_service_hours=72)).reasons
    assert reason.params["hours"] == 72


def test_leave_interrupts_the_days_without_service() -> None:
    story = served(admitted(), "03-03 10:00", "03-06 12:00", "03-07 10:00")
    assert not silent(CODE, story, **hard(no_service_hours=72))
    assert silent(CODE, story.away("03-04 10:00", "03-04 20:00"), **hard(no_service_hours=72))


def test_charges_that_stop_coming_say_nothing_until_discharge() -> None:
    story = served(admitted(), "03-03 10:00")
    assert silent(CODE, story, "03-20 00:00", **hard(no_service_hours=72))
    assert not silent(CODE, story.discharged("03-07 10:00"), **hard(no_service_hours=72))


def test_more_leaves_than_a_region_allows() -> None:
    story = admitted()
    for date in ("03-03", "03-05", "03-07"):
        story.away(f"{date} 08:00", f"{date} 12:00")
    assert silent(CODE, story, **hard(leave_max_count=3))
    opinion = says(CODE, story.away("03-09 08:00", "03-09 12:00"), **hard(leave_max_count=3))
    assert codes(opinion) == ["presence_bed_hanging_leave_count"]


def test_theatre_is_no_leave() -> None:
    story = admitted().away("03-03 08:00", "03-03 12:00").away("03-04 08:00", "03-04 12:00", "theatre")
    assert silent(CODE, story, **hard(leave_max_count=1))


def test_too_great_a_share_of_leave_days_is_judged_at_discharge() -> None:
    story = admitted().away("03-03 08:00", "03-05 12:00")
    assert silent(CODE, story, "03-06 00:00", **hard(leave_day_ratio=0.25))
    opinion = says(CODE, story.discharged("03-09 10:00"), **hard(leave_day_ratio=0.25))
    assert opinion.reasons[0].params == {"count": 3, "days": 8, "limit": 0.25}
    assert silent(CODE, story, **hard(leave_day_ratio=0.375))
