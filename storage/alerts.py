"""Findings as they stand now. Each is one row; a later form of it takes the row's place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, bindparam, select

from schemas.base import person_key
from schemas.findings import Alert
from storage import bodies, paging
from storage.moments import to_micros
from storage.paging import Page
from storage.sql import Row, insert_many, is_among
from storage.tables import alerts


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts: every field that isn't None narrows it. An empty `institutions` lets nothing through."""

    institutions: Collection[str] | None = None
    ward: str | None = None
    statuses: Collection[str] | None = None
    detector: str | None = None
    severity: int | None = None
    mdtrt_id: str | None = None
    stay: str | None = None
    person: str | None = None
    raised_from: datetime | None = None  # at or after
    raised_before: datetime | None = None
    updated_since: datetime | None = None  # at or after


ANY = AlertFilter()


def upsert(conn: Connection, found: Sequence[Alert]) -> None:
    write(conn, [row_of(alert, bodies.dump(alert)) for alert in found])


def row_of(alert: Alert, body: bytes) -> Row:
    return (
        alert.alert_id,
        alert.detector,
        alert.fixmedins_code,
        alert.ward or "",
        person_key(alert.insuplc_admdvs or "", alert.psn_no) if alert.psn_no else "",
        alert.stay or "",
        alert.mdtrt_id or "",
        alert.severity,
        alert.status,
        to_micros(alert.raised_at),
        to_micros(alert.updated_at),
        body,
    )


def get(conn: Connection, alert_id: str) -> Alert | None:
    row = conn.execute(_GET, {"id": alert_id}).first()
    return None if row is None else bodies.load(Alert, row[0])


def get_many(conn: Connection, alert_ids: Collection[str]) -> dict[str, Alert]:
    found = conn.execute(_GET_MANY, {"keys": list(alert_ids)})
    return {row[0]: bodies.load(Alert, row[1]) for row in found}


def find(
    conn: Connection,
    narrow: AlertFilter = ANY,
    *,
    cursor: str | None = None,
    limit: int = 100,
    order: Literal["newest", "changed"] = "newest",
) -> Page[Alert]:
    """A page of alerts: `newest` raised first, or as they `changed` (oldest first, to follow along)."""
    newest = order == "newest"
    columns = (alerts.c.raised_at if newest else alerts.c.updated_at, alerts.c.alert_id)
    query = _narrowed(select(*columns, alerts.c.body), narrow)
    rows = conn.execute(paging.after(query, columns, cursor, limit, newest=newest), _lists(narrow)).all()
    return paging.page(rows, limit, 2, lambda row: bodies.load(Alert, row[2]))


def _lists(narrow: AlertFilter) -> dict[str, Any]:
    given = {"institutions": narrow.institutions, "statuses": narrow.statuses}
    return {name: list(values) for name, values in given.items() if values is not None}


def _narrowed(query: Select[Any], narrow: AlertFilter) -> Select[Any]:
    for name in ("ward", "detector", "severity", "mdtrt_id", "stay", "person"):
        wanted = getattr(narrow, name)
        if wanted is not None:
            query = query.where(alerts.c[name] == wanted)
    if narrow.institutions is not None:
        query = query.where(is_among(alerts.c.institution, "institutions"))
    if narrow.statuses is not None:
        query = query.where(is_among(alerts.c.status, "statuses"))
    if narrow.raised_from is not None:
        query = query.where(alerts.c.raised_at >= to_micros(narrow.raised_from))
    if narrow.raised_before is not None:
        query = query.where(alerts.c.raised_at < to_micros(narrow.raised_before))
    if narrow.updated_since is not None:
        query = query.where(alerts.c.updated_at >= to_micros(narrow.updated_since))
    return query


write = insert_many(alerts, [column.name for column in alerts.columns], conflict="replace")
_GET = select(alerts.c.body).where(alerts.c.alert_id == bindparam("id"))
_GET_MANY = select(alerts.c.alert_id, alerts.c.body).where(is_among(alerts.c.alert_id))
