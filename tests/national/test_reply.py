"""What a hospital's HIS gets back, field by field."""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

import orjson

from schemas.national import AuditDetail, AuditRow, audit_result, reply_failed, reply_ok, task_id
from tests.national.support import ARRIVED, PERSON, STAY, read, request

TIMES: dict[str, Any] = {"received_at": ARRIVED, "responded_at": ARRIVED + timedelta(milliseconds=87)}


def test_a_message_that_was_taken_is_answered_in_the_platforms_own_form() -> None:
    reply = reply_ok(read(request("2401")), serial=421, **TIMES)
    assert reply["infcode"] == 0
    assert reply["inf_refmsgid"] == "990202202604201200000000000421"
    assert len(reply["inf_refmsgid"]) == 30
    assert (reply["refmsg_time"], reply["respond_time"]) == ("20260420120000000", "20260420120000087")
    assert (reply["err_msg"], reply["output"]) == ("", None)
    orjson.dumps(reply)


def test_times_are_chinas_whatever_the_servers_zone() -> None:
    utc = ARRIVED.astimezone(UTC)
    assert (
        reply_ok(read(request("2401")), received_at=utc, responded_at=utc, serial=0)["refmsg_time"]
        == "20260420120000000"
    )


def test_a_refusal_says_why_in_at_most_200_characters() -> None:
    reply = reply_failed(request("2401"), "缺" * 500, serial=10**10 + 7, **TIMES)
    assert (reply["infcode"], reply["output"]) == (-1, None)
    assert reply["err_msg"] == "缺" * 200
    assert reply["inf_refmsgid"].startswith("990202")
    assert reply["inf_refmsgid"].endswith("0000000007")


def test_a_refusal_needs_no_readable_document() -> None:
    for document in (
        None,
        {},
        {"request": "text"},
        {"mdtrtarea_admvs": ["x"]},
        {"request": {"mdtrtarea_admvs": 990202}},
    ):
        reply = reply_failed(document, "x", serial=1, **TIMES)
        assert len(reply["inf_refmsgid"]) == 30
    paired = {"request": {"mdtrtarea_admvs": "990202"}}
    assert reply_failed(paired, "x", serial=1, **TIMES)["inf_refmsgid"].startswith("990202")


def test_a_finding_is_answered_in_the_national_form_with_what_the_caller_sent() -> None:
    (row,) = audit_result(
        [
            AuditRow(
                jr_id="al-1",
                rule_id="presence.bed_hanging",
                rule_name="挂床住院",
                vola_cont="7 个床日中有 3 日未见本人",
                patn_id=PERSON,
                mdtrt_id=STAY,
                sev_deg="2",
                vola_amt=Decimal("120.00"),
                vola_evid="查房记录",
                task_id="T9",
                details=(AuditDetail("YZ9001", Decimal("120.00")),),
            )
        ]
    )
    assert (row["jr_id"], row["rule_id"], row["sev_deg"]) == ("al-1", "presence.bed_hanging", "2")
    assert (row["patn_id"], row["mdtrt_id"], row["task_id"]) == (PERSON, STAY, "T9")
    assert orjson.loads(orjson.dumps(row))["vola_amt"] == 120.0
    assert row["judge_result_detail_dtos"] == [
        {
            "jrd_id": "al-1-1",
            "patn_id": PERSON,
            "mdtrt_id": STAY,
            "rx_id": "YZ9001",
            "vola_item_type": "1",
            "vola_amt": 120.0,
        }
    ]


def test_a_finding_about_no_order_has_one_detail_all_the_same() -> None:
    (row,) = audit_result([AuditRow("al-2", "r", "n", "c", PERSON, STAY, "3", Decimal("0.1"))])
    assert [detail["rx_id"] for detail in row["judge_result_detail_dtos"]] == [""]
    assert audit_result([]) == []


def test_the_task_is_the_callers() -> None:
    document = request("3102")
    document["input"]["data"]["task_id"] = "T-2026-1"
    assert task_id(read(document)) == "T-2026-1"
