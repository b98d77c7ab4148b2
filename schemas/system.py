"""Events the system tells itself: timers, and what travels between the person step and the ward step."""

from __future__ import annotations

from typing import Literal

from schemas.base import Event, Moment


class TimerDue(Event):
    """A moment that a detector asked to be woken at has come. Absence is an event, not a clock read."""

    kind: Literal["timer_due"] = "timer_due"


class RosterChanged(Event):
    """Person → ward: this stay is on `ward`'s books from `since` (until `until`); empty ward: on none.

    `known_at` is when we learned it: a check covers whom the books showed when it opened.
    """

    kind: Literal["roster_changed"] = "roster_changed"
    mdtrt_id: str = ""
    ward: str = ""
    bed: str = ""
    since: Moment
    until: Moment | None = None
    known_at: Moment


class MismatchSeen(Event):
    """Person → ward: a capture did not match its own enrolment; does it match a neighbour's?"""

    kind: Literal["mismatch_seen"] = "mismatch_seen"
    capture_id: str
    check_id: str = ""
    ward: str = ""
    model: str
    probe: str  # base64 vector of the capture
    enrolled: str  # base64 vector it was compared with


class MixUpFound(Event):
    """Ward → both persons: two patients' pictures were swapped (拍反了); neither capture is a mismatch."""

    kind: Literal["mix_up_found"] = "mix_up_found"
    capture_id: str
    other_capture_id: str
    check_id: str = ""


class MissSeen(Event):
    """Person → ward: a delivered check closed without an answer here; was it only here?"""

    kind: Literal["miss_seen"] = "miss_seen"
    check_id: str
    ward: str = ""


class WardWideMiss(Event):
    """Ward → persons: most of the ward missed this check at once: one cause, not many absences."""

    kind: Literal["ward_wide_miss"] = "ward_wide_miss"
    check_id: str
    missed: int
    covered: int


class FeedHeard(Event):
    """Gateway → institution: something was heard from it in this clock hour (sent once an hour)."""

    kind: Literal["feed_heard"] = "feed_heard"


class FeedSilent(Event):
    """Institution → persons there: nothing was heard from `since` until `until` (open while None)."""

    kind: Literal["feed_silent"] = "feed_silent"
    since: Moment
    until: Moment | None = None
