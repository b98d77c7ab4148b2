"""Reasons as sentences: the catalogue's text for a code, in both languages."""

from __future__ import annotations

from detectors.codes import UNVERIFIED
from schemas.findings import Reason
from schemas.texts import Language, known, text


def sentence(reason: Reason, language: Language) -> str:
    """The sentence of a reason. A code is a whole key of the catalogue, or one of its `reasons`.

    A text that isn't there, or wants a parameter that the reason doesn't have, must not stop an answer to a
    hospital: the code stands in for it (a test keeps the catalogue complete).
    """
    key = reason.code if reason.code in known() else f"reasons.{reason.code}"
    try:
        return text(key, language, **reason.params)
    except (KeyError, ValueError):
        return reason.code


def rule_name(detector: str, language: Language) -> str:
    """What people call a detector, or the gate's own rule."""
    key = "gate.rule_unverified_days" if detector == UNVERIFIED else f"detectors.{detector}"
    return text(key, language) if key in known() else detector
