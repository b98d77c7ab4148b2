"""The life of a claim at the gate, told as it happens to a hospital."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from msgspec.structs import replace

from detectors.gate.rulings import provisional_of
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger.model import Check, Registration
from detectors.policy import Institution
from schemas.settlement import Provisional
from tests.gate.story import DUE, IMPOSTOR, INFNO, LATER, MISSED, SETTLED, Story, at

DAYS = (date(2026, 2, 20), date(2026, 2, 21))
LINE = at("2026-05-12", 0)


def held() -> Story:
    """A claim that is marked: a suspected impostor settled."""
    story = Story().think("identity.mismatch", IMPOSTOR)
    story.settles(SETTLED)
    return story


# ── the first word ───────────────────────────────────────────────────────────────────────────────────────


def test_a_stay_that_never_asks_to_settle_has_no_rulings_and_no_timer() -> None:
    story = Story(unverified=DAYS).think("identity.mismatch", IMPOSTOR)
    ruled = story.waits(SETTLED)
    assert (ruled.rulings, ruled.decisions, ruled.holds, ruled.wake_at) == ((), (), (), None)


@pytest.mark.parametrize("infno", ["2303", "2304", "3101", "3102"])
def test_every_question_gets_a_decision_also_when_nothing_is_found(infno: INFNO) -> None:
    story = Story()
    story.asks(infno, SETTLED)
    assert story.outcomes == ["pass"]
    assert story.last.supersedes is None
    assert story.holds == []


def test_a_settlement_under_suspicion_opens_a_hold_until_the_payment_line() -> None:
    story = held()
    assert (story.last.outcome, story.last.hold_type, story.last.soft) == ("hold", "A", False)
    assert (story.last.payment_due, story.last.expires_at) == (DUE, LINE)
    assert (story.hold.status, story.hold.expires_at, story.hold.decision_id) == (
        "open",
        LINE,
        story.last.decision_id,
    )
    assert story.hold.detectors == ("identity.mismatch",)
    assert story.wake_at == LINE


@pytest.mark.parametrize("infno", ["2303", "3101", "3102"])
def test_before_settlement_a_hold_is_a_forecast_and_enters_no_list(infno: INFNO) -> None:
    story = Story().think("identity.mismatch", IMPOSTOR)
    story.asks(infno, SETTLED)
    assert story.outcomes == ["hold"]
    assert (story.last.payment_due, story.last.pay_line, story.last.expires_at) == (None, None, None)
    assert story.holds == []


def test_the_working_days_left_are_counted_from_the_day_of_the_decision() -> None:
    early, late = Story(), Story()
    early.settles(at("2026-03-02"))
    late.settles(at("2026-03-02"), arrives=at("2026-05-08"))
    assert late.last.pay_line == 3
    assert early.last.pay_line is not None
    assert early.last.pay_line > 40


def test_the_same_message_delivered_twice_says_nothing_twice() -> None:
    story = held()
    story.stay = replace(story.stay, settlements=())
    story.asks("2304", SETTLED, id="ev-1", fee_total=Decimal("8000.00"), fund_pay=Decimal("5200.00"), setl_id="S1")
    assert story.outcomes == ["hold"]


def test_an_interim_settlement_is_a_settlement() -> None:
    story = Story().think("identity.mismatch", IMPOSTOR)
    story.settles(SETTLED, interim=True, setl_id="S0")
    story.settles(SETTLED + timedelta(days=9), setl_id="S1")
    assert [hold.status for hold in story.holds] == ["open", "open"]
    assert len({hold.hold_id for hold in story.holds}) == 2


# ── what the gateway had answered ────────────────────────────────────────────────────────────────────────


def test_a_confirmed_answer_writes_one_row() -> None:
    gateway = held()
    told = provisional_of(gateway.stay, "ev-1", 4, 0)
    engine = Story().think("identity.mismatch", IMPOSTOR)
    engine.settles(SETTLED, provisional=told)
    assert engine.outcomes == ["hold"]
    assert engine.last == gateway.last


def test_an_answer_that_did_not_stand_is_kept_and_amended() -> None:
    gateway = Story()
    gateway.settles(SETTLED)
    engine = Story().think("identity.mismatch", IMPOSTOR)
    engine.settles(SETTLED, provisional=provisional_of(gateway.stay, "ev-1", 4, 2))
    assert engine.outcomes == ["pass", "hold"]
    first, second = engine.decisions
    assert second.supersedes == first.decision_id == gateway.last.decision_id
    assert (first.state_version, first.backlog) == (4, 2)
    assert engine.hold.decision_id == second.decision_id


def test_where_the_gateway_was_too_slow_the_evaluation_follows() -> None:
    story = Story()
    story.settles(SETTLED, provisional=Provisional(outcome="not_evaluated"))
    assert story.outcomes == ["not_evaluated", "pass"]
    assert story.decisions[0].reasons[0].code == "gate.not_evaluated"
    assert story.decisions[1].supersedes == story.decisions[0].decision_id


# ── later facts ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_changes_nothing_to_read_writes_nothing() -> None:
    story = held()
    story.waits(LATER)
    assert (len(story.decisions), len(story.holds)) == (1, 1)


def test_a_finding_that_comes_late_amends_the_pass_and_opens_a_hold() -> None:
    story = Story()
    story.settles(SETTLED)
    story.think("identity.mismatch", IMPOSTOR).waits(LATER)
    assert story.outcomes == ["pass", "hold"]
    assert story.last.supersedes == story.decisions[0].decision_id
    assert (story.hold.status, story.hold.opened_at) == ("open", LATER)


def test_a_late_finding_leaves_a_forecast_as_it_was() -> None:
    story = Story()
    story.asks("3102", SETTLED)
    story.think("identity.mismatch", IMPOSTOR).waits(LATER)
    assert story.outcomes == ["pass"]


def test_further_evidence_updates_the_open_hold_and_keeps_its_id() -> None:
    story = held()
    story.unverified = DAYS
    story.waits(LATER)
    first, second = story.holds
    assert (second.hold_id, second.status, second.opened_at) == (first.hold_id, "open", first.opened_at)
    assert [row.day for row in second.days] == list(DAYS)
    assert story.outcomes == ["hold", "hold"]


def test_a_hold_whose_findings_were_withdrawn_becomes_void_and_says_why() -> None:
    story = held().think("identity.mismatch")
    story.waits(LATER)
    assert story.outcomes == ["hold", "pass"]
    assert story.hold.status == "void"
    assert [r.code for r in story.hold.reasons] == ["gate.hold_withdrawn", "identity_mismatch"]
    assert story.wake_at is None


def test_a_void_hold_opens_again_when_the_finding_comes_back() -> None:
    story = held().think("identity.mismatch")
    story.waits(LATER)
    story.think("identity.mismatch", IMPOSTOR).waits(LATER + timedelta(days=1))
    assert [hold.status for hold in story.holds] == ["open", "void", "open"]
    assert story.hold.opened_at == SETTLED


def test_a_withdrawn_suspicion_that_leaves_a_notice_ends_as_a_warning() -> None:
    story = held().think("identity.mismatch").think("check.missed", MISSED)
    story.waits(LATER)
    assert (story.last.outcome, story.hold.status) == ("warn", "void")


# ── the end of a claim ───────────────────────────────────────────────────────────────────────────────────


def test_a_cancelled_settlement_voids_decision_and_hold() -> None:
    story = held()
    story.cancels(LATER)
    assert story.outcomes == ["hold", "void"]
    assert story.last.supersedes == story.decisions[0].decision_id
    assert (story.last.setl_id, story.last.payment_due, story.last.hold_type) == ("S1", None, None)
    assert (story.hold.status, story.wake_at) == ("void", None)


def test_a_settlement_after_a_cancellation_is_evaluated_anew() -> None:
    story = held()
    story.cancels(LATER)
    story.settles(LATER + timedelta(hours=1), setl_id="S2")
    assert story.outcomes == ["hold", "void", "hold"]
    assert story.last.supersedes is None
    assert [h.status for h in story.holds] == ["open", "void", "open"]
    assert story.holds[0].hold_id != story.hold.hold_id


def test_a_claim_sent_again_supersedes_the_first_sending_and_only_one_hold_stays_open() -> None:
    story = held()
    story.settles(LATER, setl_id="S1")
    assert story.outcomes == ["hold", "hold"]
    assert story.last.supersedes == story.decisions[0].decision_id
    latest = {hold.hold_id: hold.status for hold in story.holds}
    assert sorted(latest.values()) == ["open", "void"]
    story.cancels(LATER + timedelta(hours=1))
    assert [hold.status for hold in story.holds][-1] == "void"
    assert story.outcomes == ["hold", "hold", "void"]


def test_a_first_sending_that_arrives_after_the_second_marks_nothing() -> None:
    story = Story().think("identity.mismatch", IMPOSTOR)
    story.settles(LATER, id="b")
    story.settles(SETTLED, id="a", arrives=LATER + timedelta(hours=1))
    assert story.outcomes == ["hold", "void"]
    assert len(story.holds) == 1


def test_a_message_taken_back_by_2601_voids_what_was_said_of_it() -> None:
    story = held()
    story.stay = replace(story.stay, settlements=())
    story.waits(LATER)
    assert (story.outcomes, story.hold.status, story.hold.setl_id) == (["hold", "void"], "void", "S1")


def test_a_cancellation_that_was_itself_taken_back_lets_the_claim_stand_again() -> None:
    story = held()
    story.cancels(LATER)
    story.stay = replace(story.stay, cancellations=())
    story.waits(LATER + timedelta(hours=1))
    assert story.outcomes == ["hold", "void", "hold"]
    assert story.hold.status == "open"


def test_a_hold_nobody_decided_expires_at_the_payment_line_and_writes_no_decision() -> None:
    story = held()
    story.waits(LINE - timedelta(seconds=1))
    assert story.hold.status == "open"
    story.waits(LINE)
    assert (story.hold.status, story.outcomes, story.wake_at) == ("expired", ["hold"], None)
    assert story.hold.reasons[0].code == "gate.hold_expired"


def test_after_the_payment_line_a_new_finding_goes_on_without_the_gate() -> None:
    story = Story()
    story.settles(SETTLED)
    story.think("identity.mismatch", IMPOSTOR).waits(LINE)
    assert (story.outcomes, story.holds) == (["pass"], [])


# ── soft launch and stops ────────────────────────────────────────────────────────────────────────────────


def test_in_soft_launch_the_row_says_hold_and_soft_and_no_hold_exists() -> None:
    story = Story(institution=Institution("H1", soft=True)).think("identity.mismatch", IMPOSTOR)
    story.settles(SETTLED)
    assert (story.last.outcome, story.last.soft, story.holds) == ("hold", True, [])


def test_a_stop_opens_no_new_hold_and_takes_no_old_one_back() -> None:
    story = held()
    story.stops = Stops(rules=frozenset({"identity.mismatch"}))
    story.waits(LATER)
    assert story.hold.status == "open"
    other = Story(stops=story.stops).think("identity.mismatch", IMPOSTOR)
    other.settles(SETTLED)
    assert (other.last.soft, other.holds) == (True, [])


def test_when_the_stop_ends_the_next_event_marks_the_claim() -> None:
    story = Story(stops=Stops(institutions=frozenset({"H1"}))).think("identity.mismatch", IMPOSTOR)
    story.settles(SETTLED)
    story.stops = NO_STOPS
    story.waits(LATER)
    assert [row.soft for row in story.decisions] == [True, False]
    assert story.hold.status == "open"


def test_a_second_final_settlement_replaces_the_first_though_its_cancellation_never_reached_us() -> None:
    story = held()
    story.settles(LATER, setl_id="S2")
    assert story.last.supersedes == story.decisions[0].decision_id
    assert sorted(hold.status for hold in {h.hold_id: h for h in story.holds}.values()) == ["open", "void"]


def test_while_a_claim_is_payable_the_next_check_that_falls_due_wakes_the_gate() -> None:
    due = LATER + timedelta(hours=3)
    told = Registration("ad", at("2026-02-20"), "admitted", at("2026-02-20"), began_at=at("2026-02-20"))
    check = Check("ck-1", LATER, due, assigned=True, delivered_at=LATER)
    story = Story()
    story.stay = replace(story.stay, registrations=(told,), checks=(check,))
    story.settles(SETTLED, interim=True)
    assert story.wake_at == due
    story.cancels(SETTLED)
    assert story.wake_at is None


def test_the_id_of_a_decision_follows_from_the_claim_and_not_from_what_was_decided() -> None:
    clean = Story()
    clean.settles(SETTLED)
    assert clean.last.outcome != held().last.outcome
    assert clean.last.decision_id == held().last.decision_id
