"""入院人像建模: done within a day, with the face that is on the document."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.casebook.bureau import Bureau, codes, national
from tests.journal import Hospital


def test_a_day_without_a_face_is_a_reminder_at_that_very_hour(bureau: Bureau, hospital: Hospital) -> None:
    kong = hospital.ward("骨科").admits("03-02 09:00")
    hospital.spoke("03-03 08:00")
    hospital.journal.clock("03-03 10:00")
    bureau.hears(hospital.journal)

    alert = bureau.alert(kong, "identity.not_enrolled")
    assert (alert["severity"], alert["raised_at"]) == (3, "2026-03-03T09:00:00+08:00")


def test_the_day_counts_from_when_the_message_came(bureau: Bureau, hospital: Hospital) -> None:
    kong = hospital.ward("骨科").admits("03-02 21:00", began="03-02 09:00")
    hospital.spoke("03-03 08:00")
    hospital.journal.clock("03-03 20:00")
    bureau.hears(hospital.journal)

    assert bureau.alerts(kong) == []


def test_a_face_enrolled_afterwards_withdraws_it(bureau: Bureau, hospital: Hospital) -> None:
    kong = hospital.ward("骨科").admits("03-02 09:00")
    hospital.spoke("03-03 08:00")
    kong.enrolled("03-03 15:00")
    bureau.hears(hospital.journal)

    assert bureau.alert(kong, "identity.not_enrolled")["status"] == "withdrawn"


def test_who_declined_or_was_vouched_for_instead_is_not_chased(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("骨科")
    kong = ward.admits("03-02 09:00")
    check = ward.round("03-02 15:00", until="03-02 17:00")
    kong.answered("03-02 15:30", check, "face_declined")
    kong.witnessed("03-02 15:40", check)
    hospital.spoke("03-03 08:00")
    hospital.journal.clock("03-03 20:00")
    bureau.hears(hospital.journal)

    assert bureau.alerts(kong) == []


def test_a_newborn_with_its_mother_is_not_chased(bureau: Bureau, hospital: Hospital) -> None:
    child = hospital.ward("产科").admits("03-02 09:00", med_type="9921", birctrl_matn_date="2026-03-02")
    hospital.spoke("03-03 08:00")
    hospital.journal.clock("03-03 20:00")
    bureau.hears(hospital.journal)

    assert bureau.alerts(child, "identity.not_enrolled") == []


@pytest.mark.parametrize(("rules", "severity"), [("calibrated", 2), ("national", 3)])
def test_another_face_than_on_the_identity_card(tmp_path: Path, hospital: Hospital, rules: str, severity: int) -> None:
    """人证不符: he is suspect where the comparison was calibrated, observed where it was not."""
    cao = hospital.ward("骨科").admits("03-02 09:00")
    cao.enrolled("03-02 09:30", score=0.85)
    cao.discharged("03-03 08:00")
    cao.settles("03-03 09:00")
    bureau = Bureau(tmp_path, national()) if rules == "national" else Bureau(tmp_path)
    bureau.hears(hospital.journal)

    alert = bureau.alert(cao, "identity.document_mismatch")
    assert alert["severity"] == severity
    assert codes(alert)[0] == "identity_document_mismatch_enrolment"
    assert bureau.outcomes(cao) == ["hold" if severity == 2 else "warn"]
    bureau.close()


def test_a_clumsy_first_try_is_forgiven(bureau: Bureau, hospital: Hospital) -> None:
    cao = hospital.ward("骨科").admits("03-02 09:00")
    cao.enrolled("03-02 09:30", score=0.85)
    cao.enrolled("03-02 09:35", score=0.2)
    bureau.hears(hospital.journal)

    assert bureau.detectors(cao) == []


def test_pictures_taken_before_the_enrolment_are_compared_with_it_afterwards(
    bureau: Bureau, hospital: Hospital
) -> None:
    ward = hospital.ward("骨科")
    cao = ward.admits("03-02 09:00")
    early = cao.photographed("03-02 10:00")
    bureau.hears(hospital.journal)
    assert (bureau.capture(early).state, bureau.capture(early).band) == ("waiting_enrolment", "")

    cao.enrolled("03-02 11:00")
    bureau.hears(hospital.journal)
    assert (bureau.capture(early).state, bureau.capture(early).band) == ("compared", "same")
