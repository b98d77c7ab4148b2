"""身后或出院后收费."""

from __future__ import annotations

import pytest

from tests.detectors.judging import codes, rules, says, silent
from tests.stories import Story, refund, service

CODE = "service.after_death_or_discharge"


def discharged() -> Story:
    return Story().admitted("03-02 09:00").discharged("03-05 10:00")


def dead() -> Story:
    return Story().admitted("03-02 09:00").discharged("03-05 10:00", died="03-05")


@pytest.mark.parametrize(("moment", "late"), [("03-05 23:59", False), ("03-06 00:00", True)])
def test_fees_of_the_day_of_discharge_are_in_order_and_later_ones_are_not(moment: str, late: bool) -> None:
    assert silent(CODE, discharged().charged("03-07 09:00", service(moment, "a"))) is not late


def test_what_is_billed_afterwards_is_suspicious() -> None:
    story = discharged().charged("03-07 09:00", service("03-06 08:00", "a"), service("03-07 08:00", "b"))
    opinion = says(CODE, story)
    assert opinion.severity == 2
    assert opinion.reasons[0].params == {
        "end": "2026-03-05",
        "count": 2,
        "amount": "241.00",
        "dates": "2026-03-06, 2026-03-07",
    }
    assert len(opinion.reasons[0].evidence) == 2


def test_a_region_may_give_days_of_grace() -> None:
    story = discharged().charged("03-07 09:00", service("03-06 08:00", "a"))
    assert silent(CODE, story, by=rules(service_after_end={"grace_days": 1}))


def test_death_has_no_grace() -> None:
    story = dead().charged("03-07 09:00", service("03-06 08:00", "a"))
    opinion = says(CODE, story, by=rules(service_after_end={"grace_days": 1}))
    assert codes(opinion) == ["service_after_death_billed"]


def test_medicine_to_take_home_is_in_order() -> None:
    assert silent(CODE, discharged().charged("03-07 09:00", service("03-06 08:00", "a", take_home=True)))


def test_a_fee_that_was_refunded_is_in_order() -> None:
    story = discharged().charged("03-07 09:00", service("03-06 08:00", "a"))
    assert not silent(CODE, story)
    assert silent(CODE, story.charged("03-08 09:00", refund("03-06 08:00", "r", of="a")))


def test_a_fee_that_was_withdrawn_is_in_order() -> None:
    assert silent(CODE, discharged().charged("03-07 09:00", service("03-06 08:00", "a")).uncharged("03-08 09:00"))


def test_a_discharge_taken_back_takes_it_back() -> None:
    story = discharged().charged("03-07 09:00", service("03-06 08:00", "a"))
    assert silent(CODE, story.discharge_cancelled("03-08 09:00"))


def test_a_death_taken_back_with_its_discharge_takes_it_back() -> None:
    story = dead().charged("03-07 09:00", service("03-06 08:00", "a"))
    assert silent(CODE, story.discharge_cancelled("03-08 09:00"))


@pytest.mark.parametrize("what", ["order", "vitals", "picture"])
def test_records_and_pictures_afterwards_alone_only_remind(what: str) -> None:
    story = discharged()
    match what:
        case "order":
            story.ordered("03-06 08:00")
        case "vitals":
            story.vitals("03-06 08:00")
        case _:
            story.captured("03-06 08:00")
    assert says(CODE, story).severity == 3


def test_a_neighbours_picture_does_not_count() -> None:
    story = discharged().captured("03-06 08:00")
    assert silent(CODE, story.mixed_up("03-06 09:00", story.capture_id))


def test_who_died_in_one_hospital_is_not_treated_in_another() -> None:
    story = Story().admitted("03-02 09:00", told="03-02 09:00")
    other = story.elsewhere("S2", "H2").admitted("03-04 09:00")
    other.charged("03-07 09:00", service("03-06 08:00", "a"))
    assert silent(CODE, other)
    story.discharged("03-05 10:00", died="03-05", told="03-08 09:00")
    opinion = says(CODE, other)
    assert (opinion.severity, codes(opinion)) == (2, ["service_after_death_billed"])


def test_who_died_is_not_admitted_again() -> None:
    story = dead()
    other = story.elsewhere("S2", "H2").admitted("03-20 09:00")
    assert codes(says(CODE, other)) == ["service_after_death_admitted"]


def test_an_open_stay_has_no_end_to_be_after() -> None:
    assert silent(CODE, Story().admitted("03-02 09:00").charged("04-02 09:00"))
