"""What the agency's two reviewers (经办审核、复核) do with a hold.

The first word is noted; a second reviewer who says the same closes the hold. Nobody closes one alone, and the
machine's part ends here: it neither keeps nor releases.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from detectors.ledger.model import ReviewNote, Ruling
from schemas.settlement import HoldReviewed

CLOSES_AS = {"keep": "kept", "release": "released", "part_release": "part_released"}
REVIEWED = frozenset(CLOSES_AS.values())


class Result(NamedTuple):
    """The answer to a reviewer: an HTTP status and the key of its sentence in the catalogue."""

    status: int  # 200 closed, 202 noted, 404 no such hold, 409 not now or not by you, 422 days that don't fit
    code: str


NO_SUCH_HOLD = Result(404, "gate.review_unknown")


def review(ruling: Ruling, said: HoldReviewed, at: datetime) -> tuple[Ruling, Result]:
    """The ruling after this reviewer's word, and what to answer. A refused word changes nothing.

    The gateway calls it on the committed state to answer at once; the engine applies it.
    """
    refusal = _refusal(ruling, said, at)
    if refusal is not None:
        return ruling, refusal
    days = tuple(sorted(set(said.days))) if said.action == "part_release" else ()
    note = ReviewNote(said.reviewer, said.action, at, days, said.reason)
    first = _pending(ruling)
    if first is not None and first.reviewer == note.reviewer:
        return ruling, Result(409, "gate.review_same_person")
    noted = replace(ruling, reviews=(*ruling.reviews, note))
    if first is None:
        return noted, Result(202, "gate.review_first")
    if (first.action, first.days) != (note.action, note.days):
        return noted, Result(202, "gate.review_differs")
    seen = ruling.view.grounds if ruling.view else ()
    closed = replace(noted, hold_status=CLOSES_AS[note.action], reviewed=tuple(sorted({*ruling.reviewed, *seen})))
    return closed, Result(200, f"gate.review_{CLOSES_AS[note.action]}")


def _pending(ruling: Ruling) -> ReviewNote | None:
    """The word that waits for a second one."""
    notes = ruling.reviews[ruling.round_from :]
    return notes[-1] if notes else None


def _refusal(ruling: Ruling, said: HoldReviewed, at: datetime) -> Result | None:
    if ruling.hold_status in REVIEWED:
        return Result(409, "gate.review_closed")
    if ruling.hold_status == "void":
        return Result(409, "gate.review_void")
    if ruling.hold_status == "expired" or (ruling.expires_at is not None and at >= ruling.expires_at):
        return Result(409, "gate.review_expired")
    if ruling.hold_status != "open":
        return NO_SUCH_HOLD
    if not said.reviewer:
        return Result(422, "gate.review_nameless")
    if said.action != "part_release":
        return None
    priced = {row.day for row in ruling.view.days} if ruling.view else set()
    if not priced:
        return Result(422, "gate.review_not_by_day")
    if not said.days or not set(said.days) <= priced:
        return Result(422, "gate.review_days_wrong")
    return None
