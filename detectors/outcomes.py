"""What came of each capture, in the words of `GET /captures/{id}`: state, band, reasons for a nurse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from detectors.base import Case
from detectors.ledger.model import Capture, Person, Stay
from detectors.ledger.view import placement, span
from detectors.policy import Policies
from detectors.reading.faces import band
from schemas.base import Event


@dataclass(frozen=True, slots=True)
class CaptureOutcome:
    """`state`: `enrolled`, `compared`, `waiting_enrolment`; `band` only when compared.

    `reasons` are `{"code": …}` rows of the catalogue (`nurse.<code>`): what to do now, at the bedside.
    """

    capture_id: str
    institution: str
    ward: str
    state: str
    band: str = ""
    reasons: tuple[dict[str, Any], ...] = ()


def capture_outcomes(before: Person, after: Person, event: Event, policies: Policies) -> tuple[CaptureOutcome, ...]:
    """Outcomes that this event made or changed: of the capture itself, of those an enrolment decides, of a mix-up."""
    kind: str = event.kind  # type: ignore[attr-defined]
    if kind not in ("capture_assessed", "mix_up_found"):
        return ()
    if not event.stay:
        return _loose(after, event)
    old, new = before.stays.get(event.stay), after.stays.get(event.stay)
    if new is None:
        return ()
    if old is not None and kind == "capture_assessed" and new.captures[:-1] == old.captures:
        return (_outcome(_case(after, new, policies, event), new.captures[-1]),)
    known = {} if old is None else {c.id: c for c in old.captures}
    changed = [c for c in new.captures if c.capture_id and known.get(c.id) is not c]
    if kind == "mix_up_found":
        changed = [c for c in new.captures if c.capture_id in new.mix_ups]
    if not changed:
        return ()
    case = _case(after, new, policies, event)
    return tuple(_outcome(case, c) for c in changed if kind == "mix_up_found" or _differs(known.get(c.id), c))


def _differs(old: Capture | None, new: Capture) -> bool:
    return old is None or (old.score, old.against) != (new.score, new.against)


def _outcome(case: Case, capture: Capture) -> CaptureOutcome:
    ward = capture.ward or case.placement.ward
    if capture.purpose == "enrolment":
        return CaptureOutcome(capture.capture_id, case.stay.institution, ward, "enrolled")
    if capture.capture_id in case.stay.mix_ups:
        return _said(case, capture, ward, "compared", "", "mix_up")
    found = band(case, capture)
    if not found:
        return _said(case, capture, ward, "waiting_enrolment", "", "not_enrolled_yet")
    code = {"same": "", "unclear": "retake", "different": "check_identity"}[found]
    return _said(case, capture, ward, "compared", found, code)


def _said(case: Case, capture: Capture, ward: str, state: str, band: str, code: str) -> CaptureOutcome:
    reasons = ({"code": code},) if code else ()
    return CaptureOutcome(capture.capture_id, case.stay.institution, ward, state, band, reasons)


def _loose(after: Person, event: Event) -> tuple[CaptureOutcome, ...]:
    found = next((c for c in after.scene_captures if c.id == event.event_id), None)
    if found is None:
        return ()
    state = "waiting_enrolment" if found.score is None else "compared"
    return (CaptureOutcome(found.capture_id, event.who.institution, found.ward, state),)


def _case(person: Person, stay: Stay, policies: Policies, event: Event) -> Case:
    began = span(stay).began_at or event.arrived_at
    rules = policies.rules(placement(stay).region, began)
    return Case(person, stay, rules, policies.institution(stay.institution), event.arrived_at)
