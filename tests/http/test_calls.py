"""Every call of the contract, over real HTTP, to the real node: told as the people do it."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from tests.http import said
from tests.http.conftest import House


def claim(number: int = 9, **changes: Any) -> dict[str, Any]:
    """2304 with the platform's reply: the claim of this stay."""
    money = {"medfee_sumamt": "8000.00"}
    return {
        "request": said.message(
            "2304", {"data": {"psn_no": said.PSN, "mdtrt_id": said.STAY, "insutype": "390", **money}}, number
        ),
        "response": {
            "infcode": 0,
            "output": {"setlinfo": {"setl_id": "S1", "fund_pay_sumamt": "6000.00", **money, **changes}},
        },
    }


def unseen_for_four_days(house: House, caller: httpx.Client) -> None:
    """Four rounds reach the ward and nobody answers for this patient; then the hospital settles."""
    caller.post("/fsi/callService", json=said.admission())
    for day in range(4):
        minutes = 1440 * day
        order = said.check(check_id=f"ck-{day}", kind="round", opens_at=said.at(minutes), due_by=said.at(minutes + 120))
        caller.post("/api/v1/checks", json=order)
        caller.post(
            f"/api/v1/checks/ck-{day}/receipts",
            json=said.receipt(delivered_at=said.at(minutes), seen_at=None),
        )
        house.pass_time(days=1)
        house.settle()
    caller.post("/fsi/callService", json=claim())
    house.settle()


def test_a_round_at_the_bedside_is_answered_with_what_to_do_next(house: House) -> None:
    with house.client() as caller:
        assert caller.post("/fsi/callService", json=said.admission()).json()["infcode"] == 0
        enrolment = said.capture(capture_id="en-1", purpose="enrolment", anchor={"kind": "id_chip"})
        assert caller.post("/api/v1/captures", json=enrolment).status_code == 202
        assert caller.post("/api/v1/checks", json=said.check()).status_code == 201
        assert caller.post("/api/v1/checks/ck-1/receipts", json=said.receipt()).status_code == 202
        stranger = said.capture(check_id="ck-1", template={"model": "dlib-resnet-1", "vector": said.vector(3)})
        assert caller.post("/api/v1/captures", json=stranger).json() == {
            "capture_id": "cp-1",
            "state": "received",
        }
        house.settle()
        outcome = caller.get("/api/v1/captures/cp-1").json()
        assert (outcome["state"], outcome["band"]) == ("compared", "different")
        assert "腕带" in outcome["reasons"][0]["text"]
        assert "wristband" in outcome["reasons"][0]["text_en"]
        (row,) = caller.get("/api/v1/checks", params={"institution": said.HOSPITAL, "ward": said.WARD}).json()["items"][
            0
        ]["roster"]
        assert (row["bed"], row["state"], row["enrolled"]) == ("3-12", "different", True)
        again = said.capture(capture_id="cp-2", check_id="ck-1", taken_at=said.at(-0.5))
        caller.post("/api/v1/captures", json=again)
        house.settle()
        assert caller.get("/api/v1/captures/cp-2").json()["band"] == "same"
        checks = caller.get("/api/v1/checks", params={"institution": said.HOSPITAL}).json()["items"]
        assert checks[0]["roster"][0]["state"] == "same"


def test_a_spot_check_asks_for_something_and_its_nonce_can_t_be_guessed(house: House) -> None:
    with house.client() as caller:
        issued = caller.post("/api/v1/checks", json=said.check()).json()
        assert issued["challenge"] in ("turn_left", "turn_right", "nod", "show_wristband")
        assert len(issued["nonce"]) == 24
        (shown,) = caller.get("/api/v1/checks", params={"institution": said.HOSPITAL}).json()["items"]
        assert (shown["nonce"], shown["challenge"]) == (issued["nonce"], issued["challenge"])
        other = caller.post("/api/v1/checks", json=said.check(check_id="ck-2")).json()
        assert other["nonce"] != issued["nonce"]


