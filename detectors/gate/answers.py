"""What a hospital is told: the `wardwatch` block of 2303 and 2304, the audit rows of 3101 and 3102."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from detectors.alerts import alert_id
from detectors.base import Case
from detectors.codes import UNVERIFIED
from detectors.gate.evaluate import CLAIM, SUSPECT
from detectors.gate.stake import ZERO
from detectors.gate.words import rule_name, sentence
from schemas.decisions import Decision
from schemas.findings import Reason
from schemas.national import AuditRow
from schemas.texts import LANGUAGES, Language, text

_CONTENT = 500  # C500 of `vola_cont` and `vola_evid`
_NAME = 200


def answer_block(decision: Decision) -> dict[str, Any]:
    """`output.wardwatch`: plain JSON, money as strings, each sentence in Chinese and (`…_en`) in English."""
    return {
        "decision_id": decision.decision_id,
        "outcome": decision.outcome,
        **_both("outcome_text", *(_outcome(decision, language) for language in LANGUAGES)),
        "hold_type": decision.hold_type,
        "basis": decision.basis,
        "reasons": [
            {"code": reason.code, **_both("text", *(sentence(reason, language) for language in LANGUAGES))}
            for reason in decision.reasons
        ],
        "unverified_days": [day.isoformat() for day in decision.unverified_days],
        "fund_at_stake": _yuan(decision.fund_at_stake),
        "stake_estimated": decision.stake_estimated,
        "fee_total": _yuan(decision.fee_total),
        "pay_regime": decision.pay_regime,
        "payment_due": decision.payment_due.isoformat() if decision.payment_due else None,
        "pay_line": decision.pay_line,
        "expires_at": decision.expires_at.isoformat() if decision.expires_at else None,
        "soft": decision.soft,
        **_both("release_path", *(_release_path(decision, language) for language in LANGUAGES)),
    }


def _both(key: str, zh: str | None, en: str | None) -> dict[str, str | None]:
    return {key: zh, f"{key}_en": en}


def _outcome(decision: Decision, language: Language) -> str:
    parts = [text(f"gate.outcome_{decision.outcome}", language)]
    if decision.outcome in ("warn", "hold"):
        parts += [text("gate.forecast", language)] if decision.infno != CLAIM else []
        parts += [text("gate.soft", language)] if decision.soft else []
    return ("；" if language == "zh" else "; ").join(part.rstrip("。.") for part in parts)


def _release_path(decision: Decision, language: Language) -> str | None:
    if decision.outcome == "hold" and decision.expires_at is not None and not decision.soft:
        day = decision.expires_at.date().isoformat()
        return text("gate.release_path", language, expires=day)
    if decision.outcome in ("warn", "hold"):
        return text("gate.release_path_forecast", language)
    return None


def audit_rows(case: Case, decision: Decision) -> tuple[AuditRow, ...]:
    """`output.result` of 3101 and 3102: one row a finding that the decision names, one for unverified days.

    `jr_id` is the alert's id (3103 answers to it), for unverified days the decision's. `vola_amt` is the
    stake, 0 where unknown. `patn_id` and `mdtrt_id` are ours: the codec repeats what the caller sent.
    """
    rows = []
    for detector, opinions in sorted(case.stay.opinions.items()):
        for opinion in opinions:
            found = alert_id(detector, case.rules.label, case.person.key, case.stay.key, opinion.occasion)
            if found not in decision.alerts:
                continue
            reasons = [
                Reason(code=r.code, params={"detector": detector, **r.params}, evidence=r.evidence)
                for r in opinion.reasons
            ]
            rows.append(_row(decision, found, detector, reasons, opinion.severity))
    if decision.unverified_days:
        own = [reason for reason in decision.reasons if reason.code == UNVERIFIED]
        grave = SUSPECT if decision.outcome == "hold" else SUSPECT + 1
        rows.append(_row(decision, decision.decision_id, UNVERIFIED, own, grave))
    return tuple(rows)


def _row(decision: Decision, row_id: str, detector: str, reasons: list[Reason], severity: int) -> AuditRow:
    degree: Literal["2", "3"] = "2" if severity <= SUSPECT else "3"
    said = "；".join(sentence(reason, "zh").rstrip("。") for reason in reasons)
    evidence = dict.fromkeys(item for reason in reasons for item in reason.evidence)
    amount: Decimal = decision.fund_at_stake if decision.fund_at_stake is not None else ZERO
    return AuditRow(
        jr_id=row_id,
        rule_id=detector,
        rule_name=rule_name(detector, "zh")[:_NAME],
        vola_cont=_short(f"（{_DEGREES[degree]}）{said}"),
        patn_id=decision.psn_no,
        mdtrt_id=decision.mdtrt_id,
        sev_deg=degree,
        vola_amt=amount,
        vola_evid=_short("、".join(evidence)),
    )


_DEGREES = {"2": "可疑，待核", "3": "提醒"}


def _short(said: str) -> str:
    return said if len(said) <= _CONTENT else said[: _CONTENT - 1] + "…"


def _yuan(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
