"""What fund money is at stake, and what single days of it come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from detectors.base import Case
from detectors.ledger.model import PricedDay, Settlement, Stay
from detectors.ledger.view import day, live_lines, live_settlements
from schemas.settlement import PayRegime

CENT = Decimal("0.01")
ZERO = Decimal(0)

CLEARING_WAYS: dict[str, PayRegime] = {
    "01": "by_item",
    "02": "single_disease",
    "03": "by_bed_day",
    "05": "drg",
}
"""`clr_way` → regime; other values (04 按人头, 99 其他, …) don't say how an inpatient stay is paid."""

PRICED_BY_DAY: frozenset[PayRegime] = frozenset({"by_item", "by_bed_day"})
"""Elsewhere the stay is one price: the stake is the whole case and there is no partial release."""


class Stake(NamedTuple):
    """Yuan. None: nothing is known to estimate it from."""

    amount: Decimal | None
    estimated: bool
    fee_total: Decimal | None
    regime: PayRegime


def stake_of(case: Case, asked: Settlement) -> Stake:
    """Stake of one settlement.

    What the platform said the fund pays, where a settlement (2304) said it; else, marked as estimated, what
    the latest forecast of this stay said; else the fees times the rule set's share.
    """
    regime = regime_of(case, asked)
    fees = asked.fee_total if asked.fee_total is not None else _fees_so_far(case)
    if asked.fund_pay is not None:
        return Stake(_cents(asked.fund_pay), asked.infno != "2304", _cents_or_none(fees), regime)
    forecast = _latest(case, lambda s: s.infno == "2303" and s.interim == asked.interim and s.fund_pay is not None)
    if forecast is not None and forecast.fund_pay is not None:
        return Stake(_cents(forecast.fund_pay), True, _cents_or_none(fees), regime)
    guess = None if fees is None else _cents(fees * case.rules.gate.fund_share)
    return Stake(guess, True, _cents_or_none(fees), regime)


def stake_of_stay(case: Case) -> Stake:
    """Stake of the stay as a whole, for its alerts: that of its live claims, else of its latest forecast."""
    claims = live_claims(case.stay)
    if not claims:
        return stake_of(case, _latest(case, lambda _: True) or Settlement("", case.now, case.now, ""))
    parts = [stake_of(case, claim) for claim in claims]
    return Stake(
        _sum(part.amount for part in parts),
        any(part.estimated for part in parts),
        _sum(part.fee_total for part in parts),
        parts[-1].regime,
    )


def standing_claims(stay: Stay) -> tuple[Settlement, ...]:
    """Claims (2304) that no later one replaces, cancelled ones among them.

    A 2304 with the `setl_id` of an earlier one, or a second final one, is the same claim sent again: a stay
    has one final settlement, and the 2305 between them may not have reached us. Interim ones stand side by
    side.
    """
    claims = [s for s in stay.settlements if s.infno == "2304"]
    return tuple(
        claim
        for number, claim in enumerate(claims)
        if not any(_replaces(later, claim) for later in claims[number + 1 :])
    )


def live_claims(stay: Stay) -> tuple[Settlement, ...]:
    """Standing claims that no 2305 has taken back, oldest first."""
    live = {claim.id for claim in live_settlements(stay)}
    return tuple(claim for claim in standing_claims(stay) if claim.id in live)


def _replaces(later: Settlement, earlier: Settlement) -> bool:
    if later.setl_id and later.setl_id == earlier.setl_id:
        return True
    return not (later.interim or earlier.interim)


def regime_of(case: Case, asked: Settlement) -> PayRegime:
    """How the stay is paid: configured for the institution, else the platform's word, else the rule set's."""
    if case.institution.pay_regime is not None:
        return case.institution.pay_regime
    said = asked if asked.clearing_way else _latest(case, lambda s: bool(s.clearing_way))
    way = said.clearing_way.strip().zfill(2) if said is not None else ""
    return CLEARING_WAYS.get(way, case.rules.gate.default_regime)


def day_prices(case: Case, asked: Settlement, stake: Stake, days: Iterable[date]) -> tuple[PricedDay, ...]:
    """What the fund would pay for each of `days`: that day's standing fee lines times the fund's share.

    Empty where the stay has one price. Rounded half up to 0.01; together never more than the stake.
    """
    priced = sorted(set(days))
    if not priced or stake.regime not in PRICED_BY_DAY:
        return ()
    share = _fund_share(case, stake)
    fees: dict[date, Decimal] = {}
    for line in live_lines(case.stay):
        on = day(line.at)
        fees[on] = fees.get(on, ZERO) + line.amount
    left = stake.amount if stake.amount is not None else ZERO
    prices = []
    for wanted in priced:
        price = min(_cents(max(fees.get(wanted, ZERO), ZERO) * share), left)
        left -= price
        prices.append(PricedDay(wanted, price))
    return tuple(prices)


def _fund_share(case: Case, stake: Stake) -> Decimal:
    if stake.amount is None or not stake.fee_total:
        return case.rules.gate.fund_share
    return min(stake.amount / stake.fee_total, Decimal(1))


def _fees_so_far(case: Case) -> Decimal | None:
    amounts = [line.amount for line in live_lines(case.stay)]
    return sum(amounts, ZERO) if amounts else None


def _latest(case: Case, wanted: Callable[[Settlement], bool]) -> Settlement | None:
    return next((s for s in reversed(case.stay.settlements) if wanted(s)), None)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def _cents(amount: Decimal) -> Decimal:
    """Whole cents, rounded half up; no stake is negative, whatever a message said."""
    return max(amount, ZERO).quantize(CENT, ROUND_HALF_UP)


def _cents_or_none(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else _cents(amount)
