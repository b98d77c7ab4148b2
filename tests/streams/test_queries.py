"""What consoles read: open checks with their rosters, stays with their days, the gate's view of a stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.views import OpenCheck, RosterRow
from storage.alerts import AlertFilter
from storage.holds import HoldFilter
from streams.journal import parse_line
from streams.queries import StoredQueries
from streams.replay import Player
from tests.journal import Hospital, Patient
from tests.storage.conftest import MakeStore
from tests.stories import Time, at
from tests.streams.exactness import whole_system
from wardwatch.clock import ManualClock
from wardwatch.wiring import Parts


@dataclass
class Desk:
    """A system that has seen a hospital's journal up to a moment."""

    parts: Parts
    hospital: Hospital = field(default_factory=Hospital)

    @property
    def queries(self) -> StoredQueries:
        return StoredQueries(self.parts.store, self.parts.policies, self.parts.clock.now)

    def sees(self, until: Time) -> None:
        """Everything that arrived up to `until` is worked through."""
        self.hospital.journal.clock(until)
        clock = self.parts.clock
        assert isinstance(clock, ManualClock)
        lines = [parse_line(s.bytes) for s in self.hospital.journal.in_order() if s.at <= at(until)]
        Player(self.parts.store, self.parts.intake, self.parts.pump, clock).play(iter(lines))

    def check(self, until: Time, ward: str | None = None) -> OpenCheck:
        self.sees(until)
        (found,) = self.queries.open_checks(self.hospital.code, ward, at(until))
        return found

    def row(self, until: Time, patient: Patient) -> RosterRow:
        return next(r for r in self.check(until).roster if r.mdtrt_id == patient.mdtrt_id)


@pytest.fixture
def desk(new_store: MakeStore) -> Desk:
    return Desk(whole_system(new_store()))


def test_a_ward_sees_its_open_check_with_everyone_on_the_books_and_no_one_else(desk: Desk) -> None:
    bones, heart = desk.hospital.ward("骨科"), desk.hospital.ward("心内科")
    here = [bones.admits("03-02 09:00", bed="02"), bones.admits("03-02 09:10", bed="01")]
    heart.admits("03-02 09:20")
    bones.round("03-03 10:00", until="03-03 12:00")
    check = desk.check("03-03 10:05", "骨科")
    assert [row.mdtrt_id for row in check.roster] == [here[1].mdtrt_id, here[0].mdtrt_id], "by bed"
    assert [row.state for row in check.roster] == ["waiting", "waiting"]
    assert (check.kind, check.ward, check.delivered_at) == ("round", "骨科", at("03-03 10:00"))
    assert check.nonce
    assert desk.queries.open_checks(desk.hospital.code, "心内科", at("03-03 10:05")) == []
    assert desk.queries.open_checks("H00000000000", None, at("03-03 10:05")) == []


def test_a_check_is_open_within_its_window_only(desk: Desk) -> None:
    ward = desk.hospital.ward()
    ward.admits("03-02 09:00")
    ward.round("03-03 10:00", until="03-03 12:00")
    desk.sees("03-03 11:00")
    for moment, count in (("03-03 09:59", 0), ("03-03 10:00", 1), ("03-03 12:00", 1), ("03-03 12:01", 0)):
        assert len(desk.queries.open_checks(desk.hospital.code, None, at(moment))) == count, moment


def test_each_patient_of_a_roster_stands_where_the_newest_word_puts_them(desk: Desk) -> None:
    ward = desk.hospital.ward()
    matched, stranger, absent, waiting, unknown = (ward.admits(f"03-02 09:0{n}", bed=str(n)) for n in range(5))
    for patient in (matched, stranger, absent, waiting):
        patient.enrolled("03-02 10:00")
    check = ward.round("03-03 10:00", until="03-03 12:00")
    matched.photographed("03-03 10:10", check)
    stranger.photographed("03-03 10:11", check, showing=4711)
    absent.answered("03-03 10:12", check, "not_found")
    unknown.photographed("03-03 10:13", check)
    rows = {row.mdtrt_id: row for row in desk.check("03-03 10:20").roster}
    states = [rows[p.mdtrt_id].state for p in (matched, stranger, absent, waiting, unknown)]
    assert states == ["same", "different", "answered", "waiting", "received"]
    assert rows[absent.mdtrt_id].result == "not_found"
    assert rows[matched.mdtrt_id].last_at == at("03-03 10:10")
    assert [rows[p.mdtrt_id].enrolled for p in (matched, unknown)] == [True, False]


def test_a_match_stays_a_match_whatever_is_said_afterwards(desk: Desk) -> None:
    ward = desk.hospital.ward()
    patient = ward.admits("03-02 09:00")
    patient.enrolled("03-02 10:00")
    check = ward.round("03-03 10:00", until="03-03 12:00")
    patient.photographed("03-03 10:10", check)
    patient.answered("03-03 10:30", check, "not_found")
    assert desk.row("03-03 10:40", patient).state == "same"


def test_a_patient_whose_whereabouts_are_on_the_books_is_excused(desk: Desk) -> None:
    ward = desk.hospital.ward()
    patient = ward.admits("03-02 09:00")
    patient.away("theatre", "03-03 08:00", "03-03 13:00")
    ward.round("03-03 10:00", until="03-03 12:00")
    assert desk.row("03-03 10:10", patient).state == "excused"


