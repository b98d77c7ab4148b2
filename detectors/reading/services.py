"""Services: which dates of a stay show care, which show none, and which say nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from detectors.base import Case
from detectors.ledger.model import Stay
from detectors.ledger.services import busy_until, is_service
from detectors.ledger.view import live_lines
from detectors.reading.cache import lasting
from detectors.reading.faces import sessions
from detectors.reading.moments import Interval, dates, day, ends, next_day, overlaps, starts


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


MOST_DATES = 400
"""Of a longer stay only the last so many dates are read: years add nothing, and a wrong year costs nothing."""

NO_CARE = Care({}, (), "", date.max)


@lasting(
    "registrations",
    "captures",
    "mix_ups",
    "answers",
    "whereabouts",
    "silences",
    "charges",
    "withdrawals",
    "signs",
)
def care(case: Case) -> Care:
    """What the dates show. Without any charge in the stay its feed doesn't exist: that says nothing."""
    first, until, proof = readable(case)
    if first >= until:
        return NO_CARE
    since, first = next_day(first, -1), max(first, next_day(until, -MOST_DATES))
    cared = {d: ids for d, ids in _cared(case.stay).items() if first <= d < until}
    known = _known_otherwise(case)
    idle = tuple(d for d in dates(first, until) if d not in cared and not known(d))
    return Care(cared, idle, proof, since)


@lasting("registrations", "charges")
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
    """The last date up to which charges were posted, and the first batch that says so."""
    reached = [(min(batch.until, batch.known_at), batch.id) for batch in stay.charges if batch.until]
    if not reached:
        return date.min, ""
    until = day(max(at for at, _ in reached))
    begins = starts(until)
    return until, next(proof for at, proof in reached if at >= begins)


def _cared(stay: Stay) -> dict[date, tuple[str, ...]]:
    """Dates with a service that still stands, an order or vitals, each with the facts that show it."""
    found: dict[date, tuple[str, ...]] = {}
    for sign in stay.signs:
        found.setdefault(day(sign.at), (sign.id,))
    if not _corrected(stay):
        for batch in stay.charges:
            for on in batch.services.days if batch.services else ():
                found.setdefault(on, (batch.id,))
        return found
    standing = {id(line) for line in live_lines(stay)}
    for batch in stay.charges:
        for line in batch.lines:
            if is_service(line) and id(line) in standing:
                found.setdefault(day(line.at), (batch.id,))
    return found


def _corrected(stay: Stay) -> bool:
    """Was anything charged taken back? Then it takes the lines one by one to know what stands."""
    return bool(stay.withdrawals) or any(batch.refunds for batch in stay.charges)


def _known_otherwise(case: Case) -> Callable[[date], bool]:
    """Is there a date's word on the patient from elsewhere: seen, whereabouts, or a feed that was silent?"""
    met = {day(met.at) for met in sessions(case) if met.band == "same"}
    holes = [(w.starts, w.ends) for w in case.stay.whereabouts]
    holes += [(s.since, s.until) for s in case.stay.silences]
    return lambda on: on in met or any(overlaps(hole, starts(on), ends(on)) for hole in holes)


@lasting("registrations", "charges", "withdrawals")
def longest_pause(case: Case) -> timedelta:
    """No stretch of the readable stay without a service line is longer than this.

    Cheaply, for nearly every event of an honest stay: whole batches are looked at, no lines, and nothing that
    excuses. Where something charged was taken back, no more is said than how long all of it is.
    """
    bounds = _bounds(case)
    if bounds is None:
        return timedelta()
    at, last, _ = bounds
    if _corrected(case.stay):
        return last - at
    longest = timedelta()
    for one in sorted((b.services for b in case.stay.charges if b.services), key=lambda s: s.first):
        if one.first > last:
            break
        longest = max(longest, one.first - at, timedelta(seconds=one.pause))
        at = max(at, one.last)
    return max(longest, last - at)


def longest_gap(case: Case) -> tuple[Interval, tuple[str, ...]] | None:
    """The longest stretch of the readable stay without a service line, and the facts on both sides of it.

    Whereabouts and silences of the feed count as services: they say why there was none.
    """
    bounds = _bounds(case)
    if bounds is None:
        return None
    at, last, proof = bounds
    before = _admission(case)
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


@lasting("registrations", "charges")
def _bounds(case: Case) -> tuple[datetime, datetime, str] | None:
    """From when until when the stay's services can be read, and the fact that says so."""
    first, until, proof = readable(case)
    begin, told = case.span.began_at, case.span.first_told_at
    if first > until or told is None:
        return None
    over = case.span.ended_at
    last = over if over is not None and day(over) == until else starts(until)
    return told if begin is None else max(begin, told), last, proof


def _busy(case: Case) -> Iterator[tuple[datetime, datetime, str]]:
    last = starts(date.max)
    names = {id(line): batch.id for batch in case.stay.charges for line in batch.lines}
    for line in live_lines(case.stay):
        if is_service(line):
            yield line.at, busy_until(line), names[id(line)]
    for stated in case.stay.whereabouts:
        yield stated.starts, stated.ends or last, stated.id
    for silence in case.stay.silences:
        yield silence.since, silence.until or last, ""


def _admission(case: Case) -> str:
    return next((r.id for r in case.stay.registrations if r.kind == "admitted"), "")
