"""Every POST call but the national one, made into events: what a request says, in the engine's words.

Pure: nothing is looked up. Whom an event is about stands in its `who` as the caller wrote it; the intake
joins it with the directory. National messages have a codec of their own (`schemas/national`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from access.permissions import Action
from schemas import api
from schemas.base import Event, Who, derived_id
from schemas.settlement import HoldReviewed
from schemas.ward_check import (
    Anchor,
    CaptureAssessed,
    CheckAnswered,
    CheckDelivered,
    CheckOrdered,
    Comparison,
    Place,
    SceneItem,
    SceneReported,
    Template,
    WhereaboutsReported,
)
from streams.field_errors import field_errors
from streams.requests import Caller, FieldError, NotFound, Unprocessable

CLOCK_SKEW = timedelta(minutes=5)
"""A device time further ahead of the arrival is flagged: its clock runs fast."""
LATE = timedelta(hours=24)
"""Older than this on arrival is flagged: an offline queue, or something made up afterwards."""
FARTHEST = timedelta(days=366)
"""A device time further than this from the arrival belongs to no event that we could still judge."""

CHALLENGES = ("turn_left", "turn_right", "nod", "show_wristband")
"""What a spot check asks for in front of the camera, so that a picture of a picture won't do."""

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Translated:
    """What one request means.

    `action`, `institution` and `ward` are what the caller's scope must cover; they are empty where only the
    check, the hold or the patient tells, which the intake looks up. `dedupe_key` is set where the caller gave
    the thing an id: the same key with the same body is a repeat. `natural_id` names the thing in any case:
    the same with another body is a new message, flagged. `status` and `answer` are given when it is taken.
    """

    action: Action
    institution: str
    ward: str
    natural_id: str
    events: tuple[Event, ...]
    answer: dict[str, Any]
    status: int = 202
    dedupe_key: str | None = None
    check_id: str = ""  # a check that must be known, and whose institution and ward are meant
    hold_id: str = ""  # a hold that must be known, likewise
    roster: tuple[str, ...] = field(default=())  # mdtrt_id of a check's roster, still to be joined


class _Call(NamedTuple):
    """One request on its way through a translator."""

    document: Any
    target: str  # the id in the path
    request_id: str
    arrived_at: datetime
    caller: Caller
    nonce_key: bytes

    def model(self, kind: type[M]) -> M:
        """The document as a model; raises `Unprocessable` with one row a wrong field."""
        if not isinstance(self.document, dict):
            raise Unprocessable("body_not_object")
        try:
            return kind.model_validate(self.document)
        except ValidationError as error:
            raise Unprocessable("fields_wrong", errors=field_errors(error)) from None

    def event_id(self, kind: str) -> str:
        return derived_id("ev", self.request_id, kind)

    def secret(self, purpose: str, name: str, length: int) -> bytes:
        """Bytes that only we can make, the same every time for the same thing."""
        return hmac.digest(self.nonce_key, f"{purpose}\x1f{name}".encode(), hashlib.sha256)[:length]

    def flags(self, name: str, at: datetime) -> tuple[str, ...]:
        """What is odd about the device time `at` of field `name`; raises `Unprocessable` when absurd."""
        ahead = at - self.arrived_at
        if abs(ahead) > FARTHEST:
            error = FieldError(name, "field_time_far", {"days": FARTHEST.days})
            raise Unprocessable("fields_wrong", errors=[error])
        if ahead > CLOCK_SKEW:
            return ("clock_skew",)
        return ("late",) if -ahead > LATE else ()


def translate(
    path: str,
    document: Any,
    *,
    request_id: str,
    arrived_at: datetime,
    caller: Caller,
    nonce_key: bytes = b"",
) -> Translated:
    """What a POST to `path` with the parsed body `document` means.

    `request_id` is the same for every delivery of the same request: ids that we make come from it.
    `nonce_key` makes the nonce of a check unguessable. Raises `Unprocessable` naming the fields, or
    `NotFound` for a path that no call of ours has.
    """
    for pattern, translator in TRANSLATORS:
        if found := pattern.fullmatch(path):
            target = found.group(1) if pattern.groups else ""
            return translator(_Call(document, target, request_id, arrived_at, caller, nonce_key))
    raise NotFound("no_such_call")


