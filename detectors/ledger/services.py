"""What the lines of one 2301 come to: which are services, when they were, how far they reach.

Noted in the batch as it is folded in, so that the detectors, who look at every batch after every event, need not
read its lines again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Raw

from detectors.ledger.model import ENCODER, Charges, Line, Services
from detectors.reading.moments import DAY, after
from schemas.base import china_time

ROUTINE = frozenset({"01", "02", "07"})
"""med_chrgitm_type 床位费, 诊察费, 护理费: posted every day by itself, whoever lies in the bed."""

ROUTINE_ITEMS = ("001109", "001201")
"""National item codes of bed and nursing, for lines of which only the request was seen (no class)."""


def is_service(line: Line) -> bool:
    """Is this more than the bed, its nursing and the daily round? Unknown lines count as services."""
    if line.item_class:
        return line.item_class not in ROUTINE
    return not line.item.startswith(ROUTINE_ITEMS)


def busy_until(line: Line) -> datetime:
    """A line at 00:00 stands for its whole date, as many systems write nothing finer."""
    return _busy_until(line.at, china_time(line.at))


def _busy_until(at: datetime, local: datetime) -> datetime:
    midnight = not (local.hour or local.minute or local.second or local.microsecond)
    return after(at, DAY) if midnight else at


def charges_of(id: str, at: datetime, known_at: datetime, msgid: str, lines: Sequence[Line]) -> Charges:  # noqa: A002
    """One 2301 as the ledger keeps it."""
    return Charges(
        id=id,
        at=at,
        known_at=known_at,
        msgid=msgid,
        packed=Raw(ENCODER.encode(lines)),
        until=max((line.at for line in lines), default=None),
        refunds=any(line.refunds for line in lines),
        services=_services(line for line in lines if is_service(line)),
    )


def _services(lines: Iterable[Line]) -> Services | None:
    found = sorted((line.at, china_time(line.at)) for line in lines)
    if not found:
        return None
    first, reached, pause = found[0][0], found[0][0], timedelta()
    for at, local in found:
        pause = max(pause, at - reached)
        reached = max(reached, _busy_until(at, local))
    return Services(first, reached, pause.total_seconds(), tuple(dict.fromkeys(local.date() for _, local in found)))
