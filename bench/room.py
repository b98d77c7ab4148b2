"""How much room a stay takes, from admission to the end of its objection period, and what a county's year comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bench import journal
from bench.journal import FIRST_DAY, STAY_DAYS
from bench.town import Town
from storage import retention, sizes
from storage.store import Store

COUNTY = 166_000
"""Admissions of a county's year."""

CLOSED = timedelta(days=200)
"""After this every stay is past its payment line and its objection period."""

KEPT_DAYS = {"requests": 180, "log_records": 30, "feed": 30, "captures": 90, "checks": 180}
"""Days for which a table's rows are kept by the settings' defaults; all others stay."""

SMALL = 64 * 1024
"""Tables below this are left out: they don't grow with the stays."""


@dataclass(frozen=True)
class Room:
    """Bytes a 1,000 stays by table."""

    stays: int
    received: dict[str, int]  # with all their messages, as they came
    packed: dict[str, int]  # the messages packed, the stays just over
    closed: dict[str, int]  # past the objection period, nothing erased yet that a table keeps by days

    def year(self) -> dict[str, int]:
        """Bytes of a county's year by table: rows kept by days stand for those days only."""
        share = {table: min(1.0, days / 365) for table, days in KEPT_DAYS.items()}
        return {table: int(size * COUNTY / 1000 * share.get(table, 1.0)) for table, size in self.closed.items()}


def room(folder: Path, beds: int) -> Room:
    """One patient a bed through their whole life."""
    town = Town(folder / "room.db", journal.wards(beds, closes=STAY_DAYS), durable=False)
    while town.day <= 2 * STAY_DAYS:
        town.play(group=500)
    received = _measured(town.store, beds)
    while retention.compact(town.store, town.clock.now() + timedelta(days=2), limit=1000):
        pass
    packed = _measured(town.store, beds)
    town.pass_time(town.clock.now() + CLOSED)
    closed = _measured(town.store, beds)
    town.close()
    return Room(beds, received, packed, closed)


def _measured(store: Store, stays: int) -> dict[str, int]:
    """Bytes a 1,000 stays by table, without the room that was freed."""
    with store._writer.connect() as conn:  # VACUUM runs outside any transaction
        raw = conn.connection.driver_connection
        assert raw is not None
        conn.rollback()
        raw.execute("VACUUM")
    with store.read() as conn:
        conn.execute(text("SELECT 1"))
        found = sizes.by_table(conn)
    return {table: size * 1000 // stays for table, size in found.items() if size >= SMALL and table != "(free)"}


assert FIRST_DAY.year == 2026
