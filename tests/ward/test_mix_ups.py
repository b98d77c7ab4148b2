"""拍反了: two patients' pictures swapped in one round are a mix-up, not a finding."""

from __future__ import annotations

import pytest

from schemas.system import MixUpFound
from tests.ward.house import TestHouse


def mixed(house: TestHouse) -> set[tuple[str, str]]:
    return {(event.stay, event.capture_id) for event in house.heard_of(MixUpFound)}


def test_two_crossed_mismatches_in_one_round_are_a_mix_up_of_both() -> None:
    house = TestHouse()
    house.mismatch(1, face_seen=2)
    assert mixed(house) == set()
    house.mismatch(2, face_seen=1)
    assert mixed(house) == {("S1", "C1-03-02 08:10"), ("S2", "C2-03-02 08:10")}


def test_a_stranger_in_one_bed_is_none() -> None:
    house = TestHouse()
    house.mismatch(1, face_seen=2)
    house.mismatch(2, face_seen=9)
    assert mixed(house) == set()


def test_one_way_is_none() -> None:
    house = TestHouse()
    house.mismatch(1, face_seen=9)
    house.mismatch(2, face_seen=1)
    assert mixed(house) == set()


def test_two_rounds_are_not_one() -> None:
    house = TestHouse()
    house.mismatch(1, face_seen=2, check_id="K1")
    house.mismatch(2, face_seen=1, check_id="K2")
    assert mixed(house) == set()


@pytest.mark.parametrize(("moment", "same_round"), [("03-02 12:00", True), ("03-02 12:11", False)])
def test_without_a_check_captures_of_one_round_are_close_in_time(moment: str, same_round: bool) -> None:
    house = TestHouse()
    house.mismatch(1, face_seen=2, check_id="")
    house.mismatch(2, face_seen=1, moment=moment, check_id="")
    assert bool(mixed(house)) is same_round


def test_a_repeated_mismatch_says_nothing_new() -> None:
    house = TestHouse()
    house.mismatch(1, face_seen=2)
    house.mismatch(2, face_seen=1)
    assert house.mismatch(2, face_seen=1) == []
