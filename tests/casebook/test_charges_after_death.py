"""The patient died on the 5th; the fees went on."""

from __future__ import annotations

from tests.casebook.bureau import Bureau, codes
from tests.journal import Hospital, Patient


def who_died(hospital: Hospital) -> Patient:
    feng = hospital.ward("ICU").admits("03-02 09:00")
    feng.enrolled("03-02 09:30")
    feng.charged("03-03 10:00", "800.00")
    feng.charged("03-04 10:00", "800.00")
    feng.discharged("03-05 04:00", told="03-05 08:00", died=True)
    return feng


def test_fees_dated_after_the_day_of_death_mark_the_claim(bureau: Bureau, hospital: Hospital) -> None:
    feng = who_died(hospital)
    feng.charged("03-06 10:00", "800.00", "120.00")
    feng.settles("03-06 16:00", total="2520.00", fund="1638.00")
    bureau.hears(hospital.journal)

    alert = bureau.alert(feng, "service.after_death_or_discharge")
    assert (alert["severity"], codes(alert)) == (2, ["service_after_death_billed"])
    assert "920.00" in alert["reasons"][0]["text"]
    assert bureau.outcomes(feng) == ["hold"]


def test_fees_of_the_very_day_are_in_order(bureau: Bureau, hospital: Hospital) -> None:
    feng = who_died(hospital)
    feng.charged("03-05 03:30", "800.00", told="03-05 10:00")
    feng.settles("03-05 16:00")
    bureau.hears(hospital.journal)

    assert bureau.detectors(feng) == []


def test_what_is_withdrawn_again_withdraws_the_finding_and_the_hold(bureau: Bureau, hospital: Hospital) -> None:
    feng = who_died(hospital)
    feng.charged("03-06 10:00", "800.00")
    wrong = f"F{feng.lines}"
    feng.settles("03-06 16:00")
    feng.uncharged("03-07 09:00", wrong)
    bureau.hears(hospital.journal)

    assert bureau.alert(feng, "service.after_death_or_discharge")["status"] == "withdrawn"
    assert bureau.outcomes(feng) == ["hold", "pass"]
    assert bureau.hold(feng).status == "void"


def test_a_discharge_that_is_taken_back_takes_the_finding_back(bureau: Bureau, hospital: Hospital) -> None:
    feng = who_died(hospital)
    feng.charged("03-06 10:00", "800.00")
    feng.discharge_cancelled("03-06 15:00")
    bureau.hears(hospital.journal)

    assert bureau.alert(feng, "service.after_death_or_discharge")["status"] == "withdrawn"
