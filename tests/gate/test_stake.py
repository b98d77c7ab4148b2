"""What is at stake, and what single days come to."""

from __future__ import annotations

from dataclasses import replace as with_field
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.gate.stake import Stake, day_prices, regime_of, stake_of, stake_of_stay
from detectors.ledger.model import Settlement
from detectors.policy import Institution
from schemas.settlement import PayRegime
from tests.gate.story import NATIONAL, SETTLED, Story, at, line

MONEY = st.decimals(min_value="-500", max_value="100000", places=2)


def asked(infno: str = "2304", **said: object) -> Settlement:
    return Settlement("ev", SETTLED, SETTLED, infno, **said)  # type: ignore[arg-type]


def test_the_stake_of_a_settlement_is_what_the_platform_said_the_fund_pays() -> None:
    claim = asked(fund_pay=Decimal("5200"), fee_total=Decimal("8000"))
    assert stake_of(Story().case(SETTLED), claim) == Stake(Decimal("5200.00"), False, Decimal("8000.00"), "by_item")


def test_a_forecast_of_what_the_fund_pays_is_an_estimate() -> None:
    assert stake_of(Story().case(SETTLED), asked("2303", fund_pay=Decimal(10))).estimated


def test_a_settlement_seen_without_its_reply_takes_the_latest_forecast() -> None:
    story = Story()
    story.asks("2303", SETTLED - timedelta(hours=2), fund_pay=Decimal("100"))
    story.asks("2303", SETTLED - timedelta(hours=1), fund_pay=Decimal("5100"))
    stake = stake_of(story.case(SETTLED), asked(fee_total=Decimal("8000")))
    assert (stake.amount, stake.estimated) == (Decimal("5100.00"), True)


def test_without_any_reply_the_fees_times_the_fund_share_are_the_estimate() -> None:
    story = Story().charge(line("1", "2026-03-01", "100.01"))
    stake = stake_of(story.case(SETTLED), asked())
    assert stake.fee_total == Decimal("100.01")
    assert (stake.amount, stake.estimated) == (Decimal("65.01"), True)  # 65.0065, half up


def test_where_nothing_is_known_the_stake_is_unknown_not_nought() -> None:
    assert stake_of(Story().case(SETTLED), asked()).amount is None


def test_the_stake_of_a_stay_is_the_sum_of_its_live_claims() -> None:
    story = Story()
    story.settles(SETTLED - timedelta(days=9), interim=True, setl_id="S0", fund_pay=Decimal("1000"))
    story.settles(SETTLED, fund_pay=Decimal("5200"))
    assert stake_of_stay(story.case(SETTLED)).amount == Decimal("6200.00")
    story.cancels(SETTLED)
    assert stake_of_stay(story.case(SETTLED)).amount == Decimal("1000.00")


@pytest.mark.parametrize(
    ("way", "regime"),
    [("01", "by_item"), ("1", "by_item"), ("02", "single_disease"), ("03", "by_bed_day"), ("05", "drg")],
)
def test_the_platform_says_how_the_stay_is_paid(way: str, regime: PayRegime) -> None:
    assert regime_of(Story().case(SETTLED), asked(clearing_way=way)) == regime


def test_the_institution_knows_better_than_the_platform_and_the_rules_only_guess() -> None:
    story = Story(institution=Institution("H1", pay_regime="dip"))
    assert regime_of(story.case(SETTLED), asked(clearing_way="01")) == "dip"
    assert regime_of(Story().case(SETTLED), asked(clearing_way="99")) == NATIONAL.gate.default_regime


def test_a_day_costs_its_own_lines_times_what_the_fund_pays_of_the_whole() -> None:
    story = Story().charge(
        line("1", "2026-02-20", "300.00"), line("2", "2026-02-20", "100.00"), line("3", "2026-02-21", "50.00")
    )
    stake = Stake(Decimal("600.00"), False, Decimal("1000.00"), "by_item")
    prices = day_prices(story.case(SETTLED), asked(), stake, [date(2026, 2, 20), date(2026, 2, 22)])
    assert [(p.day, p.amount) for p in prices] == [
        (date(2026, 2, 20), Decimal("240.00")),
        (date(2026, 2, 22), Decimal("0.00")),
    ]


@pytest.mark.parametrize("regime", ["drg", "dip", "single_disease", "other"])
def test_a_case_with_one_price_has_no_days(regime: PayRegime) -> None:
    story = Story().charge(line("1", "2026-02-20", "300.00"))
    stake = Stake(Decimal(600), False, Decimal(1000), regime)
    assert day_prices(story.case(SETTLED), asked(), stake, [date(2026, 2, 20)]) == ()


@given(
    amounts=st.lists(st.tuples(st.integers(0, 9), MONEY), max_size=25),
    fees=st.none() | MONEY,
    fund=st.none() | MONEY,
    wanted=st.sets(st.integers(0, 12)),
)
def test_days_never_cost_less_than_nothing_nor_together_more_than_the_stake(
    amounts: list[tuple[int, Decimal]], fees: Decimal | None, fund: Decimal | None, wanted: set[int]
) -> None:
    first = date(2026, 2, 10)
    lines = [line(str(n), str(first + timedelta(days=d)), str(a)) for n, (d, a) in enumerate(amounts)]
    story = Story().charge(*lines) if lines else Story()
    claim = asked(fee_total=fees, fund_pay=fund)
    case = story.case(at("2026-03-05"))
    stake = stake_of(case, claim)
    prices = day_prices(case, claim, stake, [first + timedelta(days=n) for n in wanted])
    assert len(prices) == len(wanted)
    assert all(price.amount >= 0 for price in prices)
    assert sum(price.amount for price in prices) <= (stake.amount or 0)
    assert stake.amount is None or stake.amount >= 0


def test_a_fund_share_of_a_region_is_used_where_no_reply_came() -> None:
    rules = NATIONAL.model_copy(update={"gate": NATIONAL.gate.model_copy(update={"fund_share": Decimal("0.5")})})
    case = with_field(Story().case(SETTLED), rules=rules)
    assert stake_of(case, asked(fee_total=Decimal("8000"))).amount == Decimal("4000.00")
