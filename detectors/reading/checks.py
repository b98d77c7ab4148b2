"""Checks: which ones count against this patient, who answered, what was missed."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from detectors.base import Case
from detectors.ledger.model import Check, Whereabouts
from detectors.reading.cache import lasting, lasting_each, once
from detectors.reading.moments import day, holds, minutes, overlaps

EXPLAINED = frozenset({"in_treatment", "on_leave", "not_on_ward"})
"""Answers that say where the patient lawfully is."""

VALID = EXPLAINED | {"witnessed"}
"""Answers that verify a date (contract §1, 未核验日)."""


class Asked(NamedTuple):
    """A check that counts: it covers this patient, was delivered in time, and nothing made it void."""

    check: Check
    due_by: datetime
    answered: bool  # anything at all by due_by
    excused: str  # id of the whereabouts that were on the books by due_by and hold it, or ""

    @property
    def day(self) -> date:
        """The +08:00 date of `due_by`."""
        return day(self.due_by)


@lasting("registrations", "captures", "checks", "answers", "whereabouts", "silences")
def asked(case: Case) -> tuple[Asked, ...]:
    """The checks that count, in the order in which they fall due.

    A check counts when its receipt came `min_notice_minutes` before `due_by`, its ward and kind were
    monitored, the patient was on the books at `due_by`, the date isn't before our first admission message,
    and no known silence of the feed touches its window. Any other is unknown: never missed, never unverified.
    """
    whereabouts = case.stay.whereabouts
    unanswered = {one.check.check_id for one in _unanswered(case)}
    found = []
    for check, due_by in zip(case.stay.checks, _counting(case), strict=True):
        if due_by is not None:
            answered = check.check_id not in unanswered
            found.append(Asked(check, due_by, answered, "" if answered else _excused(whereabouts, due_by)))
    return tuple(found)


@lasting("registrations", "captures", "checks", "answers", "silences")
def _unanswered(case: Case) -> tuple[Asked, ...]:
    """The checks that count and to which nothing came by `due_by`, whether that is past or not."""
    named, loose = _answered_at(case)
    found = []
    for check, due_by in zip(case.stay.checks, _counting(case), strict=True):
        if due_by is None:
            continue
        first = named.get(check.check_id)
        if first is not None and first <= due_by:
            continue
        opens = check.opens_at or due_by
        if loose and any(opens <= at <= due_by for at in loose):
            continue
        found.append(Asked(check, due_by, False, ""))
    return tuple(found)


@lasting("registrations", "captures", "checks", "answers", "whereabouts", "silences")
def _open(case: Case) -> tuple[Asked, ...]:
    """Those of them that no whereabouts excuse: missed as soon as they are due."""
    whereabouts = case.stay.whereabouts
    return tuple([one for one in _unanswered(case) if not _excused(whereabouts, one.due_by)])


@lasting_each("checks", "registrations", "silences")
def _counting(case: Case, check: Check) -> datetime | None:
    """When a check falls due that counts, whoever answered it; None for one that doesn't."""
    due_by, delivered_at = check.due_by, check.delivered_at
    if due_by is None or delivered_at is None or not check.assigned:
        return None
    if due_by - delivered_at < minutes(case.rules.ledger.min_notice_minutes):
        return None
    if not case.span.holds(due_by) or not monitored(case, due_by):
        return None
    if not case.institution.monitored(check.ward or case.placement.ward, check.kind, due_by):
        return None
    silenced = any(overlaps((s.since, s.until), check.opens_at or due_by, due_by) for s in case.stay.silences)
    return None if silenced else due_by


def monitored(case: Case, moment: datetime) -> bool:
    """Is the date of `moment` not before our first admission message? Earlier it is 未纳入监测."""
    told = case.span.first_told_at
    return told is not None and (moment >= told or day(moment) >= day(told))


@lasting("captures", "answers")
def _answered_at(case: Case) -> tuple[dict[str, datetime], list[datetime]]:
    """When the first thing came in for each check, and when captures came that name none."""
    named: dict[str, datetime] = {}
    loose: list[datetime] = []
    for capture in case.stay.captures:  # in order of time: the first one stays
        if capture.check_id:
            named.setdefault(capture.check_id, capture.at)
        elif capture.purpose != "enrolment":
            loose.append(capture.at)
    for answer in case.stay.answers:
        if answer.at < named.setdefault(answer.check_id, answer.at):
            named[answer.check_id] = answer.at
    return named, loose


def _excused(whereabouts: tuple[Whereabouts, ...], due_by: datetime) -> str:
    """Whereabouts entered before the check fell due. What is entered afterwards excuses no missed check."""
    for stated in whereabouts:
        if stated.entered_at <= due_by and holds((stated.starts, stated.ends), due_by):
            return stated.id
    return ""


@once
def missed(case: Case) -> tuple[Asked, ...]:
    """漏查: due, and nothing came. In the order of `due_by`, those that most of the ward missed among them."""
    return tuple([one for one in _open(case) if one.due_by <= case.now])


@once
def missed_here(case: Case) -> tuple[Asked, ...]:
    """What was missed here and not by most of the ward at once (one cause, not many absences)."""
    wide = case.stay.ward_wide
    return tuple([one for one in missed(case) if one.check.check_id not in wide])


@once
def next_due(case: Case) -> datetime | None:
    """When the next check that nobody has answered falls due: until then time alone changes nothing here."""
    return min([one.due_by for one in _open(case) if one.due_by > case.now], default=None)
