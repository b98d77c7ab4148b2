"""Events of the ward: captures, checks with their receipts and answers, whereabouts, scenes."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from schemas.base import Event, Model, Moment, Money

Purpose = Literal["enrolment", "round", "spot", "onsite", "scene"]
CheckKind = Literal["round", "spot", "onsite"]
Metric = Literal["distance", "similarity"]
AnswerResult = Literal[
    "witnessed", "in_treatment", "on_leave", "not_on_ward", "not_found", "face_declined", "cannot_photograph"
]
WhereaboutsKind = Literal[
    "leave", "theatre", "imaging", "dialysis", "treatment", "icu", "transfer", "day_stay", "other"
]
SceneKind = Literal["dialysis", "rehab", "pharmacy", "outpatient"]


class Template(Model):
    """A face template. `vector` is base64 of little-endian float32, as the contract carries it."""

    model: str
    vector: str


class Comparison(Model):
    """A comparison that an edge terminal made itself (边缘比对)."""

    score: float
    metric: Metric
    model: str
    threshold: float | None = None


class Anchor(Model):
    """What ties an enrolled face to a document: `none` proves only "the same person as at admission"."""

    kind: Literal["id_chip", "ecert_face", "id_service", "guardian", "none"] = "none"
    score: float | None = None
    metric: Metric | None = None
    ref: str = ""


class Place(Model):
    """Where the device says it was. `mock` is the phone's own admission that the position is faked."""

    lat: float | None = Field(default=None, ge=-90, le=90)
    lon: float | None = Field(default=None, ge=-180, le=180)
    accuracy_m: float | None = Field(default=None, ge=0)
    mock: bool = False


class CaptureAssessed(Event):
    """A face was photographed and turned into a template or a comparison. Pictures never travel here."""

    kind: Literal["capture_assessed"] = "capture_assessed"
    capture_id: str
    purpose: Purpose
    ward: str = ""
    bed: str = ""
    device_id: str = ""
    operator: str = ""
    place: Place | None = None
    check_id: str = ""
    nonce: str = ""
    liveness: str = ""  # challenge and its outcome, as compact JSON
    anchor: Anchor | None = None
    template: Template | None = None
    comparison: Comparison | None = None
    quality: float | None = None
    photo_sha256: str = ""


class CheckOrdered(Event):
    """A check was issued (日常任务, 远程抽查, 现场查房). Lives in `ward-events`.

    With an empty `roster` it covers whoever is on `ward`'s books when it opens.
    """

    kind: Literal["check_ordered"] = "check_ordered"
    check_id: str
    check_kind: CheckKind
    ward: str = ""
    roster: tuple[tuple[str, str], ...] = ()  # (person key, stay key), joined; ("", mdtrt_id) where unknown
    opens_at: Moment
    due_by: Moment
    mode: Literal["photo", "burst", "video"] = "photo"
    acting_body: Literal["agency", "administrative"] = "agency"
    purpose: Literal["daily", "campaign", "case", "revisit", "random"] = "daily"
    basis: str = ""
    case_no: str = ""
    campaign_id: str = ""
    officers: tuple[str, ...] = ()
    issued_by: str = ""
    nonce: str = ""
    challenge: str = ""


class CheckDelivered(Event):
    """A receipt: the ward's channel shows that the check arrived there. Ward → each person it covers."""

    kind: Literal["check_delivered"] = "check_delivered"
    check_id: str
    ward: str = ""
    channel: str = ""
    delivered_at: Moment
    seen_at: Moment | None = None


class CheckAssigned(Event):
    """The check covers this patient: the ward step says so to the person when it opens.

    Gateway → ward: a patient named on the check turned up only now.
    """

    kind: Literal["check_assigned"] = "check_assigned"
    check_id: str
    check_kind: CheckKind
    ward: str = ""
    opens_at: Moment
    due_by: Moment


class CheckAnswered(Event):
    """An answer without a face. `at` is `answered_at`."""

    kind: Literal["check_answered"] = "check_answered"
    check_id: str
    result: AnswerResult
    treatment: str = ""  # `kind` of in_treatment, on_leave, not_on_ward
    reason: str = ""
    proof: str = ""
    witnesses: tuple[str, ...] = ()
    operator: str = ""


class WhereaboutsReported(Event):
    """Where a patient lawfully is: leave, theatre, imaging … A later one with the same id replaces it."""

    kind: Literal["whereabouts_reported"] = "whereabouts_reported"
    whereabouts_id: str
    whereabouts: WhereaboutsKind
    starts: Moment
    ends: Moment | None = None
    entered_at: Moment
    entered_by: str = ""
    approved_by: str = ""
    proof: str = ""


class SceneItem(Model):
    """One thing bought or done in a scene."""

    code: str = ""
    name: str = ""
    count: Decimal | None = None
    amount: Money | None = None


class SceneReported(Event):
    """A session or purchase outside the ward: dialysis, rehab, pharmacy, outpatient."""

    kind: Literal["scene_reported"] = "scene_reported"
    scene: SceneKind
    phase: Literal["start", "end", "once"]
    staff: str = ""
    room: str = ""
    terminal: str = ""
    capture_id: str = ""
    by_agent: bool = False  # 代办人 acted: the patient's body wasn't there
    items: tuple[SceneItem, ...] = ()
    weight_before_kg: Decimal | None = None
    weight_after_kg: Decimal | None = None
