"""The stop switch of holds, by rule or by institution. Readers look again for each batch."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from storage.moments import from_micros, moment_or_none, to_micros
from storage.tables import stops

StopKind = Literal["rule", "institution"]


class Stop(NamedTuple):
    """One use of the switch, kept for internal control after it is lifted."""

    id: int
    kind: StopKind
    value: str
    by: str
    reason: str
    at: datetime
    lifted_by: str | None
    lifted_at: datetime | None


def add(conn: Connection, kind: StopKind, value: str, *, by: str, reason: str, at: datetime) -> int:
    """Stops holds of a rule or institution. Returns the id of the switch."""
    given = {"kind": kind, "value": value, "by": by, "reason": reason, "at": to_micros(at)}
    return int(conn.execute(_ADD, given).scalar_one())


def lift(conn: Connection, kind: StopKind, value: str, *, by: str, at: datetime) -> int:
    """Lets holds through again. Returns how many switches were lifted (0: none was on)."""
    given = {"of_kind": kind, "of_value": value, "lifting": by, "moment": to_micros(at)}
    return conn.execute(_LIFT, given).rowcount


def active(conn: Connection) -> list[Stop]:
    """The switches that are on, oldest first."""
    return [_stop(row) for row in conn.execute(_ACTIVE)]


def history(conn: Connection, limit: int = 1000) -> list[Stop]:
    """All of them, newest first."""
    return [_stop(row) for row in conn.execute(_HISTORY, {"n": limit})]


def _stop(row: tuple[int, StopKind, str, str, str, int, str | None, int | None] | object) -> Stop:
    ident, kind, value, by, reason, at, lifted_by, lifted_at = row  # type: ignore[misc]
    return Stop(ident, kind, value, by, reason, from_micros(at), lifted_by, moment_or_none(lifted_at))


_ADD = insert(stops).returning(stops.c.id)
_LIFT = (
    update(stops)
    .where(
        stops.c.kind == bindparam("of_kind"),
        stops.c.value == bindparam("of_value"),
        stops.c.lifted_at.is_(None),
    )
    .values(lifted_by=bindparam("lifting"), lifted_at=bindparam("moment"))
)
_ALL = select(*(stops.c[name] for name in Stop._fields))
_ACTIVE = _ALL.where(stops.c.lifted_at.is_(None)).order_by(stops.c.id)
_HISTORY = _ALL.order_by(stops.c.id.desc()).limit(bindparam("n"))
