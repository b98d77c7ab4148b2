"""The live feed: what consoles are told, in an order that a reader can resume from.

Ids are taken from a locked end row, not from a sequence: a sequence gives out 5 before 6 but may show 6
first, and a reader that resumed after 6 would never see 5.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from storage import log
from storage.moments import to_micros
from storage.sql import insert_many, is_among
from storage.tables import feed

TOPIC = "live-feed"  # its end row stands among those of the log


class FeedRow(NamedTuple):
    id: int
    kind: str
    institution: str
    body: bytes


def append(conn: Connection, rows: Sequence[tuple[str, str, bytes]], *, at: datetime) -> list[int]:
    """Appends (kind, institution, body). Returns their ids, dense from 1."""
    if not rows:
        return []
    _, first = log.reserve(conn, TOPIC, 0, len(rows))
    ids = list(range(first + 1, first + 1 + len(rows)))
    moment = to_micros(at)
    _ADD(
        conn,
        [(ident, kind, institution, moment, body) for ident, (kind, institution, body) in zip(ids, rows, strict=True)],
    )
    return ids


def since(conn: Connection, after_id: int, limit: int, institutions: Collection[str] | None = None) -> list[FeedRow]:
    """Rows after `after_id`, in order; `institutions` narrows them (rows of none belong to the bureau)."""
    given = {"after": after_id, "n": limit}
    if institutions is None:
        return [FeedRow(*row) for row in conn.execute(_SINCE, given)]
    return [FeedRow(*row) for row in conn.execute(_SINCE_OF, {**given, "keys": list(institutions)})]


def last_id(conn: Connection) -> int:
    """The newest row's id; 0 before the first."""
    return log.end(conn, TOPIC, 0)


_ADD = insert_many(feed, ["id", "kind", "institution", "at", "body"])
_ROWS = select(feed.c.id, feed.c.kind, feed.c.institution, feed.c.body).where(feed.c.id > bindparam("after"))
_SINCE = _ROWS.order_by(feed.c.id).limit(bindparam("n"))
_SINCE_OF = _ROWS.where(is_among(feed.c.institution)).order_by(feed.c.id).limit(bindparam("n"))
