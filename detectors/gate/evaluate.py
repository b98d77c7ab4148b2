"""One settlement, one view: the pure heart of the gate.

The gateway runs it on the last committed state with the message folded in, the engine on the state that it
commits. Same facts, same rules, same stops: same view, same digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from msgspec.json import Encoder
from msgspec.structs import replace

from detectors.alerts import alert_id
from detectors.base import Case, why
from detectors.codes import UNVERIFIED
from detectors.gate.calendar import expiry, pay_line
from detectors.gate.stake import day_prices, live_claims, stake_of
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger.model import GateView, Opinion, Settlement, Why
from detectors.ledger.view import day
from schemas.settlement import Outcome

CLAIM = "2304"
"""The one message whose hold is real; the others ask beforehand and get a forecast."""

SUSPECT = 2
"""可疑, as `sev_deg`."""


class _Held(NamedTuple):
    """One opinion of the stay with the id of its alert."""

    detector: str
    opinion: Opinion
    alert: str


def evaluate(case: Case, asked: Settlement, *, unverified_days: tuple[date, ...], stops: Stops = NO_STOPS) -> GateView:
    """What the gate holds of `asked`, given `case.stay.opinions` and the stay's unverified days.

    `hold`: a 可疑 opinion of a detector that the rule set lets hold, or enough unverified days. `warn`: any
    other opinion or unverified day. A stop makes a hold soft (reported, nothing marked) unless something that
    isn't stopped holds too. After the payment line nothing can be marked any more: such a hold is a warning
    (事后核查).
    """
    gate = case.rules.gate
    held = list(_held(case))
    days = _days_of(case, asked, unverified_days)
    grounds = _grounds(case, held, days)
    soft = case.institution.in_soft_launch(asked.known_at) or case.stay.institution in stops.institutions
    live = {rule: what for rule, what in grounds.items() if rule not in stops.rules}
    stake = stake_of(case, asked)
    line = pay_line(day(asked.at), gate) if asked.infno == CLAIM else None
    paid = line is not None and case.now >= expiry(line.due)
    reasons = [_prefixed(h.detector, reason) for h in held for reason in h.opinion.reasons]
    reasons += _day_reasons(case, days)
    outcome: Outcome = "pass" if not reasons else "warn"
    if grounds and not paid:
        outcome = "hold"
    elif grounds:
        reasons.append(why("gate.after_payment_line"))
    return GateView(
        infno=asked.infno,
        outcome=outcome,
        rule_version=case.rules.label,
        basis=_basis(case, assumed=line is not None and line.assumed) if outcome == "hold" else "",
        reasons=tuple(reasons),
        alerts=tuple(h.alert for h in held),
        detectors=tuple(live or grounds) if outcome == "hold" else (),
        grounds=tuple(g for what in (live or grounds).values() for g in what) if outcome == "hold" else (),
        unverified_days=days,
        days=day_prices(case, asked, stake, days),
        fund_at_stake=stake.amount,
        stake_estimated=stake.estimated,
        fee_total=stake.fee_total,
        pay_regime=stake.regime,
        payment_due=line.due if line else None,
        calendar_assumed=line is not None and line.assumed,
        soft=soft or (outcome == "hold" and not live),
    )


def marks(view: GateView) -> bool:
    """Does this view open a hold? Forecasts and soft ones never do."""
    return view.outcome == "hold" and view.infno == CLAIM and not view.soft


_PLAIN = Encoder(decimal_format="string", order="deterministic")


def digest_of(view: GateView) -> str:
    """Equal for views that read the same: ids and evidence are left out."""
    reasons = tuple(replace(reason, evidence=()) for reason in view.reasons)
    readable = replace(view, alerts=(), grounds=(), reasons=reasons)
    return hashlib.sha256(_PLAIN.encode(readable)).hexdigest()[:32]


def _held(case: Case) -> Iterator[_Held]:
    """Opinions, the grave ones first, then by detector: a fixed order whatever came first."""
    rows = [(code, opinion) for code, opinions in case.stay.opinions.items() for opinion in opinions]
    for code, opinion in sorted(rows, key=lambda row: (row[1].severity, row[0], row[1].occasion)):
        alert = alert_id(code, case.rules.label, case.person.key, case.stay.key, opinion.occasion)
        yield _Held(code, opinion, alert)


def _days_of(case: Case, asked: Settlement, days: tuple[date, ...]) -> tuple[date, ...]:
    """Unverified days that this settlement covers: an interim one (中途结算) splits the stay in two."""
    earlier = [
        claim for claim in live_claims(case.stay) if claim.interim and claim.id != asked.id and claim.at < asked.at
    ]
    after = day(earlier[-1].at) if earlier else date.min
    until = day(asked.at) if asked.interim else date.max
    return tuple(sorted(d for d in set(days) if after < d <= until))


def _grounds(case: Case, held: list[_Held], days: tuple[date, ...]) -> dict[str, list[str]]:
    """What holds, by rule: each finding's reasons, each unverified day."""
    gate = case.rules.gate
    found: dict[str, list[str]] = {}
    for row in held:
        if row.opinion.severity <= SUSPECT and row.detector in gate.hold_detectors:
            codes = dict.fromkeys(reason.code for reason in row.opinion.reasons)
            found.setdefault(row.detector, []).extend(f"{row.alert}/{code}" for code in codes or ("",))
    if 0 < gate.unverified_hold_days <= len(days):
        found[UNVERIFIED] = [d.isoformat() for d in days]
    return found


def _prefixed(detector: str, reason: Why) -> Why:
    return replace(reason, params={"detector": detector, **reason.params})


def _day_reasons(case: Case, days: tuple[date, ...]) -> list[Why]:
    if not days:
        return []
    checks = [c.check_id for c in case.stay.checks if c.due_by is not None and day(c.due_by) in days]
    listed = ", ".join(d.isoformat() for d in days)
    return [why(UNVERIFIED, *checks, detector=UNVERIFIED, count=len(days), days=listed)]


def _basis(case: Case, *, assumed: bool) -> str:
    gate = case.rules.gate
    text = " / ".join(part for part in (gate.basis_zh, gate.basis_en) if part)
    return text + _ASSUMED if assumed else text


_ASSUMED = (
    "（该年放假安排尚未公布，工作日暂按周一至周五计 / "
    "holidays of that year aren't published yet: Monday to Friday counted)"
)
