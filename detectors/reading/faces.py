"""Faces: the band of a comparison, and sessions of captures that lie close together (retries)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from detectors.base import Case
from detectors.ledger.model import Answer, Capture, Stay
from detectors.reading.cache import lasting, lasting_each, once
from detectors.reading.moments import minutes
from detectors.rulesets.model import Bands, RuleSet

Band = Literal["same", "unclear", "different"]


class Look(NamedTuple):
    """A capture with its band. `threshold` is the line from which on it is a different face."""

    capture: Capture
    band: Band
    calibrated: bool
    threshold: float | None


class Session(NamedTuple):
    """Captures and 人工核验 answers closer together than the session gap: one meeting with the patient."""

    at: datetime
    looks: tuple[Look, ...]
    witnessed: tuple[Answer, ...]

    @property
    def band(self) -> Band:
        """One match or witness makes it `same`; else one clear mismatch makes it `different`."""
        bands = {look.band for look in self.looks}
        if self.witnessed or "same" in bands:
            return "same"
        return "different" if "different" in bands else "unclear"

    @property
    def matched(self) -> Look | None:
        """The first capture that matched."""
        return next((look for look in self.looks if look.band == "same"), None)


def look(stay: Stay, capture: Capture, rules: RuleSet, population: str) -> Look | None:
    """The capture with its band; None for enrolments, swapped pictures and what can't be compared yet.

    Bands of the rule set come first. A terminal that compared itself with a model we have no bands for
    stands by its own threshold, uncalibrated: that is evidence, and no more than observed.
    """
    score = capture.score
    if score is None or capture.purpose == "enrolment" or capture.capture_id in stay.mix_ups:
        return None
    bands = rules.bands(capture.model, population)
    if bands is not None and bands.metric == capture.metric:
        return Look(capture, banded(score, bands), bands.calibrated, bands.different)
    if capture.against != "edge" or capture.threshold is None:
        return None
    line = capture.threshold
    passed = score >= line if capture.metric == "similarity" else score <= line
    return Look(capture, "same" if passed else "different", False, line)


def banded(score: float, bands: Bands) -> Band:
    """Where a score lies between the lines of its bands."""
    if bands.metric == "similarity":
        score, same, different = -score, -bands.same, -bands.different
    else:
        same, different = bands.same, bands.different
    if score <= same:
        return "same"
    return "different" if score >= different else "unclear"


def band(case: Case, capture: Capture) -> Band | None:
    """The band of one capture of the case's stay; None while it has none."""
    seen = look(case.stay, capture, case.rules, case.institution.population)
    return seen.band if seen else None


def looks_of(stay: Stay, rules: RuleSet, population: str) -> tuple[Look, ...]:
    """The banded captures of a stay, in the order in which they were taken."""
    found = (look(stay, capture, rules, population) for capture in stay.captures)
    return tuple(seen for seen in found if seen is not None)


@once
def looks(case: Case) -> tuple[Look, ...]:
    """The banded captures of the case's stay, in the order in which they were taken."""
    return tuple([seen for seen in _looks(case) if seen is not None])


@lasting_each("captures", "mix_ups")
def _looks(case: Case, capture: Capture) -> Look | None:
    return look(case.stay, capture, case.rules, case.institution.population)


@lasting("answers")
def witnesses(case: Case) -> tuple[Answer, ...]:
    """人工核验: answers by which two of the staff vouch for the patient, in order."""
    return tuple(a for a in case.stay.answers if a.result == "witnessed")


@lasting("captures", "mix_ups", "answers")
def sessions(case: Case) -> tuple[Session, ...]:
    """Meetings with the patient, in order."""
    gap = minutes(case.rules.ledger.session_gap_minutes)
    met: list[tuple[datetime, Look | Answer]] = [(seen.capture.at, seen) for seen in looks(case)]
    vouched = witnesses(case)
    if vouched:
        met = sorted([*met, *((a.at, a) for a in vouched)], key=lambda one: one[0])
    found: list[Session] = []
    group: list[tuple[datetime, Look | Answer]] = []
    for one in met:
        if group and one[0] - group[-1][0] >= gap:
            found.append(_session(group))
            group = []
        group.append(one)
    if group:
        found.append(_session(group))
    return tuple(found)


def _session(group: list[tuple[datetime, Look | Answer]]) -> Session:
    seen = tuple(one for _, one in group if isinstance(one, Look))
    vouched = tuple(one for _, one in group if isinstance(one, Answer))
    return Session(group[0][0], seen, vouched)