def test_ids_that_the_caller_leaves_out_are_made(house: House) -> None:
    with house.client() as caller:
        made = [
            caller.post("/api/v1/captures", json=said.capture(capture_id="")).json()["capture_id"],
            caller.post("/api/v1/checks", json=said.check(check_id="")).json()["check_id"],
            caller.post("/api/v1/whereabouts", json=said.whereabouts(whereabouts_id="")).json()["whereabouts_id"],
            caller.post("/api/v1/scenes", json=said.scene()).json()["scene_id"],
        ]
        assert [name[:3] for name in made] == ["cp-", "ck-", "wb-", "sc-"]


def test_a_repeat_with_the_same_key_changes_nothing_and_gets_the_same_answer(house: House) -> None:
    with house.client(**{"Idempotency-Key": "k-1"}) as caller:
        first = caller.post("/api/v1/checks", json=said.check(check_id="")).json()
        house.pass_time(minutes=1)
        assert caller.post("/api/v1/checks", json=said.check(check_id="")).json() == first
        assert len(caller.get("/api/v1/checks", params={"institution": said.HOSPITAL}).json()["items"]) == 1


def test_a_stay_can_be_read_with_its_days_and_where_it_lay(house: House) -> None:
    with house.client() as caller:
        caller.post("/fsi/callService", json=said.admission())
        caller.post("/api/v1/whereabouts", json=said.whereabouts())
        house.settle()
        stay = caller.get(f"/api/v1/stays/{said.STAY}").json()
        assert (stay["state"], stay["ward"], stay["bed"]) == ("open", said.WARD, "3-12")
        assert "leave" in [span["state"] for span in stay["spans"]]
        gate = caller.get(f"/api/v1/stays/{said.STAY}/gate").json()
        assert (gate["outcome"], gate["decision"], gate["decisions"]) == (None, None, [])
        assert gate["now"]["outcome"] == "pass"


def test_a_hold_is_released_by_two_different_people_and_by_nobody_else(house: House) -> None:
    with house.client() as caller:
        unseen_for_four_days(house, caller)
        (hold,) = caller.get("/api/v1/holds").json()["items"]
        assert (hold["status"], hold["hold_type"], hold["fund_at_stake"]) == ("open", "A", "6000.00")
        assert len(hold["days"]) == 4
        body = {"action": "release", "reason": "已核实病历与护理记录"}
        path = f"/api/v1/holds/{hold['hold_id']}/release"

        def review(person: str) -> httpx.Response:
            house.pass_time(seconds=1)
            return caller.post(path, json=body, headers={"Wardwatch-As": person})

        assert review("r-1 reviewer").status_code == 202
        assert review("r-1 second_reviewer").status_code == 409
        assert review("n-1 ward_staff").status_code == 403
        assert review("r-2 second_reviewer").status_code == 200
        assert review("r-3 reviewer").status_code == 409
        (hold,) = caller.get("/api/v1/holds", params={"status": "released"}).json()["items"]
        assert [one["reviewer"] for one in hold["reviews"]] == ["r-1", "r-2"]


def test_the_paying_side_reads_what_still_waits_as_json_and_as_csv(house: House) -> None:
    with house.client(person="pay-1 service") as caller, house.client() as local:
        unseen_for_four_days(house, local)
        (row,) = caller.get("/api/v1/export/holds").json()["items"]
        assert (row["status"], row["held_amount"], row["mdtrt_id"]) == ("open", "6000.00", said.STAY)
        sheet = caller.get("/api/v1/export/holds", headers={"Accept": "text/csv"})
        assert sheet.content.startswith(b"\xef\xbb\xbf")
        assert sheet.headers["content-disposition"].startswith("attachment")
        (line,) = csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig")))
        assert (line["hold_id"], line["held_amount"]) == (row["hold_id"], "6000.00")
        assert line["payment_due"] == row["payment_due"]
        due = row["payment_due"]
        for bounds, count in (({"due_from": due, "due_to": due}, 1), ({"due_to": "2026-01-01"}, 0)):
            found = caller.get("/api/v1/export/holds", params={**bounds, "institution": said.HOSPITAL})
            assert len(found.json()["items"]) == count


