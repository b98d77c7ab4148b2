"""Not in bed, and rightly so: leave, theatre, dialysis downstairs. Who says it before the check asks is excused."""

from __future__ import annotations

import pytest

from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient, Ward


def a_patient(hospital: Hospital) -> tuple[Ward, Patient]:
    ward = hospital.ward("外科")
    wu = ward.admits("03-02 09:00", bed="3")
    wu.enrolled("03-02 09:30")
    return ward, wu


def leaves(patient: Patient, day: str) -> None:
    patient.discharged(f"{day} 09:00")
    patient.settles(f"{day} 10:00")


def test_leave_entered_before_the_check_excuses_a_missed_one(bureau: Bureau, hospital: Hospital) -> None:
    ward, wu = a_patient(hospital)
    wu.away("leave", "03-03 08:00", "03-03 18:00", entered="03-02 17:00")
    ward.round("03-03 10:00", until="03-03 12:00")
    leaves(wu, "03-04")
    bureau.hears(hospital.journal)

    assert bureau.detectors(wu) == []
    (decision,) = bureau.decisions(wu)
    assert (decision["outcome"], decision["unverified_days"]) == ("pass", [])


def test_leave_invented_after_the_check_excuses_nothing(bureau: Bureau, hospital: Hospital) -> None:
    ward, wu = a_patient(hospital)
    ward.round("03-03 10:00", until="03-03 12:00")
    wu.away("leave", "03-03 08:00", "03-03 18:00", entered="03-03 16:00")
    leaves(wu, "03-04")
    bureau.hears(hospital.journal)

    assert bureau.detectors(wu) == ["check.missed"]
    assert bureau.decisions(wu)[0]["unverified_days"] == ["2026-03-03"]


@pytest.mark.parametrize("kind", ["theatre", "imaging", "dialysis", "treatment", "icu"])
def test_in_theatre_and_the_like_nobody_is_absent(bureau: Bureau, hospital: Hospital, kind: str) -> None:
    ward, wu = a_patient(hospital)
    for day in ("03-03", "03-04", "03-05"):
        wu.away(kind, f"{day} 09:00", f"{day} 13:00")
        check = ward.round(f"{day} 10:00", until=f"{day} 12:00")
        wu.not_found(check, f"{day} 10:10", f"{day} 10:50")
    leaves(wu, "03-06")
    bureau.hears(hospital.journal)

    assert bureau.detectors(wu) == []
    assert bureau.outcomes(wu) == ["pass"]


def test_a_settlement_list_that_tells_of_intensive_care_clears_it_afterwards(
    bureau: Bureau, hospital: Hospital
) -> None:
    """The ward forgot to enter it. 4101A comes a day after the settlement, and the hold is taken off."""
    ward, wu = a_patient(hospital)
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 10:00", until=f"{day} 12:00")
        wu.not_found(check, f"{day} 10:10", f"{day} 10:50")
    leaves(wu, "03-06")
    bureau.hears(hospital.journal)
    assert bureau.hold(wu).status == "open"

    wu.listed("03-07 09:00", icu=[("03-03 02:00", "03-05 20:00")])
    bureau.hears(hospital.journal)
    assert bureau.alert(wu, "presence.bed_hanging")["status"] == "withdrawn"
    last = bureau.decisions(wu)[-1]
    assert last["supersedes"] == bureau.decisions(wu)[-2]["decision_id"]
    assert "presence.bed_hanging" not in bureau.hold(wu).detectors


def test_an_answer_that_he_is_in_treatment_verifies_the_day(bureau: Bureau, hospital: Hospital) -> None:
    ward, wu = a_patient(hospital)
    check = ward.round("03-03 10:00", until="03-03 12:00")
    wu.answered("03-03 11:00", check, "in_treatment", kind="imaging")
    leaves(wu, "03-04")
    bureau.hears(hospital.journal)

    assert bureau.detectors(wu) == []
    assert bureau.decisions(wu)[0]["unverified_days"] == []


def test_who_declines_the_camera_is_witnessed_and_has_no_disadvantage(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("外科")
    wu = ward.admits("03-02 09:00")
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 10:00", until=f"{day} 12:00")
        wu.answered(f"{day} 10:30", check, "face_declined")
        wu.witnessed(f"{day} 10:45", check)
    leaves(wu, "03-06")
    bureau.hears(hospital.journal)

    assert bureau.detectors(wu) == []
    (decision,) = bureau.decisions(wu)
    assert (decision["outcome"], decision["unverified_days"]) == ("pass", [])
