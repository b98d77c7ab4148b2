"""The state of one institution (house): who lies where, open checks, recent mismatches, when it was heard."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from msgspec.json import Decoder, Encoder

STATE_VERSION = 1


class Bed(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """One stay on a ward's books."""

    person: str
    ward: str
    bed: str
    since: datetime
    until: datetime | None
    known_at: datetime
    mdtrt_id: str = ""


class Receipt(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """A check was delivered to a ward."""

    id: str
    ward: str
    delivered_at: datetime
    seen_at: datetime | None = None
    channel: str = ""


class WardCheck(Struct, frozen=True, omit_defaults=True):
    """A check of this house. `kind` empty: only its receipt has come so far."""

    check_id: str
    kind: str = ""
    ward: str = ""
    opens_at: datetime | None = None
    due_by: datetime | None = None
    roster: tuple[tuple[str, str], ...] = ()  # named (person, stay); no person: not known yet; empty: the books
    opened: bool = False
    covered: tuple[tuple[str, str, str], ...] = ()  # (person, stay, ward) it was assigned to
    receipts: tuple[Receipt, ...] = ()
    missed: tuple[tuple[str, str], ...] = ()  # (person, stay) that missed it
    ward_wide: bool = False


class Mismatch(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """A capture that did not match its own enrolment, kept until its round is over."""

    capture_id: str
    person: str
    stay: str
    at: datetime
    check_id: str
    ward: str
    model: str
    probe: str
    enrolled: str


class House(Struct, frozen=True, omit_defaults=True):
    """Everything the ward step keeps about one institution."""

    key: str
    v: int = STATE_VERSION
    beds: dict[str, Bed] = {}  # stay → bed
    checks: dict[str, WardCheck] = {}
    mismatches: tuple[Mismatch, ...] = ()
    last_heard: datetime | None = None
    silent_since: datetime | None = None
    silence_raised_at: datetime | None = None
    clock: datetime | None = None


ENCODER = Encoder(decimal_format="string")
_DECODER = Decoder(House)


def dump(house: House) -> bytes:
    """The state as JSON bytes."""
    return ENCODER.encode(house)


def load(raw: bytes) -> House:
    """The state in `raw`."""
    return _DECODER.decode(raw)