def _capture(call: _Call) -> Translated:
    if isinstance(call.document, dict) and "meta" not in call.document:
        raise Unprocessable("fields_wrong", errors=[FieldError("meta", "field_missing")])
    meta = call.model(api.CaptureIn).meta
    flags = call.flags("meta.taken_at", meta.taken_at)
    given = meta.capture_id
    capture_id = given or derived_id("cp", call.request_id)
    anchor = Anchor.model_validate(meta.anchor.model_dump()) if meta.anchor else None
    if anchor is None and meta.purpose == "enrolment":
        anchor = Anchor(kind="none")
    event = CaptureAssessed(
        event_id=call.event_id("capture"),
        at=meta.taken_at,
        arrived_at=call.arrived_at,
        who=_who(meta),
        flags=flags,
        capture_id=capture_id,
        purpose=meta.purpose,
        ward=meta.ward,
        bed=meta.bed,
        device_id=meta.device_id,
        operator=meta.operator,
        place=Place.model_validate(meta.place.model_dump()) if meta.place else None,
        check_id=meta.check_id,
        nonce=meta.nonce,
        liveness=meta.liveness,
        anchor=anchor,
        template=Template(model=meta.template.model, vector=meta.template.vector) if meta.template else None,
        comparison=Comparison.model_validate(meta.comparison.model_dump()) if meta.comparison else None,
        quality=meta.quality,
        photo_sha256=meta.photo_sha256,
    )
    name = f"capture:{capture_id}"
    return Translated(
        action="capture.send",
        institution=meta.fixmedins_code,
        ward=meta.ward,
        natural_id=name,
        dedupe_key=name if given else None,
        events=(event,),
        answer={"capture_id": capture_id, "state": "received"},
    )


def _check_ordered(call: _Call) -> Translated:
    order = call.model(api.CheckOrderIn)
    check_id = order.check_id or derived_id("ck", call.request_id)
    nonce = call.secret("nonce", check_id, 12).hex()
    challenge = CHALLENGES[call.secret("challenge", check_id, 1)[0] % len(CHALLENGES)] if order.kind == "spot" else ""
    event = CheckOrdered(
        event_id=call.event_id("check"),
        at=call.arrived_at,
        arrived_at=call.arrived_at,
        who=Who(institution=order.fixmedins_code),
        check_id=check_id,
        check_kind=order.kind,
        ward=order.ward,
        opens_at=order.opens_at,
        due_by=order.due_by,
        mode=order.mode,
        acting_body=order.acting_body,
        purpose=order.purpose,
        basis=order.basis,
        case_no=order.case_no,
        campaign_id=order.campaign_id,
        officers=order.officers,
        issued_by=order.issued_by or call.caller.id,
        nonce=nonce,
        challenge=challenge,
    )
    name = f"check:{check_id}"
    return Translated(
        action="check.order",
        institution=order.fixmedins_code,
        ward=order.ward,
        natural_id=name,
        dedupe_key=name if order.check_id else None,
        events=(event,),
        answer={"check_id": check_id, "nonce": nonce, "challenge": challenge},
        status=201,
        roster=order.roster,
    )


def _check_delivered(call: _Call) -> Translated:
    receipt = call.model(api.ReceiptIn)
    flags = call.flags("delivered_at", receipt.delivered_at)
    event = CheckDelivered(
        event_id=call.event_id("receipt"),
        at=receipt.delivered_at,
        arrived_at=call.arrived_at,
        flags=flags,
        check_id=call.target,
        ward=receipt.ward,
        channel=receipt.channel,
        delivered_at=receipt.delivered_at,
        seen_at=receipt.seen_at,
    )
    return Translated(
        action="check.receipt",
        institution="",
        ward=receipt.ward,
        natural_id=f"receipt:{call.target}:{receipt.ward}:{receipt.delivered_at.isoformat()}",
        events=(event,),
        answer={"check_id": call.target, "state": "received"},
        check_id=call.target,
    )


def _check_answered(call: _Call) -> Translated:
    said = call.model(api.AnswerIn)
    answered_at = said.answered_at or call.arrived_at
    flags = call.flags("answered_at", answered_at)
    if said.result == "witnessed" and len({*said.witnesses, said.operator} - {""}) < 2:
        flags += ("one_witness",)  # 人工核验 wants two staff; what one is worth is the detectors' to say
    event = CheckAnswered(
        event_id=call.event_id("answer"),
        at=answered_at,
        arrived_at=call.arrived_at,
        who=Who(mdtrt_id=said.mdtrt_id),
        flags=flags,
        check_id=call.target,
        result=said.result,
        treatment=said.kind,
        reason=said.reason,
        proof=said.proof,
        witnesses=said.witnesses,
        operator=said.operator or call.caller.id,
    )
    return Translated(
        action="check.answer",
        institution="",
        ward=said.ward,
        natural_id=f"answer:{call.target}:{said.mdtrt_id}:{answered_at.isoformat()}",
        events=(event,),
        answer={"check_id": call.target, "mdtrt_id": said.mdtrt_id, "state": "received"},
        check_id=call.target,
    )


