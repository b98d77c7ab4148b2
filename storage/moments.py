"""Instants as whole microseconds since 1970 UTC: exact, sortable, the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.base import CHINA

_EPOCH_CHINA = datetime(1970, 1, 1, tzinfo=UTC).astimezone(CHINA)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC. Raises `ValueError` on a naive moment: it would name 24 instants."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone can't be stored")
    gap = moment - _EPOCH_CHINA  # two times of one zone object: see `schemas.base.CHINA`
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


def from_micros(micros: int) -> datetime:
    """The same instant, at +08:00."""
    return _EPOCH_CHINA + timedelta(microseconds=micros)


def micros_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def moment_or_none(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
