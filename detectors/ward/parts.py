"""A house's state in pieces: every bed and every check by itself, so that an event writes what it changes.

A house has hundreds of both, and most events change one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.json import Decoder
from msgspec.structs import replace

from detectors.ward.model import ENCODER, Bed, House, WardCheck, dump, load

_ITEMS: dict[str, Decoder[Any]] = {"beds": Decoder(Bed), "checks": Decoder(WardCheck)}
"""Fields whose items have parts of their own, `<field>/<key of the item>`."""


def split(house: House, before: House | None = None) -> tuple[bytes, dict[str, bytes | None]]:
    """The head of the state, and those parts that changed since `before` (None: all of them; a part that is None
    is gone)."""
    parts: dict[str, bytes | None] = {}
    for name in _ITEMS:
        items: Mapping[str, Any] = getattr(house, name)
        had: Mapping[str, Any] = getattr(before, name) if before is not None else {}
        if items is had:
            continue
        parts |= {f"{name}/{key}": ENCODER.encode(item) for key, item in items.items() if had.get(key) is not item}
        parts |= {f"{name}/{key}": None for key in had if key not in items}
    return dump(replace(house, beds={}, checks={})), parts


def join(head: bytes, parts: Mapping[str, bytes | None]) -> House:
    """The state of which `split` made head and parts."""
    found: dict[str, dict[str, Any]] = {name: {} for name in _ITEMS}
    for part, body in sorted(parts.items()):
        name, _, key = part.partition("/")
        if body is not None:
            found[name][key] = _ITEMS[name].decode(body)
    return replace(load(head), **found)
