"""Whose face it is: identity.mismatch, identity.document_mismatch, identity.not_enrolled."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from detectors.base import NOTHING, Case, Judgement, why
from detectors.ledger.model import Capture, Opinion, Why
from detectors.reading.faces import Look, Session, banded, looks, sessions
from detectors.reading.moments import after, clock, holds, hours, overlaps
from detectors.rulesets.model import Bands


def mismatch(case: Case) -> Judgement:
    """冒名: consecutive meetings in which the face wasn't the enrolled one, and no match between them.

    A single one is evidence and no more: retry, corroborate, then say something. A later match withdraws
    nothing, for real people lie in the beds of published frauds.
    """
    needed = case.rules.identity_mismatch.sessions
    if sum(seen.band == "different" for seen in looks(case)) < needed:
        return NOTHING
    runs = [run for run in _runs(case) if len(run) >= needed]
    if not runs:
        return NOTHING
    worst = [_worst(met) for run in runs for met in run]
    firm = any(sum(_worst(met).calibrated for met in run) >= needed for run in runs)
    return Judgement((_mismatched(case, worst, firm),))


def _runs(case: Case) -> list[list[Session]]:
    """Meetings in band different, cut wherever one in band same lies between; unclear ones say nothing."""
    told = [met for met in sessions(case) if met.band != "unclear"]
    return [list(run) for band, run in groupby(told, key=lambda met: met.band) if band == "different"]


def _worst(met: Session) -> Look:
    """The capture of a meeting that is the least like the enrolled face."""
    different = [seen for seen in met.looks if seen.band == "different"]
    return max(different, key=lambda seen: (seen.calibrated, _distance(seen), seen.capture.id))


def _distance(seen: Look) -> float:
    score = seen.capture.score or 0.0
    return -score if seen.capture.metric == "similarity" else score


def _mismatched(case: Case, worst: list[Look], firm: bool) -> Opinion:
    reasons = [
        why(
            "identity_mismatch_session",
            seen.capture.id,
            at=clock(seen.capture.at),
            score=round(seen.capture.score or 0.0, 4),
            threshold=seen.threshold or 0.0,
        )
        for seen in worst
    ]
    against = {seen.capture.against for seen in worst}
    loose = [c.id for c in case.stay.captures if c.capture_id in against and c.anchor_kind in ("", "none")]
    if loose:
        reasons.append(why("identity_mismatch_anchor_none", *loose))
    if not firm:
        reasons.append(why("identity_mismatch_uncalibrated", *(s.capture.id for s in worst if not s.calibrated)))
    last = worst[-1]
    return Opinion(
        severity=2 if firm else 3,
        reasons=tuple(reasons),
        model=last.capture.model,
        threshold=last.threshold,
    )


def document_mismatch(case: Case) -> Judgement:
    """人证不符: at enrolment the face was not the one of the document.

    An enrolment that agrees with the document, within the hours in which enrolment is due, takes a clumsy
    first try back.
    """
    stay, rules = case.stay, case.rules
    tried: list[tuple[Capture, Bands]] = []
    for enrolled in stay.captures:
        if enrolled.purpose == "enrolment" and enrolled.anchor_score is not None:
            bands = rules.anchor.get(enrolled.anchor_metric)
            if bands is not None and enrolled.anchor_kind != "none" and enrolled.capture_id not in stay.mix_ups:
                tried.append((enrolled, bands))
    window = hours(rules.identity_not_enrolled.due_hours)
    passed = [e.at for e, bands in tried if banded(e.anchor_score or 0.0, bands) == "same"]
    failed = [
        (e, bands)
        for e, bands in tried
        if banded(e.anchor_score or 0.0, bands) == "different"
        and not any(e.at < at <= after(e.at, window) for at in passed)
    ]
    if not failed:
        return NOTHING
    reasons = [
        why(
            "identity_document_mismatch_enrolment",
            e.id,
            at=clock(e.at),
            score=round(e.anchor_score or 0.0, 4),
            threshold=bands.different,
        )
        for e, bands in failed
    ]
    firm = any(bands.calibrated for _, bands in failed)
    if not firm:
        reasons.append(why("identity_document_mismatch_uncalibrated", *(e.id for e, _ in failed)))
    last, bands = failed[-1]
    return Judgement((Opinion(2 if firm else 3, tuple(reasons), model=last.model, threshold=bands.different),))


def not_enrolled(case: Case) -> Judgement:
    """入院未建模: so many hours on the books, and still no enrolled face nor anyone's word instead of it."""
    stay, place = case.stay, case.placement
    if place.newborn or any(c.purpose == "enrolment" for c in stay.captures):
        return NOTHING
    if any(a.result in ("face_declined", "witnessed") for a in stay.answers):
        return NOTHING
    due = _enrolment_due(case)
    if due is None or not case.span.holds(due):
        return NOTHING
    if case.now < due:
        return Judgement(wake_at=due)
    admission = [r.id for r in stay.registrations if r.kind == "admitted"]
    waited = case.rules.identity_not_enrolled.due_hours
    reason: Why = why("identity_not_enrolled_due", *admission, due=clock(due), hours=waited)
    return Judgement((Opinion(3, (reason,)),))


def _enrolment_due(case: Case) -> datetime | None:
    """When the face must be enrolled: hours after admission, counted anew after ICU or a silent feed."""
    began, told = case.span.began_at, case.span.first_told_at
    if began is None or told is None:
        return None
    start = max(began, told)
    if not case.institution.monitored(case.placement.ward, "enrolment", start):
        return None
    wait = hours(case.rules.identity_not_enrolled.due_hours)
    due = after(start, wait)
    excuses = [(w.starts, w.ends) for w in case.stay.whereabouts if w.kind == "icu"]
    excuses += [(s.since, s.until) for s in case.stay.silences]
    for hole in sorted(excuses, key=lambda hole: hole[0]):
        if overlaps(hole, start, due) or holds(hole, due):
            if hole[1] is None:
                return None
            due = max(due, after(hole[1], wait))
    return due
