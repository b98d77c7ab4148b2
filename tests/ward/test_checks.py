"""A check and its ward: who is covered, who learns of the delivery, whose miss is everyone's."""

from __future__ import annotations

import random

from schemas.system import WardWideMiss
from schemas.ward_check import CheckAssigned, CheckDelivered
from tests.stories import at
from tests.ward.house import TestHouse


def covered(house: TestHouse) -> list[str]:
    return [event.stay for event in house.heard_of(CheckAssigned)]


def test_a_check_of_a_ward_covers_whoever_is_on_its_books_when_it_opens() -> None:
    house = TestHouse()
    house.patient(1)
    house.patient(2, ward="W2")
    house.ordered()
    assert covered(house) == []
    assert house.wake_at == at("03-02 08:00")
    house.patient(3, since="03-02 07:30")
    house.wakes()
    assert covered(house) == ["S1", "S3"]
    assigned = house.heard_of(CheckAssigned)[0]
    assert (assigned.ward, assigned.due_by, assigned.person) == ("W1", at("03-02 10:00"), "330100:P1")


def test_who_was_discharged_or_came_later_or_was_cancelled_is_not_covered() -> None:
    house = TestHouse()
    house.patient(1, until="03-02 07:59", known="03-02 07:59")
    house.patient(2)
    house.patient(2, ward="", known="03-02 06:00")
    house.ordered()
    house.wakes("03-02 08:00")
    house.patient(3, since="03-02 07:00", known="03-02 08:30")
    assert covered(house) == []


def test_an_admission_told_in_time_and_worked_through_late_is_covered_once() -> None:
    house = TestHouse()
    house.ordered()
    house.wakes("03-02 08:00")
    house.patient(1, since="03-01 09:00", known="03-02 07:59")
    house.patient(1, since="03-01 09:00", until="03-02 09:00", known="03-02 08:30")
    assert covered(house) == ["S1"]


def test_a_check_that_is_due_at_once_opens_at_once() -> None:
    house = TestHouse()
    house.patient(1)
    house.ordered(told="03-02 08:05")
    assert covered(house) == ["S1"]


def test_named_patients_are_covered_wherever_they_lie() -> None:
    house = TestHouse()
    house.patient(1, ward="W7")
    house.ordered(ward="", roster=(("330100:P1", "S1"), ("330100:P9", "S9")))
    house.wakes("03-02 08:00")
    assert [(e.stay, e.ward) for e in house.heard_of(CheckAssigned)] == [("S1", "W7"), ("S9", "")]


def test_ordering_a_check_twice_opens_it_once() -> None:
    house = TestHouse()
    house.patient(1)
    for _ in range(2):
        house.ordered(told="03-02 08:00")
    assert covered(house) == ["S1"]


def test_a_receipt_reaches_those_whom_the_check_covers_in_that_ward() -> None:
    house = TestHouse()
    house.patient(1)
    house.patient(2, ward="W2")
    house.ordered(ward="", roster=(("330100:P1", "S1"), ("330100:P2", "S2")), told="03-02 08:00")
    house.delivered()
    house.delivered()  # the same receipt once more
    assert [e.stay for e in house.heard_of(CheckDelivered)] == ["S1"]


def test_a_receipt_that_comes_before_its_check_opens_is_kept_for_it() -> None:
    house = TestHouse()
    house.patient(1)
    house.delivered("03-02 06:30")
    house.ordered()
    house.wakes()
    (receipt,) = house.heard_of(CheckDelivered)
    assert (receipt.stay, receipt.delivered_at) == ("S1", at("03-02 06:30"))


def test_a_few_misses_are_theirs() -> None:
    house = opened(8)
    for number in range(4):
        house.missed(number)
    assert house.heard_of(WardWideMiss) == []


def test_when_most_of_the_ward_missed_it_everyone_learns_that_the_cause_is_one() -> None:
    house = opened(8)
    for number in range(6):
        house.missed(number)
    assert sorted(e.stay for e in house.heard_of(WardWideMiss)) == [f"S{n}" for n in range(6)]
    last = house.heard_of(WardWideMiss)[-1]
    assert (last.missed, last.covered) == (6, 8)


def test_the_order_of_the_misses_does_not_matter() -> None:
    told = set()
    for seed in range(5):
        house, numbers = opened(8), list(range(6))
        random.Random(seed).shuffle(numbers)
        for number in numbers:
            house.missed(number)
        told.add(tuple(sorted(e.stay for e in house.heard_of(WardWideMiss))))
    assert len(told) == 1


def test_a_ward_of_four_is_never_called_ward_wide() -> None:
    house = opened(4)
    for number in range(4):
        house.missed(number)
    assert house.heard_of(WardWideMiss) == []


def test_checks_and_beds_of_last_week_leave_the_state() -> None:
    house = opened(2)
    house.patient(1, until="03-02 12:00", known="03-02 12:00")
    house.heard("03-09 09:00")
    assert (list(house.house.checks), list(house.house.beds)) == ([], ["S0"])


def opened(patients: int) -> TestHouse:
    house = TestHouse()
    for number in range(patients):
        house.patient(number)
    house.ordered(told="03-02 08:00")
    return house
