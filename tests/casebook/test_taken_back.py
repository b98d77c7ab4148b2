"""冲正, 撤销, 重新提交: what was sent is taken back, and everything that rested on it goes with it."""

from __future__ import annotations

from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient


def a_suspect_stay(hospital: Hospital) -> Patient:
    ward = hospital.ward("骨科")
    shen = ward.admits("03-02 09:00")
    shen.enrolled("03-02 09:20")
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 12:00", until=f"{day} 14:00")
        shen.not_found(check, f"{day} 12:10", f"{day} 12:50")
    shen.discharged("03-06 09:00")
    return shen


def test_an_admission_that_is_voided_never_happened(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("骨科")
    shen = ward.admits("03-02 09:00")
    hospital.spoke("03-03 08:00")
    hospital.spoke("03-03 20:00")
    bureau.hears(hospital.journal)
    assert bureau.detectors(shen) == ["identity.not_enrolled"]

    assert shen.admission is not None
    hospital.voids("03-04 09:00", shen.admission, shen)
    bureau.hears(hospital.journal)
    assert bureau.detectors(shen) == []
    assert bureau.alert(shen, "identity.not_enrolled")["status"] == "withdrawn"


def test_a_void_that_overtakes_its_message_still_voids_it(bureau: Bureau, hospital: Hospital) -> None:
    """The queue of the hospital's other server was slower."""
    shen = hospital.ward("骨科").admits("03-02 09:00")
    shen.enrolled("03-02 09:30")
    shen.discharged("03-03 08:00")
    wrong = shen.charged("03-05 10:00", "400.00")
    hospital.voids("03-05 09:00", wrong, shen)
    bureau.hears(hospital.journal)

    assert bureau.alerts(shen, "service.after_death_or_discharge") == []


def test_a_settlement_that_is_voided_has_nothing_left_to_pay_or_to_mark(bureau: Bureau, hospital: Hospital) -> None:
    shen = a_suspect_stay(hospital)
    settled = shen.settles("03-06 10:00")
    hospital.voids("03-06 11:00", settled, shen)
    bureau.hears(hospital.journal)

    assert bureau.outcomes(shen) == ["hold", "void"]
    first, second = bureau.decisions(shen)
    assert second["supersedes"] == first["decision_id"]
    assert bureau.hold(shen).status == "void"


def test_a_settlement_called_back_and_sent_again_is_evaluated_anew(bureau: Bureau, hospital: Hospital) -> None:
    """2305, the bill is mended, 2304 again: the old mark is void, the new claim has one of its own."""
    shen = a_suspect_stay(hospital)
    shen.settles("03-06 10:00", setl_id="S1", fund="1200.00")
    shen.calls_back("03-06 15:00", setl_id="S1")
    again = shen.settles("03-07 09:00", setl_id="S2", total="1500.00", fund="900.00")
    bureau.hears(hospital.journal)

    assert bureau.outcomes(shen) == ["hold", "void", "hold"]
    answer = bureau.said(again)["wardwatch"]
    assert (answer["outcome"], answer["fund_at_stake"]) == ("hold", "900.00")
    old, new = sorted(bureau.holds(shen), key=lambda hold: hold.opened_at)
    assert (old.status, old.setl_id) == ("void", "S1")
    assert (new.status, new.setl_id) == ("open", "S2")


def test_resubmission_without_the_call_back_seen_replaces_the_claim_all_the_same(
    bureau: Bureau, hospital: Hospital
) -> None:
    shen = a_suspect_stay(hospital)
    shen.settles("03-06 10:00", setl_id="S1")
    shen.settles("03-07 09:00", setl_id="S2", fund="900.00")
    bureau.hears(hospital.journal)

    first, second = bureau.decisions(shen)
    assert second["supersedes"] == first["decision_id"]
    assert sorted(hold.status for hold in bureau.holds(shen)) == ["open", "void"]


def test_a_message_that_the_platform_refused_leaves_nothing(bureau: Bureau, hospital: Hospital) -> None:
    """The tap saw the request first, then both sides: the platform had said no."""
    shen = a_suspect_stay(hospital)
    request_only = shen.settles("03-06 10:00", reply_seen=False)
    hospital.journal.post(
        "03-06 10:01",
        "/fsi/callService",
        {"request": request_only.row["json"], "response": {"infcode": -1, "err_msg": "费用不一致"}},
    )
    bureau.hears(hospital.journal)

    assert bureau.outcomes(shen) == ["hold", "void"]
    assert bureau.hold(shen).status == "void"


def test_a_corrected_bill_changes_the_stake_in_an_amendment(bureau: Bureau, hospital: Hospital) -> None:
    """Fees are posted late: the estimate of a claim whose reply nobody saw grows with them."""
    shen = a_suspect_stay(hospital)
    shen.charged("03-04 16:00", "100.00")
    settled = shen.settles("03-06 10:00", total="", fund=None, reply_seen=False)
    shen.charged("03-05 16:00", "300.00", told="03-07 09:00")
    bureau.hears(hospital.journal)

    assert bureau.said(settled)["wardwatch"]["fund_at_stake"] == "65.00"
    first, second = bureau.decisions(shen)
    assert (first["fund_at_stake"], second["fund_at_stake"]) == ("65.00", "260.00")
    assert second["stake_estimated"] is True
    hold = bureau.hold(shen)
    assert hold.decision_id == second["decision_id"]
    assert {str(row.day): str(row.amount) for row in hold.days}["2026-03-05"] == "195.00"
