"""Events that no detector need be asked about: the everyday life of a stay of which nothing odd is known.

A check is ordered, it reaches the ward, the patient is there: three of four events. A detector names the kinds
that can't change its mind then (`Detector.spared`); while one that listens doesn't, it is asked every time. That
asking them would have changed nothing is held by the laws (`tests/detectors/test_laws.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec.structs import replace

from detectors.base import Case
from detectors.ledger.model import Capture, Check, Person, Stay
from detectors.reading.faces import band
from detectors.registry import DETECTORS
from schemas.base import Event
from schemas.ward_check import CaptureAssessed, CheckAssigned, CheckDelivered

CHECKS = "checks"
"""The entry among a stay's wakes for checks that were spared: when the next of them falls due unanswered."""

ANNOUNCED = "round"
IN_BED = frozenset({"admitted", "stay_changed"})
"""Registrations of a stay that is simply going on."""

SPARED = frozenset(
    kind
    for kind in ("check_assigned", "check_delivered", "capture_assessed")
    if all(kind in detector.spared for detector in DETECTORS if kind in detector.listens)
)


def spared(person: Person, key: str, event: Event, now: datetime, case_of: Callable[[], Case]) -> Stay | None:
    """The stay after an event that nobody need be asked about; None: they must be asked."""
    kind: str = event.kind  # type: ignore[attr-defined]
    if kind not in SPARED or event.stay != key:
        return None
    stay = person.stays[key]
    if stay.settlements or stay.rulings or any(wake <= now for wake in stay.wakes.values()):
        return None
    if isinstance(event, CheckAssigned | CheckDelivered):
        return _told_of_check(stay, event.check_id, now)
    if isinstance(event, CaptureAssessed) and _calm(person, stay) and event.check_id:
        return _matched(stay, event, now, case_of)
    return None


def _told_of_check(stay: Stay, check_id: str, now: datetime) -> Stay | None:
    """Only just assigned or delivered: it can't have been missed, and nothing has been heard of it yet."""
    if _answered(stay, check_id):
        return None
    check = next(c for c in reversed(stay.checks) if c.check_id == check_id)
    if not _reached(check) or check.due_by is None:
        return stay
    return None if check.due_by <= now else _waking(stay, min(check.due_by, stay.wakes.get(CHECKS, check.due_by)))


def _calm(person: Person, stay: Stay) -> bool:
    """Nothing is held of the stay, nobody ever failed to find the patient, and there is no other stay or scene."""
    return not (
        stay.opinions
        or stay.alerts
        or stay.answers
        or stay.mix_ups
        or len(person.stays) > 1
        or person.scenes
        or person.died_on is not None
        or stay.wakes.keys() - {CHECKS}
        or any(said.kind not in IN_BED for said in stay.registrations)
        or any(check.kind != ANNOUNCED for check in stay.checks)
    )


def _matched(stay: Stay, event: CaptureAssessed, now: datetime, case_of: Callable[[], Case]) -> Stay | None:
    """The enrolled face, in an announced round: it speaks for the stay, against which nothing speaks."""
    seen = next(c for c in reversed(stay.captures) if c.id == event.event_id)
    if seen.purpose != ANNOUNCED or band(case_of(), seen) != "same":
        return None
    return _waking(stay, _next_due(stay, now))


def _next_due(stay: Stay, now: datetime) -> datetime | None:
    """When the next check falls due that reached the ward and that nothing has answered."""
    ahead = [c for c in stay.checks if c.due_by is not None and c.due_by > now and _reached(c)]
    return min([c.due_by for c in ahead if c.due_by and not _answered(stay, c.check_id)], default=None)


def _reached(check: Check) -> bool:
    return check.assigned and check.delivered_at is not None


def _answered(stay: Stay, check_id: str) -> bool:
    captures: tuple[Capture, ...] = stay.captures
    return any(c.check_id == check_id for c in captures) or any(a.check_id == check_id for a in stay.answers)


def _waking(stay: Stay, wake: datetime | None) -> Stay:
    """The stay with its checks' wake; the same one where that is so already."""
    if stay.wakes.get(CHECKS) == wake:
        return stay
    others = {name: at for name, at in stay.wakes.items() if name != CHECKS}
    return replace(stay, wakes=others if wake is None else {**others, CHECKS: wake})
