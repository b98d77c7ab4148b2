"""What turns up after the money was asked for: amendments, and settlements in the middle of a stay."""

from __future__ import annotations

from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient, Ward


def a_stay(hospital: Hospital) -> tuple[Ward, Patient]:
    ward = hospital.ward("骨科")
    shi = ward.admits("03-02 09:00")
    shi.enrolled("03-02 09:20")
    return ward, shi


def test_a_finding_that_comes_after_the_settlement_marks_the_claim_before_it_is_paid(
    bureau: Bureau, hospital: Hospital
) -> None:
    """Another hospital's dialysis centre reports its sessions at the end of the week."""
    _, shi = a_stay(hospital)
    shi.discharged("03-05 09:00")
    shi.settles("03-05 10:00")
    other = Hospital("H99010100002", hospital.journal)
    session = shi.turns_up("03-06 18:00", other, "dialysis")
    session.row["json"]["at"] = "2026-03-04T14:00:00+08:00"
    bureau.hears(hospital.journal)

    first, second = bureau.decisions(shi)
    assert (first["outcome"], second["outcome"]) == ("pass", "hold")
    assert second["supersedes"] == first["decision_id"]
    assert bureau.hold(shi).opened_at == session.at


def test_nothing_is_marked_once_the_payment_line_has_passed(bureau: Bureau, hospital: Hospital) -> None:
    _, shi = a_stay(hospital)
    shi.discharged("03-05 09:00")
    shi.settles("03-05 10:00")
    late = shi.turns_up("06-15 18:00", Hospital("H99010100002", hospital.journal), "dialysis")
    late.row["json"]["at"] = "2026-03-04T14:00:00+08:00"
    bureau.hears(hospital.journal)

    assert bureau.detectors(shi) == ["presence.elsewhere"]  # 事后核查 goes on with it
    assert bureau.outcomes(shi) == ["pass"]
    assert bureau.holds() == []


def test_an_interim_settlement_answers_for_its_own_days(bureau: Bureau, hospital: Hospital) -> None:
    """中途结算: the first half of the stay was unverified, the second was not."""
    ward, shi = a_stay(hospital)
    for day in ("03-03", "03-04"):
        ward.round(f"{day} 10:00", until=f"{day} 12:00")
    shi.settles("03-05 09:00", interim=True, setl_id="S1", fund="400.00")
    for day in ("03-06", "03-07"):
        check = ward.round(f"{day} 10:00", until=f"{day} 12:00")
        shi.photographed(f"{day} 10:30", check)
    shi.discharged("03-08 09:00")
    shi.settles("03-08 10:00", setl_id="S2", fund="500.00")
    bureau.hears(hospital.journal)

    by_claim = {row["setl_id"]: row for row in bureau.decisions(shi)}
    assert by_claim["S1"]["unverified_days"] == ["2026-03-03", "2026-03-04"]
    assert by_claim["S1"]["outcome"] == "hold"
    assert by_claim["S2"]["unverified_days"] == []
    assert by_claim["S2"]["outcome"] == "warn"
    assert [hold.setl_id for hold in bureau.holds(shi)] == ["S1"]


def test_every_question_is_answered_for_itself(bureau: Bureau, hospital: Hospital) -> None:
    _, shi = a_stay(hospital)
    shi.asks("03-03 09:00", "3101", scene="1")
    shi.asks("03-04 09:00", "3102")
    shi.settles("03-04 09:10", infno="2303")
    shi.discharged("03-04 09:20")
    shi.settles("03-04 09:30")
    bureau.hears(hospital.journal)

    assert [(row["infno"], row["outcome"]) for row in bureau.decisions(shi)] == [
        ("3101", "pass"),
        ("3102", "pass"),
        ("2303", "pass"),
        ("2304", "pass"),
    ]