def test_alerts_are_narrowed_and_paged_with_a_cursor(house: House) -> None:
    with house.client() as caller:
        unseen_for_four_days(house, caller)
        every = caller.get("/api/v1/alerts").json()["items"]
        assert len(every) >= 2
        page = caller.get("/api/v1/alerts", params={"limit": 1}).json()
        rest = caller.get("/api/v1/alerts", params={"limit": 100, "cursor": page["next"]}).json()
        assert [*page["items"], *rest["items"]] == every
        assert rest["next"] is None
        one = every[0]
        assert caller.get(f"/api/v1/alerts/{one['alert_id']}").json() == one
        by_code = caller.get("/api/v1/alerts", params={"detector": one["detector"]}).json()["items"]
        assert {alert["detector"] for alert in by_code} == {one["detector"]}
        assert one["detector_name"] != one["detector"]
        assert all(reason["text"] != reason["code"] for reason in one["reasons"])
        none = {"institution": said.OTHER_HOSPITAL}, {"status": "excluded"}, {"ward": "内科"}
        assert [caller.get("/api/v1/alerts", params=p).json()["items"] for p in none] == [[], [], []]


def test_the_sealing_key_is_read_before_a_phone_goes_offline(house: House) -> None:
    with house.client() as caller:
        (key,) = caller.get("/api/v1/keys").json()["keys"]
        assert (key["kty"], key["crv"]) == ("OKP", "X25519")


def test_the_machine_says_how_it_is(house: House) -> None:
    with house.client() as caller:
        assert caller.get("/healthz").json() == {"status": "ok"}
        ready = caller.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["ready"] is True
        caller.get("/api/v1/alerts/al-secret-number")
        text = caller.get("/metrics").text
        assert 'wardwatch_http_requests_total{method="GET",route="/readyz",status="200"} 1.0' in text
        assert "al-secret-number" not in text


def test_a_node_that_has_stopped_is_not_ready_and_takes_nothing(house: House) -> None:
    with house.client(**{"Accept-Language": "en"}) as caller:
        house.node.stop()
        assert caller.get("/readyz").status_code == 503
        refused = caller.post("/api/v1/captures", json=said.capture())
        assert refused.status_code == 503
        assert refused.json()["type"] == "/problems/not-running"
        assert caller.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/cases", "/api/v1/cases/c-1/tracks"])
def test_cases_come_later_and_say_so(house: House, path: str) -> None:
    with house.client() as caller:
        answer = caller.get(path)
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/not-in-this-version"


def test_a_message_may_be_sent_to_an_address_that_ends_with_its_number(house: House) -> None:
    with house.client() as caller:
        assert caller.post("/fsi/callService/2401", json=said.admission()).json()["infcode"] == 0


def test_every_documented_call_is_called_here(house: House) -> None:
    """The calls of the contract by name: what is missing in the document, or new in it, shows."""
    assert {f"{verb.upper()} {path}" for path, verb in house.document.operations()} == {
        "POST /fsi/callService",
        "POST /api/v1/captures",
        "GET /api/v1/captures/{capture_id}",
        "GET /api/v1/keys",
        "POST /api/v1/checks",
        "POST /api/v1/checks/{check_id}/receipts",
        "POST /api/v1/checks/{check_id}/answers",
        "GET /api/v1/checks",
        "POST /api/v1/whereabouts",
        "POST /api/v1/scenes",
        "GET /api/v1/alerts",
        "GET /api/v1/alerts/{alert_id}",
        "GET /api/v1/stays/{mdtrt_id}",
        "GET /api/v1/stays/{mdtrt_id}/gate",
        "GET /api/v1/holds",
        "POST /api/v1/holds/{hold_id}/release",
        "GET /api/v1/export/holds",
        "GET /api/v1/live",
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
    }
