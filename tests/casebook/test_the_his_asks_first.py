"""3101, 3102, 3103: the doctor's screen asks before it settles, shows what it is told, and answers."""

from __future__ import annotations

from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient


def a_suspect_stay(hospital: Hospital) -> Patient:
    ward = hospital.ward("骨科")
    hua = ward.admits("03-02 09:00")
    hua.enrolled("03-02 09:20")
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 12:00", until=f"{day} 14:00")
        hua.not_found(check, f"{day} 12:10", f"{day} 12:50")
    return hua


def test_3102_answers_one_row_a_finding_in_the_national_form(bureau: Bureau, hospital: Hospital) -> None:
    hua = a_suspect_stay(hospital)
    asked = hua.asks("03-06 09:00", "3102", total="1920.00")
    bureau.hears(hospital.journal)

    rows = bureau.said(asked)["result"]
    assert [row["rule_id"] for row in rows] == ["presence.bed_hanging", "gate.unverified_days"]
    finding = rows[0]
    assert finding["jr_id"] == bureau.alert(hua, "presence.bed_hanging")["alert_id"]
    assert (finding["patn_id"], finding["mdtrt_id"]) == (hua.psn_no, hua.mdtrt_id)
    assert finding["sev_deg"] == "2"
    assert finding["vola_amt"] == 1248.0  # an estimate: 65 % of the fees
    assert all(row["judge_result_detail_dtos"] for row in rows)
    assert bureau.outcomes(hua, "3102") == ["hold"]
    assert bureau.holds() == []


def test_an_honest_patient_gets_an_empty_answer(bureau: Bureau, hospital: Hospital) -> None:
    hua = hospital.ward("骨科").admits("03-02 09:00")
    hua.enrolled("03-02 09:20")
    asked = hua.asks("03-02 10:00", "3101", scene="1")
    bureau.hears(hospital.journal)

    assert bureau.said(asked)["result"] == []
    assert bureau.outcomes(hua, "3101") == ["pass"]


def test_an_audit_of_an_outpatient_is_answered_and_decides_nothing(bureau: Bureau, hospital: Hospital) -> None:
    hua = hospital.ward("骨科").admits("03-02 09:00")
    hua.discharged("03-02 18:00")
    asked = hua.asks("03-09 10:00", "3101", scene="1")
    asked.row["json"]["input"]["data"]["patient_dtos"][0] |= {"patn_id": "SOMEBODY", "curr_mdtrt_id": "CLINIC-1"}
    asked.row["json"]["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]["mdtrt_id"] = "CLINIC-1"
    bureau.hears(hospital.journal)

    assert bureau.said(asked)["result"] == []
    assert bureau.decisions(infno="3101") == []


def test_3103_is_the_hospitals_answer_to_the_finding(bureau: Bureau, hospital: Hospital) -> None:
    hua = a_suspect_stay(hospital)
    asked = hua.asks("03-06 09:00")
    bureau.hears(hospital.journal)
    (finding,) = [row for row in bureau.said(asked)["result"] if row["rule_id"] == "presence.bed_hanging"]

    explained = hua.explains("03-06 09:10", finding["jr_id"], "患者外出检查，已补录去向")
    bureau.hears(hospital.journal)
    assert bureau.answer(explained).body["infcode"] == 0
    assert bureau.alert(hua, "presence.bed_hanging")["status"] == "awaiting_review"


def test_another_hospital_cannot_answer_it(bureau: Bureau, hospital: Hospital) -> None:
    hua = a_suspect_stay(hospital)
    bureau.hears(hospital.journal)
    alert = bureau.alert(hua, "presence.bed_hanging")

    hua.ward.hospital = Hospital("H99010100002", hospital.journal)
    hua.explains("03-06 09:10", alert["alert_id"], "与本院无关")
    bureau.hears(hospital.journal)
    assert bureau.alert(hua, "presence.bed_hanging")["status"] == "open"
