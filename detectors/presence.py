"""Where the body was: presence.night_absence, presence.elsewhere. Bed-hanging has its own module."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby
from typing import NamedTuple

from detectors.admission import Doubled, doubled_by
from detectors.base import NOTHING, Case, Judgement, earliest, why
from detectors.ledger.model import Capture, Opinion, Scene, Why
from detectors.reading.absence import Absence, absences
from detectors.reading.cache import once
from detectors.reading.faces import Look, look
from detectors.reading.moments import clock, dates, day, holds, hours, next_day
from detectors.rulesets.model import NightAbsence
from schemas.base import CHINA

# ── presence.night_absence ───────────────────────────────────────────────────────────────────────────────


def night_absence(case: Case) -> Judgement:
    """夜间不在院: confirmed absence, without excuse, inside the night window."""
    gone = absences(case)
    if not gone:
        return NOTHING
    rules = case.rules.presence_night_absence
    nights: dict[date, list[Absence]] = {}
    for absence in gone:
        for on in _nights(absence, rules):
            nights.setdefault(on, []).append(absence)
    if not nights:
        return NOTHING
    reasons = [
        why(
            "presence_night_absence_night",
            *(one for absence in nights[on] for one in absence.evidence),
            night=on.isoformat(),
            minutes=sum(absence.minutes for absence in nights[on]),
            window=f"{rules.from_time:%H:%M}–{rules.to_time:%H:%M}",
        )
        for on in sorted(nights)
    ]
    return Judgement((Opinion(2 if len(nights) >= rules.nights else 3, tuple(reasons)),))


def _nights(absence: Absence, rules: NightAbsence) -> Iterator[date]:
    """The dates (of the evening) whose night window shares any time with the absence."""
    through = rules.to_time <= rules.from_time  # the window runs through midnight
    for on in dates(next_day(day(absence.starts), -1), next_day(day(absence.ends))):
        opens = datetime.combine(on, rules.from_time, CHINA)
        closes = datetime.combine(next_day(on) if through else on, rules.to_time, CHINA)
        if any(start < closes and opens < end for start, end in absence.left):
            yield on


# ── presence.elsewhere ───────────────────────────────────────────────────────────────────────────────────


class Sighting(NamedTuple):
    """The body at another institution: the phases of one session there, or one face."""

    at: datetime
    how: str  # face, dialysis
    institution: str
    evidence: tuple[str, ...]
    face: Look | None

    @property
    def firm(self) -> bool:
        """A dialysis session is firm by itself, a face where its model is calibrated."""
        return self.how == "dialysis" or (self.face is not None and self.face.calibrated)


def elsewhere(case: Case) -> Judgement:
    """人在他院: while this stay was open, the body was at another institution, and no whereabouts say so.

    Purchases and outpatient bills count nothing: anyone can carry a card. Of a stay whose admission we never
    saw, nobody can say since when it was open.
    """
    if case.span.began_at is None:
        return NOTHING
    seen = _sightings(case) if case.person.scenes else ()
    doubled = _second_admissions(case) if len(case.person.stays) > 1 else ()
    wake = earliest(*(two.wake_at for two in doubled))
    others = [two for two in doubled if two.said]
    if not seen and not others:
        return Judgement(wake_at=wake) if wake else NOTHING
    reasons = [_sighted(one) for one in seen]
    reasons += [
        why(
            "presence_elsewhere_admission",
            *two.evidence,
            at=clock(two.since),
            institution=two.later.institution,
        )
        for two in others
    ]
    loose = [one for one in seen if not one.firm]
    if loose:
        reasons.append(why("presence_elsewhere_uncalibrated", *(e for one in loose for e in one.evidence)))
    firm = any(one.firm for one in seen) or any(two.firm for two in others)
    faces = [one.face for one in seen if one.face]
    return Judgement(
        (
            Opinion(
                severity=2 if firm else 3,
                reasons=tuple(reasons),
                model=faces[-1].capture.model if faces else "",
                threshold=faces[-1].threshold if faces else None,
            ),
        ),
        wake,
    )


def _sighted(one: Sighting) -> Why:
    return why(f"presence_elsewhere_{one.how}", *one.evidence, at=clock(one.at), institution=one.institution)


@once
def _sightings(case: Case) -> tuple[Sighting, ...]:
    """Scenes at other institutions that put the body there, and that no whereabouts hold."""
    away = [s for s in case.person.scenes if s.institution != case.stay.institution and not s.by_agent]
    faces = _scene_faces(case) if away else {}
    away.sort(key=lambda s: (day(s.at), s.institution, s.scene, s.at, s.id))
    found: list[Sighting] = []
    for _, phases in groupby(away, key=lambda s: (day(s.at), s.institution, s.scene)):
        sighting = _sighting(case, list(phases), faces)
        if sighting is not None:
            found.append(sighting)
    return tuple(sorted(found, key=lambda one: (one.at, one.institution, one.how)))


def _sighting(case: Case, phases: list[Scene], faces: dict[str, Look]) -> Sighting | None:
    """One session: its phases at one institution on one date. Whereabouts that hold one phase excuse all."""
    open_then = [s for s in phases if case.span.holds(s.at)]
    if not open_then or any(holds((w.starts, w.ends), s.at) for w in case.stay.whereabouts for s in phases):
        return None
    looked = [faces[s.capture_id] for s in open_then if s.capture_id in faces]
    match = next((face for face in looked if face.band == "same"), None)
    evidence = tuple(s.id for s in open_then)
    first = open_then[0]
    if match is not None:
        return Sighting(match.capture.at, "face", first.institution, (*evidence, match.capture.id), match)
    if first.scene == "dialysis" and not any(face.band == "different" for face in looked):
        return Sighting(first.at, "dialysis", first.institution, evidence, None)
    return None


def _scene_faces(case: Case) -> dict[str, Look]:
    """Captures that scenes may name, by their capture_id, with their bands."""
    captures: list[Capture] = list(case.person.scene_captures)
    for stay in case.person.stays.values():
        if stay.key != case.stay.key:
            captures += [c for c in stay.captures if c.purpose == "scene"]
    found = (look(case.stay, c, case.rules, case.institution.population) for c in captures)
    return {seen.capture.capture_id: seen for seen in found if seen is not None}


@once
def _second_admissions(case: Case) -> tuple[Doubled, ...]:
    """Admissions to other institutions while this stay was open, longer than a transfer takes."""
    grace = hours(case.rules.presence_elsewhere.transfer_hours)
    return tuple(
        two
        for two in doubled_by(case, grace)
        if two.later.institution != case.stay.institution
        and not any(holds((w.starts, w.ends), two.since) for w in case.stay.whereabouts)
    )
