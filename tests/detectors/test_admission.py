"""重复住院: two beds at once."""

from __future__ import annotations

import pytest

from tests.detectors.judging import codes, judge, says, silent
from tests.stories import Story, at, service

CODE = "admission.overlap"


def two_beds(second: str = "03-04 09:00", house: str = "H2") -> tuple[Story, Story]:
    """The first stay and the second, which began while the first was open."""
    first = Story().admitted("03-02 09:00")
    return first, first.elsewhere("S2", house).admitted(second)


def test_two_open_stays_are_said_of_the_later_when_a_transfer_would_be_over() -> None:
    _, later = two_beds()
    assert judge(CODE, later).wake_at == at("03-04 11:00")
    assert silent(CODE, later, "03-04 10:59")
    opinion = says(CODE, later, "03-04 11:00")
    assert (opinion.severity, codes(opinion)) == (3, ["admission_overlap_both"])
    assert opinion.reasons[0].params["institution"] == "H1"
    assert len(opinion.reasons[0].evidence) == 2


def test_nothing_is_said_of_the_earlier_one() -> None:
    earlier, _ = two_beds()
    assert silent(CODE, earlier, "03-06 09:00")


def test_after_a_day_it_is_suspicious() -> None:
    _, later = two_beds()
    assert judge(CODE, later, "03-04 11:00").wake_at == at("03-05 09:00")
    assert says(CODE, later, "03-05 08:59").severity == 3
    assert says(CODE, later, "03-05 09:00").severity == 2
    assert judge(CODE, later, "03-05 09:00").wake_at is None


def test_it_is_suspicious_as_soon_as_the_earlier_hospital_bills_another_date() -> None:
    earlier, later = two_beds()
    earlier.charged("03-04 23:00", service("03-04 23:00", "a"))
    assert says(CODE, later, "03-04 23:30").severity == 3
    earlier.charged("03-05 00:00", service("03-05 00:00", "b"))
    opinion = says(CODE, later, "03-05 00:10")
    assert (opinion.severity, codes(opinion)[-1]) == (2, "admission_overlap_billed")


def test_a_fee_that_was_taken_back_or_is_medicine_to_take_home_does_not_count() -> None:
    earlier, later = two_beds()
    earlier.charged("03-05 08:00", service("03-05 08:00", "b")).uncharged("03-05 08:10", "b")
    earlier.charged("03-05 08:20", service("03-05 08:20", "c", take_home=True))
    assert says(CODE, later, "03-05 08:30").severity == 3


def test_it_is_suspicious_as_soon_as_the_earlier_hospital_still_verifies_the_face() -> None:
    earlier, later = two_beds()
    earlier.enrolled("03-02 10:00").captured("03-04 12:00")
    opinion = says(CODE, later)
    assert (opinion.severity, codes(opinion)[-1]) == (2, "admission_overlap_seen")


@pytest.mark.parametrize(("ended", "quiet"), [("03-04 10:59", True), ("03-04 11:00", False)])
def test_a_discharge_told_late_takes_a_transfer_back(ended: str, quiet: bool) -> None:
    earlier, later = two_beds()
    earlier.discharged(ended, told="03-07 09:00")
    assert silent(CODE, later) is quiet


def test_a_discharge_taken_back_brings_it_back() -> None:
    earlier, later = two_beds()
    earlier.discharged("03-04 08:00")
    assert silent(CODE, later, "03-04 20:00")
    earlier.discharge_cancelled("03-04 20:00")
    assert not silent(CODE, later)


def test_an_admission_that_never_happened_overlaps_nothing() -> None:
    earlier, later = two_beds()
    earlier.admission_cancelled("03-06 09:00")
    assert silent(CODE, later)


def test_a_voided_admission_overlaps_nothing() -> None:
    first = Story().admitted("03-02 09:00", msgid="m1")
    later = first.elsewhere("S2", "H2").admitted("03-04 09:00")
    assert not silent(CODE, later, "03-06 09:00")
    first.voided("03-06 10:00", "m1")
    assert silent(CODE, later)


def test_a_transfer_on_the_books_excuses_it_and_mere_leave_does_not() -> None:
    earlier, later = two_beds()
    earlier.away("03-04 08:00", "03-04 12:00", "leave")
    assert not silent(CODE, later, "03-06 09:00")
    earlier.away("03-04 08:00", None, "transfer")
    assert silent(CODE, later, "03-06 09:00")


def test_a_newborn_on_its_mothers_credential_is_no_second_bed() -> None:
    mother = Story().admitted("03-02 09:00")
    child = mother.elsewhere("S2", "H1").admitted("03-03 09:00", newborn_with_mother=True)
    assert silent(CODE, child, "03-06 09:00")
    assert silent(CODE, mother, "03-06 09:00")


def test_two_stays_in_one_hospital_overlap_too() -> None:
    _, later = two_beds(house="H1")
    assert says(CODE, later, "03-05 09:00").severity == 2


def test_one_after_the_other_is_in_order() -> None:
    first = Story().admitted("03-02 09:00").discharged("03-04 09:00")
    later = first.elsewhere("S2", "H2").admitted("03-04 09:00")
    assert silent(CODE, later, "03-09 09:00")


def test_of_two_that_began_at_one_moment_it_is_said_of_one() -> None:
    earlier, later = two_beds(second="03-02 09:00")
    assert [silent(CODE, story, "03-09 09:00") for story in (earlier, later)] == [True, False]


def test_while_neither_has_begun_nothing_is_said() -> None:
    first = Story().admitted("03-02 09:00")
    later = first.elsewhere("S2", "H2")
    later.tell(type(first.events[0]), "03-03 09:00", began_at=at("03-20 09:00"))
    assert judge(CODE, later).wake_at == at("03-20 11:00")
    assert silent(CODE, later)
