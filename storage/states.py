"""What the engine knows of each person or ward: a version and opaque bytes, the bulky ones in parts of their own.

A part is written when it changes: an event that adds a fee line doesn't write the faces again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Literal, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, select

from storage.sql import Many, insert_many, is_among
from storage.tables import state_parts, states

Space = Literal["person", "ward"]


class StateRow(NamedTuple):
    """`version` counts the commits that changed it: the gate says which one its answer rests on.

    `parts` are all of them where a state is read, the changed ones where it is written (None: it is gone).
    """

    version: int
    body: bytes
    parts: Mapping[str, bytes | None] = {}


def load(conn: Connection, space: Space, keys: Collection[str]) -> dict[str, StateRow]:
    """The rows of `keys` that exist."""
    given = {"space": space, "keys": list(keys)}
    found = conn.execute(_LOAD, given).all()
    parts: dict[str, dict[str, bytes | None]] = {key: {} for key, _, _ in found}
    if parts:
        for key, part, body in conn.execute(_LOAD_PARTS, given):
            parts[key][part] = body
    return {key: StateRow(version, body, parts[key]) for key, version, body in found}


def save(conn: Connection, space: Space, rows: Mapping[str, StateRow]) -> None:
    """Writes each row over what was there. The offset row, advanced before, says that we may."""
    _SAVE(conn, [(space, key, row.version, row.body) for key, row in rows.items()])
    changed = [(space, key, part, body) for key, row in rows.items() for part, body in row.parts.items()]
    _SAVE_PART(conn, [row for row in changed if row[3] is not None])
    _DROP_PART(conn, [row[:3] for row in changed if row[3] is None])


def each(conn: Connection, space: Space, *, after: str = "", limit: int = 1000) -> Iterator[tuple[str, StateRow]]:
    """Rows in the order of their keys, from the one after `after`: to walk all of them in pages."""
    keys = [key for (key,) in conn.execute(_KEYS, {"space": space, "after": after, "n": limit})]
    found = load(conn, space, keys) if keys else {}
    yield from ((key, found[key]) for key in keys)


def count(conn: Connection, space: Space) -> int:
    return int(conn.execute(_COUNT, {"space": space}).scalar_one())


_OF_SPACE = states.c.space == bindparam("space")
_LOAD = select(states.c.key, states.c.version, states.c.body).where(_OF_SPACE, is_among(states.c.key))
_LOAD_PARTS = select(state_parts.c.key, state_parts.c.part, state_parts.c.body).where(
    state_parts.c.space == bindparam("space"), is_among(state_parts.c.key)
)
_SAVE = insert_many(states, ["space", "key", "version", "body"], conflict="replace")
_SAVE_PART = insert_many(state_parts, ["space", "key", "part", "body"], conflict="replace")
_DROP_PART = Many(
    ["space", "key", "part"],
    lambda _: delete(state_parts).where(*(state_parts.c[name] == bindparam(name) for name in ("space", "key", "part"))),
)
_KEYS = (
    select(states.c.key)
    .where(_OF_SPACE, states.c.key > bindparam("after"))
    .order_by(states.c.key)
    .limit(bindparam("n"))
)
_COUNT = select(func.count()).select_from(states).where(_OF_SPACE)
