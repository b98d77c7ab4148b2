"""拍反了: a tired nurse photographs two neighbours under each other's name. That is a mix-up and no fraud."""

from __future__ import annotations

from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient, Sent, Ward


def two_neighbours(hospital: Hospital) -> tuple[Ward, Patient, Patient]:
    ward = hospital.ward("骨科")
    qian, sun = ward.admits("03-02 09:00", bed="1"), ward.admits("03-02 09:10", bed="2")
    qian.enrolled("03-02 09:30")
    sun.enrolled("03-02 09:40")
    return ward, qian, sun


def swapped(ward: Ward, one: Patient, other: Patient, day: str) -> list[Sent]:
    check = ward.round(f"{day} 10:00", until=f"{day} 12:00")
    return [
        one.photographed(f"{day} 10:10", check, showing=other),
        other.photographed(f"{day} 10:11", check, showing=one),
    ]


def test_crossed_pictures_are_a_mix_up_and_no_finding(bureau: Bureau, hospital: Hospital) -> None:
    ward, qian, sun = two_neighbours(hospital)
    first, second = swapped(ward, qian, sun, "03-03")
    swapped(ward, qian, sun, "03-04")  # twice would be enough for identity.mismatch
    bureau.hears(hospital.journal)

    assert bureau.detectors(qian) == []
    assert bureau.detectors(sun) == []
    for picture in (first, second):
        outcome = bureau.capture(picture)
        assert outcome.band == ""
        assert [dict(reason)["code"] for reason in outcome.reasons] == ["mix_up"]


def test_a_swapped_picture_verifies_nobody_either(bureau: Bureau, hospital: Hospital) -> None:
    """The contract counts a day as verified by a capture in band same; a neighbour's picture is in none."""
    ward, qian, sun = two_neighbours(hospital)
    swapped(ward, qian, sun, "03-03")
    qian.discharged("03-04 09:00")
    qian.settles("03-04 09:30")
    bureau.hears(hospital.journal)

    (decision,) = bureau.decisions(qian)
    assert decision["outcome"] == "warn"
    assert decision["unverified_days"] == ["2026-03-03"]


def test_one_face_under_another_name_without_the_reverse_is_no_mix_up(bureau: Bureau, hospital: Hospital) -> None:
    ward, qian, sun = two_neighbours(hospital)
    for day in ("03-03", "03-04"):
        check = ward.round(f"{day} 10:00", until=f"{day} 12:00")
        qian.photographed(f"{day} 10:10", check, showing=sun)
        sun.photographed(f"{day} 10:11", check)
    bureau.hears(hospital.journal)

    assert bureau.detectors(qian) == ["identity.mismatch"]
    assert bureau.detectors(sun) == []
