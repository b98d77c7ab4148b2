"""Decisions and holds as rows: a view with its ids, names and times."""

from __future__ import annotations

from msgspec.structs import replace

from detectors.alerts import reason_of
from detectors.base import Case, why
from detectors.gate.calendar import expiry, working_days_left
from detectors.ledger.model import GateView, Ruling, Settlement
from detectors.ledger.view import day
from schemas.base import derived_id, split_person_key
from schemas.decisions import DayPrice, Decision, Hold, Review
from schemas.findings import Reason
from schemas.settlement import Outcome, SettlementAsked

HOLD_TYPE = "A"
"""Review within the payment window (law reference §2.1): the only type that a machine may propose."""


def decision_id(person: str, stay: str, settlement: str, count: int) -> str:
    """Id of the `count`-th row about a settlement."""
    return derived_id("de", person, stay, settlement, str(count))


def hold_id(person: str, stay: str, settlement: str) -> str:
    """Id of a settlement's hold: one for its life, however often it is amended or opened again."""
    return derived_id("ho", person, stay, settlement)


def decision_of(
    case: Case,
    asked: Settlement,
    view: GateView,
    *,
    row_id: str,
    supersedes: str | None = None,
    version: int = 0,
    backlog: int = 0,
) -> Decision:
    """The row that says `view`, decided at `case.now`."""
    region, number = split_person_key(case.person.key)
    holds = view.outcome == "hold"
    due = view.payment_due if view.outcome != "void" else None
    return Decision(
        decision_id=row_id,
        supersedes=supersedes,
        insuplc_admdvs=region,
        psn_no=number,
        fixmedins_code=case.stay.institution,
        stay=case.stay.key,
        mdtrt_id=case.stay.mdtrt_id,
        setl_id=asked.setl_id or None,
        infno=asked.infno,
        msgid=asked.msgid,
        decided_at=case.now,
        outcome=view.outcome,
        hold_type=HOLD_TYPE if holds else None,
        basis=view.basis or None if holds else None,
        reasons=tuple(reason_of(reason) for reason in view.reasons),
        alerts=view.alerts,
        unverified_days=view.unverified_days,
        fund_at_stake=view.fund_at_stake,
        stake_estimated=view.stake_estimated,
        fee_total=view.fee_total,
        pay_regime=view.pay_regime,
        payment_due=due,
        pay_line=None if due is None else working_days_left(day(case.now), due),
        expires_at=expiry(due) if holds and due is not None else None,
        soft=view.soft,
        rule_version=view.rule_version,
        state_version=version,
        backlog=backlog,
    )


def hold_of(case: Case, ruling: Ruling, because: str = "") -> Hold:
    """The hold of a ruling as it stands. `because` (a catalogue key) says why it ended by itself."""
    view = ruling.view
    if view is None or view.payment_due is None or ruling.opened_at is None or ruling.expires_at is None:
        raise ValueError(f"ruling {ruling.decision_id} has no hold")
    region, number = split_person_key(case.person.key)
    reasons = tuple(reason_of(reason) for reason in view.reasons)
    return Hold(
        hold_id=ruling.hold_id,
        decision_id=ruling.decision_id,
        insuplc_admdvs=region,
        psn_no=number,
        stay=case.stay.key,
        mdtrt_id=case.stay.mdtrt_id,
        setl_id=ruling.setl_id or None,
        fixmedins_code=case.stay.institution,
        ward=case.placement.ward or None,
        hold_type=HOLD_TYPE,
        basis=view.basis,
        status=ruling.hold_status,
        opened_at=ruling.opened_at,
        updated_at=case.now,
        reasons=(Reason(code=because), *reasons) if because else reasons,
        alerts=view.alerts,
        detectors=view.detectors,
        fund_at_stake=view.fund_at_stake,
        stake_estimated=view.stake_estimated,
        fee_total=view.fee_total,
        pay_regime=view.pay_regime,
        days=tuple(DayPrice(day=row.day, amount=row.amount) for row in view.days),
        payment_due=view.payment_due,
        expires_at=ruling.expires_at,
        reviews=tuple(
            Review(reviewer=n.reviewer, action=n.action, days=n.days, reason=n.reason, at=n.at) for n in ruling.reviews
        ),
        rule_version=view.rule_version,
    )


def unexplained(view: GateView, outcome: Outcome) -> GateView:
    """What the gateway had answered, as far as it is known: its outcome, and that it didn't stand."""
    code = "gate.not_evaluated" if outcome == "not_evaluated" else "gate.provisional"
    return replace(_bare(view), outcome=outcome, reasons=(why(code),))


def voided(view: GateView, because: str) -> GateView:
    """A claim that is no more. It keeps its payment line: should it stand again, that is still the line."""
    return replace(_bare(view), outcome="void", basis="", reasons=(why(because),), soft=False)


def _bare(view: GateView) -> GateView:
    return replace(view, alerts=(), detectors=(), grounds=(), unverified_days=(), days=())


def not_evaluated(asked: SettlementAsked) -> Decision:
    """The answer where the gate was down, too slow, or the person isn't known yet: the discharge goes on.

    It carries the id of the first row that the engine will write for this message.
    """
    region, number = asked.who.insuplc_admdvs, asked.who.psn_no
    if asked.person:
        region, number = split_person_key(asked.person)
    return Decision(
        decision_id=decision_id(asked.person, asked.stay, asked.event_id, 1),
        insuplc_admdvs=region,
        psn_no=number,
        fixmedins_code=asked.who.institution,
        stay=asked.stay,
        mdtrt_id=asked.who.mdtrt_id,
        setl_id=asked.setl_id or None,
        infno=asked.infno,
        msgid=asked.msgid,
        decided_at=asked.arrived_at,
        outcome="not_evaluated",
        reasons=(Reason(code="gate.not_evaluated"),),
        fee_total=asked.fee_total,
        fund_at_stake=asked.fund_pay,
    )
