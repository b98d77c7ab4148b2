"""The identity directory: numbers, persons and stays joined, also when they are learned late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.admission import Admitted, Discharged, StayChanged
from schemas.base import Event, Who
from schemas.charge import ChargesWithdrawn, OutpatientRecorded
from schemas.settlement import SettlementAsked
from schemas.ward_check import CaptureAssessed, SceneReported
from storage.store import Store
from streams.directory import Directory, Waits
from tests.stories import at

HOUSE = "H99010100001"
T0 = at("03-02 09:00")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'd.db'}", durable=False) as opened:
        yield opened


class Desk:
    """A directory that forgets everything between two messages but what it wrote down."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.turned_up: list[str] = []
        self.count = 0

    def join(self, event: Event, *, national: bool = True, region: str = "990101") -> Event | Waits:
        with self.store.write() as conn:
            directory = Directory(conn)
            directory.read_ahead([event.who])
            found = directory.join(event, national=national, region=region)
            directory.flush()
            self.turned_up = list(directory.turned_up)
        return found

    def event(self, kind: type[Event], *, institution: str = HOUSE, **what: Any) -> Event:
        self.count += 1
        names = ("insuplc_admdvs", "psn_no", "mdtrt_id", "ipt_no")
        who = Who(institution=institution, **{name: what.pop(name, "") for name in names})
        moment = T0 + timedelta(minutes=self.count)
        return kind(event_id=f"ev-{self.count}", at=moment, arrived_at=moment, who=who, **what)

    def admitted(self, **who: Any) -> Any:
        who = {"insuplc_admdvs": "990101", "psn_no": "P1", "ipt_no": "Z1"} | who
        return self.join(self.event(Admitted, began_at=T0, ward="W1", **who))

    def capture(self, **who: Any) -> Any:
        purpose = who.pop("purpose", "round")
        return self.join(self.event(CaptureAssessed, capture_id="c", purpose=purpose, **who), national=False)


def test_an_admission_seen_with_its_reply_is_known_by_all_its_numbers(store: Store) -> None:
    desk = Desk(store)
    admitted = desk.admitted(mdtrt_id="M1")
    assert (admitted.person, admitted.stay) == ("990101:P1", "M1")
    for who in ({"mdtrt_id": "M1"}, {"ipt_no": "Z1"}, {"psn_no": "P1"}):
        found = desk.capture(**who)
        assert (found.person, found.stay, found.who.mdtrt_id) == ("990101:P1", "M1", "M1")


def test_without_the_reply_the_platform_s_number_is_learned_from_the_first_later_message(store: Store) -> None:
    desk = Desk(store)
    key = desk.admitted().stay
    assert key == f"{HOUSE}/Z1"
    later = desk.join(desk.event(ChargesWithdrawn, psn_no="P1", insuplc_admdvs="990101", mdtrt_id="M1"))
    assert later.stay == key  # type: ignore[union-attr]
    assert desk.capture(mdtrt_id="M1").stay == key


def test_the_hospital_s_number_of_another_hospital_is_another_stay(store: Store) -> None:
    desk = Desk(store)
    desk.admitted(mdtrt_id="M1")
    other = desk.admitted(mdtrt_id="M2", psn_no="P2", institution="H99010100002")
    assert other.stay == "M2"
    assert desk.capture(ipt_no="Z1").stay == "M1"


def test_no_institution_reaches_a_stay_of_another_by_its_number(store: Store) -> None:
    desk = Desk(store)
    desk.admitted(mdtrt_id="M1")
    assert desk.capture(mdtrt_id="M1", institution="H99010100002") == Waits("mdtrt:H99010100002:M1")


def test_a_capture_before_its_admission_waits_and_the_admission_says_so(store: Store) -> None:
    desk = Desk(store)
    assert desk.capture(mdtrt_id="M1") == Waits(f"mdtrt:{HOUSE}:M1")
    assert desk.capture(ipt_no="Z1") == Waits(f"ipt:{HOUSE}:Z1")
    assert desk.capture(psn_no="P1") == Waits(f"psn:{HOUSE}:P1")
    desk.admitted(mdtrt_id="M1")
    assert set(desk.turned_up) == {f"mdtrt:{HOUSE}:M1", f"ipt:{HOUSE}:Z1", f"psn:{HOUSE}:P1"}


