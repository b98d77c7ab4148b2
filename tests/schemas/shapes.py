"""The shape of everything that is stored, and one stored sample of every version.

    .venv/bin/python -m tests.schemas.shapes

writes the samples and digests that are missing, and changes none that are there: a shape that was released is
altered by raising `v`, with an upcast from the old version.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import orjson
from pydantic import AwareDatetime, BaseModel

from schemas.base import CHINA, Event, Model
from schemas.codec import encode
from schemas.decisions import Decision, Hold
from schemas.events import EVENTS
from schemas.findings import Alert
from storage import bodies

HERE = Path(__file__).parent
SAMPLES = HERE / "samples"
DIGESTS = HERE / "shapes.json"
NOON = datetime(2026, 3, 2, 12, tzinfo=CHINA)

STORED: dict[str, type[Model]] = {**EVENTS, "alert": Alert, "decision": Decision, "hold": Hold}
"""Name → model of everything that is written down and read again by a later version."""


def version(model: type[BaseModel]) -> int:
    return int(model.model_fields["v"].default)


def file_of(name: str, v: int) -> Path:
    return SAMPLES / f"{name}.v{v}.json"


def digest(model: type[BaseModel]) -> str:
    """Of the JSON Schema without its prose: a better comment is no other shape."""
    bare = _without_prose(model.model_json_schema(mode="validation"))
    return hashlib.sha256(orjson.dumps(bare, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def _without_prose(node: Any) -> Any:
    if isinstance(node, dict):
        prose = ("title", "description")
        return {k: _without_prose(v) for k, v in node.items() if not (k in prose and isinstance(v, str))}
    if isinstance(node, list):
        return [_without_prose(item) for item in node]
    return node


def written(model: Model) -> bytes:
    """As it is stored."""
    return encode(model) if isinstance(model, Event) else bodies.dump(model)


# ── a full example of any model ──────────────────────────────────────────────────────────────────────────


def example(model: type[BaseModel]) -> Any:
    """An instance with every field filled, none with its default."""
    filled = {name: _value(field.annotation, name) for name, field in model.model_fields.items() if name != "v"}
    return model.model_validate(filled)


_SAID: dict[str, Any] = {
    "institution": "H99010100001",
    "fixmedins_code": "H99010100001",
    "insuplc_admdvs": "990101",
    "region": "990101",
    "psn_no": "P100001",
    "person": "990101:P100001",
    "ward": "骨科",
    "bed": "12",
    "vector": "AACAPwAAAAA=",
    "probe": "AACAPwAAAAA=",
    "enrolled": "AAAAAAAAgD8=",
    "model": "dlib-resnet-1",
    "infno": "2304",
    "pay_regime": "by_item",
    "lat": 30.25,
    "lon": 120.17,
}


def _value(kind: Any, name: str) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _value(inner[0], name)
    if origin in (Union, UnionType):
        return _value(next(one for one in inner if one is not type(None)), name)
    if origin is Literal:
        return _SAID[name] if _SAID.get(name) in inner else inner[-1]
    if origin is tuple:
        each = inner[:1] if inner[-1] is Ellipsis else inner
        return tuple(_value(one, f"{name}{number or ''}") for number, one in enumerate(each))
    if origin is dict:
        return {"count": 3, "dates": "2026-03-02"}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return example(kind)
    return _plain(kind, name)


def _plain(kind: Any, name: str) -> Any:
    if name in _SAID:
        return _SAID[name]
    if kind is str:
        return f"{name}-1"
    if kind is bool:
        return True
    if kind is int:
        return 7
    if kind is float:
        return 0.25
    if kind is Decimal:
        return Decimal("12.50")
    if kind is date:
        return date(2026, 3, 2)
    if kind in (datetime, AwareDatetime):
        return NOON + timedelta(minutes=len(name))
    raise TypeError(f"{name}: no example for {kind}")


# ── writing what is missing ──────────────────────────────────────────────────────────────────────────────


def missing() -> Iterator[tuple[str, type[Model]]]:
    known = orjson.loads(DIGESTS.read_bytes()) if DIGESTS.exists() else {}
    for name, model in STORED.items():
        if f"{name}.v{version(model)}" not in known or not file_of(name, version(model)).exists():
            yield name, model


def main() -> None:
    """Writes what is missing."""
    known = orjson.loads(DIGESTS.read_bytes()) if DIGESTS.exists() else {}
    for name, model in list(missing()):
        SAMPLES.mkdir(exist_ok=True)
        sample = orjson.loads(written(example(model)))
        file_of(name, version(model)).write_bytes(orjson.dumps(sample, option=orjson.OPT_INDENT_2) + b"\n")
        known[f"{name}.v{version(model)}"] = digest(model)
        sys.stdout.write(f"{name} v{version(model)}\n")
    DIGESTS.write_bytes(orjson.dumps(known, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


if __name__ == "__main__":
    main()
