"""Whom a check asks for: the ward's books as they stood when it opened, or the patients it names."""

from __future__ import annotations

from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Ward


def a_quiet_day(ward: Ward, day: str) -> None:
    ward.hospital.spoke(f"{day} 08:00")
    ward.hospital.spoke(f"{day} 20:00")


def test_who_was_on_the_ward_when_it_opened(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("内科")
    early, gone = ward.admits("03-02 08:00", bed="1"), ward.admits("03-02 08:10", bed="2")
    gone.discharged("03-02 09:50")
    ward.round("03-02 10:00", until="03-02 12:00")
    late = ward.admits("03-02 10:30", bed="2")
    for patient, moment in ((early, "08:30"), (gone, "08:40"), (late, "10:40")):
        patient.enrolled(f"03-02 {moment}")
    a_quiet_day(ward, "03-03")
    bureau.hears(hospital.journal)

    assert bureau.detectors(early) == ["check.missed"]
    assert bureau.detectors(gone) == []
    assert bureau.detectors(late) == []


def test_who_moved_to_another_ward_is_asked_for_there(bureau: Bureau, hospital: Hospital) -> None:
    surgery, rehab = hospital.ward("外科"), hospital.ward("康复科")
    pan = surgery.admits("03-02 08:00")
    pan.enrolled("03-02 08:30")
    pan.moved("03-02 15:00", rehab, bed="7")
    surgery.round("03-03 10:00", until="03-03 12:00")
    bureau.hears(hospital.journal)
    hospital.journal.clock("03-03 13:00")
    bureau.hears(hospital.journal)
    assert bureau.detectors(pan) == []

    rehab.round("03-03 15:00", until="03-03 17:00")
    hospital.journal.clock("03-03 18:00")
    bureau.hears(hospital.journal)
    alert = bureau.alert(pan, "check.missed")
    assert alert["ward"] == "康复科"


def test_only_the_patients_it_names(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("内科")
    named, other = ward.admits("03-02 08:00", bed="1"), ward.admits("03-02 08:10", bed="2")
    named.enrolled("03-02 08:30")
    other.enrolled("03-02 08:40")
    ward.check("spot", "03-03 10:00", until="03-03 12:00", roster=[named])
    hospital.journal.clock("03-03 13:00")
    bureau.hears(hospital.journal)

    assert bureau.detectors(named) == ["check.missed"]
    assert bureau.detectors(other) == []


def test_a_named_patient_whose_admission_is_not_known_yet_is_asked_for_once_it_is(
    bureau: Bureau, hospital: Hospital
) -> None:
    ward = hospital.ward("内科")
    neighbour = ward.admits("03-03 08:00", bed="1")
    neighbour.enrolled("03-03 08:30")
    lv = ward.admits("03-03 10:30", began="03-03 08:00", bed="2")
    check = ward.check("spot", "03-03 10:00", until="03-03 12:00", roster=[lv])
    hospital.journal.clock("03-03 13:00")
    bureau.hears(hospital.journal)

    assert bureau.waiting == 0
    assert check.issued is not None
    assert bureau.answer(check.issued).status == 201
    assert bureau.detectors(lv) == ["check.missed"]
    assert bureau.detectors(neighbour) == []  # one unknown name is not the whole ward


def test_a_check_that_nobody_knows_is_not_found(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("内科")
    lv = ward.admits("03-03 08:00")
    check = ward.round("03-03 10:00", until="03-03 12:00")
    check.check_id = "CK-UNKNOWN"
    asked = lv.answered("03-03 10:30", check, "not_found")
    bureau.hears(hospital.journal)

    assert bureau.refusal(asked).status == 404
