"""Services: which dates of a stay show care, which show none, and which say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from detectors.base import Case
from detectors.ledger.model import Line, Stay
from detectors.ledger.view import live_lines
from detectors.reading.cache import once
from detectors.reading.faces import sessions
from detectors.reading.moments import DAY, Interval, after, dates, day, ends, next_day, overlaps, starts

ROUTINE = frozenset({"01", "02", "07"})
"""med_chrgitm_type 床位费, 诊察费, 护理费: posted every day by itself, whoever lies in the bed."""

ROUTINE_ITEMS = ("001109", "001201")
"""National item codes of bed and nursing, for lines of which only the request was seen (no class)."""


def is_service(line: Line) -> bool:
    """Is this more than the bed, its nursing and the daily round? Unknown lines count as services."""
    if line.item_class:
        return line.item_class not in ROUTINE
    return not line.item.startswith(ROUTINE_ITEMS)


class Care(NamedTuple):
    """The whole, readable dates of a stay, as far as its charges reach.

    `idle` are dates after which the hospital went on charging (or the stay ended) and for which there is no
    service, order, vitals, verification or whereabouts. `proof` is the fact that shows how far charges reach,
    `since` the date of admission, or the later one on which we were told of it.
    """

    cared: dict[date, tuple[str, ...]]
    idle: tuple[date, ...]
    proof: str
    since: date


NO_CARE = Care({}, (), "", date.max)


@once
def care(case: Case) -> Care:
    """What the dates show. Without any charge in the stay its feed doesn't exist: that says nothing."""
    first, until, proof = readable(case)
    if first >= until:
        return NO_CARE
    cared = {d: ids for d, ids in _cared(case.stay).items() if first <= d < until}
    known = _known_otherwise(case)
    idle = tuple(d for d in dates(first, until) if d not in cared and not known(d))
    return Care(cared, idle, proof, next_day(first, -1))


@once
def readable(case: Case) -> tuple[date, date, str]:
    """[first, until) of the dates whose charges must be complete by now, and the fact that says so.

    Charges come in late. A date is readable once a fee line of a later date was posted, or the stay is over.
    The date of admission and that of discharge are no whole dates. No date depends on the hour it is now:
    a date that lies ahead is readable only up to the day on which it was told.
    """
    begin, told = case.span.began_at, case.span.first_told_at
    if told is None or not case.stay.charges:
        return date.max, date.min, ""
    first = next_day(day(told if begin is None else max(begin, told)))
    until, proof = _posted_until(case.stay)
    over = case.span.ended_at
    if over is not None:
        said = [r for r in case.stay.registrations if r.kind == "discharged"]
        if said:
            closed = min(day(over), day(said[-1].known_at))
            if closed >= until:
                until, proof = closed, said[-1].id
        until = min(until, day(over))
    return first, until, proof


def _posted_until(stay: Stay) -> tuple[date, str]:
    until, proof = date.min, ""
    for batch in stay.charges:
        if batch.lines:
            reached = min(day(max(line.at for line in batch.lines)), day(batch.known_at))
            if reached > until:
                until, proof = reached, batch.id
    return until, proof


def _cared(stay: Stay) -> dict[date, tuple[str, ...]]:
    """Dates with a service that still stands, an order or vitals, each with the facts that show it."""
    found: dict[date, tuple[str, ...]] = {}
    for sign in stay.signs:
        found.setdefault(day(sign.at), (sign.id,))
    if stay.withdrawals or any(line.refunds for batch in stay.charges for line in batch.lines):
        standing = {id(line) for line in live_lines(stay)}
    else:
        standing = None
    for batch in stay.charges:
        for line in batch.lines:
            if is_service(line) and (standing is None or id(line) in standing):
                on = day(line.at)
                if on not in found:
                    found[on] = (batch.id,)
    return found


def _known_otherwise(case: Case) -> Callable[[date], bool]:
    """Is there a date's word on the patient from elsewhere: seen, whereabouts, or a feed that was silent?"""
    met = {day(met.at) for met in sessions(case) if met.band == "same"}
    holes = [(w.starts, w.ends) for w in case.stay.whereabouts]
    holes += [(s.since, s.until) for s in case.stay.silences]
    return lambda on: on in met or any(overlaps(hole, starts(on), ends(on)) for hole in holes)


def longest_gap(case: Case) -> tuple[Interval, tuple[str, ...]] | None:
    """The longest stretch of the readable stay without a service line, and the facts on both sides of it.

    Whereabouts and silences of the feed count as services: they say why there was none. A line at 00:00
    stands for its whole date, as many systems write nothing finer.
    """
    first, until, proof = readable(case)
    begin, told = case.span.began_at, case.span.first_told_at
    if first > until or told is None:
        return None
    start, last = told if begin is None else max(begin, told), starts(until)
    over = case.span.ended_at
    if over is not None and day(over) == until:
        last = over
    at, before = start, _admission(case)
    gaps: list[tuple[Interval, tuple[str, ...]]] = []
    for begins, closes, fact in sorted(_busy(case)):
        if begins > last:
            break
        if begins > at:
            gaps.append(((at, begins), (before, fact)))
        if closes > at:
            at, before = closes, fact
    if last > at:
        gaps.append(((at, last), (before, proof)))
    return max(gaps, key=lambda gap: gap[0][1] - gap[0][0], default=None)


def _busy(case: Case) -> Iterator[tuple[datetime, datetime, str]]:
    last = starts(date.max)
    names = {id(line): batch.id for batch in case.stay.charges for line in batch.lines}
    for line in live_lines(case.stay):
        if is_service(line):
            yield line.at, after(line.at, DAY) if _date_only(line.at) else line.at, names[id(line)]
    for stated in case.stay.whereabouts:
        yield stated.starts, stated.ends or last, stated.id
    for silence in case.stay.silences:
        yield silence.since, silence.until or last, ""


def _date_only(moment: datetime) -> bool:
    return moment == starts(day(moment))


def _admission(case: Case) -> str:
    return next((r.id for r in case.stay.registrations if r.kind == "admitted"), "")
