"""Models as stored bytes, and old bytes brought up to date when they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from schemas.base import Model
from schemas.codec import fields_of
from storage.errors import StorageError

M = TypeVar("M", bound=Model)
Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: dict[tuple[str, int], Upcast] = {}
"""(model's name, old version) → one step up. A new `v` of a stored model adds a row here and a sample."""


def dump(model: Model) -> bytes:
    """JSON without defaults, its version first."""
    body = model.__pydantic_serializer__.to_json(model, exclude_defaults=True)
    return b'{"v":%d%s%s' % (_version(type(model)), b"," if len(body) > 2 else b"", body[1:])


def load(model: type[M], body: bytes) -> M:
    """The model in `body`. Raises `StorageError` naming fields, never values."""
    document: dict[str, Any] = orjson.loads(body)
    current = _version(model)
    found = document.get("v", 1)
    if found > current:
        raise StorageError(f"{model.__name__} v{found} was written by a newer wardwatch than this one")
    try:
        if found == current:
            return model.model_validate_json(body)
        for step in range(found, current):
            document = {**UPCASTS[model.__name__, step](document), "v": step + 1}
        return model.model_validate_json(orjson.dumps(document))
    except ValidationError as error:
        raise StorageError(f"{model.__name__} v{found} as stored can't be read: {fields_of(error)}") from None


def _version(model: type[Model]) -> int:
    return int(model.model_fields["v"].default)
