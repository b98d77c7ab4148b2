"""Two admissions at once: admission.overlap, and what presence.elsewhere shares with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from detectors.base import NOTHING, Case, Judgement, earliest, why
from detectors.ledger.model import Opinion, Stay
from detectors.ledger.view import Span, live_lines, span
from detectors.reading.faces import looks_of
from detectors.reading.moments import after, clock, day, ends, holds, hours


class Doubled(NamedTuple):
    """Two stays of one person on the books at the same time, and for how long."""

    earlier: Stay
    later: Stay
    since: datetime
    said: bool  # longer than the grace allows
    firm: bool  # longer than any transfer takes, or the earlier stay went on billing or seeing the patient
    billed: tuple[str, ...]
    seen: tuple[str, ...]
    evidence: tuple[str, ...]  # the two admissions
    wake_at: datetime | None


def overlap(case: Case) -> Judgement:
    """重复住院: the stay began while another one was still open, and not just until its discharge came in.

    Said of the later stay, whose evidence names the earlier; the earlier stay has `presence.elsewhere`.
    """
    if len(case.person.stays) < 2:
        return NOTHING
    grace = hours(case.rules.admission_overlap.grace_hours)
    pairs = list(_doubled(case, grace, as_later=True))
    wake = earliest(*(two.wake_at for two in pairs))
    said = [two for two in pairs if two.said]
    if not said:
        return Judgement(wake_at=wake) if wake else NOTHING
    reasons = []
    for two in said:
        institution = two.earlier.institution
        reasons.append(
            why(
                "admission_overlap_both",
                *two.evidence,
                institution=institution,
                since=clock(two.since),
            )
        )
        if two.billed:
            reasons.append(why("admission_overlap_billed", *two.billed, institution=institution))
        if two.seen:
            reasons.append(why("admission_overlap_seen", *two.seen, institution=institution))
    severity = 2 if any(two.firm for two in said) else 3
    return Judgement((Opinion(severity, tuple(reasons)),), wake)


def doubled_by(case: Case, grace: timedelta) -> Iterator[Doubled]:
    """Later stays that began while the case's stay was open."""
    return _doubled(case, grace, as_later=False)


def _doubled(case: Case, grace: timedelta, *, as_later: bool) -> Iterator[Doubled]:
    mine = (case.stay, case.span)
    if case.span.began_at is None or case.placement.newborn:
        return
    for key in sorted(case.person.stays):
        other = case.person.stays[key]
        if key == case.stay.key:
            continue
        theirs = (other, span(other))
        if theirs[1].began_at is None or theirs[1].cancelled or _newborn(other):
            continue
        first, second = sorted((mine, theirs), key=lambda one: (one[1].began_at, one[0].key))
        if (second[0].key == case.stay.key) is not as_later:
            continue
        two = _pair(case, first, second, grace)
        if two is not None:
            yield two


def _newborn(stay: Stay) -> bool:
    """A newborn on its mother's credential is no second admission of hers."""
    return any(said.newborn_with_mother for said in stay.registrations)


def _pair(case: Case, earlier: tuple[Stay, Span], later: tuple[Stay, Span], grace: timedelta) -> Doubled | None:
    since, until = later[1].began_at, _first(earlier[1].ended_at, later[1].ended_at)
    assert since is not None
    if until is not None and until <= since:
        return None
    if any(w.kind == "transfer" and holds((w.starts, w.ends), since) for w in earlier[0].whereabouts):
        return None
    firm_from = after(since, hours(case.rules.admission_overlap.firm_hours))
    said_from = after(since, grace)
    reached = case.now if until is None else min(case.now, until)
    billed = _billed_after(earlier[0], since)
    seen = _seen_after(case, earlier[0], since)
    firm = bool(billed or seen) or reached >= firm_from
    ahead = [m for m in (said_from, firm_from) if m > case.now and (until is None or m <= until)]
    return Doubled(
        earlier=earlier[0],
        later=later[0],
        since=since,
        said=reached >= said_from and reached > since,
        firm=firm,
        billed=billed,
        seen=seen,
        evidence=(*_admission_of(earlier[0]), *_admission_of(later[0])),
        wake_at=min(ahead, default=None),
    )


def _first(*moments: datetime | None) -> datetime | None:
    return min((m for m in moments if m is not None), default=None)


def _admission_of(stay: Stay) -> tuple[str, ...]:
    return tuple(r.id for r in stay.registrations if r.kind == "admitted")[:1]


def _billed_after(stay: Stay, moment: datetime) -> tuple[str, ...]:
    """Charges of the stay with a live fee line dated after the date of `moment`."""
    from_then = ends(day(moment))
    if not any(batch.until and batch.until >= from_then for batch in stay.charges):
        return ()
    live = {id(line) for line in live_lines(stay) if line.at >= from_then and not line.take_home}
    return tuple(batch.id for batch in stay.charges if any(id(line) in live for line in batch.lines))


def _seen_after(case: Case, stay: Stay, moment: datetime) -> tuple[str, ...]:
    """Captures of the stay that matched after `moment`."""
    return tuple(
        seen.capture.id
        for seen in looks_of(stay, case.rules, case.institution.population)
        if seen.band == "same" and seen.capture.at > moment
    )
