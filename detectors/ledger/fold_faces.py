"""Faces into the ledger: enrolments, probes compared with the one in force, captures outside any stay."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from detectors.ledger.compare import compared, enrolments, without_old_vectors
from detectors.ledger.facts import put
from detectors.ledger.model import Capture, Person, Stay
from schemas.ward_check import CaptureAssessed


def capture_fact(event: CaptureAssessed) -> Capture:
    edge, anchor = event.comparison, event.anchor
    return Capture(
        id=event.event_id,
        at=event.at,
        known_at=event.arrived_at,
        capture_id=event.capture_id,
        purpose=event.purpose,
        check_id=event.check_id,
        ward=event.ward,
        bed=event.bed,
        device_id=event.device_id,
        operator=event.operator,
        model=event.template.model if event.template else edge.model if edge else "",
        vector=event.template.vector if event.template else "",
        score=edge.score if edge else None,
        metric=edge.metric if edge else "distance",
        against="edge" if edge else "",
        threshold=edge.threshold if edge else None,
        anchor_kind=anchor.kind if anchor else "",
        anchor_score=anchor.score if anchor else None,
        anchor_metric=(anchor.metric or "") if anchor else "",
    )


def capture(stay: Stay, event: CaptureAssessed, keep: timedelta) -> Stay:
    fact = capture_fact(event)
    if any(c.id == fact.id for c in stay.captures):
        return stay
    if fact.purpose == "enrolment":
        held = put(stay.captures, fact)
        known = enrolments(replace(stay, captures=held))
        return replace(stay, captures=tuple(compared(c, known) for c in held))
    held = put(stay.captures, compared(fact, enrolments(stay)))
    return replace(stay, captures=without_old_vectors(held, held[-1].at, keep))


def loose_capture(person: Person, event: CaptureAssessed) -> Person:
    """A capture outside any stay, e.g. at a pharmacy: compared with every enrolment of the person."""
    fact = compared(capture_fact(event), _all_enrolments(person))
    return replace(person, scene_captures=put(person.scene_captures, fact))


def rescored_scenes(person: Person) -> Person:
    if not person.scene_captures:
        return person
    known = _all_enrolments(person)
    return replace(person, scene_captures=tuple(compared(c, known) for c in person.scene_captures))


def _all_enrolments(person: Person) -> tuple[Capture, ...]:
    found = [c for stay in person.stays.values() for c in enrolments(stay)]
    return tuple(sorted(found, key=lambda c: (c.at, c.id)))
