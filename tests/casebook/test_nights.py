"""夜间不在院: treated by day, at home by night."""

from __future__ import annotations

from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient


def by_day_and_by_night(hospital: Hospital) -> Patient:
    ward = hospital.ward("中医科")
    you = ward.admits("03-02 09:00")
    you.enrolled("03-02 09:30")
    morning = ward.round("03-03 09:00", until="03-03 11:00")
    you.photographed("03-03 09:30", morning)
    night = ward.spot("03-03 22:00", until="03-03 23:30")
    you.not_found(night, "03-03 22:10", "03-03 22:50")
    return you


def test_a_confirmed_absence_at_night_is_suspect(bureau: Bureau, hospital: Hospital) -> None:
    you = by_day_and_by_night(hospital)
    hospital.spoke("03-04 08:00")
    bureau.hears(hospital.journal)

    alert = bureau.alert(you, "presence.night_absence")
    assert alert["severity"] == 2
    assert "40" in alert["reasons"][0]["text"]


def test_night_leave_that_the_ward_had_entered_is_in_order(bureau: Bureau, hospital: Hospital) -> None:
    you = by_day_and_by_night(hospital)
    you.away("leave", "03-03 18:00", "03-04 07:00", entered="03-03 16:00")
    bureau.hears(hospital.journal)

    assert bureau.alerts(you, "presence.night_absence") == []


def test_not_found_once_at_night_is_unknown(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("中医科")
    you = ward.admits("03-02 09:00")
    you.enrolled("03-02 09:30")
    night = ward.spot("03-03 02:00", until="03-03 03:30")
    you.not_found(night, "03-03 02:10")
    you.photographed("03-03 02:40", night)
    hospital.spoke("03-03 08:00")
    bureau.hears(hospital.journal)

    assert bureau.detectors(you) == []


def test_a_second_look_after_two_hours_confirms_nothing(bureau: Bureau, hospital: Hospital) -> None:
    """Toilet, corridor, canteen: only a second look after thirty to sixty minutes says that somebody is gone."""
    ward = hospital.ward("中医科")
    you = ward.admits("03-02 09:00")
    you.enrolled("03-02 09:30")
    night = ward.spot("03-02 21:30", until="03-03 01:00")
    you.not_found(night, "03-02 21:40", "03-02 23:50")
    hospital.spoke("03-03 08:00")
    bureau.hears(hospital.journal)

    assert bureau.alerts(you, "presence.night_absence") == []
