"""One body, two beds. Or one discharge message that came late, or a transfer: then nothing is wrong."""

from __future__ import annotations

from tests.casebook.bureau import Bureau, codes
from tests.journal import Hospital


def two_hospitals(journal_of: Hospital) -> tuple[Hospital, Hospital]:
    return journal_of, Hospital("H99010100002", journal_of.journal)


def test_two_stays_at_once_for_more_than_a_day_are_suspect(bureau: Bureau, hospital: Hospital) -> None:
    east, west = two_hospitals(hospital)
    here = east.ward("内科").admits("03-02 09:00")
    here.enrolled("03-02 09:30")
    there = west.ward("康复科").admits("03-04 10:00", knows=here)
    there.enrolled("03-04 10:30")
    for house in (east, west):
        for day in ("03-03", "03-04", "03-05", "03-06"):
            house.spoke(f"{day} 11:00")
    bureau.hears(hospital.journal)

    overlap = bureau.alert(there, "admission.overlap")
    assert overlap["severity"] == 2
    assert bureau.alert(here, "presence.elsewhere")["severity"] == 2
    assert bureau.alerts(here, "admission.overlap") == []


def test_a_discharge_message_that_comes_late_withdraws_the_overlap(bureau: Bureau, hospital: Hospital) -> None:
    """He left at eight on the 4th; the clerk sent the 2402 a day and a half later."""
    east, west = two_hospitals(hospital)
    here = east.ward("内科").admits("03-02 09:00")
    here.enrolled("03-02 09:30")
    there = west.ward("康复科").admits("03-04 10:00", knows=here)
    there.enrolled("03-04 10:30")
    for day in ("03-03", "03-04", "03-05"):
        east.spoke(f"{day} 11:00")
        west.spoke(f"{day} 11:00")
    bureau.hears(hospital.journal)
    assert bureau.detectors(there) == ["admission.overlap"]

    here.discharged("03-04 08:00", told="03-05 20:00")
    bureau.hears(hospital.journal)
    assert bureau.alert(there, "admission.overlap")["status"] == "withdrawn"
    assert bureau.alert(here, "presence.elsewhere")["status"] == "withdrawn"
    assert bureau.detectors(here) == bureau.detectors(there) == []


def test_a_transfer_that_was_registered_is_no_second_stay(bureau: Bureau, hospital: Hospital) -> None:
    east, west = two_hospitals(hospital)
    here = east.ward("内科").admits("03-02 09:00")
    here.enrolled("03-02 09:30")
    here.away("transfer", "03-03 08:00", None)
    there = west.ward("ICU").admits("03-03 09:30", knows=here)
    there.enrolled("03-03 10:00")
    for day in ("03-03", "03-04", "03-05"):
        east.spoke(f"{day} 11:00")
        west.spoke(f"{day} 11:00")
    here.discharged("03-03 08:30", told="03-05 15:00")
    bureau.hears(hospital.journal)

    assert bureau.alerts(here) == []
    assert bureau.alerts(there) == []


def test_a_transfer_whose_discharge_comes_within_the_hour_is_nothing_at_all(bureau: Bureau, hospital: Hospital) -> None:
    east, west = two_hospitals(hospital)
    here = east.ward("内科").admits("03-02 09:00")
    here.enrolled("03-02 09:30")
    east.spoke("03-02 20:00")
    there = west.ward("ICU").admits("03-03 09:30", knows=here)
    here.discharged("03-03 09:00", told="03-03 10:30")
    there.enrolled("03-03 10:00")
    there.discharged("03-03 20:00")
    bureau.hears(hospital.journal)

    assert bureau.alerts() == []


def test_a_hospital_that_goes_on_charging_after_the_patient_left_for_another_is_suspect_at_once(
    bureau: Bureau, hospital: Hospital
) -> None:
    east, west = two_hospitals(hospital)
    here = east.ward("内科").admits("03-02 09:00")
    here.enrolled("03-02 09:30")
    there = west.ward("康复科").admits("03-03 10:00", knows=here)
    there.enrolled("03-03 10:30")
    here.charged("03-04 08:00")
    hospital.journal.clock("03-04 09:00")
    bureau.hears(hospital.journal)

    overlap = bureau.alert(there, "admission.overlap")
    assert overlap["severity"] == 2
    assert "admission_overlap_billed" in codes(overlap)
