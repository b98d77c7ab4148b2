"""Alerts, decisions and holds as they are shown: every reason a sentence in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from detectors.gate.words import rule_name, sentence
from schemas.api_answers import (
    AlertOut,
    CaptureOut,
    DayOut,
    DecisionOut,
    ExportRow,
    HoldOut,
    ReasonOut,
    ReviewOut,
)
from schemas.decisions import Decision, Hold
from schemas.findings import Alert, Reason
from schemas.texts import known, text
from storage.captures import CaptureRow

PAID_STATUSES = frozenset({"released", "expired", "void"})
"""A hold in one of these holds nothing back any more."""

ZERO = Decimal(0)


def alert_out(alert: Alert) -> AlertOut:
    """A finding with its name and its reasons in words."""
    said = alert.model_dump(exclude={"reasons", "v", "stay"})
    return AlertOut(
        **said,
        detector_name=rule_name(alert.detector, "zh"),
        detector_name_en=rule_name(alert.detector, "en"),
        reasons=_reasons(alert.reasons),
    )


def decision_out(decision: Decision) -> DecisionOut:
    """An answer of the gate with its reasons in words."""
    said = decision.model_dump(exclude={"reasons", "v", "stay", "state_version", "backlog"})
    return DecisionOut(**said, reasons=_reasons(decision.reasons))


def hold_out(hold: Hold) -> HoldOut:
    """A hold with its reasons in words."""
    said = hold.model_dump(exclude={"reasons", "v", "stay", "days", "reviews"})
    return HoldOut(
        **said,
        days=_days(hold),
        reviews=[ReviewOut(**review.model_dump()) for review in hold.reviews],
        reasons=_reasons(hold.reasons),
    )


def export_row(hold: Hold) -> ExportRow:
    """What the paying side needs of a hold."""
    released = hold.reviews[-1].days if hold.status == "part_released" and hold.reviews else ()
    said = hold.model_dump(include=set(ExportRow.model_fields) - {"days"})
    return ExportRow(
        **said,
        held_amount=_held(hold, frozenset(released)),
        days=_days(hold),
        released_days=list(released),
    )


def capture_out(row: CaptureRow) -> CaptureOut:
    """What came of a capture, in words for the ward. A band is only there once compared."""
    return CaptureOut(
        capture_id=row.capture_id,
        state=row.state,
        state_text=_nurse(f"state_{row.state}", "zh"),
        state_text_en=_nurse(f"state_{row.state}", "en"),
        band=row.band or None,
        reasons=[
            ReasonOut(
                code=str(reason.get("code", "")),
                text=_nurse(str(reason.get("code", "")), "zh", **reason.get("params", {})),
                text_en=_nurse(str(reason.get("code", "")), "en", **reason.get("params", {})),
            )
            for reason in row.reasons
        ],
        updated_at=row.updated_at,
    )


def document(model: Any) -> dict[str, Any]:
    """A model as a JSON document, for the live feed."""
    made: dict[str, Any] = model.model_dump(mode="json")
    return made


def _nurse(code: str, language: Any, **params: Any) -> str:
    """A sentence for the ward; a code without one stands for itself, for it must not hide the capture."""
    key = f"nurse.{code}"
    try:
        return text(key, language, **params) if key in known() else code
    except KeyError:
        return code


def _reasons(reasons: Iterable[Reason]) -> list[ReasonOut]:
    return [
        ReasonOut(
            code=reason.code,
            text=sentence(reason, "zh"),
            text_en=sentence(reason, "en"),
            weight=reason.weight,
            evidence=list(reason.evidence),
        )
        for reason in reasons
    ]


def _days(hold: Hold) -> list[DayOut]:
    return [DayOut(day=priced.day, amount=priced.amount) for priced in hold.days]


def _held(hold: Hold, released: frozenset[Any]) -> Decimal | None:
    """Yuan that still wait: nothing once it is over, what is left of the days after a part release."""
    if hold.status in PAID_STATUSES:
        return ZERO
    if hold.status == "part_released":
        return sum((priced.amount for priced in hold.days if priced.day not in released), ZERO)
    return hold.fund_at_stake
