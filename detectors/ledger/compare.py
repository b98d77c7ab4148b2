"""Comparing faces: a probe with the enrolment in force when it was taken. Vectors only, no picture."""

from __future__ import annotations

import math
from binascii import Error, a2b_base64
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from struct import unpack

from msgspec.structs import replace

from detectors.ledger.model import Capture, Stay

EDGE = "edge"
"""`Capture.against` of a comparison that the terminal made itself."""


def distance(one: str, other: str) -> float | None:
    """Euclidean distance of two templates (base64 of little-endian float32), rounded to 4 decimals.

    None where they can't be compared (different lengths, not float32, not finite).
    """
    a, b = _floats(one), _floats(other)
    if not a or len(a) != len(b):
        return None
    d = math.dist(a, b)
    return round(d, 4) if math.isfinite(d) else None


@lru_cache(maxsize=4096)
def _floats(vector: str) -> tuple[float, ...]:
    try:
        raw = a2b_base64(vector)
    except (Error, ValueError):
        return ()
    return unpack(f"<{len(raw) // 4}f", raw) if len(raw) % 4 == 0 else ()


def enrolments(stay: Stay) -> tuple[Capture, ...]:
    """The stay's enrolled faces that hold a template, oldest first."""
    return tuple(c for c in stay.captures if c.purpose == "enrolment" and c.vector)


def compared(probe: Capture, enrolled: Iterable[Capture]) -> Capture:
    """`probe` with its score against the enrolment in force: the last one before it, else the first after.

    Templates of different models are never compared. A terminal's own comparison stands as it came.
    """
    if not probe.vector or probe.purpose == "enrolment":
        return probe
    usable = [e for e in enrolled if e.model == probe.model]
    if not usable:
        unknown = probe.score is None or probe.against == EDGE
        return probe if unknown else replace(probe, score=None, against="")
    before = [e for e in usable if e.at <= probe.at]
    anchor = before[-1] if before else usable[0]
    score = distance(probe.vector, anchor.vector)
    return replace(probe, score=score, against=anchor.capture_id, metric="distance", threshold=None)


def without_old_vectors(captures: tuple[Capture, ...], newest: datetime, keep: timedelta) -> tuple[Capture, ...]:
    """Probe vectors older than `keep` are dropped once compared: their score stays, their face goes."""
    limit = newest - keep
    if not any(c.vector and c.purpose != "enrolment" and c.score is not None and c.at < limit for c in captures):
        return captures
    return tuple(
        replace(c, vector="") if c.vector and c.purpose != "enrolment" and c.score is not None and c.at < limit else c
        for c in captures
    )
