"""挂床: the patient is on the books for four days and in the bed on none of them."""

from __future__ import annotations

from tests.casebook.bureau import Bureau, codes
from tests.journal import Hospital, Patient


def a_stay_that_exists_on_paper(hospital: Hospital) -> Patient:
    """Each noon the nurse looks for him, half an hour later again. The fees are posted all the same."""
    ward = hospital.ward("骨科")
    li = ward.admits("03-02 09:00", bed="12")
    li.enrolled("03-02 09:20")
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 12:00", until=f"{day} 14:00")
        li.not_found(check, f"{day} 12:10", f"{day} 12:50")
        li.charged(f"{day} 16:00", "320.00", "45.00")
    li.discharged("03-06 09:00")
    return li


def test_he_is_found_out_and_the_claim_is_marked_before_it_is_paid(bureau: Bureau, hospital: Hospital) -> None:
    li = a_stay_that_exists_on_paper(hospital)
    settled = li.settles("03-06 09:30", total="1095.00", fund="711.75")
    bureau.hears(hospital.journal)

    alert = bureau.alert(li, "presence.bed_hanging")
    assert (alert["severity"], alert["status"]) == (2, "open")
    assert "presence_bed_hanging_absence" in codes(alert)
    assert alert["fund_at_stake"] == "711.75"

    # The patient settled and went home: the answer says so, and marks the hospital's claim.
    answer = bureau.said(settled)["wardwatch"]
    assert answer["outcome"] == "hold"
    assert answer["hold_type"] == "A"
    assert "患者照常出院结算" in answer["outcome_text"]

    hold = bureau.hold(li)
    assert hold.status == "open"
    assert hold.fund_at_stake is not None
    assert str(hold.fund_at_stake) == "711.75"
    assert [str(day.day) for day in hold.days] == ["2026-03-03", "2026-03-04", "2026-03-05"]
    assert hold.expires_at.date() <= hold.payment_due


def test_the_engine_confirms_what_the_gateway_answered_without_a_second_row(bureau: Bureau, hospital: Hospital) -> None:
    li = a_stay_that_exists_on_paper(hospital)
    li.settles("03-06 09:30")
    bureau.hears(hospital.journal)

    (decision,) = bureau.decisions(li, "2304")
    assert decision["outcome"] == "hold"
    assert decision["supersedes"] is None
    assert decision["unverified_days"] == ["2026-03-03", "2026-03-04", "2026-03-05"]


def test_his_neighbour_who_was_in_bed_hears_nothing(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("骨科")
    wang = ward.admits("03-02 08:00", bed="13")
    wang.enrolled("03-02 08:20")
    li = a_stay_that_exists_on_paper(hospital)
    for check in [sent.row["json"] for sent in hospital.journal.lines if sent.row["path"] == "/api/v1/checks"]:
        wang.photographed(check["opens_at"][5:16].replace("T", " "), check_id=check["check_id"])
    wang.discharged("03-06 10:00")
    wang.settles("03-06 10:30")
    bureau.hears(hospital.journal)

    assert bureau.detectors(wang) == []
    assert bureau.outcomes(wang) == ["pass"]
    assert bureau.outcomes(li, "2304") == []
