"""Absences: not found, confirmed by a second not found, and not excused. A single not found is unknown."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from detectors.base import Case
from detectors.ledger.model import Answer, Check
from detectors.reading.cache import lasting
from detectors.reading.checks import VALID, monitored
from detectors.reading.faces import looks, witnesses
from detectors.reading.moments import Hole, Interval, after, minus, minutes


class Absence(NamedTuple):
    """未见本人, confirmed: from the first not_found to the last that confirms it.

    `left` are the parts that nothing excuses, never empty; `evidence` the answers it rests on.
    """

    check: Check
    starts: datetime
    ends: datetime
    left: tuple[Interval, ...]
    evidence: tuple[str, ...]

    @property
    def minutes(self) -> int:
        """How long nothing excuses, in whole minutes."""
        return int(sum((end - start).total_seconds() for start, end in self.left) // 60)


@lasting("registrations", "captures", "mix_ups", "checks", "answers", "whereabouts", "silences")
def absences(case: Case) -> tuple[Absence, ...]:
    """Confirmed absences that nothing excuses, in order of time."""
    return _absences(case, leave_excuses=True)


@lasting("registrations", "captures", "mix_ups", "checks", "answers", "whereabouts", "silences")
def absences_with_leave(case: Case) -> tuple[Absence, ...]:
    """The same where a region's agreement counts leave as absence (`leave_counts_as_absent`)."""
    return _absences(case, leave_excuses=False)


def _absences(case: Case, *, leave_excuses: bool) -> tuple[Absence, ...]:
    not_found: dict[str, list[Answer]] = {}
    for answer in case.stay.answers:
        if answer.result == "not_found":
            not_found.setdefault(answer.check_id, []).append(answer)
    if all(len(answers) < 2 for answers in not_found.values()):
        return ()
    excused = VALID if leave_excuses else VALID - {"on_leave"}
    explained = {a.check_id for a in case.stay.answers if a.result in excused}
    holes = tuple(_holes(case, leave_excuses))
    seen = _seen(case)
    found: list[Absence] = []
    for check in case.stay.checks:
        answers = not_found.get(check.check_id, [])
        if len(answers) < 2 or check.check_id in explained or not _counts(case, check):
            continue
        run = _confirmed(case, check, answers, seen)
        if run and case.span.holds(run[0].at) and case.span.holds(run[-1].at):
            left = minus(run[0].at, run[-1].at, holes)
            if left:
                evidence = tuple(a.id for a in run)
                found.append(Absence(check, run[0].at, run[-1].at, left, evidence))
    return tuple(sorted(found, key=lambda a: (a.starts, a.check.check_id)))


def _counts(case: Case, check: Check) -> bool:
    """Our own check, of a ward and kind that was monitored by then. The answer itself proves delivery."""
    due_by = check.due_by
    if due_by is None or not check.assigned or not monitored(case, due_by):
        return False
    return case.institution.monitored(check.ward or case.placement.ward, check.kind, due_by)


def _confirmed(case: Case, check: Check, answers: list[Answer], seen: list[datetime]) -> list[Answer]:
    """The earliest not_found with its confirmation, and what carries on from there; empty if there is none.

    A second one confirms from 30 to 60 minutes after the first; where the check closes sooner than that, any
    later one up to `due_by` does. Nobody is confirmed absent across a moment in which they were seen.
    """
    assert check.due_by is not None
    soonest = minutes(case.rules.ledger.confirm_after_minutes)
    latest = minutes(case.rules.ledger.confirm_within_minutes)
    moments = [a.at for a in answers]
    for number, first in enumerate(answers):
        if first.at > check.due_by:
            break
        if check.due_by - first.at < soonest:
            second, limit = bisect_right(moments, first.at, number + 1), check.due_by
        else:
            second = bisect_left(moments, after(first.at, soonest), number + 1)
            limit = after(first.at, latest)
        if second == len(answers) or moments[second] > limit or _any(seen, first.at, moments[second]):
            continue
        run = [first, answers[second]]
        for later in answers[second + 1 :]:
            if later.at - run[-1].at > latest or _any(seen, run[-1].at, later.at):
                break
            run.append(later)
        return run
    return []


def _seen(case: Case) -> list[datetime]:
    """When the patient was seen: captures in band same, and 人工核验."""
    matched = [seen.capture.at for seen in looks(case) if seen.band == "same"]
    return sorted(matched + [a.at for a in witnesses(case)])


def _any(moments: list[datetime], first: datetime, last: datetime) -> bool:
    """Is there one of the sorted moments from `first` to `last`?"""
    place = bisect_left(moments, first)
    return place < len(moments) and moments[place] <= last


def _holes(case: Case, leave_excuses: bool) -> Iterator[Hole]:
    for stated in case.stay.whereabouts:
        if leave_excuses or stated.kind != "leave":
            yield stated.starts, stated.ends
    for silence in case.stay.silences:
        yield silence.since, silence.until
