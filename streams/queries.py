"""Reads of committed data, for the API and the consoles: storage rows, and states where rows don't say it.

Every call opens a read of its own and holds nothing afterwards, so it may run in any thread. Whom an answer may
be shown to is the door's business.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection

from detectors.base import Case
from detectors.gate.evaluate import evaluate
from detectors.gate.rows import decision_of
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger import model as ledger
from detectors.ledger import parts as person_parts
from detectors.policy import Policies
from detectors.reading.days import unverified_days
from detectors.ward import model as ward_model
from detectors.ward import parts as ward_parts
from schemas.base import derived_id
from schemas.decisions import Decision, Hold
from schemas.findings import Alert
from schemas.views import OpenCheck, RosterRow, StayRecord
from storage import alerts, captures, checks, decisions, directory, feed, holds, states
from storage.alerts import AlertFilter
from storage.captures import CaptureRow
from storage.checks import CheckRow
from storage.directory import Stay as KnownStay
from storage.feed import FeedRow
from storage.holds import HoldFilter
from storage.paging import Page
from storage.states import StateRow
from storage.store import Store
from streams.gatekeeper import case_of
from streams.views import open_check, roster_row, stay_record, stay_unseen


@dataclass(frozen=True)
class StoredQueries:
    """The reading side over one store. `now` is the clock by which days and due times are read."""

    store: Store
    policies: Policies
    now: Callable[[], datetime]
    stops: Callable[[], Stops] = lambda: NO_STOPS

    # ── rows ──

    def capture(self, capture_id: str) -> CaptureRow | None:
        """What came of one capture."""
        with self.store.read() as conn:
            return captures.get(conn, capture_id)

    def alerts(self, narrow: AlertFilter, cursor: str | None, limit: int) -> Page[Alert]:
        """Newest first. Raises `storage.errors.BadCursor`."""
        with self.store.read() as conn:
            return alerts.find(conn, narrow, cursor=cursor, limit=limit)

    def alert(self, alert_id: str) -> Alert | None:
        """One finding as it stands now."""
        with self.store.read() as conn:
            return alerts.get(conn, alert_id)

    def decisions(self, mdtrt_id: str) -> Sequence[Decision]:
        """Every answer of the gate about a stay, oldest first."""
        with self.store.read() as conn:
            return decisions.for_mdtrt(conn, mdtrt_id)

    def holds(self, narrow: HoldFilter, cursor: str | None, limit: int) -> Page[Hold]:
        """Newest first. Raises `storage.errors.BadCursor`."""
        with self.store.read() as conn:
            return holds.find(conn, narrow, cursor=cursor, limit=limit)

    def payable_holds(self, narrow: HoldFilter) -> Iterable[Hold]:
        """All that match, by institution, then pay day: read at once, for one unmoving view."""
        with self.store.read() as conn:
            return list(holds.export(conn, narrow))

    def feed_head(self) -> int:
        """Id of the newest committed line of the feed, 0 before any."""
        with self.store.read() as conn:
            return feed.last_id(conn)

    def feed_since(self, after: int, limit: int, institutions: Collection[str] | None = None) -> Sequence[FeedRow]:
        """Lines after `after`, oldest first."""
        with self.store.read() as conn:
            return feed.since(conn, after, limit, institutions)

    # ── states ──

    def stay(self, mdtrt_id: str) -> StayRecord | None:
        """One stay by the platform's number."""
        with self.store.read() as conn:
            known = _known(conn, mdtrt_id)
            row = _person(conn, known) if known else None
        if known is None:
            return None
        case = self._case(known, row)
        return stay_unseen(known) if case is None or row is None else stay_record(case, row.version)

    def preview(self, mdtrt_id: str) -> Decision | None:
        """What the gate would say if the hospital asked (2303) now. None for a stay that isn't known yet."""
        with self.store.read() as conn:
            known = _known(conn, mdtrt_id)
            row = _person(conn, known) if known else None
        case = self._case(known, row) if known else None
        if case is None or row is None:
            return None
        asked = ledger.Settlement(id="", at=case.now, known_at=case.now, infno="2303")
        view = evaluate(case, asked, unverified_days=unverified_days(case), stops=self.stops())
        return decision_of(case, asked, view, row_id=derived_id("pv", case.stay.key), version=row.version)

    def open_checks(self, institution: str, ward: str | None, now: datetime) -> Sequence[OpenCheck]:
        """Checks whose window holds `now`, soonest due first; `ward` None: the whole institution."""
        with self.store.read() as conn:
            rows = checks.open_for(conn, institution, ward, now)
            if not rows:
                return []
            house = _house(conn, institution)
            covered = {row.check_id: _covered(conn, row, house, ward) for row in rows}
            known = [stay for stays in covered.values() for stay in stays]
            persons = states.load(conn, "person", {stay.person for stay in known})
        cases = {stay.stay: self._case(stay, persons.get(stay.person), now) for stay in known}
        return [
            open_check(
                row,
                house.checks.get(row.check_id),
                ward,
                [_row(stay, cases[stay.stay], row) for stay in covered[row.check_id]],
            )
            for row in rows
            if covered[row.check_id] or ward is None or row.ward == ward
        ]

    def _case(self, known: KnownStay, row: StateRow | None, now: datetime | None = None) -> Case | None:
        person = person_parts.join(row.body, row.parts) if row else None
        stay = person.stays.get(known.stay) if person else None
        if person is None or stay is None:
            return None
        return case_of(person, stay, self.policies, now or self.now())


def _known(conn: Connection, mdtrt_id: str) -> KnownStay | None:
    alias = directory.resolve_mdtrt(conn, mdtrt_id)
    return directory.stay(conn, alias.stay) if alias else None


def _person(conn: Connection, known: KnownStay) -> StateRow | None:
    return states.load(conn, "person", [known.person]).get(known.person)


def _house(conn: Connection, institution: str) -> ward_model.House:
    row = states.load(conn, "ward", [institution]).get(institution)
    return ward_parts.join(row.body, row.parts) if row else ward_model.House(key=institution)


def _covered(conn: Connection, row: CheckRow, house: ward_model.House, ward: str | None) -> list[KnownStay]:
    """Whom the check covers: as the ward step opened it; before that, whom it names or the ward's books."""
    check = house.checks.get(row.check_id)
    if check is not None and check.opened:
        wanted = [stay for _, stay, place in check.covered if ward is None or place in ("", ward)]
        return list(directory.stays_by_key(conn, wanted).values())
    named = orjson.loads(row.body).get("roster") or ()
    if named:
        found = (_known(conn, mdtrt_id) for mdtrt_id in named)
        return [stay for stay in found if stay and (ward is None or stay.ward in ("", ward))]
    return directory.roster(conn, row.institution, row.ward)


def _row(stay: KnownStay, case: Case | None, row: CheckRow) -> RosterRow:
    return roster_row(stay, case, row.check_id, row.opens_at, row.due_by)
