"""What a request means, in the engine's words: pure, so told without a server."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access.callers import LOCAL
from schemas.base import CHINA
from schemas.codec import decode, encode
from schemas.settlement import HoldReviewed
from schemas.ward_check import (
    CaptureAssessed,
    CheckAnswered,
    CheckDelivered,
    CheckOrdered,
    SceneReported,
    WhereaboutsReported,
)
from streams.requests import FieldError, NotFound, Rejected, Unprocessable
from streams.translate import Translated, translate
from tests.http import said

ARRIVED = datetime.fromisoformat(said.NOW)


def told(path: str, document: Any, request_id: str = "rq-1", **more: Any) -> Translated:
    return translate(path, document, request_id=request_id, arrived_at=ARRIVED, caller=LOCAL, **more)


def refused(path: str, document: Any) -> list[FieldError]:
    with pytest.raises(Unprocessable) as raised:
        told(path, document)
    return list(raised.value.errors)


def test_a_capture_is_what_was_seen_when_and_of_whom() -> None:
    meant = told("/api/v1/captures", said.capture(place={"lat": 30.1, "lon": 120.2, "mock": True}))
    (event,) = meant.events
    assert isinstance(event, CaptureAssessed)
    assert (event.at, event.arrived_at) == (ARRIVED - timedelta(minutes=1), ARRIVED)
    assert (event.who.institution, event.who.mdtrt_id) == (said.HOSPITAL, said.STAY)
    assert (event.person, event.stay) == ("", ""), "joining is the intake's"
    assert event.place is not None
    assert event.place.mock
    assert (meant.action, meant.institution, meant.ward) == ("capture.send", said.HOSPITAL, said.WARD)
    assert meant.dedupe_key == meant.natural_id == "capture:cp-1"


def test_an_enrolment_without_an_anchor_proves_only_the_person_at_admission() -> None:
    (event,) = told("/api/v1/captures", said.capture(purpose="enrolment")).events
    assert isinstance(event, CaptureAssessed)
    assert event.anchor is not None
    assert event.anchor.kind == "none"


@pytest.mark.parametrize(
    ("minutes", "flags"), [(0, ()), (4, ()), (6, ("clock_skew",)), (-60 * 23, ()), (-60 * 25, ("late",))]
)
def test_a_device_s_clock_is_looked_at(minutes: float, flags: tuple[str, ...]) -> None:
    (event,) = told("/api/v1/captures", said.capture(taken_at=said.at(minutes))).events
    assert event.flags == flags


def test_times_are_held_in_china_whatever_offset_they_came_with() -> None:
    (event,) = told("/api/v1/captures", said.capture(taken_at="2026-03-02T01:59:00Z")).events
    assert event.at.isoformat() == "2026-03-02T09:59:00+08:00"
    assert event.at.tzinfo == CHINA


def test_a_check_names_its_roster_to_be_joined_and_its_issuer() -> None:
    meant = told("/api/v1/checks", said.check(roster=["m-1", "m-2"], officers=["甲", "乙"]), nonce_key=b"k")
    (event,) = meant.events
    assert isinstance(event, CheckOrdered)
    assert meant.roster == ("m-1", "m-2")
    assert event.roster == ()
    assert (event.issued_by, event.officers) == ("local", ("甲", "乙"))
    assert (meant.status, meant.answer["nonce"]) == (201, event.nonce)


def test_the_nonce_is_the_same_for_a_redelivery_and_nobody_without_the_key_can_make_it() -> None:
    def nonce(request_id: str, key: bytes) -> str:
        return str(told("/api/v1/checks", said.check(check_id=""), request_id, nonce_key=key).answer["nonce"])

    assert nonce("rq-1", b"k") == nonce("rq-1", b"k")
    assert len({nonce("rq-1", b"k"), nonce("rq-2", b"k"), nonce("rq-1", b"other")}) == 3


def test_only_a_spot_check_asks_for_a_movement() -> None:
    challenges = {told("/api/v1/checks", said.check(check_id=""), f"rq-{n}").answer["challenge"] for n in range(40)}
    assert challenges == {"turn_left", "turn_right", "nod", "show_wristband"}
    assert told("/api/v1/checks", said.check(kind="round")).answer["challenge"] == ""


def test_receipts_and_answers_belong_to_the_check_in_the_path() -> None:
    receipt = told("/api/v1/checks/ck-7/receipts", said.receipt())
    answer = told("/api/v1/checks/ck-7/answers", said.answer())
    (delivered,), (answered,) = receipt.events, answer.events
    assert isinstance(delivered, CheckDelivered)
    assert isinstance(answered, CheckAnswered)
    assert receipt.check_id == answer.check_id == delivered.check_id == answered.check_id == "ck-7"
    assert answered.who.mdtrt_id == said.STAY
    assert answered.at == ARRIVED - timedelta(minutes=2)


def test_an_answer_without_a_time_counts_from_its_arrival() -> None:
    (event,) = told("/api/v1/checks/ck-7/answers", said.answer(answered_at=None)).events
    assert event.at == ARRIVED


@pytest.mark.parametrize(
    ("witnesses", "operator", "flags"),
    [(["a", "b"], "", ()), (["a"], "b", ()), (["a"], "a", ("one_witness",)), ([], "", ("one_witness",))],
)
def test_vouching_for_a_patient_takes_two_people(witnesses: list[str], operator: str, flags: tuple[str, ...]) -> None:
    body = said.answer(result="witnessed", witnesses=witnesses, operator=operator)
    (event,) = told("/api/v1/checks/ck-7/answers", body).events
    assert event.flags == flags


def test_whereabouts_may_stay_open_and_be_updated_under_their_id() -> None:
    meant = told("/api/v1/whereabouts", said.whereabouts(to=None))
    (event,) = meant.events
    assert isinstance(event, WhereaboutsReported)
    assert (event.ends, event.at) == (None, event.entered_at)
    assert meant.dedupe_key is None, "another body under the same id is no reuse, but a correction"


def test_a_scene_keeps_that_an_agent_acted_and_not_who() -> None:
    body = said.scene(scene="pharmacy", phase="once", agent={"name": "王代办"}, staff=["p-1", "p-2"])
    (event,) = told("/api/v1/scenes", body).events
    assert isinstance(event, SceneReported)
    assert event.by_agent
    assert event.staff == "p-1、p-2"
    assert "王代办" not in encode(event).decode()


def test_a_review_is_the_caller_s_own_word() -> None:
    meant = told("/api/v1/holds/ho-1/release", {"action": "keep", "reason": "仍需核实"})
    (event,) = meant.events
    assert isinstance(event, HoldReviewed)
    assert (event.hold_id, event.reviewer, event.at) == ("ho-1", "local", ARRIVED)
    assert meant.hold_id == "ho-1"


@pytest.mark.parametrize(
    "body",
    [
        {"action": "release"},
        {"action": "release", "reason": "  "},
        {"action": "part_release", "reason": "x"},
        {"action": "part_release", "reason": "x", "days": ["2026-03-02", "2026-03-02"]},
        {"action": "part_release", "reason": "x", "days": [1]},
        {"action": "suspend", "reason": "x"},
    ],
)
def test_a_review_says_what_and_why(body: dict[str, Any]) -> None:
    assert refused("/api/v1/holds/ho-1/release", body)


def test_a_choice_names_what_there_is_to_choose_from() -> None:
    (error,) = refused("/api/v1/checks", said.check(kind="raid"))
    assert error.row("en")["detail"] == "Should be one of: round, spot, onsite."


@pytest.mark.parametrize(
    "path",
    ["/", "/api/v1/captures/", "/api/v1/checks//answers", "/api/v1/checks/a b/answers", "/api/v1/checks/x'y/answers"],
)
def test_a_path_of_no_call_is_refused(path: str) -> None:
    with pytest.raises(NotFound):
        told(path, said.answer())


CALLS = {
    "/api/v1/captures": said.capture(),
    "/api/v1/checks": said.check(),
    "/api/v1/checks/ck-1/receipts": said.receipt(),
    "/api/v1/checks/ck-1/answers": said.answer(),
    "/api/v1/whereabouts": said.whereabouts(),
    "/api/v1/scenes": said.scene(items=[{"code": "a", "amount": "1.50"}]),
    "/api/v1/holds/ho-1/release": {"action": "keep", "reason": "x"},
}


@pytest.mark.parametrize("path", CALLS)
def test_events_survive_the_wire_and_are_the_same_for_the_same_request(path: str) -> None:
    meant = told(path, CALLS[path])
    assert meant == told(path, CALLS[path])
    assert [decode(encode(event)) for event in meant.events] == list(meant.events)
    assert told(path, CALLS[path], "rq-2").events[0].event_id != meant.events[0].event_id


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(CALLS)), st.data())
def test_damage_is_told_and_never_breaks(path: str, data: st.DataObject) -> None:
    """Any field replaced by anything: events, or rows that name the field and repeat no value."""
    body: Any = copy.deepcopy(CALLS[path])
    inner = body.get("meta", body)
    inner[data.draw(st.sampled_from(sorted(inner)) | st.text(max_size=8))] = data.draw(JSON)
    try:
        meant = told(path, body)
    except Rejected as error:
        for language in ("zh", "en"):
            answer = error.answer(language).body
            assert answer["detail"]
            assert all(row["detail"] for row in answer.get("errors", []))
    else:
        assert all(decode(encode(event)) == event for event in meant.events)