def test_a_check_without_a_receipt_shows_that_it_was_not_delivered(desk: Desk) -> None:
    ward = desk.hospital.ward()
    ward.admits("03-02 09:00")
    ward.round("03-03 10:00", until="03-03 12:00", delivered=None)
    assert desk.check("03-03 10:10").delivered_at is None


def test_a_stay_tells_its_days_and_where_the_patient_was(desk: Desk) -> None:
    ward = desk.hospital.ward()
    patient = ward.admits("03-02 09:00", bed="12")
    patient.enrolled("03-02 09:20")
    first = ward.round("03-03 10:00", until="03-03 12:00")
    patient.photographed("03-03 10:10", first)
    second = ward.round("03-04 10:00", until="03-04 12:00")
    patient.not_found(second, "03-04 10:10", "03-04 10:45")
    patient.away("imaging", "03-05 09:00", "03-05 10:00")
    desk.sees("03-05 12:00")
    stay = desk.queries.stay(patient.mdtrt_id)
    assert stay is not None
    assert (stay.state, stay.ward, stay.bed, stay.enrolled) == ("open", "骨科", "12", True)
    assert [day.state for day in stay.days] == ["not_scheduled", "verified", "unverified", "not_scheduled"]
    assert [(span.state, span.starts) for span in stay.spans] == [
        ("in_bed", at("03-03 10:10")),
        ("absent", at("03-04 10:10")),
        ("imaging", at("03-05 09:00")),
    ]
    assert len(stay.alerts) > 0
    assert {alert.alert_id for alert in desk.queries.alerts(AlertFilter(), None, 50).items} == set(stay.alerts)


def test_a_stay_goes_from_open_to_discharged_to_settled(desk: Desk) -> None:
    patient = desk.hospital.ward().admits("03-02 09:00")
    patient.discharged("03-05 09:00")
    patient.settles("03-05 10:00", total="1920.00", fund="1200.50")
    states = []
    for moment in ("03-04 09:00", "03-05 09:30"):
        desk.sees(moment)
        stay = desk.queries.stay(patient.mdtrt_id)
        assert stay is not None
        states.append(stay.state)
        desk.hospital.journal.lines = [s for s in desk.hospital.journal.lines if s.at > at(moment)]
    desk.sees("03-05 11:00")
    settled = desk.queries.stay(patient.mdtrt_id)
    assert settled is not None
    assert [*states, settled.state] == ["open", "discharged", "settled"]
    assert (str(settled.fee_total), settled.settled_at) == ("1920.00", at("03-05 10:00"))


def test_a_stay_that_nobody_knows_is_none(desk: Desk) -> None:
    assert desk.queries.stay("nothing") is None
    assert desk.queries.preview("nothing") is None


def test_the_gate_is_asked_what_it_would_say_now_and_nothing_is_written(desk: Desk) -> None:
    ward = desk.hospital.ward()
    hanger, honest = ward.admits("03-02 09:00"), ward.admits("03-02 09:05")
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 10:00", until=f"{day} 12:00")
        hanger.not_found(check, f"{day} 10:10", f"{day} 10:45")
        honest.witnessed(f"{day} 10:20", check)
    desk.sees("03-05 13:00")
    said = desk.queries.preview(hanger.mdtrt_id)
    assert said is not None
    assert (said.outcome, said.infno, said.hold_type) == ("hold", "2303", "A")
    calm = desk.queries.preview(honest.mdtrt_id)
    assert calm is not None
    assert calm.outcome != "hold"
    assert desk.queries.decisions(hanger.mdtrt_id) == []
    assert desk.queries.holds(HoldFilter(), None, 10).items == []


def test_no_view_holds_a_face_or_a_name(desk: Desk) -> None:
    ward = desk.hospital.ward()
    patient = ward.admits("03-02 09:00")
    patient.enrolled("03-02 09:20")
    check = ward.round("03-03 10:00", until="03-03 12:00")
    patient.photographed("03-03 10:10", check)
    shown = desk.check("03-03 10:20").model_dump_json()
    stay = desk.queries.stay(patient.mdtrt_id)
    assert stay is not None
    for text in (shown, stay.model_dump_json()):
        assert "vector" not in text
        assert "name" not in text


def test_the_feed_is_read_from_where_one_left_off(desk: Desk, tmp_path: Path) -> None:
    ward = desk.hospital.ward()
    patient = ward.admits("03-02 09:00")
    check = ward.round("03-02 21:10", until="03-02 23:00")
    patient.not_found(check, "03-02 21:20", "03-02 21:55")
    desk.sees("03-02 22:30")
    queries = desk.queries
    head = queries.feed_head()
    rows = queries.feed_since(0, 100)
    assert head == rows[-1].id > 0
    assert queries.feed_since(head, 100) == []
    assert [row.id for row in queries.feed_since(head - 1, 100)] == [head]
    assert queries.feed_since(0, 100, ["H00000000000"]) == []
    assert timedelta(0) <= at("03-02 22:30") - at("03-02 21:20")
