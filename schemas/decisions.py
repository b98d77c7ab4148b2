"""What the settlement gate decided, and the hold (待核) that marks a claim for the agency's review."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from schemas.base import Model, Money
from schemas.findings import Reason
from schemas.settlement import Outcome, PayRegime

HoldType = Literal["A", "B", "C", "D", "E", "F", "G"]
"""Grounds and preconditions of each type: law reference §2.1. A machine proposes A only."""

HoldStatus = Literal["open", "kept", "released", "part_released", "expired", "void"]


class Decision(Model):
    """One answer of the gate. An amendment names the decision it replaces; a confirmation writes none."""

    v: int = 1
    decision_id: str
    supersedes: str | None = None
    insuplc_admdvs: str = ""
    psn_no: str = ""
    fixmedins_code: str = ""
    stay: str = ""
    mdtrt_id: str = ""
    setl_id: str | None = None
    infno: str
    msgid: str = ""
    decided_at: AwareDatetime
    outcome: Outcome
    hold_type: HoldType | None = None
    basis: str | None = None
    reasons: tuple[Reason, ...] = ()
    alerts: tuple[str, ...] = ()  # the findings it rests on
    unverified_days: tuple[date, ...] = ()
    fund_at_stake: Money | None = None
    stake_estimated: bool = False
    fee_total: Money | None = None
    pay_regime: PayRegime = "other"
    payment_due: date | None = None
    pay_line: int | None = None  # working days left until payment_due
    expires_at: AwareDatetime | None = None
    soft: bool = False
    rule_version: str = ""
    state_version: int = 0
    backlog: int = 0


class DayPrice(Model):
    """One unverified or contested day and what the fund would pay for it (by-item and by-bed-day only)."""

    day: date
    amount: Money


class Review(Model):
    """What one reviewer said about a hold."""

    reviewer: str
    action: Literal["keep", "release", "part_release"]
    days: tuple[date, ...] = ()
    reason: str = ""
    at: AwareDatetime


class Hold(Model):
    """A claim marked 待核 (暂缓拨付), type A. It never touches the patient's own settlement."""

    v: int = 1
    hold_id: str
    decision_id: str
    insuplc_admdvs: str
    psn_no: str
    stay: str
    mdtrt_id: str
    setl_id: str | None
    fixmedins_code: str
    ward: str | None = None
    hold_type: HoldType
    basis: str
    status: HoldStatus = "open"
    opened_at: AwareDatetime
    updated_at: AwareDatetime
    reasons: tuple[Reason, ...] = ()
    alerts: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    fund_at_stake: Money | None = None
    stake_estimated: bool = False
    fee_total: Money | None = None
    pay_regime: PayRegime
    days: tuple[DayPrice, ...] = ()
    payment_due: date
    expires_at: AwareDatetime
    reviews: tuple[Review, ...] = ()
    rule_version: str = ""
