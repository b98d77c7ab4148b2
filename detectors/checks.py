"""What checks say when nobody answers or they contradict each other: check.missed, check.spot_conflict."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from detectors.base import NOTHING, Case, Judgement, why
from detectors.ledger.model import Opinion, Why
from detectors.reading.absence import absences
from detectors.reading.cache import once
from detectors.reading.checks import missed as all_missed
from detectors.reading.checks import missed_here, next_due
from detectors.reading.faces import Look, looks, witnesses
from detectors.reading.moments import clock, hours

UNANNOUNCED = frozenset({"spot", "onsite"})
"""远程抽查 and 现场查房: nobody on the ward knew when they would come."""


def missed(case: Case) -> Judgement:
    """漏查: a check reached the ward in time and nobody answered it for this patient.

    Never more than a reminder: it is no absence. When most of the ward missed it too, the cause is one and
    lies elsewhere: that alone says nothing of this patient.
    """
    wake = next_due(case)
    if not missed_here(case):
        return Judgement(wake_at=wake) if wake else NOTHING
    wide = case.stay.ward_wide
    reasons = [
        why(
            "check_missed_ward_wide" if one.check.check_id in wide else f"check_missed_{one.check.kind}",
            one.check.check_id,
            due=clock(one.due_by),
        )
        for one in all_missed(case)
    ]
    return Judgement((Opinion(3, tuple(reasons)),), wake)


class Failed(NamedTuple):
    """An unannounced check that failed, and how."""

    at: datetime
    check_id: str
    how: str  # absent, different, missed
    evidence: tuple[str, ...]
    firm: bool
    look: Look | None = None


def spot_conflict(case: Case) -> Judgement:
    """巡查通过、抽查不过: the announced round saw the patient, the unannounced check within hours did not."""
    if not any(check.kind in UNANNOUNCED for check in case.stay.checks):
        return NOTHING
    wake = next_due(case)
    passed = _rounds_passed(case)
    near = hours(case.rules.check_spot_conflict.within_hours)
    conflicts: list[tuple[Failed, tuple[datetime, str]]] = []
    for failure in sorted(_failures(case), key=lambda f: (f.at, f.check_id, f.how)):
        around = [p for p in passed if abs(p[0] - failure.at) <= near]
        if around:
            conflicts.append((failure, min(around, key=lambda p: (abs(p[0] - failure.at), p))))
    if not conflicts:
        return Judgement(wake_at=wake) if wake else NOTHING
    seen = next((failure.look for failure, _ in reversed(conflicts) if failure.look), None)
    return Judgement(
        (
            Opinion(
                severity=2 if any(failure.firm for failure, _ in conflicts) else 3,
                reasons=tuple(_conflict(failure, passing) for failure, passing in conflicts),
                model=seen.capture.model if seen else "",
                threshold=seen.threshold if seen else None,
            ),
        ),
        wake,
    )


def _conflict(failure: Failed, passing: tuple[datetime, str]) -> Why:
    at, evidence = passing
    return why(
        f"check_spot_conflict_{failure.how}",
        failure.check_id,
        *failure.evidence,
        evidence,
        spot=clock(failure.at),
        round=clock(at),
    )


@once
def _kinds(case: Case) -> dict[str, str]:
    return {check.check_id: check.kind for check in case.stay.checks if check.assigned}


def _rounds_passed(case: Case) -> list[tuple[datetime, str]]:
    """When a round saw the patient: a match or 人工核验, with the fact that says so."""
    kinds = _kinds(case)
    matched = [
        (seen.capture.at, seen.capture.id)
        for seen in looks(case)
        if seen.band == "same" and kinds.get(seen.capture.check_id, seen.capture.purpose) == "round"
    ]
    return sorted(matched + [(a.at, a.id) for a in witnesses(case) if kinds.get(a.check_id) == "round"])


def _failures(case: Case) -> Iterator[Failed]:
    """Unannounced checks that failed: confirmed absence, another face and no match, or no answer at all."""
    for absence in absences(case):
        if absence.check.kind in UNANNOUNCED:
            yield Failed(absence.starts, absence.check.check_id, "absent", absence.evidence, True)
    yield from _other_faces(case)
    for one in missed_here(case):
        if one.check.kind in UNANNOUNCED:
            yield Failed(one.due_by, one.check.check_id, "missed", (), False)


def _other_faces(case: Case) -> Iterator[Failed]:
    kinds = _kinds(case)
    vouched = {a.check_id for a in witnesses(case)}
    by_check: dict[str, list[Look]] = {}
    for seen in looks(case):
        if kinds.get(seen.capture.check_id) in UNANNOUNCED:
            by_check.setdefault(seen.capture.check_id, []).append(seen)
    for check_id, tries in sorted(by_check.items()):
        different = [seen for seen in tries if seen.band == "different"]
        if not different or check_id in vouched or any(seen.band == "same" for seen in tries):
            continue
        firm = any(seen.calibrated for seen in different)
        evidence = tuple(seen.capture.id for seen in different)
        yield Failed(different[0].capture.at, check_id, "different", evidence, firm, different[-1])