def _whereabouts(call: _Call) -> Translated:
    entry = call.model(api.WhereaboutsIn)
    entered_at = entry.entered_at or call.arrived_at
    flags = call.flags("entered_at", entered_at)
    whereabouts_id = entry.whereabouts_id or derived_id("wb", call.request_id)
    event = WhereaboutsReported(
        event_id=call.event_id("whereabouts"),
        at=entered_at,
        arrived_at=call.arrived_at,
        who=_who(entry),
        flags=flags,
        whereabouts_id=whereabouts_id,
        whereabouts=entry.kind,
        starts=entry.starts,
        ends=entry.ends,
        entered_at=entered_at,
        entered_by=entry.entered_by or call.caller.id,
        approved_by=entry.approved_by,
        proof=entry.proof,
    )
    return Translated(
        action="whereabouts.report",
        institution=entry.fixmedins_code,
        ward=entry.ward,
        natural_id=f"whereabouts:{whereabouts_id}:{entered_at.isoformat()}",
        events=(event,),
        answer={"whereabouts_id": whereabouts_id, "state": "received"},
    )


def _scene(call: _Call) -> Translated:
    scene = call.model(api.SceneIn)
    flags = call.flags("at", scene.at)
    scene_id = scene.scene_id or derived_id("sc", call.request_id)
    weights = scene.weights or api.WeightsIn()
    event = SceneReported(
        event_id=call.event_id("scene"),
        at=scene.at,
        arrived_at=call.arrived_at,
        who=_who(scene),
        flags=flags,
        scene=scene.scene,
        phase=scene.phase,
        staff=scene.staff,
        room=scene.room,
        terminal=scene.terminal,
        capture_id=scene.capture_id,
        by_agent=scene.agent,
        items=tuple(SceneItem.model_validate(item.model_dump()) for item in scene.items),
        weight_before_kg=weights.before_kg,
        weight_after_kg=weights.after_kg,
    )
    return Translated(
        action="scene.report",
        institution=scene.fixmedins_code,
        ward="",
        natural_id=f"scene:{scene_id}",
        dedupe_key=f"scene:{scene_id}" if scene.scene_id else None,
        events=(event,),
        answer={"scene_id": scene_id, "state": "received"},
    )


def _hold_reviewed(call: _Call) -> Translated:
    review = call.model(api.HoldReviewIn)
    event = HoldReviewed(
        event_id=call.event_id("review"),
        at=call.arrived_at,
        arrived_at=call.arrived_at,
        hold_id=call.target,
        action=review.action,
        days=review.days,
        reason=review.reason,
        reviewer=call.caller.id,
    )
    return Translated(
        action="hold.review",
        institution="",
        ward="",
        natural_id=f"review:{call.target}:{call.caller.id}",
        events=(event,),
        answer={"hold_id": call.target, "action": review.action},
        hold_id=call.target,
    )


def _who(entry: api.CaptureMeta | api.WhereaboutsIn | api.SceneIn) -> Who:
    return Who(
        institution=entry.fixmedins_code,
        insuplc_admdvs=entry.insuplc_admdvs,
        psn_no=entry.psn_no,
        mdtrt_id=entry.mdtrt_id,
        ipt_no=entry.ipt_no,
    )


_ID = r"""([^/\s<>"'`;\\]{1,64})"""
TRANSLATORS: tuple[tuple[re.Pattern[str], Callable[[_Call], Translated]], ...] = (
    (re.compile(r"/api/v1/captures"), _capture),
    (re.compile(rf"/api/v1/checks/{_ID}/receipts"), _check_delivered),
    (re.compile(rf"/api/v1/checks/{_ID}/answers"), _check_answered),
    (re.compile(r"/api/v1/checks"), _check_ordered),
    (re.compile(r"/api/v1/whereabouts"), _whereabouts),
    (re.compile(r"/api/v1/scenes"), _scene),
    (re.compile(rf"/api/v1/holds/{_ID}/release"), _hold_reviewed),
)
"""Every call that is made into events here. Captures come first: nothing is sent as often."""
