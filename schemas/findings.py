"""What a detector says (finding), and what people are shown of it (alert, 疑点)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime

from schemas.base import Model, Money
from schemas.settlement import PayRegime

Severity = Literal[2, 3]
"""As `sev_deg`: 2 可疑, 3 提醒. 1 明确违规 is never given by a machine for identity or presence."""

AlertStatus = Literal[
    "open",
    "awaiting_institution",
    "awaiting_review",
    "excluded",
    "data_problem",
    "to_onsite",
    "to_clue",
    "withdrawn",
]


class Reason(Model):
    """Why, in one sentence of the catalogue: `code` with `params` gives the text in both languages.

    `weight` is the term's share of the score in nats where the detector scores, else 0.
    `evidence` names the events it rests on.
    """

    code: str
    params: dict[str, Any] = {}
    weight: float = 0.0
    evidence: tuple[str, ...] = ()


class Alert(Model):
    """A finding as it stands now. Its id is the same for every delivery of the same facts."""

    v: int = 1
    alert_id: str
    detector: str
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
    stay: str | None = None
    fixmedins_code: str
    ward: str | None = None
    fund_at_stake: Money | None = None
    fee_total: Money | None = None
    pay_regime: PayRegime | None = None
    reasons: tuple[Reason, ...] = ()
    status: AlertStatus = "open"
