"""What a hospital is told, and what people see of an alert."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from msgspec.structs import replace

from detectors.alerts import alert_id, alert_of
from detectors.base import why
from detectors.codes import DETECTOR_CODES, UNVERIFIED
from detectors.gate.answers import answer_block, audit_rows
from detectors.gate.rows import not_evaluated
from detectors.gate.words import rule_name
from detectors.ledger.model import Opinion, Raised
from schemas.base import Who
from schemas.national import audit_result
from schemas.settlement import SettlementAsked
from schemas.texts import known, text
from tests.gate.story import IMPOSTOR, LATER, MISSED, SETTLED, Story

DAYS = (date(2026, 2, 20), date(2026, 2, 21))
FORBIDDEN = ("拒付", "暂停", "骗保", "违规", "诈骗", "denied", "denial", "suspension", "fraud")


def asked(infno: str = "2304") -> SettlementAsked:
    return SettlementAsked(
        event_id="ev-1",
        at=SETTLED,
        arrived_at=SETTLED,
        infno=infno,
        person="990100:P1",
        stay="st-1",
        who=Who(institution="H1", mdtrt_id="M1"),
    )


def test_the_answer_to_a_settlement_says_everything_in_both_languages_and_is_plain_json() -> None:
    story = Story(unverified=DAYS).think("identity.mismatch", IMPOSTOR)
    story.settles(SETTLED)
    block = json.loads(json.dumps(answer_block(story.last)))
    assert block["outcome"] == "hold"
    assert block["outcome_text"].startswith("待核（暂缓拨付）")
    assert block["outcome_text_en"]
    assert (block["hold_type"], block["fund_at_stake"], block["fee_total"]) == ("A", "5200.00", "8000.00")
    assert block["unverified_days"] == ["2026-02-20", "2026-02-21"]
    assert block["payment_due"] == "2026-05-12"
    assert block["expires_at"] == "2026-05-12T00:00:00+08:00"
    assert "2026-05-12" in block["release_path"]
    assert {"code", "text", "text_en"} == set(block["reasons"][0])
    assert "2026-02-20" in block["reasons"][-1]["text"]


def test_a_pass_needs_no_way_out() -> None:
    story = Story()
    story.settles(SETTLED)
    block = answer_block(story.last)
    assert (block["outcome"], block["reasons"], block["release_path"], block["expires_at"]) == ("pass", [], None, None)


def test_a_forecast_says_that_the_settlement_itself_is_evaluated_anew() -> None:
    story = Story().think("identity.mismatch", IMPOSTOR)
    story.asks("2303", SETTLED)
    assert "重新研判" in answer_block(story.last)["outcome_text"]


def test_an_answer_that_came_too_late_says_to_go_on_and_has_the_id_of_the_row_that_follows() -> None:
    story = Story()
    story.settles(SETTLED, id="ev-1")
    block = answer_block(not_evaluated(asked()))
    assert block["outcome"] == "not_evaluated"
    assert "照常" in block["outcome_text"]
    assert block["decision_id"] == story.last.decision_id


def test_an_audit_has_one_row_a_finding_and_one_for_the_unverified_days() -> None:
    story = Story(unverified=DAYS).think("identity.mismatch", IMPOSTOR).think("check.missed", MISSED)
    story.asks("3102", SETTLED, fee_total=Decimal(8000))
    rows = audit_rows(story.case(SETTLED), story.last)
    assert [(r.rule_id, r.sev_deg) for r in rows] == [
        ("check.missed", "3"),
        ("identity.mismatch", "2"),
        (UNVERIFIED, "2"),
    ]
    assert rows[1].jr_id == alert_id("identity.mismatch", "national/2026.1", "990100:P1", "st-1")
    assert rows[2].jr_id == story.last.decision_id
    assert rows[1].vola_amt == Decimal("5200.00")
    assert "2026-02-20" in rows[2].vola_cont
    assert len(audit_result(rows)) == 3


def test_an_audit_never_grows_beyond_the_fields_of_the_national_form() -> None:
    many = Opinion(2, tuple(why("identity_mismatch", *(f"evidence-{n}-{i}" for i in range(40))) for n in range(60)))
    story = Story().think("identity.mismatch", many)
    story.asks("3101", SETTLED)
    (row,) = audit_rows(story.case(SETTLED), story.last)
    assert max(len(row.vola_cont), len(row.vola_evid)) <= 500
    assert len(row.rule_name) <= 200


def test_a_clean_stay_has_no_audit_rows() -> None:
    story = Story()
    story.asks("3101", SETTLED)
    assert audit_rows(story.case(SETTLED), story.last) == ()


@pytest.mark.parametrize("key", sorted(key for key in known() if key.startswith("gate.")))
def test_the_words_of_the_gate_are_calm(key: str) -> None:
    plain = {"count": 2, "days": "2026-02-20", "expires": "2026-05-12"}
    for language in ("zh", "en"):
        said = text(key, language, **plain)
        assert not [word for word in FORBIDDEN if word in said]


def test_every_detector_has_a_name_for_the_national_form() -> None:
    named = {code for code in DETECTOR_CODES if f"detectors.{code}" in known()}
    assert all(rule_name(code, "zh") != code for code in named)
    assert rule_name(UNVERIFIED, "zh") == "住院未核验日"


def test_an_alert_carries_person_stay_stake_and_reasons() -> None:
    story = Story()
    story.settles(SETTLED)
    alert = alert_of(
        story.case(LATER), "identity.mismatch", IMPOSTOR, Raised("identity.mismatch", SETTLED), updated_at=LATER
    )
    assert (alert.insuplc_admdvs, alert.psn_no, alert.mdtrt_id, alert.fixmedins_code) == ("990100", "P1", "M1", "H1")
    assert (alert.fund_at_stake, alert.fee_total, alert.pay_regime) == (
        Decimal("5200.00"),
        Decimal("8000.00"),
        "by_item",
    )
    assert (alert.severity, alert.status, alert.raised_at, alert.updated_at) == (2, "open", SETTLED, LATER)
    assert alert.rule_version == "national/2026.1"


def test_an_answered_alert_awaits_review_and_a_withdrawn_one_says_so() -> None:
    case = Story().case(LATER)
    raised = Raised("identity.mismatch", SETTLED, answered=True)
    assert alert_of(case, "identity.mismatch", IMPOSTOR, raised, updated_at=LATER).status == "awaiting_review"
    gone = alert_of(case, "identity.mismatch", IMPOSTOR, raised, updated_at=LATER, withdrawn=True)
    assert gone.status == "withdrawn"


def test_the_id_of_an_alert_does_not_change_when_the_platform_s_number_comes_late() -> None:
    early, late = Story(), Story()
    early.stay = replace(early.stay, mdtrt_id="")
    raised = Raised("identity.mismatch", SETTLED)
    ids = {
        alert_of(story.case(LATER), "identity.mismatch", IMPOSTOR, raised, updated_at=LATER).alert_id
        for story in (early, late)
    }
    assert len(ids) == 1
