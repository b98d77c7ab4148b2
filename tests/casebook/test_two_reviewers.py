"""经办审核、复核: a hold is closed by two people who say the same, never by one."""

from __future__ import annotations

import pytest

from schemas.decisions import Hold
from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient, Sent

FIRST, SECOND = "R1 reviewer", "R2 reviewer"


@pytest.fixture
def han(bureau: Bureau, hospital: Hospital) -> Patient:
    """A claim that is marked."""
    ward = hospital.ward("骨科")
    patient = ward.admits("03-02 09:00")
    patient.enrolled("03-02 09:20")
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 12:00", until=f"{day} 14:00")
        patient.not_found(check, f"{day} 12:10", f"{day} 12:50")
        patient.charged(f"{day} 16:00", "200.00")
    patient.discharged("03-06 09:00")
    patient.settles("03-06 10:00", total="600.00", fund="390.00")
    bureau.hears(hospital.journal)
    return patient


def says(bureau: Bureau, han: Patient, moment: str, who: str, action: str, days: list[str] | None = None) -> Sent:
    body = {"action": action, "reason": "已核对病历", **({"days": days} if days else {})}
    sent = han.journal.post(moment, f"/api/v1/holds/{held(bureau, han).hold_id}/release", body, by=who)
    bureau.hears(han.journal)
    return sent


def held(bureau: Bureau, han: Patient) -> Hold:
    return bureau.hold(han)


def test_the_first_word_is_noted_and_the_second_closes_it(bureau: Bureau, han: Patient) -> None:
    first = says(bureau, han, "03-09 09:00", FIRST, "release")
    assert bureau.answer(first).status == 202
    assert held(bureau, han).status == "open"

    second = says(bureau, han, "03-09 10:00", SECOND, "release")
    assert bureau.answer(second).status == 200
    hold = held(bureau, han)
    assert hold.status == "released"
    assert [review.reviewer for review in hold.reviews] == ["R1", "R2"]


def test_the_same_person_cannot_do_both(bureau: Bureau, han: Patient) -> None:
    says(bureau, han, "03-09 09:00", FIRST, "keep")
    again = says(bureau, han, "03-09 09:05", FIRST, "keep")
    assert bureau.answer(again).status == 409
    assert "同一人不能既初审又复核" in bureau.answer(again).body["detail"]
    hold = held(bureau, han)
    assert hold.status == "open"
    assert len(hold.reviews) == 1


def test_two_who_disagree_leave_it_open_for_a_third(bureau: Bureau, han: Patient) -> None:
    says(bureau, han, "03-09 09:00", FIRST, "keep")
    says(bureau, han, "03-09 10:00", SECOND, "release")
    assert held(bureau, han).status == "open"
    says(bureau, han, "03-09 11:00", "R3 reviewer", "release")
    assert held(bureau, han).status == "released"


def test_single_days_are_released_where_they_have_a_price(bureau: Bureau, han: Patient) -> None:
    for who in (FIRST, SECOND):
        says(bureau, han, "03-09 09:00", who, "part_release", ["2026-03-03"])
    hold = held(bureau, han)
    assert hold.status == "part_released"
    assert [day.isoformat() for day in hold.reviews[-1].days] == ["2026-03-03"]


def test_a_day_that_is_not_among_them_closes_nothing(bureau: Bureau, han: Patient) -> None:
    for who in (FIRST, SECOND):
        said = says(bureau, han, "03-09 09:00", who, "part_release", ["2026-03-20"])
        assert bureau.answer(said).status == 422
    assert held(bureau, han).status == "open"


def test_a_supervisor_recommends_and_does_not_release(bureau: Bureau, han: Patient) -> None:
    sent = says(bureau, han, "03-09 09:00", "B1 supervisor", "release")
    assert bureau.refusal(sent).status == 403
    assert held(bureau, han).reviews == ()


def test_what_people_have_decided_no_timer_changes(bureau: Bureau, han: Patient) -> None:
    for who in (FIRST, SECOND):
        says(bureau, han, "03-09 09:00", who, "release")
    han.journal.clock("05-30 09:00")
    bureau.hears(han.journal)
    assert held(bureau, han).status == "released"


def test_nobody_decides_and_the_claim_is_paid(bureau: Bureau, han: Patient) -> None:
    """Settled in March, filed by the 10th of April, paid within twenty working days: then the hold ends."""
    due = held(bureau, han).payment_due
    assert (due.month, due.year) == (5, 2026)
    han.journal.clock("05-30 09:00")
    bureau.hears(han.journal)

    hold = held(bureau, han)
    assert hold.status == "expired"
    assert hold.reasons[0].code == "gate.hold_expired"
    assert hold.updated_at == hold.expires_at

    late = says(bureau, han, "05-30 10:00", FIRST, "release")
    assert bureau.answer(late).status == 409
    assert held(bureau, han).status == "expired"
