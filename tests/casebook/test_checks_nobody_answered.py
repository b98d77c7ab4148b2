"""A check that nobody answered: the ward's fault only where it is known to have reached the ward in time."""

from __future__ import annotations

from tests.casebook.bureau import Bureau, codes
from tests.journal import Hospital, Patient, Ward


def a_patient(hospital: Hospital, bed: str = "1") -> tuple[Ward, Patient]:
    ward = hospital.ward("呼吸科")
    zhou = ward.admits("03-02 09:00", bed=bed)
    zhou.enrolled("03-02 09:30")
    return ward, zhou


def leaves(patient: Patient, day: str) -> None:
    patient.discharged(f"{day} 09:00")
    patient.settles(f"{day} 10:00")


def test_a_check_that_never_arrived_is_unknown_and_never_missed(bureau: Bureau, hospital: Hospital) -> None:
    ward, zhou = a_patient(hospital)
    ward.round("03-03 10:00", until="03-03 12:00", delivered=None)
    leaves(zhou, "03-04")
    bureau.hears(hospital.journal)

    assert bureau.detectors(zhou) == []
    (decision,) = bureau.decisions(zhou)
    assert (decision["outcome"], decision["unverified_days"]) == ("pass", [])


def test_a_check_that_arrived_too_late_to_reach_the_bed_is_not_missed(bureau: Bureau, hospital: Hospital) -> None:
    ward, zhou = a_patient(hospital)
    ward.round("03-03 10:00", until="03-03 12:00", delivered="03-03 11:40")
    leaves(zhou, "03-04")
    bureau.hears(hospital.journal)

    assert bureau.detectors(zhou) == []
    assert bureau.outcomes(zhou) == ["pass"]


def test_a_delivered_check_without_any_answer_is_missed_which_only_reminds(bureau: Bureau, hospital: Hospital) -> None:
    ward, zhou = a_patient(hospital)
    ward.round("03-03 10:00", until="03-03 12:00")
    leaves(zhou, "03-04")
    bureau.hears(hospital.journal)

    alert = bureau.alert(zhou, "check.missed")
    assert (alert["severity"], codes(alert)) == (3, ["check_missed_round"])
    (decision,) = bureau.decisions(zhou)
    assert (decision["outcome"], decision["unverified_days"]) == ("warn", ["2026-03-03"])
    assert bureau.holds(zhou) == []


def test_a_picture_that_matched_nothing_still_counts_as_answered(bureau: Bureau, hospital: Hospital) -> None:
    ward, zhou = a_patient(hospital)
    check = ward.round("03-03 10:00", until="03-03 12:00")
    zhou.photographed("03-03 11:00", check, away=0.5)  # between the lines: unclear
    leaves(zhou, "03-04")
    bureau.hears(hospital.journal)

    assert bureau.detectors(zhou) == []
    assert bureau.decisions(zhou)[0]["unverified_days"] == ["2026-03-03"]


def test_a_picture_without_a_check_answers_the_one_that_was_open(bureau: Bureau, hospital: Hospital) -> None:
    ward, zhou = a_patient(hospital)
    ward.round("03-03 10:00", until="03-03 12:00")
    zhou.photographed("03-03 11:00")
    leaves(zhou, "03-04")
    bureau.hears(hospital.journal)

    assert bureau.outcomes(zhou) == ["pass"]
    assert bureau.decisions(zhou)[0]["unverified_days"] == []


def test_a_whole_ward_that_missed_it_has_one_cause_that_counts_against_nobody(
    bureau: Bureau, hospital: Hospital
) -> None:
    ward, zhou = a_patient(hospital)
    others = [ward.admits(f"03-02 09:{40 + n}", bed=str(n + 2)) for n in range(5)]
    for other in others:
        other.enrolled(other.admission.at if other.admission else "03-02 10:00")
    check = ward.round("03-03 10:00", until="03-03 12:00")
    others[-1].photographed("03-03 11:00", check)
    hospital.spoke("03-03 20:00")
    bureau.hears(hospital.journal)

    alert = bureau.alert(zhou, "check.missed")
    assert alert["status"] == "withdrawn"
    assert bureau.detectors(others[-1]) == []
