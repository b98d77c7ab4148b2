"""巡查通过、抽查不过: the announced round finds everyone, the unannounced check does not."""

from __future__ import annotations

from tests.casebook.bureau import Bureau, codes
from tests.journal import Hospital, Patient, Ward


def passed_the_round(hospital: Hospital) -> tuple[Ward, Patient]:
    ward = hospital.ward("康复科")
    xu = ward.admits("03-02 09:00")
    xu.enrolled("03-02 09:30")
    round_ = ward.round("03-03 09:00", until="03-03 11:00")
    xu.photographed("03-03 09:30", round_)
    return ward, xu


def test_found_in_the_morning_and_gone_in_the_afternoon(bureau: Bureau, hospital: Hospital) -> None:
    ward, xu = passed_the_round(hospital)
    spot = ward.spot("03-03 15:00", until="03-03 16:00")
    xu.not_found(spot, "03-03 15:05", "03-03 15:40")
    hospital.spoke("03-04 08:00")
    bureau.hears(hospital.journal)

    alert = bureau.alert(xu, "check.spot_conflict")
    assert (alert["severity"], codes(alert)) == (2, ["check_spot_conflict_absent"])


def test_another_face_at_the_spot_check(bureau: Bureau, hospital: Hospital) -> None:
    ward, xu = passed_the_round(hospital)
    spot = ward.spot("03-03 15:00", until="03-03 16:00")
    xu.photographed("03-03 15:10", spot, showing=99, purpose="spot")
    hospital.spoke("03-04 08:00")
    bureau.hears(hospital.journal)

    alert = bureau.alert(xu, "check.spot_conflict")
    assert (alert["severity"], codes(alert)) == (2, ["check_spot_conflict_different"])
    assert bureau.alerts(xu, "identity.mismatch") == []  # one session is evidence and no more


def test_a_missed_spot_check_is_a_weaker_conflict(bureau: Bureau, hospital: Hospital) -> None:
    ward, xu = passed_the_round(hospital)
    ward.spot("03-03 15:00", until="03-03 16:00")
    hospital.spoke("03-04 08:00")
    bureau.hears(hospital.journal)

    alert = bureau.alert(xu, "check.spot_conflict")
    assert (alert["severity"], codes(alert)) == (3, ["check_spot_conflict_missed"])


def test_in_the_operating_theatre_there_is_no_conflict(bureau: Bureau, hospital: Hospital) -> None:
    ward, xu = passed_the_round(hospital)
    xu.away("theatre", "03-03 14:00", "03-03 18:00", entered="03-03 13:00")
    spot = ward.spot("03-03 15:00", until="03-03 16:00")
    xu.not_found(spot, "03-03 15:05", "03-03 15:40")
    hospital.spoke("03-04 08:00")
    bureau.hears(hospital.journal)

    assert bureau.detectors(xu) == []
