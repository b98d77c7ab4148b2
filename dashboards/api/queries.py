"""What the reading side asks of the data.

The methods are plain functions that read what is committed; the API calls them in worker threads, so they use
connections of their own and never the writer's. Scope is checked here at the door (`reach.py`): filters carry
the institutions that the caller may see, and a single thing is looked at before it is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol

from schemas.decisions import Decision, Hold
from schemas.findings import Alert
from schemas.views import OpenCheck, StayRecord
from storage.alerts import AlertFilter
from storage.captures import CaptureRow
from storage.feed import FeedRow
from storage.holds import HoldFilter
from storage.paging import Page


class Queries(Protocol):
    """Reads of committed data."""

    def capture(self, capture_id: str) -> CaptureRow | None:
        """What came of one capture; `reasons` are {`code`, `params`} with codes of `nurse.toml`."""
        ...

    def open_checks(self, institution: str, ward: str | None, now: datetime) -> Sequence[OpenCheck]:
        """Checks whose window holds `now`, soonest due first; `ward` None: the whole institution."""
        ...

    def alerts(self, narrow: AlertFilter, cursor: str | None, limit: int) -> Page[Alert]:
        """Newest first. Raises `storage.errors.BadCursor`."""
        ...

    def alert(self, alert_id: str) -> Alert | None: ...

    def stay(self, mdtrt_id: str) -> StayRecord | None:
        """One stay by the platform's number."""
        ...

    def decisions(self, mdtrt_id: str) -> Sequence[Decision]:
        """Every answer of the gate about a stay, oldest first."""
        ...

    def preview(self, mdtrt_id: str) -> Decision | None:
        """What the gate would say if the hospital asked (2303) now."""
        ...

    def holds(self, narrow: HoldFilter, cursor: str | None, limit: int) -> Page[Hold]:
        """Newest first. Raises `storage.errors.BadCursor`."""
        ...

    def payable_holds(self, narrow: HoldFilter) -> Iterable[Hold]:
        """All that match, by institution, then pay day."""
        ...

    def feed_head(self) -> int:
        """Id of the newest committed line of the feed, 0 before any. Asked twice a second."""
        ...

    def feed_since(self, after: int, limit: int, institutions: Collection[str] | None = None) -> Sequence[FeedRow]:
        """Lines after `after`, oldest first; ids are dense, so a gap at the start means: swept."""
        ...
