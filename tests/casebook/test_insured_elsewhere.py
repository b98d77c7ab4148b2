"""异地就医: cared for here, insured in another city."""

from __future__ import annotations

from tests.casebook.bureau import Bureau
from tests.journal import Hospital

HOME = "330200"


def test_a_guest_is_a_person_of_the_place_that_insures_her(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("骨科")
    jin = ward.admits("03-02 09:00", insured=HOME)
    jin.enrolled("03-02 09:20")
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 12:00", until=f"{day} 14:00")
        jin.not_found(check, f"{day} 12:10", f"{day} 12:50")
    jin.discharged("03-06 09:00")
    jin.settles("03-06 10:00")
    bureau.hears(hospital.journal)

    alert = bureau.alert(jin, "presence.bed_hanging")
    assert alert["insuplc_admdvs"] == HOME
    assert bureau.decisions(jin)[0]["insuplc_admdvs"] == HOME
    assert bureau.hold(jin).insuplc_admdvs == HOME


def test_two_cities_may_give_the_same_number_to_two_people(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("骨科")
    guest = ward.admits("03-02 09:00", psn_no="100001", insured=HOME)
    local = ward.admits("03-02 09:10", psn_no="100001")
    guest.enrolled("03-02 09:20")
    local.enrolled("03-02 09:30")
    hospital.spoke("03-03 09:00")
    hospital.spoke("03-04 09:00")
    bureau.hears(hospital.journal)

    assert bureau.detectors(guest) == bureau.detectors(local) == []


def test_a_capture_that_names_only_the_ambiguous_number_waits(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("骨科")
    guest = ward.admits("03-02 09:00", psn_no="100001", insured=HOME)
    ward.admits("03-02 09:10", psn_no="100001")
    unclear = guest.photographed("03-02 10:00", mdtrt_id=None, psn_no="100001")
    clear = guest.photographed("03-02 10:05", mdtrt_id=None, psn_no="100001", insuplc_admdvs=HOME)
    bureau.hears(hospital.journal)

    assert bureau.capture(unclear).state == "waiting"
    assert bureau.capture(clear).state != "waiting"
    assert bureau.waiting == 1


def test_a_local_patient_may_leave_the_place_of_insurance_out(bureau: Bureau, hospital: Hospital) -> None:
    jin = hospital.ward("骨科").admits("03-02 09:00")
    assert jin.admission is not None
    del jin.admission.row["json"]["request"]["insuplc_admdvs"]
    seen = jin.enrolled("03-02 09:20")
    jin.discharged("03-03 08:00")
    jin.settles("03-03 09:00")
    bureau.hears(hospital.journal)

    assert bureau.capture(seen).state == "enrolled"
    assert bureau.decisions(jin)[0]["insuplc_admdvs"] == hospital.region
