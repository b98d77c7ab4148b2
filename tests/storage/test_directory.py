"""The identity directory: numbers to persons, persons to stays, and who has spoken."""

from __future__ import annotations

from storage import directory
from storage.directory import Alias, Stay
from storage.store import Store
from tests.storage.samples import HOUSE, NOON, OTHER_HOUSE, later


def stay(name: str, **changes: object) -> Stay:
    given = Stay(name, HOUSE, "990101:P1", "M1", "ZY1", "骨科", "3-12", True, NOON)
    return given._replace(**changes)  # type: ignore[arg-type]


def test_a_hospital_number_means_a_stay_of_that_hospital_only(store: Store) -> None:
    here = Alias("ipt", "ZY1", HOUSE, "990101:P1", "st-1")
    there = Alias("ipt", "ZY1", OTHER_HOUSE, "990101:P2", "st-2")
    with store.write() as conn:
        directory.bind(conn, [here, there])
        assert directory.resolve_ipt(conn, HOUSE, "ZY1") == here
        assert directory.resolve_ipt(conn, OTHER_HOUSE, "ZY1") == there
        assert directory.resolve_ipt(conn, "H0", "ZY1") is None


def test_a_platform_number_is_looked_up_with_or_without_institution(store: Store) -> None:
    for_all = Alias("mdtrt", "M1", "", "990101:P1", "st-1")
    here = Alias("mdtrt", "M2", HOUSE, "990101:P2", "st-2")
    there = Alias("mdtrt", "M2", OTHER_HOUSE, "990101:P3", "st-3")
    alone = Alias("mdtrt", "M3", HOUSE, "990101:P4", "st-4")
    with store.write() as conn:
        directory.bind(conn, [for_all, here, there, alone])
        assert directory.resolve_mdtrt(conn, "M1", HOUSE) == for_all
        assert directory.resolve_mdtrt(conn, "M2", HOUSE) == here
        assert directory.resolve_mdtrt(conn, "M2") is None, "two institutions say so: ambiguous"
        assert directory.resolve_mdtrt(conn, "M3") == alone
        assert directory.resolve_mdtrt(conn, "M3", OTHER_HOUSE) is None
        assert directory.resolve_mdtrt(conn, "M9") is None
        many = directory.resolve_many(conn, "mdtrt", ["M1", "M2", "M9"])
    assert many == {"M1": [for_all], "M2": [here, there]}


def test_a_number_said_anew_is_replaced_and_forgotten_only_with_its_own_stay(store: Store) -> None:
    first = Alias("ipt", "ZY1", HOUSE, "990101:P1", "st-1")
    second = first._replace(person="990101:P2", stay="st-2")
    with store.write() as conn:
        directory.bind(conn, [first])
        directory.bind(conn, [second])
        directory.unbind(conn, [first])
        assert directory.resolve_ipt(conn, HOUSE, "ZY1") == second
        directory.unbind(conn, [second])
        assert directory.resolve_ipt(conn, HOUSE, "ZY1") is None


def test_a_psn_no_known_under_two_regions_is_ambiguous_and_says_so(store: Store) -> None:
    with store.write() as conn:
        directory.add_members(conn, [(HOUSE, "P1", "990101"), (HOUSE, "P1", "990102"), (HOUSE, "P2", "990101")])
        directory.add_members(conn, [(HOUSE, "P1", "990101")])
        assert directory.persons_of(conn, HOUSE, "P1") == ["990101", "990102"]
        assert directory.persons_of(conn, HOUSE, "P2") == ["990101"]
        assert directory.persons_of(conn, OTHER_HOUSE, "P1") == []
        assert directory.persons_of_many(conn, HOUSE, ["P2", "P9"]) == {"P2": ["990101"]}


def test_stays_of_a_person_open_or_not_here_or_anywhere(store: Store) -> None:
    rows = [
        stay("st-1"),
        stay("st-2", is_open=False),
        stay("st-3", institution=OTHER_HOUSE, mdtrt_id=""),
        stay("st-4", person="990101:P2"),
    ]
    with store.write() as conn:
        directory.put_stays(conn, rows)
        assert directory.stay(conn, "st-3") == rows[2]
        assert directory.stay(conn, "none") is None
        assert directory.stays_of(conn, HOUSE, "990101:P1") == [rows[0]]
        assert directory.stays_of(conn, HOUSE, "990101:P1", open_only=False) == rows[:2]
        assert directory.stays_of(conn, "", "990101:P1") == [rows[0], rows[2]]
        assert directory.stays_of_many(conn, ["990101:P1", "990101:P2"]) == {
            "990101:P1": rows[:3],
            "990101:P2": [rows[3]],
        }
        assert directory.stays_by_key(conn, ["st-1", "st-4"]) == {"st-1": rows[0], "st-4": rows[3]}


def test_the_roster_of_a_ward_is_its_open_stays_by_bed(store: Store) -> None:
    rows = [stay("st-1", bed="2"), stay("st-2", bed="1"), stay("st-3", ward="内科"), stay("st-4", is_open=False)]
    with store.write() as conn:
        directory.put_stays(conn, rows)
        assert [one.stay for one in directory.roster(conn, HOUSE, "骨科")] == ["st-2", "st-1"]
        assert {one.stay for one in directory.roster(conn, HOUSE)} == {"st-1", "st-2", "st-3"}
        directory.put_stays(conn, [rows[0]._replace(is_open=False)])
        assert [one.stay for one in directory.roster(conn, HOUSE, "骨科")] == ["st-2"]


def test_an_institution_is_heard_first_once_an_hour(store: Store) -> None:
    with store.write() as conn:
        assert directory.heard(conn, HOUSE, NOON, later(minutes=5), "990101")
        assert not directory.heard(conn, HOUSE, NOON, later(minutes=50))
        assert directory.heard(conn, HOUSE, later(hours=1), later(minutes=61))
        assert not directory.heard(conn, HOUSE, NOON, later(minutes=55)), "a late line is no new hour"
        house = directory.institution(conn, HOUSE)
        assert house is not None
        assert (house.first_heard_at, house.last_heard_at) == (later(minutes=5), later(minutes=61))
        assert house.region == "990101"
        spoke = {HOUSE: (later(hours=2), later(hours=2), ""), OTHER_HOUSE: (NOON, NOON, "990102")}
        assert directory.heard_many(conn, spoke) == {HOUSE, OTHER_HOUSE}
        assert directory.heard_many(conn, spoke) == set()
        assert list(directory.institutions_all(conn)) == [HOUSE, OTHER_HOUSE]
        assert directory.institution(conn, "none") is None
