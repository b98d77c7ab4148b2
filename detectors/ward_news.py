"""What a person's step tells the ward step: where they lie, whom a capture didn't match, what they missed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from detectors.base import Case
from detectors.ledger.model import Capture, Stay
from detectors.reading.checks import missed
from detectors.reading.faces import band
from schemas.base import Event, derived_id
from schemas.system import MismatchSeen, MissSeen, RosterChanged

REGISTRATIONS = frozenset(
    {"admitted", "stay_changed", "discharged", "admission_cancelled", "discharge_cancelled", "message_voided"}
)


def ward_news(before: Stay | None, case: Case, event: Event) -> tuple[Stay, list[Event]]:
    """The stay with what was told noted down, and the events to tell. Each is told once."""
    stay, news = case.stay, list[Event]()
    kind: str = event.kind  # type: ignore[attr-defined]
    if kind in REGISTRATIONS or (event.who.mdtrt_id and before is not None and not before.mdtrt_id):
        stay = _roster(case, stay, news)
    if kind == "capture_assessed":
        stay = _mismatches(case, stay, news)
    if "check.missed" in stay.opinions and (before is None or before.opinions is not stay.opinions):
        stay = _misses(case, stay, news)
    return stay, news


def _roster(case: Case, stay: Stay, news: list[Event]) -> Stay:
    span, place = case.span, case.placement
    ward = "" if span.cancelled else place.ward
    since = span.began_at or case.now
    mark = derived_id("ro", ward, place.bed, str(since), str(span.ended_at), stay.mdtrt_id)
    if mark == stay.on_roster or (not ward and not stay.on_roster):
        return stay
    news.append(
        _event(
            case,
            RosterChanged,
            case.now,
            mark,
            mdtrt_id=stay.mdtrt_id,
            ward=ward,
            bed=place.bed,
            since=since,
            until=span.ended_at,
            known_at=case.now,
        )
    )
    return replace(stay, on_roster=mark)


def _mismatches(case: Case, stay: Stay, news: list[Event]) -> Stay:
    told = stay.mismatches_told
    for capture in stay.captures:
        if capture.capture_id in told or not capture.vector or band(case, capture) != "different":
            continue
        enrolled = _enrolled(stay, capture)
        if enrolled is None:
            continue
        told = (*told, capture.capture_id)
        news.append(
            _event(
                case,
                MismatchSeen,
                capture.at,
                capture.capture_id,
                capture_id=capture.capture_id,
                check_id=capture.check_id,
                ward=capture.ward or case.placement.ward,
                model=capture.model,
                probe=capture.vector,
                enrolled=enrolled.vector,
            )
        )
    return stay if told is stay.mismatches_told else replace(stay, mismatches_told=told)


def _enrolled(stay: Stay, capture: Capture) -> Capture | None:
    return next((c for c in stay.captures if c.capture_id == capture.against and c.vector), None)


def _misses(case: Case, stay: Stay, news: list[Event]) -> Stay:
    told = stay.misses_told
    for check in (one.check for one in missed(case)):
        if check.check_id in told:
            continue
        told = (*told, check.check_id)
        news.append(_event(case, MissSeen, case.now, check.check_id, check_id=check.check_id, ward=check.ward))
    return stay if told is stay.misses_told else replace(stay, misses_told=told)


def _event(case: Case, kind: type[Any], at: datetime, *parts: str, **fields: Any) -> Event:
    """An event from this person to their house, with the same id for the same cause every time."""
    made: Event = kind(
        event_id=derived_id("pn", case.person.key, case.stay.key, kind.__name__, *parts),
        at=at,
        arrived_at=case.now,
        who={"institution": case.stay.institution, "mdtrt_id": case.stay.mdtrt_id},
        person=case.person.key,
        stay=case.stay.key,
        **fields,
    )
    return made
