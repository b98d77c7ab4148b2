"""What callers may send us beside the national messages: one model a call of the contract.

The models check and name; `streams/translate.py` makes events of them. Where a field of the same name
stands in an event, it means the same there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from schemas.api_fields import (
    Amount,
    ByAgent,
    Count,
    Date,
    FromDevice,
    Id,
    Ids,
    In,
    Kilograms,
    Label,
    Loose,
    Moment,
    Names,
    OptionalId,
    People,
    Score,
    Sentence,
    Sha256,
    check_vector,
)
from schemas.ward_check import AnswerResult, CheckKind, Metric, Purpose, SceneKind, WhereaboutsKind


class TemplateIn(FromDevice):
    """A face template made at the edge: base64 of little-endian float32."""

    model: Annotated[str, Field(min_length=1, max_length=64)]
    vector: Annotated[str, Field(max_length=24_000)]

    @model_validator(mode="after")
    def _can_be_compared(self) -> TemplateIn:
        check_vector(self.model, self.vector)
        return self


class ComparisonIn(FromDevice):
    """A comparison made at the edge (边缘比对): with `distance`, smaller is more alike."""

    score: Score
    metric: Metric
    model: Annotated[str, Field(min_length=1, max_length=64)]
    threshold: Score | None = None


class AnchorIn(FromDevice):
    """What ties an enrolled face to a document; `none`: only to the person at admission."""

    kind: Literal["id_chip", "ecert_face", "id_service", "guardian", "none"]
    score: Score | None = None
    metric: Metric | None = None
    ref: Sentence = ""


class PlaceIn(FromDevice):
    """Where the device says it was, in degrees and metres."""

    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    accuracy_m: Annotated[float, Field(ge=0, le=1e7)] | None = None
    mock: bool = False


class CaptureMeta(FromDevice):
    """What a terminal or phone says about a picture that it took."""

    capture_id: OptionalId = ""
    purpose: Purpose
    fixmedins_code: Id
    insuplc_admdvs: OptionalId = ""
    psn_no: OptionalId = ""
    mdtrt_id: OptionalId = ""
    ipt_no: OptionalId = ""
    ward: Label = ""
    bed: Label = ""
    taken_at: Moment
    device_id: Label = ""
    operator: Label = ""
    place: PlaceIn | None = None
    check_id: OptionalId = ""
    nonce: OptionalId = ""
    liveness: Loose = ""
    anchor: AnchorIn | None = None
    template: TemplateIn | None = None
    comparison: ComparisonIn | None = None
    quality: Score | None = None
    photo_sha256: Sha256 = ""

    @model_validator(mode="after")
    def _shows_somebody(self) -> CaptureMeta:
        if not (self.psn_no or self.mdtrt_id or self.ipt_no):
            raise PydanticCustomError("capture_of_nobody", "psn_no, mdtrt_id or ipt_no is needed")
        if self.template is None and self.comparison is None:
            raise PydanticCustomError("capture_without_face", "template, comparison or photo is needed")
        return self


_BESIDE_META = ("template", "comparison", "quality", "photo_sha256")


class CaptureIn(FromDevice):
    """The JSON form of a capture. What belongs into `meta` may also stand beside it."""

    meta: CaptureMeta

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        meta = value.get("meta")
        if isinstance(meta, str):
            try:
                meta = orjson.loads(meta)
            except orjson.JSONDecodeError:
                raise PydanticCustomError("meta_not_json", "`meta` is no JSON") from None
        if isinstance(meta, dict):
            beside = {name: value[name] for name in _BESIDE_META if value.get(name) is not None}
            meta = {**beside, **meta}
        return {"meta": meta}


class _Window(In):
    """Anything with a beginning and an end."""

    def _runs_forward(self, starts: Any, ends: Any) -> None:
        if ends is not None and ends <= starts:
            raise PydanticCustomError("window_backwards", "ends before it begins")


class CheckOrderIn(_Window):
    """A check is issued: 日常任务, 远程抽查 or 现场查房, over a ward, a roster, or both."""

    check_id: OptionalId = ""
    kind: CheckKind
    fixmedins_code: Id
    ward: Label = ""
    roster: Ids = ()
    opens_at: Moment
    due_by: Moment
    mode: Literal["photo", "burst", "video"] = "photo"
    acting_body: Literal["agency", "administrative"] = "agency"
    purpose: Literal["daily", "campaign", "case", "revisit", "random"] = "daily"
    basis: Sentence = ""
    case_no: Label = ""
    campaign_id: Label = ""
    officers: People = ()
    issued_by: Label = ""

    @model_validator(mode="after")
    def _covers_somebody_for_a_while(self) -> CheckOrderIn:
        if not self.ward and not self.roster:
            raise PydanticCustomError("check_covers_nobody", "ward or roster is needed")
        self._runs_forward(self.opens_at, self.due_by)
        return self


class ReceiptIn(In):
    """Proof that a check reached the ward, and when somebody there saw it."""

    ward: Label = ""
    channel: Label = ""
    delivered_at: Moment
    seen_at: Moment | None = None
    device_id: Label = ""
    operator: Label = ""


class AnswerIn(In):
    """An answer to a check without a face. Without `answered_at` it counts from its arrival."""

    mdtrt_id: Id
    result: AnswerResult
    kind: Label = ""
    reason: Sentence = ""
    proof: Loose = ""
    witnesses: People = ()
    answered_at: Moment | None = None
    operator: Label = ""
    ward: Label = ""
    device_id: Label = ""

    @model_validator(mode="after")
    def _treatment_is_named(self) -> AnswerIn:
        if self.result == "in_treatment" and not self.kind:
            raise PydanticCustomError("answer_without_kind", "in_treatment needs `kind`")
        return self


class WhereaboutsIn(_Window):
    """Where a patient lawfully is. A later one with the same `whereabouts_id` replaces it."""

    whereabouts_id: OptionalId = ""
    fixmedins_code: Id
    mdtrt_id: Id
    insuplc_admdvs: OptionalId = ""
    psn_no: OptionalId = ""
    ipt_no: OptionalId = ""
    ward: Label = ""
    kind: WhereaboutsKind
    starts: Moment = Field(alias="from")
    ends: Moment | None = Field(default=None, alias="to")
    entered_at: Moment | None = None
    entered_by: Label = ""
    approved_by: Label = ""
    proof: Loose = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> WhereaboutsIn:
        self._runs_forward(self.starts, self.ends)
        return self


class SceneItemIn(In):
    """One thing bought or done."""

    code: Label = ""
    name: Label = ""
    count: Count | None = None
    amount: Amount | None = None


class WeightsIn(In):
    """The patient on the scales, before and after dialysis, in kilograms."""

    before_kg: Kilograms | None = None
    after_kg: Kilograms | None = None


class SceneIn(In):
    """A session or purchase outside the ward."""

    scene_id: OptionalId = ""
    scene: SceneKind
    phase: Literal["start", "end", "once"]
    fixmedins_code: Id
    insuplc_admdvs: OptionalId = ""
    psn_no: OptionalId = ""
    mdtrt_id: OptionalId = ""
    ipt_no: OptionalId = ""
    at: Moment
    staff: Names = ""
    room: Label = ""
    terminal: Label = ""
    capture_id: OptionalId = ""
    agent: ByAgent = False
    items: Annotated[tuple[SceneItemIn, ...], Field(max_length=500)] = ()
    weights: WeightsIn | None = None

    @model_validator(mode="after")
    def _concerns_somebody(self) -> SceneIn:
        if not (self.psn_no or self.mdtrt_id or self.ipt_no):
            raise PydanticCustomError("scene_of_nobody", "psn_no is needed")
        return self


class HoldReviewIn(In):
    """What one reviewer says about a hold. A part release names the days that are paid."""

    action: Literal["keep", "release", "part_release"]
    days: Annotated[tuple[Date, ...], Field(max_length=400)] = ()
    reason: Annotated[Sentence, Field(min_length=1)]

    @field_validator("days")
    @classmethod
    def _each_day_once(cls, days: tuple[Date, ...]) -> tuple[Date, ...]:
        if len(set(days)) != len(days):
            raise PydanticCustomError("field_repeated", "holds the same entry twice")
        return tuple(sorted(days))

    @model_validator(mode="after")
    def _part_names_its_days(self) -> HoldReviewIn:
        if self.action == "part_release" and not self.days:
            raise PydanticCustomError("part_release_without_days", "part_release needs `days`")
        return self
