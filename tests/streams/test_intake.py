"""The intake: what is recognised when it comes again, what waits, what is kept though it can't be taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from access.callers import Caller, scope_of
from schemas.admission import StayChanged
from schemas.base import Event
from schemas.national.message import Reading
from schemas.national.registry import INFNOS
from streams.directory import Directory, Waits
from streams.requests import Answer, Conflict, Forbidden, Rejected
from tests.journal import CHECKS, Hospital, Patient, Sent
from tests.streams.counter import Counter, opened, request_of

PATIENT = "苏示范"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def hospital() -> Hospital:
    return Hospital()


def a_stay(counter: Counter, hospital: Hospital) -> Patient:
    """A patient whose admission and picture have been taken."""
    patient = hospital.ward("骨科").admits("03-02 09:00")
    assert patient.admission is not None
    counter.takes(patient.admission, patient.enrolled("03-02 09:20"))
    return patient


def outcome(answer: Answer | Rejected) -> str:
    assert isinstance(answer, Answer)
    assert answer.body["infcode"] == 0, answer.body["err_msg"]
    return str(answer.body["output"]["wardwatch"]["outcome"])


def body_of(answer: Answer | Rejected) -> dict[str, Any]:
    assert isinstance(answer, Answer)
    return answer.body


def flags_of(events: list[Event]) -> list[tuple[str, ...]]:
    return [event.flags for event in events]


# ── the same again ───────────────────────────────────────────────────────────────────────────────────────


def test_a_message_sent_again_is_one_event_and_gets_the_current_answer_each_time(
    counter: Counter, hospital: Hospital
) -> None:
    patient = a_stay(counter, hospital)
    settled = patient.settles("03-05 10:00")
    again = hospital.journal.again("03-05 10:01", settled)
    assert outcome(counter.take(settled)) == outcome(counter.take(again)) == "pass"
    assert len(counter.events("settlement_asked")) == 1
    assert len(counter.raw()) == 3


def test_it_may_come_again_while_the_first_is_still_in_the_same_group(counter: Counter, hospital: Hospital) -> None:
    patient = a_stay(counter, hospital)
    settled = patient.settles("03-05 10:00")
    copies = [hospital.journal.again("03-05 10:00", settled) for _ in range(63)]
    answers = counter.takes(settled, *copies)
    assert {outcome(answer) for answer in answers} == {"pass"}
    assert len(counter.events("settlement_asked")) == 1


def test_not_evaluated_is_never_remembered_as_the_answer(counter: Counter, hospital: Hospital) -> None:
    patient = a_stay(counter, hospital)
    settled = patient.settles("03-05 10:00")
    assert outcome(counter.take(settled, in_time=False)) == "not_evaluated"
    assert outcome(counter.take(hospital.journal.again("03-05 10:01", settled))) == "pass"
    (event,) = counter.events("settlement_asked")
    assert event.provisional.outcome == "not_evaluated"  # type: ignore[attr-defined]


def test_the_answer_to_a_repeat_is_what_holds_now(counter: Counter, hospital: Hospital) -> None:
    """Between the two, the hospital said by itself that the patient had not been found."""
    patient = a_stay(counter, hospital)
    counter.works()
    settled = patient.settles("03-05 10:00")
    assert outcome(counter.take(settled)) == "pass"
    check = patient.ward.round("03-04 10:00", until="03-04 12:00")
    counter.takes(*hospital.journal.lines[-2:])
    patient.not_found(check, "03-04 10:10", "03-04 10:50")
    counter.takes(*hospital.journal.lines[-2:])
    counter.works()
    again = body_of(counter.take(hospital.journal.again("03-05 11:00", settled)))["output"]["wardwatch"]
    assert again["unverified_days"] == ["2026-03-04"]


@pytest.mark.parametrize("together", [False, True], ids=["later", "in one group"])
def test_the_same_msgid_with_another_body_is_a_new_message_flagged(
    counter: Counter, hospital: Hospital, together: bool
) -> None:
    patient = a_stay(counter, hospital)
    first, second = patient.charged("03-03 10:00", "40.00"), patient.charged("03-03 10:05", "90.00")
    second.row["json"]["request"]["msgid"] = first.msgid
    if together:
        counter.takes(first, second)
    else:
        counter.take(first)
        counter.take(second)
    charges = counter.events("charges_posted")
    assert flags_of(charges) == [(), ("duplicate_id",)]
    assert len({event.event_id for event in charges}) == 2


def test_the_same_msgid_of_another_hospital_is_another_message(counter: Counter, hospital: Hospital) -> None:
    patient = a_stay(counter, hospital)
    other = Hospital("H99010100002", hospital.journal)
    stranger = a_stay(counter, other)
    here, there = patient.charged("03-03 10:00"), stranger.charged("03-03 10:00", "70.00")
    there.row["json"]["request"]["msgid"] = here.msgid
    counter.takes(here, there)
    assert flags_of(counter.events("charges_posted")) == [(), ()]


@pytest.mark.parametrize("reply_first", [False, True])
def test_a_copy_with_the_reply_is_the_same_event_and_the_fuller_one_counts(
    counter: Counter, hospital: Hospital, reply_first: bool
) -> None:
    patient = a_stay(counter, hospital)
    whole = patient.settles("03-05 10:00", fund="700.00")
    bare = hospital.journal.post("03-05 10:00", whole.row["path"], whole.row["json"]["request"])
    for sent in (whole, bare) if reply_first else (bare, whole):
        counter.take(sent)
        counter.works()
    told = counter.events("settlement_asked")
    assert len({event.event_id for event in told}) == 1
    assert flags_of(told) == [(), ()]
    last = counter.decisions()[-1]
    assert (str(last.fund_at_stake), last.stake_estimated) == ("700.00", False)


def test_without_a_msgid_the_words_and_their_time_are_the_name(counter: Counter, hospital: Hospital) -> None:
    patient = a_stay(counter, hospital)
    nameless = patient.charged("03-03 10:00")
    nameless.row["json"]["request"]["msgid"] = ""
    counter.takes(nameless, hospital.journal.again("03-03 10:01", nameless))
    (event,) = counter.events("charges_posted")
    assert "no_msgid" in event.flags
    later = hospital.journal.again("03-03 11:00", nameless)
    later.row["json"] = {**nameless.row["json"], "request": dict(nameless.row["json"]["request"])}
    later.row["json"]["request"]["inf_time"] = "2026-03-03 11:00:00"
    counter.take(later)
    assert len(counter.events("charges_posted")) == 2


# ── our own calls ────────────────────────────────────────────────────────────────────────────────────────


def keyed(sent: Sent, key: str) -> Sent:
    sent.row["idempotency_key"] = key
    return sent


def test_an_idempotency_key_with_the_same_body_is_a_repeat(counter: Counter, hospital: Hospital) -> None:
    patient = a_stay(counter, hospital)
    leave = keyed(patient.away("leave", "03-03 10:00", "03-03 18:00"), "phone-7")
    again = hospital.journal.again("03-03 10:30", leave)
    assert body_of(counter.take(leave)) == body_of(counter.take(again))
    assert len(counter.events("whereabouts_reported")) == 1


@pytest.mark.parametrize("together", [False, True], ids=["later", "in one group"])
def test_an_idempotency_key_with_another_body_is_a_new_request_flagged(
    counter: Counter, hospital: Hospital, together: bool
) -> None:
    patient = a_stay(counter, hospital)
    first = keyed(patient.away("leave", "03-03 10:00", "03-03 18:00"), "phone-7")
    second = keyed(patient.away("leave", "03-04 10:00", "03-04 18:00"), "phone-7")
    if together:
        counter.takes(first, second)
    else:
        counter.take(first)
        counter.take(second)
    assert flags_of(counter.events("whereabouts_reported")) == [(), ("duplicate_id",)]


def test_the_same_key_of_another_caller_or_call_is_another_request(counter: Counter, hospital: Hospital) -> None:
    patient = a_stay(counter, hospital)
    nurse = Caller("n-2", "ward_staff", scope_of("ward_staff"))
    counter.take(keyed(patient.away("leave", "03-03 10:00", "03-03 18:00"), "phone-7"))
    counter.take(keyed(patient.away("leave", "03-04 10:00", "03-04 18:00"), "phone-7"), by=nurse)
    counter.take(keyed(patient.photographed("03-03 09:00"), "phone-7"))
    assert flags_of(counter.events("whereabouts_reported")) == [(), ()]
    assert counter.events("capture_assessed")[-1].flags == ()


@pytest.mark.parametrize("together", [False, True], ids=["later", "in one group"])
def test_a_capture_id_used_again_for_another_picture_is_flagged(
    counter: Counter, hospital: Hospital, together: bool
) -> None:
    patient = a_stay(counter, hospital)
    first = patient.photographed("03-03 10:00", capture_id="C-7")
    second = patient.photographed("03-04 10:00", capture_id="C-7", showing=4711)
    if together:
        counter.takes(first, second)
    else:
        counter.take(first)
        counter.take(second)
    assert flags_of(counter.events("capture_assessed")[1:]) == [(), ("duplicate_id",)]


def test_a_check_sent_again_has_the_nonce_that_the_ward_was_given(counter: Counter, hospital: Hospital) -> None:
    a_stay(counter, hospital)
    check = hospital.ward("骨科").spot("03-03 10:00", until="03-03 10:30", delivered=None)
    assert check.issued is not None
    first = body_of(counter.take(check.issued))
    again = body_of(counter.take(hospital.journal.again("03-03 10:05", check.issued)))
    assert again == first
    assert first["nonce"]


def test_a_check_of_another_hospital_keeps_its_name(counter: Counter, hospital: Hospital) -> None:
    mine = hospital.ward("骨科").spot("03-03 10:00", until="03-03 10:30", delivered=None).issued
    assert mine is not None
    elsewhere = {**mine.row["json"], "fixmedins_code": "H99010100002"}
    theirs = hospital.journal.post("03-03 09:59", CHECKS, elsewhere)
    taken, refused = counter.takes(mine, theirs)
    assert body_of(taken)["nonce"]
    assert isinstance(refused, Conflict)


# ── what can't be taken ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("where", ["reading", "joining"])
def test_an_error_of_ours_costs_the_one_request_which_is_kept_whole(
    counter: Counter,
    hospital: Hospital,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    where: str,
) -> None:
    patient = a_stay(counter, hospital)
    before = patient.charged("03-03 10:00", "40.00")
    struck = patient.moved("03-03 10:05", hospital.ward("心内科"), bed="2")
    after = patient.charged("03-03 10:10", "60.00")
    with monkeypatch.context() as patch:
        _break(patch, where)
        first, refused, last = counter.takes(before, struck, after)

    assert body_of(first)["infcode"] == body_of(last)["infcode"] == 0
    assert len(counter.events("charges_posted")) == 2
    assert isinstance(refused, Rejected) or refused.body["infcode"] == -1
    (letter,) = counter.letters()
    assert (letter.code, letter.body) == ("intake_failed", request_of(struck).body)
    assert PATIENT not in caplog.text + letter.reason
    assert "RuntimeError" in caplog.text

    assert body_of(counter.take(hospital.journal.again("03-03 11:00", struck)))["infcode"] == 0, "it may come again"
    assert len(counter.events("stay_changed")) == 1


def _break(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """2403 strikes a bug of ours, whose message names somebody."""
    join = Directory.join

    def bug(_reading: Reading) -> list[Event]:
        raise RuntimeError(PATIENT)

    def joined(self: Directory, event: Event, **how: Any) -> Event | Waits:
        if isinstance(event, StayChanged):
            raise RuntimeError(PATIENT)
        return join(self, event, **how)

    if where == "reading":
        monkeypatch.setitem(INFNOS, "2403", replace(INFNOS["2403"], reader=bug))
    else:
        monkeypatch.setattr(Directory, "join", joined)


def test_a_message_outside_the_callers_reach_is_403_and_a_dead_letter(counter: Counter, hospital: Hospital) -> None:
    patient = a_stay(counter, hospital)
    elsewhere = Caller("his-2", "institution", scope_of("institution", frozenset({"H99010100002"})))
    charged = patient.charged("03-03 10:00")
    refused = counter.take(charged, by=elsewhere)
    assert isinstance(refused, Answer)
    assert (refused.status, refused.body["infcode"]) == (403, -1)
    assert counter.events("charges_posted") == []
    (letter,) = counter.letters()
    assert letter.code == "out_of_scope"
    assert len(counter.raw()) == 2
    assert body_of(counter.take(charged))["infcode"] == 0, "its own hospital isn't told that it is a repeat"
    assert len(counter.events("charges_posted")) == 1


def test_a_call_that_the_role_doesnt_have_is_403_and_a_dead_letter(counter: Counter, hospital: Hospital) -> None:
    patient = a_stay(counter, hospital)
    auditor = Caller("a-1", "auditor", scope_of("auditor"))
    refused = counter.take(patient.photographed("03-03 10:00"), by=auditor)
    assert isinstance(refused, Forbidden)
    assert [letter.code for letter in counter.letters()] == ["out_of_scope"]


# ── what waits ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("size", [1, 2, 4])
def test_what_nobody_knows_yet_waits_and_is_joined_in_order_with_its_own_arrival(
    counter: Counter, hospital: Hospital, size: int
) -> None:
    patient = hospital.ward("骨科").admits("03-02 12:00")
    early = [
        patient.photographed("03-02 09:00"),
        patient.photographed("03-02 09:30", mdtrt_id=None, ipt_no=patient.ipt_no),
        patient.photographed("03-02 10:00"),
    ]
    assert patient.admission is not None
    sent = [*early, patient.admission]
    for first in range(0, len(sent), size):
        counter.takes(*sent[first : first + size])
    admitted, *captures = counter.events()
    assert admitted.stay == patient.mdtrt_id
    assert [(event.arrived_at, event.stay) for event in captures] == [(one.at, patient.mdtrt_id) for one in early]
    assert counter.letters() == []


def test_one_that_waited_and_can_no_longer_be_read_is_kept_and_strikes_nobody_else(
    counter: Counter, hospital: Hospital
) -> None:
    patient = hospital.ward("骨科").admits("03-02 12:00")
    counter.takes(patient.photographed("03-02 09:00"), patient.photographed("03-02 10:00"))
    with counter.parts.store.write() as conn:
        conn.execute(text("UPDATE unjoined SET event = :odd WHERE seq = 1"), {"odd": b"{}"})
    assert patient.admission is not None
    assert body_of(counter.take(patient.admission))["infcode"] == 0
    assert len(counter.events("capture_assessed")) == 1
    (letter,) = counter.letters()
    assert (letter.code, letter.body) == ("unreadable_event", b"{}")
