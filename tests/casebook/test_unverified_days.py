"""未核验日: a check was ordered, delivered and due, and nobody verified the patient all day. Nothing else counts."""

from __future__ import annotations

from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient, Ward


def a_week(hospital: Hospital) -> tuple[Ward, Patient]:
    ward = hospital.ward("内科")
    qin = ward.admits("03-02 09:00")
    qin.enrolled("03-02 09:30")
    for day in ("03-03", "03-04", "03-05", "03-06", "03-07"):
        qin.charged(f"{day} 16:00", "100.00")
    return ward, qin


def unverified(bureau: Bureau, hospital: Hospital, qin: Patient) -> list[str]:
    qin.discharged("03-08 09:00")
    qin.settles("03-08 10:00", total="500.00", fund="300.00")
    bureau.hears(hospital.journal)
    days: list[str] = bureau.decisions(qin)[-1]["unverified_days"]
    return days


def test_each_answer_counts_as_the_contract_says(bureau: Bureau, hospital: Hospital) -> None:
    ward, qin = a_week(hospital)
    # matched
    check = ward.round("03-03 10:00", until="03-03 12:00")
    qin.photographed("03-03 10:30", check)
    # vouched for by two
    check = ward.round("03-04 10:00", until="03-04 12:00")
    qin.witnessed("03-04 10:30", check)
    # not found once: unknown, and the day is unverified
    check = ward.round("03-05 10:00", until="03-05 12:00")
    qin.not_found(check, "03-05 10:30")
    # declined, and nobody witnessed instead
    check = ward.round("03-06 10:00", until="03-06 12:00")
    qin.answered("03-06 10:30", check, "face_declined")
    # no check at all on the 7th: 未安排核验
    assert unverified(bureau, hospital, qin) == ["2026-03-05", "2026-03-06"]


def test_a_valid_answer_later_the_same_day_verifies_it(bureau: Bureau, hospital: Hospital) -> None:
    ward, qin = a_week(hospital)
    ward.round("03-03 10:00", until="03-03 12:00")
    qin.photographed("03-03 20:00")
    assert unverified(bureau, hospital, qin) == []


def test_a_valid_answer_the_next_day_does_not(bureau: Bureau, hospital: Hospital) -> None:
    ward, qin = a_week(hospital)
    check = ward.round("03-03 10:00", until="03-03 12:00")
    qin.photographed("03-04 08:00", check)
    assert unverified(bureau, hospital, qin) == ["2026-03-03"]


def test_two_such_days_mark_the_claim_and_are_priced_one_by_one(bureau: Bureau, hospital: Hospital) -> None:
    ward, qin = a_week(hospital)
    for day in ("03-03", "03-04"):
        ward.round(f"{day} 10:00", until=f"{day} 12:00")
    unverified(bureau, hospital, qin)

    hold = bureau.hold(qin)
    assert hold.detectors == ("gate.unverified_days",)
    assert [(str(row.day), str(row.amount)) for row in hold.days] == [("2026-03-03", "60.00"), ("2026-03-04", "60.00")]
    assert hold.pay_regime == "by_item"


def test_the_date_is_that_of_the_due_time_in_china(bureau: Bureau, hospital: Hospital) -> None:
    ward, qin = a_week(hospital)
    ward.round("03-03 22:30", until="03-04 00:30")
    assert unverified(bureau, hospital, qin) == ["2026-03-04"]


def test_a_check_that_falls_due_after_the_settlement_is_added_in_an_amendment(
    bureau: Bureau, hospital: Hospital
) -> None:
    ward, qin = a_week(hospital)
    ward.round("03-07 10:00", until="03-07 12:00")
    ward.round("03-08 10:00", until="03-08 12:00")
    qin.settles("03-08 11:00", total="500.00", fund="300.00")
    qin.discharged("03-08 18:00")
    bureau.hears(hospital.journal)

    first, second = bureau.decisions(qin)
    assert (first["outcome"], first["unverified_days"]) == ("warn", ["2026-03-07"])
    assert (second["outcome"], second["unverified_days"]) == ("hold", ["2026-03-07", "2026-03-08"])
    assert second["decided_at"] == "2026-03-08T12:00:00+08:00"
