"""presence.bed_hanging (挂床住院): evidence summed over time, beside the hard conditions of an agreement.

Each meeting, absence, missed check and day adds its log-likelihood ratio (nats) to a sum that never falls
below zero (CUSUM): a patient may lie there for three days and be gone on the fourth, so nothing that went
before clears what comes after, and what was once conspicuous stays so. Reasons are the terms of the climb to
the highest point: their weights add up to the score.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from detectors.base import NOTHING, Case, Judgement, why
from detectors.ledger.model import Opinion, Why
from detectors.reading.absence import Absence, absences, absences_with_leave
from detectors.reading.checks import EXPLAINED, missed_here, next_due
from detectors.reading.faces import sessions
from detectors.reading.moments import day, ends, listed, next_day
from detectors.reading.services import care, longest_gap, longest_pause
from detectors.rulesets.model import BedHanging


class Term(NamedTuple):
    """One piece of evidence: when it weighs in, what it is, how much."""

    at: datetime
    kind: str
    weight: float
    day: date
    evidence: tuple[str, ...]


ORDER = ("absence", "missed", "idle_day", "verified", "witnessed", "excused", "cared_day")
"""Kinds as reasons list them: what speaks against the stay first."""


def bed_hanging(case: Case) -> Judgement:
    """挂床住院. 可疑 from the alarm line or by a hard condition, 提醒 from the notice line."""
    limit = case.rules.presence_bed_hanging
    wake = next_due(case)
    hard = tuple(_hard_conditions(case, limit))
    climb = _climb(_terms(case, limit)) if hard or _might_reach(case, limit) else []
    score = _total(climb)
    if not hard and (not climb or score < limit.notice):
        return Judgement(wake_at=wake) if wake else NOTHING
    severity = 2 if hard or score >= limit.alarm else 3
    reasons = (*hard, *_reasons(climb))
    return Judgement((Opinion(severity, reasons, score=score, threshold=limit.alarm),), wake)


# ── the score ────────────────────────────────────────────────────────────────────────────────────────────


def _absences(case: Case, limit: BedHanging) -> tuple[Absence, ...]:
    return absences_with_leave(case) if limit.leave_counts_as_absent else absences(case)


def _might_reach(case: Case, limit: BedHanging) -> bool:
    """Could the terms that count against the stay reach the notice line at all? Fee lines are not read yet.

    This is the way of nearly every event of an honest stay.
    """
    most = len(_absences(case, limit)) * limit.absence + len(missed_here(case)) * limit.missed
    told = case.span.first_told_at
    if told is not None and limit.idle_day and case.stay.charges:
        last = case.now if case.span.ended_at is None else min(case.now, case.span.ended_at)
        dates_idle = (day(last) - day(told)).days - max(1, limit.idle_after_days)
        most += max(0, dates_idle) * limit.idle_day
    return most >= limit.notice


def _terms(case: Case, limit: BedHanging) -> list[Term]:
    """All evidence in order of time."""
    found = [*_absence_terms(case, limit), *_missed_terms(case, limit), *_met_terms(case, limit)]
    found += [*_excused_terms(case, limit), *_day_terms(case, limit)]
    return sorted(found, key=lambda t: (t.at, ORDER.index(t.kind), t.evidence))


def _absence_terms(case: Case, limit: BedHanging) -> Iterator[Term]:
    """Once an episode: absences of one date with no meeting between them are one and the same."""
    met = [m.at for m in sessions(case) if m.band == "same"]
    before: Absence | None = None
    for absence in _absences(case, limit):
        again = (
            before is not None
            and day(before.starts) == day(absence.starts)
            and not any(before.ends <= at <= absence.starts for at in met)
        )
        if not again:
            yield Term(absence.starts, "absence", limit.absence, day(absence.starts), absence.evidence)
        before = absence


def _missed_terms(case: Case, limit: BedHanging) -> Iterator[Term]:
    """Once a day: misses of one day have one cause more often than two."""
    for on, ones in groupby(missed_here(case), key=lambda one: one.day):
        group = list(ones)
        yield Term(group[0].due_by, "missed", limit.missed, on, tuple(one.check.check_id for one in group))


def _met_terms(case: Case, limit: BedHanging) -> Iterator[Term]:
    """Once a meeting: retries are not more evidence."""
    for met in sessions(case):
        matched = met.matched
        if matched is not None:
            yield Term(met.at, "verified", limit.verified, day(met.at), (matched.capture.id,))
        elif met.witnessed:
            yield Term(met.at, "witnessed", limit.witnessed, day(met.at), (met.witnessed[0].id,))


def _excused_terms(case: Case, limit: BedHanging) -> Iterator[Term]:
    """Once a check: where the patient lawfully is, in the ward's own words."""
    counted: set[str] = set()
    for answer in case.stay.answers:
        if answer.result in EXPLAINED and answer.check_id not in counted:
            if answer.result == "on_leave" and limit.leave_counts_as_absent:
                continue
            counted.add(answer.check_id)
            yield Term(answer.at, "excused", limit.excused, day(answer.at), (answer.id,))


