"""On the books here, on the dialysis chair of another hospital there."""

from __future__ import annotations

import pytest

from tests.casebook.bureau import Bureau, codes
from tests.journal import Hospital, Patient


def in_hospital(hospital: Hospital) -> Patient:
    zheng = hospital.ward("肾内科").admits("03-02 09:00")
    zheng.enrolled("03-02 09:30")
    return zheng


def test_a_session_elsewhere_puts_the_body_elsewhere(bureau: Bureau, hospital: Hospital) -> None:
    zheng = in_hospital(hospital)
    other = Hospital("H99010100002", hospital.journal)
    zheng.turns_up("03-03 14:00", other, "dialysis", phase="start")
    zheng.turns_up("03-03 18:00", other, "dialysis", phase="end", weights={"before_kg": 61.5, "after_kg": 59.0})
    bureau.hears(hospital.journal)

    alert = bureau.alert(zheng, "presence.elsewhere")
    assert alert["severity"] == 2
    assert codes(alert) == ["presence_elsewhere_dialysis"]
    assert "H99010100002" in alert["reasons"][0]["text"]


def test_a_session_that_the_ward_had_registered_is_in_order(bureau: Bureau, hospital: Hospital) -> None:
    zheng = in_hospital(hospital)
    zheng.away("dialysis", "03-03 13:00", "03-03 19:00", entered="03-03 08:00")
    zheng.turns_up("03-03 14:00", Hospital("H99010100002", hospital.journal), "dialysis")
    bureau.hears(hospital.journal)

    assert bureau.alerts(zheng) == []


@pytest.mark.parametrize("scene", ["pharmacy", "outpatient", "rehab"])
def test_a_purchase_alone_says_nothing_about_where_the_body_was(bureau: Bureau, hospital: Hospital, scene: str) -> None:
    zheng = in_hospital(hospital)
    zheng.turns_up("03-03 14:00", Hospital("H99010100002", hospital.journal), scene)
    bureau.hears(hospital.journal)

    assert bureau.alerts(zheng) == []


def test_a_face_that_matched_at_the_pharmacy_does(bureau: Bureau, hospital: Hospital) -> None:
    zheng = in_hospital(hospital)
    shop = Hospital("H99010100002", hospital.journal)
    seen = zheng.photographed(
        "03-03 14:00",
        purpose="scene",
        mdtrt_id=None,
        psn_no=zheng.psn_no,
        insuplc_admdvs=zheng.insured,
        fixmedins_code=shop.code,
    )
    zheng.turns_up("03-03 14:02", shop, "pharmacy", capture_id=seen.row["json"]["meta"]["capture_id"])
    bureau.hears(hospital.journal)

    alert = bureau.alert(zheng, "presence.elsewhere")
    assert (alert["severity"], codes(alert)) == (2, ["presence_elsewhere_face"])


def test_whoever_bought_for_him_proves_nothing(bureau: Bureau, hospital: Hospital) -> None:
    zheng = in_hospital(hospital)
    zheng.turns_up("03-03 14:00", Hospital("H99010100002", hospital.journal), "dialysis", agent=True)
    bureau.hears(hospital.journal)

    assert bureau.alerts(zheng) == []
