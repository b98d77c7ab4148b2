"""What is read back where no event, alert, decision or hold says it already: open checks and stays."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime

from schemas.base import Model, Money
from schemas.ward_check import CheckKind

RosterState = Literal["waiting", "received", "same", "unclear", "different", "answered", "missed", "excused"]
"""Where one patient of an open check stands. `answered` is an answer without a face: `result` says which."""

StayState = Literal["open", "discharged", "settled", "cancelled"]


class RosterRow(Model):
    """One patient whom a check covers. No name: the ward knows its beds."""

    mdtrt_id: str
    ipt_no: str = ""
    bed: str = ""
    state: RosterState = "waiting"
    result: str = ""  # of an answer without a face
    enrolled: bool = False
    last_at: AwareDatetime | None = None  # of the newest capture or answer to this check


class OpenCheck(Model):
    """A check whose window isn't over, as the ward sees it."""

    check_id: str
    kind: CheckKind
    fixmedins_code: str
    ward: str = ""
    opens_at: AwareDatetime
    due_by: AwareDatetime
    mode: str = "photo"
    purpose: str = "daily"
    acting_body: str = "agency"
    basis: str = ""
    officers: tuple[str, ...] = ()
    nonce: str = ""
    challenge: str = ""
    delivered_at: AwareDatetime | None = None
    roster: tuple[RosterRow, ...] = ()


class Span(Model):
    """One interval of the presence ledger, and what it rests on."""

    state: str
    starts: AwareDatetime
    ends: AwareDatetime | None = None
    sources: tuple[str, ...] = ()
    confidence: float | None = None


class Day(Model):
    """One date of a stay: was somebody asked to be seen, and was somebody seen?"""

    day: date
    state: Literal["verified", "unverified", "not_scheduled", "not_monitored", "undelivered"]


class StayRecord(Model):
    """One stay with what is known of it."""

    mdtrt_id: str
    stay: str
    insuplc_admdvs: str = ""
    psn_no: str = ""
    ipt_no: str = ""
    fixmedins_code: str
    ward: str = ""
    bed: str = ""
    state: StayState = "open"
    admitted_at: AwareDatetime | None = None
    discharged_at: AwareDatetime | None = None
    settled_at: AwareDatetime | None = None
    enrolled: bool = False
    anchor: str = ""
    pay_regime: str = "other"
    fee_total: Money | None = None
    score: float | None = None  # of 挂床, in nats
    days: tuple[Day, ...] = ()
    spans: tuple[Span, ...] = ()
    alerts: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    state_version: int = 0
