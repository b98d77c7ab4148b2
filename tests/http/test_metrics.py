"""What Prometheus is told: every row of the table is there, and counted by someone."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from schemas.decisions import Decision
from schemas.findings import Alert
from storage.commit import Commit
from storage.store import Store
from streams.meter import Meter
from streams.metrics import PREFIX, TABLE, Metrics
from tests.stories import at

NOW = at("03-02 09:00")


def said(metrics: Metrics, line: str) -> float:
    found = re.search(rf"^{re.escape(PREFIX + line)} (\S+)$", metrics.text().decode(), re.M)
    return float(found.group(1)) if found else 0.0


def a_batch() -> Commit:
    alert = Alert(
        alert_id="al-1",
        detector="check.missed",
        rule_version="r",
        raised_at=NOW,
        updated_at=NOW,
        severity=3,
        fixmedins_code="H1",
    )
    later = alert.model_copy(update={"updated_at": at("03-02 10:00")})
    first = Decision(decision_id="de-1", infno="2304", decided_at=NOW, outcome="pass", fee_total=Decimal(1))
    amended = first.model_copy(update={"decision_id": "de-2", "supersedes": "de-1", "outcome": "hold"})
    return Commit(
        consumer="person-engine",
        topic="person-events",
        partition=0,
        epoch=1,
        expected=0,
        next_offset=3,
        at=NOW,
        space="person",
        alerts=[alert, later],
        decisions=[first, amended],
    )


def test_a_batch_is_counted_by_what_it_came_to() -> None:
    metrics = Metrics()
    Meter(metrics).batch(a_batch(), {"admitted": 2, "timer_due": 1}, 3, 0.01, 7)
    assert said(metrics, 'events_total{kind="admitted"}') == 2
    assert said(metrics, 'alerts_total{detector="check.missed",severity="3"}') == 1  # an update is not a new one
    assert said(metrics, 'decisions_total{outcome="hold"}') == 1
    assert said(metrics, "amendments_total") == 1
    assert said(metrics, 'backlog_events{topic="person-events"}') == 7
    assert said(metrics, "batch_seconds_count") == 1


def test_levels_are_read_from_the_database(tmp_path: Path) -> None:
    metrics = Metrics()
    with Store.open(f"sqlite:///{tmp_path / 'm.db'}", durable=False) as store, store.read() as conn:
        Meter(metrics).levels(conn)
    assert said(metrics, "storage_bytes") > 0
    assert said(metrics, "unjoined") == 0


def test_every_metric_of_the_table_is_counted_somewhere() -> None:
    source = "\n".join(
        path.read_text("utf-8") for folder in ("streams", "dashboards") for path in Path(folder).rglob("*.py")
    )
    for row in TABLE:
        assert re.search(rf'(count|set|observe)\(\s*"{row.name}"', source), (
            f"{row.name} is in the table and nobody counts it"
        )


def test_no_label_names_a_person_or_a_stay() -> None:
    labels = {label for row in TABLE for label in row.labels}
    assert labels <= {
        "method",
        "route",
        "status",
        "reason",
        "kind",
        "topic",
        "source",
        "detector",
        "severity",
        "outcome",
    }
