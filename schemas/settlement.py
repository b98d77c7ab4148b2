"""Events about money: asking to settle, cancelling, the settlement list, the hospital's answer, reviews."""

from __future__ import annotations

from datetime import date
from typing import Literal

from schemas.base import Event, Model, Moment, Money

PayRegime = Literal["by_item", "by_bed_day", "drg", "dip", "single_disease", "other"]
Outcome = Literal["pass", "warn", "hold", "not_evaluated", "void"]


class Provisional(Model):
    """What the gateway answered before the engine saw the event: the engine confirms or amends it.

    `state_version` and `backlog` say what the answer rested on: the person's last committed version and how
    many events were still waiting in front of this one.
    """

    outcome: Outcome
    digest: str = ""  # of everything in the decision that a person could read
    state_version: int = 0
    backlog: int = 0


class SettlementAsked(Event):
    """2303, 2304, 3101 or 3102: the hospital asks what its claim comes to, or settles.

    `fund_pay` and `setl_id` come from the platform's reply and are absent when only the request was seen.
    """

    kind: Literal["settlement_asked"] = "settlement_asked"
    infno: Literal["2303", "2304", "3101", "3102"]
    trigger: str = ""  # trig_scen of 3101/3102
    setl_id: str = ""
    interim: bool = False  # mid_setl_flag
    fee_total: Money | None = None
    fund_pay: Money | None = None
    clearing_way: str = ""  # clr_way of the reply, raw
    cert_type: str = ""
    certno_print: str = ""
    discharge_said: Moment | None = None
    provisional: Provisional | None = None


class SettlementCancelled(Event):
    """2305 住院结算撤销."""

    kind: Literal["settlement_cancelled"] = "settlement_cancelled"
    setl_id: str = ""


class CareSpell(Model):
    """A stretch of ICU care or an operation that the settlement list (4101A) states after the fact."""

    care: Literal["icu", "theatre"]
    starts: Moment
    ends: Moment


class SettlementListed(Event):
    """4101A 结算清单 head, as far as presence needs it."""

    kind: Literal["settlement_listed"] = "settlement_listed"
    setl_id: str = ""
    began_at: Moment | None = None
    ended_at: Moment | None = None
    days_in_hospital: int | None = None
    nursing_days: int | None = None
    way: str = ""
    pay_method: str = ""  # hi_paymtd, raw
    spells: tuple[CareSpell, ...] = ()


class HospitalAnswered(Event):
    """3103: the hospital's answer to a finding (`jr_id` is our alert id)."""

    kind: Literal["hospital_answered"] = "hospital_answered"
    alert_id: str
    way: str = ""  # dspo_way: 1 goes on, 2 goes back to mend
    reason: str = ""


class HoldReviewed(Event):
    """A reviewer of the agency acts on a hold. Two different reviewers must say the same."""

    kind: Literal["hold_reviewed"] = "hold_reviewed"
    hold_id: str
    action: Literal["keep", "release", "part_release"]
    days: tuple[date, ...] = ()
    reason: str = ""
    reviewer: str
