"""From an opinion in the ledger to the alert (疑点) that people are shown. Pure."""

from __future__ import annotations

from datetime import datetime

from detectors.base import Case
from detectors.gate.stake import stake_of_stay
from detectors.ledger.model import Opinion, Raised, Why
from schemas.base import derived_id, split_person_key
from schemas.findings import Alert, AlertStatus, Reason, Severity


def alert_id(detector: str, rule_version: str, person: str, stay: str, occasion: str = "") -> str:
    """The same for every delivery of the same facts. `stay` is the stay's key: `mdtrt_id` may come late."""
    return derived_id("al", detector, rule_version, person, stay, occasion)


def alert_of(
    case: Case,
    detector: str,
    opinion: Opinion,
    raised: Raised,
    *,
    updated_at: datetime,
    withdrawn: bool = False,
) -> Alert:
    """The alert as it stands. For a withdrawn one, `opinion` is what was last held."""
    region, number = split_person_key(case.person.key)
    stake = stake_of_stay(case)
    version = raised.rule_version or case.rules.label
    status: AlertStatus = "open"
    if withdrawn:
        status = "withdrawn"
    elif raised.answered:
        status = "awaiting_review"
    severity: Severity = 2 if opinion.severity <= 2 else 3
    return Alert(
        alert_id=alert_id(detector, version, case.person.key, case.stay.key, opinion.occasion),
        detector=detector,
        rule_version=version,
        model_version=opinion.model,
        threshold=opinion.threshold,
        raised_at=raised.raised_at,
        updated_at=updated_at,
        severity=severity,
        score=opinion.score,
        insuplc_admdvs=region,
        psn_no=number,
        mdtrt_id=case.stay.mdtrt_id or None,
        stay=case.stay.key,
        fixmedins_code=case.stay.institution,
        ward=case.placement.ward or None,
        fund_at_stake=stake.amount,
        fee_total=stake.fee_total,
        pay_regime=stake.regime,
        reasons=tuple(reason_of(why) for why in opinion.reasons),
        status=status,
    )


def reason_of(why: Why) -> Reason:
    """A reason of the ledger as the schemas write it."""
    return Reason(code=why.code, params=dict(why.params), weight=why.weight, evidence=why.evidence)
