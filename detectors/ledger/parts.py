"""A person's state in pieces: what nearly every event changes, and the bulky facts of each stay beside it.

Together they are the state, to the last fact; apart, an event writes no more than what it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.json import Decoder
from msgspec.structs import replace

from detectors.ledger.model import ENCODER, Capture, Charges, Person, Stay, dump, load

_BULKY: dict[str, Decoder[Any]] = {
    "captures": Decoder(tuple[Capture, ...]),
    "charges": Decoder(tuple[Charges, ...]),
}
"""Fields of a stay that have a part of their own, `<field>/<stay>`."""


def split(person: Person, before: Person | None = None) -> tuple[bytes, dict[str, bytes | None]]:
    """The head of the state, and those parts that changed since `before` (None: all of them; a part that is None
    is gone)."""
    known = before.stays if before is not None else {}
    parts: dict[str, bytes | None] = {}
    for key, stay in person.stays.items():
        old = known.get(key)
        if old is stay:
            continue
        for name in _BULKY:
            facts, had = getattr(stay, name), getattr(old, name) if old is not None else ()
            if facts is not had and (facts or had):
                parts[f"{name}/{key}"] = ENCODER.encode(facts) if facts else None
    light = {key: replace(stay, captures=(), charges=()) for key, stay in person.stays.items()}
    return dump(replace(person, stays=light)), parts


def join(head: bytes, parts: Mapping[str, bytes | None]) -> Person:
    """The state of which `split` made head and parts. Older state versions are brought up to date here."""
    person = load(head)
    if not parts:
        return person
    stays = {key: _whole(stay, parts) for key, stay in person.stays.items()}
    return replace(person, stays=stays)


def _whole(stay: Stay, parts: Mapping[str, bytes | None]) -> Stay:
    bulky = {name: body for name in _BULKY if (body := parts.get(f"{name}/{stay.key}")) is not None}
    return replace(stay, **{name: _BULKY[name].decode(body) for name, body in bulky.items()}) if bulky else stay
