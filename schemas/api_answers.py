"""What we answer: one model a documented answer. Texts stand in both languages, Chinese first."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.base import Money
from schemas.findings import AlertStatus, Severity
from schemas.settlement import Outcome, PayRegime
from schemas.views import OpenCheck, StayRecord


class Out(BaseModel):
    """An answer. Clients leave aside what they don't know: later versions may say more."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)


# Refusals -----------------------------------------------------------------------------------------------


class FieldProblem(Out):
    """One wrong field."""

    pointer: str = Field(description="JSON pointer (RFC 6901)")
    field: str
    code: str
    detail: str


class Problem(Out):
    """RFC 9457, in the language of `Accept-Language`."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem] = []


# What was taken -----------------------------------------------------------------------------------------


class Envelope(Out):
    """The national response envelope."""

    infcode: int | str
    inf_refmsgid: str
    refmsg_time: str = ""
    respond_time: str = ""
    err_msg: str = ""
    output: Any = None


class CaptureTaken(Out):
    """A capture was taken; what comes of it is read under its id."""

    capture_id: str
    state: str


class CheckIssued(Out):
    """A check was issued."""

    check_id: str
    nonce: str = ""
    challenge: str = ""


class CheckTouched(Out):
    """A receipt or an answer was taken."""

    check_id: str
    state: str


class WhereaboutsTaken(Out):
    """Whereabouts were taken."""

    whereabouts_id: str
    state: str


class SceneTaken(Out):
    """A scene was taken."""

    scene_id: str
    state: str


class ReviewTaken(Out):
    """A review was taken: 202 for the first reviewer, 200 when the second one closes the hold."""

    hold_id: str
    action: str


class SealingKey(Out):
    """A JSON Web Key (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["X25519"]
    use: Literal["enc"]
    alg: Literal["ECDH-ES"]
    kid: str
    x: str


class SealingKeys(Out):
    """Keys to seal an offline queue to; use the first. Empty where this server has none."""

    keys: list[SealingKey]


# What is read -------------------------------------------------------------------------------------------


class ReasonOut(Out):
    """One reason: a code, the sentence in both languages, its weight and what it rests on."""

    code: str
    text: str
    text_en: str
    weight: float = 0.0
    evidence: list[str] = []


class CaptureOut(Out):
    """What came of a capture. `reasons` say what to do, in words for the ward."""

    capture_id: str
    state: str
    state_text: str
    state_text_en: str
    band: Literal["same", "unclear", "different"] | None
    reasons: list[ReasonOut]
    updated_at: AwareDatetime


class Checks(Out):
    """The open checks of a ward, soonest due first."""

    items: list[OpenCheck]


class AlertOut(Out):
    """A finding (疑点) as it stands now."""

    alert_id: str
    detector: str
    detector_name: str
    detector_name_en: str
    rule_version: str
    model_version: str = ""
    threshold: float | None = None
    raised_at: AwareDatetime
    updated_at: AwareDatetime
    severity: Severity
    score: float | None = None
    insuplc_admdvs: str | None = None
    psn_no: str | None = None
    mdtrt_id: str | None = None
    fixmedins_code: str
    ward: str | None = None
    fund_at_stake: Money | None = None
    fee_total: Money | None = None
    pay_regime: PayRegime | None = None
    reasons: list[ReasonOut]
    status: AlertStatus


class Alerts(Out):
    """A page of alerts; `next` is the cursor of the page after it."""

    items: list[AlertOut]
    next: str | None = None


class DecisionOut(Out):
    """One answer of the settlement gate."""

    decision_id: str
    supersedes: str | None = None
    mdtrt_id: str
    setl_id: str | None = None
    infno: str
    msgid: str = ""
    decided_at: AwareDatetime
    outcome: Outcome
    hold_type: str | None = None
    basis: str | None = None
    reasons: list[ReasonOut]
    unverified_days: list[date] = []
    fund_at_stake: Money | None = None
    fee_total: Money | None = None
    pay_regime: PayRegime
    payment_due: date | None = None
    pay_line: int | None = None
    expires_at: AwareDatetime | None = None
    soft: bool = False


class GateOut(Out):
    """Where the gate stands on a stay: the decision in force, and every one before it, newest first."""

    mdtrt_id: str
    outcome: Outcome | None = Field(description="of the decision in force; null before any")
    decision: DecisionOut | None
    now: DecisionOut | None = Field(description="what it would say if the hospital asked (2303) now")
    decisions: list[DecisionOut]


class DayOut(Out):
    """One day that the claim is priced by."""

    day: date
    amount: Money


class ReviewOut(Out):
    """What one reviewer said."""

    reviewer: str
    action: str
    days: list[date] = []
    reason: str = ""
    at: AwareDatetime


class HoldOut(Out):
    """A claim marked 待核 (暂缓拨付)."""

    hold_id: str
    decision_id: str
    insuplc_admdvs: str
    psn_no: str
    mdtrt_id: str
    setl_id: str | None
    fixmedins_code: str
    ward: str | None = None
    hold_type: str
    basis: str
    status: str
    opened_at: AwareDatetime
    updated_at: AwareDatetime
    reasons: list[ReasonOut]
    alerts: list[str] = []
    detectors: list[str] = []
    fund_at_stake: Money | None = None
    stake_estimated: bool = False
    fee_total: Money | None = None
    pay_regime: PayRegime
    days: list[DayOut] = []
    payment_due: date
    expires_at: AwareDatetime
    reviews: list[ReviewOut] = []


class Holds(Out):
    """A page of holds."""

    items: list[HoldOut]
    next: str | None = None


class ExportRow(Out):
    """What the paying side reads about one held claim before it pays."""

    fixmedins_code: str
    payment_due: date
    hold_id: str
    status: str
    hold_type: str
    insuplc_admdvs: str
    psn_no: str
    mdtrt_id: str
    setl_id: str | None
    pay_regime: PayRegime
    fee_total: Money | None
    fund_at_stake: Money | None
    stake_estimated: bool
    held_amount: Money | None = Field(description="what of the fund's share waits; 0 once released or expired")
    days: list[DayOut] = []
    released_days: list[date] = []
    opened_at: AwareDatetime
    expires_at: AwareDatetime
    basis: str


class Export(Out):
    """The list for the paying side (经办拨付), by institution, then pay day."""

    generated_at: AwareDatetime
    items: list[ExportRow]


class StayOut(StayRecord):
    """One stay with what is known of it."""


class ProbeOut(Out):
    """One condition of being ready."""

    name: str
    text: str
    text_en: str
    ok: bool
    note: str = ""


class Health(Out):
    """The process lives."""

    status: Literal["ok"]


class Ready(Out):
    """Whether requests may be sent here: 200 when ready, else 503."""

    ready: bool
    checks: list[ProbeOut]