def test_a_stay_that_began_before_monitoring_is_made_by_its_first_message(store: Store) -> None:
    desk = Desk(store)
    found = desk.join(desk.event(StayChanged, psn_no="P1", insuplc_admdvs="990101", mdtrt_id="M1", ipt_no="Z1"))
    assert (found.person, found.stay) == ("990101:P1", "M1")  # type: ignore[union-attr]


def test_one_number_in_two_regions_is_two_persons(store: Store) -> None:
    desk = Desk(store)
    desk.admitted(mdtrt_id="M1")
    desk.admitted(mdtrt_id="M2", ipt_no="Z2", insuplc_admdvs="880101")
    assert desk.capture(psn_no="P1") == Waits(f"psn:{HOUSE}:P1")  # which of the two? nobody may guess
    assert desk.capture(psn_no="P1", insuplc_admdvs="880101").stay == "M2"


def test_a_message_without_place_of_insurance_is_about_a_local_patient(store: Store) -> None:
    desk = Desk(store)
    assert desk.admitted(insuplc_admdvs="", mdtrt_id="M1").person == "990101:P1"


def test_a_number_that_belongs_to_someone_else_is_flagged(store: Store) -> None:
    desk = Desk(store)
    desk.admitted(mdtrt_id="M1")
    found = desk.capture(mdtrt_id="M1", psn_no="P7")
    assert (found.person, found.flags) == ("990101:P1", ("identity_conflict",))


def test_the_second_stay_of_a_patient_is_the_open_one(store: Store) -> None:
    desk = Desk(store)
    desk.admitted(mdtrt_id="M1")
    desk.join(desk.event(Discharged, mdtrt_id="M1", psn_no="P1", ended_at=T0 + timedelta(days=3)))
    desk.admitted(mdtrt_id="M2", ipt_no="Z2")
    assert desk.capture(psn_no="P1").stay == "M2"


def test_an_audit_finds_a_stay_by_the_hospital_s_number_and_learns_nothing_from_it(store: Store) -> None:
    desk = Desk(store)
    desk.admitted(mdtrt_id="M1")
    for who in ({"mdtrt_id": "M1"}, {"mdtrt_id": "Z1"}, {"mdtrt_id": "HIS-4711", "psn_no": "P1"}):
        asked = desk.join(desk.event(SettlementAsked, infno="3102", insuplc_admdvs="990101", **who))
        assert (asked.stay, asked.who.mdtrt_id) == ("M1", "M1")  # type: ignore[union-attr]
    assert desk.capture(mdtrt_id="HIS-4711") == Waits(f"mdtrt:{HOUSE}:HIS-4711")


def test_an_audit_of_an_outpatient_makes_no_stay(store: Store) -> None:
    desk = Desk(store)
    who = {"insuplc_admdvs": "990101", "psn_no": "P5", "mdtrt_id": "OUT-1"}
    assert desk.join(desk.event(SettlementAsked, infno="3101", **who)) == Waits("")
    assert desk.capture(psn_no="P5") == Waits(f"psn:{HOUSE}:P5")


def test_scenes_and_outpatient_acts_concern_the_person_and_no_stay(store: Store) -> None:
    desk = Desk(store)
    desk.admitted(mdtrt_id="M1")
    away = {"institution": "H99010100009", "psn_no": "P1", "insuplc_admdvs": "990101"}
    scene = desk.join(desk.event(SceneReported, scene="dialysis", phase="start", **away), national=False)
    visit = desk.join(desk.event(OutpatientRecorded, infno="2201", mdtrt_id="OUT-1", **away))
    for found in (scene, visit):
        assert (found.person, found.stay) == ("990101:P1", "")  # type: ignore[union-attr]
    assert desk.capture(purpose="scene", **away).stay == ""


def test_a_scene_without_place_of_insurance_waits_until_the_person_is_known_there(store: Store) -> None:
    desk = Desk(store)
    scene = desk.event(SceneReported, institution="H99010100009", psn_no="P1", scene="rehab", phase="once")
    assert desk.join(scene, national=False) == Waits("psn:H99010100009:P1")
    desk.join(
        desk.event(OutpatientRecorded, infno="2201", institution="H99010100009", psn_no="P1", insuplc_admdvs="990101")
    )
    assert "psn:H99010100009:P1" in desk.turned_up