def _day_terms(case: Case, limit: BedHanging) -> Iterator[Term]:
    """Whole dates: with care, or idle. Idle ones say nothing in the first days after admission."""
    read = care(case)
    for on, evidence in read.cared.items():
        yield Term(ends(on), "cared_day", limit.cared_day, on, evidence)
    counted_from = next_day(read.since, limit.idle_after_days)
    for on in read.idle:
        if on >= counted_from:
            yield Term(ends(on), "idle_day", limit.idle_day, on, (read.proof,))


def _climb(terms: list[Term]) -> list[Term]:
    """The terms from the sum's last zero up to its highest point (the earliest of equals)."""
    best: list[Term] = []
    height, highest, since = 0.0, 0.0, 0
    for number, term in enumerate(terms):
        height = round(height + term.weight, 4)
        if height <= 0:
            height, since = 0.0, number + 1
        elif height > highest:
            highest, best = height, terms[since : number + 1]
    return best


def _total(climb: list[Term]) -> float:
    return round(sum((term.weight for term in climb), 0.0), 4)


def _reasons(climb: list[Term]) -> Iterator[Why]:
    for kind in ORDER:
        group = [term for term in climb if term.kind == kind]
        if group:
            yield why(
                f"presence_bed_hanging_{kind}",
                *(one for term in group for one in term.evidence),
                weight=_total(group),
                count=len(group),
                dates=listed(term.day for term in group),
            )


# ── hard conditions of a region's agreement: each alone makes it 可疑, never more ────────────────────────


def _hard_conditions(case: Case, limit: BedHanging) -> Iterator[Why]:
    if limit.absent_days:
        yield from _absent_days(case, limit)
    if limit.no_service_hours:
        yield from _no_service(case, limit)
    if limit.leave_max_count:
        yield from _many_leaves(case, limit)
    if limit.leave_day_ratio:
        yield from _much_leave(case, limit)


def _absent_days(case: Case, limit: BedHanging) -> Iterator[Why]:
    gone = _absences(case, limit)
    days = {day(absence.starts) for absence in gone}
    if len(days) >= limit.absent_days:
        yield why(
            "presence_bed_hanging_absent_days",
            *(one for absence in gone for one in absence.evidence),
            count=len(days),
            dates=listed(days),
            limit=limit.absent_days,
        )


def _no_service(case: Case, limit: BedHanging) -> Iterator[Why]:
    found = longest_gap(case) if longest_pause(case) >= timedelta(hours=limit.no_service_hours) else None
    if found is None:
        return
    (begins, closes), evidence = found
    hours = (closes - begins).total_seconds() / 3600
    if hours >= limit.no_service_hours:
        yield why(
            "presence_bed_hanging_no_service",
            *(one for one in evidence if one),
            hours=int(hours),
            first=listed([day(begins)]),
            last=listed([day(closes)]),
            limit=limit.no_service_hours,
        )


def _many_leaves(case: Case, limit: BedHanging) -> Iterator[Why]:
    leaves = [w.id for w in case.stay.whereabouts if w.kind == "leave"]
    if len(leaves) > limit.leave_max_count:
        yield why("presence_bed_hanging_leave_count", *leaves, count=len(leaves), limit=limit.leave_max_count)


def _much_leave(case: Case, limit: BedHanging) -> Iterator[Why]:
    """Dates touched by leave over dates of the stay: known once the stay is over."""
    began, over = case.span.began_at, case.span.ended_at
    if began is None or over is None or over < began:
        return
    leaves = [w for w in case.stay.whereabouts if w.kind == "leave"]
    count, counted = 0, day(began).toordinal() - 1
    for leave in sorted(leaves, key=lambda w: w.starts):
        last = min(day(over), day(leave.ends or over)).toordinal()
        first = max(counted + 1, day(leave.starts).toordinal())
        if first <= last:
            count, counted = count + last - first + 1, last
    whole = (day(over) - day(began)).days + 1
    if count / whole > limit.leave_day_ratio:
        yield why(
            "presence_bed_hanging_leave_days",
            *(leave.id for leave in leaves),
            count=count,
            days=whole,
            limit=limit.leave_day_ratio,
        )
