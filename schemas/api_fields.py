"""The kinds of field that requests are made of, each with its limits and its own sentence when it is wrong.

The type of every error raised here is a key of the catalogue (`errors.<type>`); no message repeats a value.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic import model_validator as _model_validator
from pydantic_core import PydanticCustomError

from schemas.base import CHINA

EARLIEST_YEAR, LATEST_YEAR = 2000, 2099
"""A time outside is a device that lost its clock (1970) or a slip of the finger (2999), never an event."""

MODEL_BYTES = {"dlib-resnet-1": 128 * 4}
"""Length of a template by model, for the models we know; others only have to be whole float32."""
MOST_VECTOR_BYTES = 4096 * 4

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")


class In(BaseModel):
    """What a caller writes: frozen, an unknown field is an error, null means not given."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
        json_schema_extra={"additionalProperties": False},
    )

    @_model_validator(mode="before")
    @classmethod
    def _null_is_not_given(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: each for name, each in value.items() if each is not None}
        return value


class FromDevice(In):
    """The same, but unknown fields are left aside: terminals send extras of their own with every picture."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": True})


def _no_control_characters(value: str) -> str:
    if _CONTROL.search(value):
        raise PydanticCustomError("field_control_characters", "holds control characters")
    return value


def _no_markup(value: str) -> str:
    if "<" in value or ">" in value:
        raise PydanticCustomError("field_markup", "holds < or >")
    return _no_control_characters(value)


def _is_id(value: str) -> str:
    if not value.isprintable() or any(letter in value for letter in " <>\"'`;\\"):
        raise PydanticCustomError("field_id", "holds characters that no identifier has")
    return value


Id = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_is_id)]
"""An identifier made by somebody else: opaque, short, printable, without spaces, quotes and brackets."""

OptionalId = Annotated[str, Field(max_length=64), AfterValidator(_is_id)]
Label = Annotated[str, Field(max_length=128), AfterValidator(_no_markup)]
"""A short name as people write it: a ward, a bed, a room, a person's staff number."""

Sentence = Annotated[str, Field(max_length=2000), AfterValidator(_no_control_characters)]
"""Free text. Kept as written; whoever shows it escapes it."""

Sha256 = Annotated[str, Field(pattern=r"^([0-9a-fA-F]{64})?$"), AfterValidator(str.lower)]


def _written_time(value: Any) -> Any:
    if not isinstance(value, str) or not _TIME.match(value.strip()):
        raise PydanticCustomError("field_time_format", "not an ISO 8601 time with offset")
    return value


def _plausible(value: datetime) -> datetime:
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise PydanticCustomError(
            "field_time_range",
            "outside {earliest} to {latest}",
            {"earliest": EARLIEST_YEAR, "latest": LATEST_YEAR},
        )
    return value.astimezone(CHINA)


Moment = Annotated[AwareDatetime, BeforeValidator(_written_time), AfterValidator(_plausible)]
"""ISO 8601 with an offset. Held in +08:00."""


def _written_date(value: Any) -> Any:
    if not isinstance(value, str) or not _DATE.fullmatch(value.strip()):
        raise PydanticCustomError("field_date", "not a date")
    return value


Date = Annotated[date, BeforeValidator(_written_date)]


def _number_only(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("field_number", "not a number")
    return value


Amount = Annotated[
    Decimal, BeforeValidator(_number_only), Field(ge=0, max_digits=16, decimal_places=4, allow_inf_nan=False)
]
"""Yuan, decimal text; never negative here: a refund comes with the national messages."""

Count = Annotated[
    Decimal, BeforeValidator(_number_only), Field(ge=0, max_digits=16, decimal_places=4, allow_inf_nan=False)
]
Kilograms = Annotated[
    Decimal, BeforeValidator(_number_only), Field(gt=0, le=500, decimal_places=3, allow_inf_nan=False)
]
Score = Annotated[float, BeforeValidator(_number_only), Field(ge=-1e6, le=1e6, allow_inf_nan=False)]


def _as_text(value: Any) -> Any:
    """Proofs and liveness records come as a sentence, an object or a list; all are kept as text."""
    if isinstance(value, (dict, list)):
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    return value


_LOOSE_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "string", "maxLength": 2000}, {"type": "object"}, {"type": "array", "items": {}}]
}
Loose = Annotated[Sentence, BeforeValidator(_as_text), WithJsonSchema(_LOOSE_SCHEMA)]


def _joined(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return "、".join(value)
    return value


Names = Annotated[
    Label,
    BeforeValidator(_joined),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 128}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One staff number, or a list of them."""


def _was_there(value: Any) -> Any:
    """An agent is named, described or just said to be one; a name is not kept."""
    return value if isinstance(value, bool) else bool(value)


ByAgent = Annotated[
    bool,
    BeforeValidator(_was_there),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "string"}, {"type": "object"}]}),
]


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise PydanticCustomError("field_repeated", "holds the same entry twice")
    return values


Ids = Annotated[tuple[Id, ...], Field(max_length=5000), AfterValidator(_unique)]
People = Annotated[tuple[Annotated[Label, Field(min_length=1)], ...], Field(max_length=20)]


def check_vector(model: str, vector: str) -> None:
    """Refuse a template that can't be compared: not base64, of a wrong length, not finite, or all zero."""
    try:
        raw = base64.b64decode(vector, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("template_base64", "not base64") from None
    expected = MODEL_BYTES.get(model)
    if expected is not None and len(raw) != expected:
        raise PydanticCustomError(
            "template_length",
            "a template of {model} has {expected} bytes",
            {"model": model, "expected": expected, "got": len(raw)},
        )
    if not raw or len(raw) % 4 or len(raw) > MOST_VECTOR_BYTES:
        raise PydanticCustomError("template_not_float32", "not whole float32 numbers")
    numbers = struct.unpack(f"<{len(raw) // 4}f", raw)
    # One infinite or undefined number makes the sum so; finite float32 can't overflow a double.
    if not math.isfinite(sum(numbers)) or not any(numbers):
        raise PydanticCustomError("template_not_finite", "holds infinite numbers, or only zeros")
