"""What the gate holds of one settlement."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from detectors.base import why
from detectors.codes import UNVERIFIED
from detectors.gate.evaluate import digest_of, evaluate, marks
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger.model import GateView, Opinion, Settlement, dump
from detectors.policy import Institution
from tests.gate.story import IMPOSTOR, MISSED, SETTLED, Story

CLAIM = Settlement("ev-1", SETTLED, SETTLED, "2304", fee_total=Decimal(8000), fund_pay=Decimal(5200))
DAYS = (date(2026, 2, 20), date(2026, 2, 21))


def seen(story: Story, days: tuple[date, ...] = (), claim: Settlement = CLAIM, stops: Stops = NO_STOPS) -> GateView:
    return evaluate(story.case(SETTLED), claim, unverified_days=days, stops=stops)


def test_a_claim_without_findings_passes() -> None:
    assert seen(Story()).outcome == "pass"


def test_a_suspected_impostor_holds_the_claim_for_review() -> None:
    view = seen(Story().think("identity.mismatch", IMPOSTOR))
    assert (view.outcome, view.detectors) == ("hold", ("identity.mismatch",))
    assert "社会保险经办条例" in view.basis
    assert marks(view)


def test_an_observation_only_warns() -> None:
    observed = replace(IMPOSTOR, severity=3)
    assert seen(Story().think("identity.mismatch", observed)).outcome == "warn"


def test_a_suspicion_that_the_region_does_not_let_hold_only_warns() -> None:
    assert seen(Story().think("identity.not_enrolled", IMPOSTOR)).outcome == "warn"


@pytest.mark.parametrize(("days", "outcome"), [(DAYS[:1], "warn"), (DAYS, "hold")])
def test_one_unverified_day_warns_and_two_hold(days: tuple[date, ...], outcome: str) -> None:
    view = seen(Story(), days)
    assert (view.outcome, view.unverified_days) == (outcome, days)
    assert view.reasons[0].code == UNVERIFIED


def test_every_reason_says_which_detector_it_comes_from() -> None:
    view = seen(Story().think("identity.mismatch", IMPOSTOR).think("check.missed", MISSED), DAYS)
    assert [r.params["detector"] for r in view.reasons] == ["identity.mismatch", "check.missed", UNVERIFIED]


def test_in_soft_launch_the_hold_is_said_but_nothing_is_marked() -> None:
    story = Story(institution=Institution("H1", soft=True)).think("identity.mismatch", IMPOSTOR)
    view = seen(story)
    assert (view.outcome, view.soft, marks(view)) == ("hold", True, False)


def test_a_claim_settled_in_soft_launch_stays_soft_after_it_ended() -> None:
    story = Story(institution=Institution("H1", soft_until=SETTLED + timedelta(hours=1)))
    story.think("identity.mismatch", IMPOSTOR)
    later = evaluate(story.case(SETTLED + timedelta(days=9)), CLAIM, unverified_days=())
    assert later.soft


def test_a_stopped_rule_marks_nothing_but_what_else_holds_still_does() -> None:
    stops = Stops(rules=frozenset({"identity.mismatch"}))
    alone = seen(Story().think("identity.mismatch", IMPOSTOR), stops=stops)
    assert (alone.outcome, alone.soft) == ("hold", True)
    both = seen(Story().think("identity.mismatch", IMPOSTOR), DAYS, stops=stops)
    assert (both.outcome, both.soft, both.detectors) == ("hold", False, (UNVERIFIED,))


def test_a_stopped_institution_has_no_new_holds() -> None:
    stops = Stops(institutions=frozenset({"H1"}))
    assert not marks(seen(Story().think("identity.mismatch", IMPOSTOR), DAYS, stops=stops))


@pytest.mark.parametrize("infno", ["2303", "3101", "3102"])
def test_a_forecast_may_say_hold_but_marks_nothing_and_has_no_payment_line(infno: str) -> None:
    view = seen(Story().think("identity.mismatch", IMPOSTOR), claim=replace(CLAIM, infno=infno))
    assert (view.outcome, marks(view), view.payment_due) == ("hold", False, None)


def test_after_the_payment_line_nothing_can_be_held_any_more() -> None:
    story = Story().think("identity.mismatch", IMPOSTOR)
    view = evaluate(story.case(SETTLED + timedelta(days=120)), CLAIM, unverified_days=())
    assert view.outcome == "warn"
    assert view.reasons[-1].code == "gate.after_payment_line"


def test_an_interim_settlement_answers_for_its_own_days_and_the_final_one_for_the_rest() -> None:
    story = Story()
    middle = SETTLED - timedelta(days=10)
    before, after = (middle - timedelta(days=1)).date(), (middle + timedelta(days=1)).date()
    story.settles(middle, interim=True, setl_id="S0", id="mid")
    story.settles(SETTLED, id="end")
    mid, end = story.stay.settlements
    assert seen(story, (before, after), mid).unverified_days == (before,)
    assert seen(story, (before, after), end).unverified_days == (after,)


def test_the_stake_under_drg_is_the_whole_case_without_days() -> None:
    story = Story(institution=Institution("H1", pay_regime="drg"))
    view = seen(story, DAYS)
    assert (view.fund_at_stake, view.days) == (Decimal("5200.00"), ())


def test_the_digest_sees_what_is_read_and_not_ids_or_evidence() -> None:
    story = Story().think("identity.mismatch", IMPOSTOR)
    same = Story(stay=replace(story.stay, key="other"))
    same.think("identity.mismatch", replace(IMPOSTOR, reasons=(replace(IMPOSTOR.reasons[0], evidence=("x",)),)))
    assert digest_of(seen(story)) == digest_of(seen(same))
    assert digest_of(seen(story)) != digest_of(seen(story, DAYS))
    assert digest_of(seen(story)) != digest_of(seen(story, claim=replace(CLAIM, fund_pay=Decimal(5201))))


CODES = st.sampled_from(["identity.mismatch", "check.missed", "presence.bed_hanging", "feed.silent"])
OPINIONS = st.builds(
    lambda severity, n: Opinion(severity, (why("x", f"e{n}", n=n),), occasion=str(n)),
    st.sampled_from([2, 3]),
    st.integers(0, 3),
)


@given(
    held=st.dictionaries(CODES, st.lists(OPINIONS, max_size=3).map(tuple)),
    days=st.sets(st.dates(date(2026, 2, 1), date(2026, 3, 1)), max_size=5),
)
def test_the_gate_is_a_function_of_what_is_held_whatever_order_it_came_in(
    held: dict[str, tuple[Opinion, ...]], days: set[date]
) -> None:
    one, two = Story(), Story()
    one.stay = replace(one.stay, opinions=held)
    two.stay = replace(two.stay, opinions={k: tuple(reversed(v)) for k, v in reversed(list(held.items()))})
    before = dump(one.case(SETTLED).person)
    left, right = seen(one, tuple(days)), seen(two, tuple(sorted(days, reverse=True)))
    assert digest_of(left) == digest_of(seen(one, tuple(days)))
    assert dump(one.case(SETTLED).person) == before
    if all(len({(o.severity, o.occasion) for o in v}) == len(v) for v in held.values()):
        assert left == right
