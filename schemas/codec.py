"""Events as bytes. Versioned on the wire; an older version is brought up to date when it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from pydantic import ValidationError

from schemas.base import Event
from schemas.events import ADAPTER, EVENTS

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

CURRENT: dict[str, int] = {kind: int(model.model_fields["v"].default) for kind, model in EVENTS.items()}

UPCASTS: dict[tuple[str, int], Upcast] = {}
"""(kind, old version) → one step up. A new version of a model adds a row here and a stored sample."""

_PREFIX = {kind: f'{{"kind":"{kind}","v":{version},'.encode() for kind, version in CURRENT.items()}


class UnreadableEvent(ValueError):
    """Bytes that are no event we know. The message names fields, never values: they may hold a person."""


def encode(event: Event) -> bytes:
    """UTF-8 JSON without defaults: short on disk; what a default means is fixed by the version `v`."""
    body = event.__pydantic_serializer__.to_json(event, exclude_defaults=True)
    return _PREFIX[event.kind] + body[1:]  # type: ignore[attr-defined]


def decode(raw: bytes) -> Event:
    """The event in `raw`, upcast to the current version.

    Raises `UnreadableEvent` where the bytes are no event of a known kind and version.
    """
    try:
        event: Event = ADAPTER.validate_json(raw)
    except ValidationError as error:
        return _decode_older(raw, fields_of(error))
    if event.v != CURRENT[event.kind]:  # type: ignore[attr-defined]
        return _decode_older(raw, "written by a newer version of wardwatch")
    return event


def fields_of(error: ValidationError) -> str:
    """Which fields are wrong and how, without their values."""
    rows = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, row['loc']))}: {row['type']}" for row in rows[:5])


def _decode_older(raw: bytes, complaint: str) -> Event:
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UnreadableEvent(f"not JSON: {error.msg} at {error.pos}") from None
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in EVENTS:
        raise UnreadableEvent("no event: an unknown or missing `kind`")
    version = document.get("v", 1)
    if not isinstance(version, int) or version < 1 or version >= CURRENT[kind]:
        raise UnreadableEvent(f"{kind} v{version if isinstance(version, int) else '?'}: {complaint}")
    for step in range(version, CURRENT[kind]):
        document = {**UPCASTS[kind, step](document), "v": step + 1}
    try:
        return EVENTS[kind].model_validate_json(orjson.dumps(document))
    except ValidationError as error:
        raise UnreadableEvent(f"{kind} v{version} after upcast: {fields_of(error)}") from None
