"""Messages of an invented hospital about invented people, and the shortest way to read them."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.base import CHINA, Event
from schemas.national import NO_KEYS, Dialects, Keyring, Message, events_of, read_message

EXAMPLES = Path(__file__).parent / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.json"))

HOSPITAL = "H99020200017"
REGION = "990202"
PERSON = "99020000000000000000446601"
STAY = "990200260410000377"
VISIT = "990200260411000902"
IDENTITY_NUMBER = "99020219520317002X"
PRIVATE = ("苏示范", "苏家属", IDENTITY_NUMBER, "00000000001", "990200ecSAMPLE", "方医生", "季护士")
"""Names, numbers and tokens that stand in the examples and must never leave the codec."""


def china(text: str) -> datetime:
    """A moment in +08:00."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


ARRIVED = china("2026-04-20 12:00:00")


def fingerprint(kind: str, value: str) -> str:
    """Stands for the caller's keyed HMAC: the same for the same number, and never the number."""
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()[:12]


def ward(_institution: str, _code: str, name: str) -> str:
    """The default of the contract: a ward is the department of the same name."""
    return name


def pair(name: str) -> dict[str, Any]:
    """An example with both sides, free to be changed."""
    found: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))
    return found


def request(name: str) -> dict[str, Any]:
    """The request alone."""
    found: dict[str, Any] = pair(name)["request"]
    return found


def body(name: str, node: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the request, the first row of a node of its input) to change one field in."""
    whole = request(name)
    row = whole["input"][node]
    return whole, row[0] if isinstance(row, list) else row


def read(
    document: Mapping[str, Any] | bytes,
    *,
    keys: Keyring = NO_KEYS,
    dialects: Dialects | None = None,
    arrived_at: datetime = ARRIVED,
    watched: bool = True,
) -> Message:
    """`read_message` with the defaults of these tests; `watched`, it must not change what it is given."""
    before = copy.deepcopy(document) if watched and isinstance(document, Mapping) else None
    message = read_message(document, dialects=dialects or Dialects.load(), keys=keys, arrived_at=arrived_at)
    assert before is None or document == before
    return message


def events(document: Mapping[str, Any] | bytes, **how: Any) -> tuple[Event, ...]:
    """All events of a document."""
    arrived_at = how.get("arrived_at", ARRIVED)
    return events_of(read(document, **how), arrived_at=arrived_at, fingerprint=fingerprint, wards=ward)


def only(document: Mapping[str, Any] | bytes, **how: Any) -> Any:
    """The one event of a document."""
    found = events(document, **how)
    assert len(found) == 1, [type(event).__name__ for event in found]
    return found[0]
