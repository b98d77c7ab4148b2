"""What the engine knows of each person or ward: a version and opaque bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Literal, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from storage.sql import insert_many, is_among
from storage.tables import states

Space = Literal["person", "ward"]


class StateRow(NamedTuple):
    """`version` counts the commits that changed it: the gate says which one its answer rests on."""

    version: int
    body: bytes


def load(conn: Connection, space: Space, keys: Collection[str]) -> dict[str, StateRow]:
    """The rows of `keys` that exist."""
    found = conn.execute(_LOAD, {"space": space, "keys": list(keys)})
    return {key: StateRow(version, body) for key, version, body in found}


def save(conn: Connection, space: Space, rows: Mapping[str, StateRow]) -> None:
    """Writes each row over what was there. The offset row, advanced before, says that we may."""
    _SAVE(conn, [(space, key, row.version, row.body) for key, row in rows.items()])


def each(conn: Connection, space: Space, *, after: str = "", limit: int = 1000) -> Iterator[tuple[str, StateRow]]:
    """Rows in the order of their keys, from the one after `after`: to walk all of them in pages."""
    for key, version, body in conn.execute(_EACH, {"space": space, "after": after, "n": limit}):
        yield key, StateRow(version, body)


def count(conn: Connection, space: Space) -> int:
    return int(conn.execute(_COUNT, {"space": space}).scalar_one())


_OF_SPACE = states.c.space == bindparam("space")
_LOAD = select(states.c.key, states.c.version, states.c.body).where(_OF_SPACE, is_among(states.c.key))
_SAVE = insert_many(states, ["space", "key", "version", "body"], conflict="replace")
_EACH = (
    select(states.c.key, states.c.version, states.c.body)
    .where(_OF_SPACE, states.c.key > bindparam("after"))
    .order_by(states.c.key)
    .limit(bindparam("n"))
)
_COUNT = select(func.count()).select_from(states).where(_OF_SPACE)
