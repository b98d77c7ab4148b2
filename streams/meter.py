"""Who counts: what the engine did and what waits, into the table of metrics. Numbers only, never who."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from storage import holds, sizes, timers, unjoined
from storage.commit import Commit
from streams.metrics import Metrics


class Meter:
    """Counts into `metrics`. Called by the pump after each batch, by the node after each gate answer."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics

    def batch(self, batch: Commit, kinds: Mapping[str, int], events: int, seconds: float, waiting: int) -> None:
        """One committed batch: `seconds` it took, `waiting` records behind it."""
        count = self.metrics.count
        for kind, number in kinds.items():
            count("events_total", number, kind=kind)
        for alert in batch.alerts:
            if alert.raised_at == alert.updated_at:
                count("alerts_total", detector=alert.detector, severity=str(alert.severity))
        for decision in batch.decisions:
            count("decisions_total", outcome=decision.outcome)
            if decision.supersedes is not None:
                count("amendments_total")
        if batch.dead_letters:
            count("dead_letters_total", len(batch.dead_letters), source=batch.topic)
        self.metrics.observe("batch_seconds", seconds)
        self.metrics.set("batch_events", events)
        self.metrics.set("backlog_events", waiting, topic=batch.topic)

    def gate(self, seconds: float) -> None:
        """One answer of the settlement gate, from the request's arrival to its answer."""
        self.metrics.observe("gate_seconds", seconds)

    def levels(self, conn: Connection) -> None:
        """What stands in the database now. Asked for now and then, not for every event."""
        self.metrics.set("unjoined", unjoined.count(conn))
        self.metrics.set("timers_pending", timers.count(conn))
        self.metrics.set("holds_open", holds.count(conn, "open"))
        self.metrics.set("storage_bytes", sizes.total(conn))
