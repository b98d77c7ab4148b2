"""Every answer of the gate, in the order given. A decision is never changed: an amendment is a new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, select

from schemas.decisions import Decision
from storage import bodies
from storage.moments import to_micros
from storage.sql import Row, insert_many
from storage.tables import decisions


def insert(conn: Connection, given: Sequence[Decision]) -> None:
    """Adds them at the end; one whose id is there already is left as it is."""
    write(conn, [row_of(decision, bodies.dump(decision)) for decision in given])


def row_of(decision: Decision, body: bytes) -> Row:
    return (
        decision.decision_id,
        decision.fixmedins_code,
        decision.stay,
        decision.mdtrt_id,
        decision.outcome,
        to_micros(decision.decided_at),
        body,
    )


def get(conn: Connection, decision_id: str) -> Decision | None:
    row = conn.execute(_GET, {"id": decision_id}).first()
    return None if row is None else bodies.load(Decision, row[0])


def for_stay(conn: Connection, stay: str) -> list[Decision]:
    """All of a stay's, oldest first."""
    return [bodies.load(Decision, row[0]) for row in conn.execute(_FOR_STAY, {"stay": stay})]


def for_mdtrt(conn: Connection, mdtrt_id: str) -> list[Decision]:
    """As `for_stay`, by the platform's number of the stay."""
    return [bodies.load(Decision, row[0]) for row in conn.execute(_FOR_MDTRT, {"mdtrt": mdtrt_id})]


def each(conn: Connection, *, page: int = 1000) -> Iterator[Decision]:
    """All of them in order, read in pages."""
    last = 0
    while rows := conn.execute(_AFTER, {"last": last, "n": page}).all():
        for _, body in rows:
            yield bodies.load(Decision, body)
        last = rows[-1][0]


write = insert_many(
    decisions,
    ["decision_id", "institution", "stay", "mdtrt_id", "outcome", "decided_at", "body"],
    conflict="keep",
)
_GET = select(decisions.c.body).where(decisions.c.decision_id == bindparam("id"))
_FOR_STAY = select(decisions.c.body).where(decisions.c.stay == bindparam("stay")).order_by(decisions.c.seq)
_FOR_MDTRT = select(decisions.c.body).where(decisions.c.mdtrt_id == bindparam("mdtrt")).order_by(decisions.c.seq)
_AFTER = (
    select(decisions.c.seq, decisions.c.body)
    .where(decisions.c.seq > bindparam("last"))
    .order_by(decisions.c.seq)
    .limit(bindparam("n"))
)
