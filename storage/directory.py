"""Who is who: stay numbers and hospital numbers to persons, persons to stays, and which institutions speak.

The gateway reads and writes it with the request, so a join made by one message is there for the next.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, bindparam, delete, literal_column, select, update

from storage.moments import from_micros, to_micros
from storage.sql import Many, insert_many, is_among
from storage.tables import aliases, institutions, members
from storage.tables import stays as _STAY

AliasKind = Literal["mdtrt", "ipt"]


class Alias(NamedTuple):
    """A number by which an institution names a stay. `institution` is empty where the number says it all."""

    kind: AliasKind
    value: str
    institution: str
    person: str
    stay: str


class Stay(NamedTuple):
    """A stay as the directory knows it; `mdtrt_id` is empty until it is learned."""

    stay: str
    institution: str
    person: str
    mdtrt_id: str
    ipt_no: str
    ward: str
    bed: str
    is_open: bool
    updated_at: datetime


class Institution(NamedTuple):
    code: str
    region: str
    first_heard_at: datetime
    last_heard_at: datetime
    last_heard_hour: datetime


# -- numbers ----------------------------------------------------------------------------------------------


def bind(conn: Connection, rows: Sequence[Alias]) -> None:
    """Notes what numbers mean; what was said before under the same number is replaced."""
    _BIND(conn, rows)


def unbind(conn: Connection, rows: Sequence[Alias]) -> None:
    """Forgets numbers, where they still mean the same stay."""
    _UNBIND(conn, [(row.kind, row.value, row.institution, row.stay) for row in rows])


def resolve_mdtrt(conn: Connection, mdtrt_id: str, institution: str = "") -> Alias | None:
    """Whose stay a platform number is. See `pick` for which institution's."""
    return pick(resolve_many(conn, "mdtrt", [mdtrt_id]).get(mdtrt_id, ()), institution)


def resolve_ipt(conn: Connection, institution: str, ipt_no: str) -> Alias | None:
    """Whose stay a hospital's own number is; another hospital's same number is another stay."""
    found = resolve_many(conn, "ipt", [ipt_no]).get(ipt_no, ())
    return next((alias for alias in found if alias.institution == institution), None)


def resolve_many(conn: Connection, kind: AliasKind, values: Collection[str]) -> dict[str, list[Alias]]:
    """Everything noted under numbers, by number."""
    found: dict[str, list[Alias]] = {}
    for row in conn.execute(_RESOLVE, {"kind": kind, "keys": list(values)}):
        found.setdefault(row.value, []).append(Alias(*row))
    return found


def pick(found: Sequence[Alias], institution: str) -> Alias | None:
    """The one that `institution`, or nobody in particular, noted; without institution the only one."""
    mine = [alias for alias in found if alias.institution in (institution, "")]
    if mine:
        return max(mine, key=lambda alias: alias.institution)
    return found[0] if not institution and len(found) == 1 else None


# -- persons ----------------------------------------------------------------------------------------------


def add_members(conn: Connection, rows: Collection[tuple[str, str, str]]) -> None:
    """Notes (institution, psn_no, insuplc_admdvs): this institution has had this person."""
    _JOIN(conn, list(rows))


def persons_of(conn: Connection, institution: str, psn_no: str) -> list[str]:
    """Under which `insuplc_admdvs` the institution knows this `psn_no`; more than one is ambiguous."""
    return persons_of_many(conn, institution, [psn_no]).get(psn_no, [])


def persons_of_many(conn: Connection, institution: str, psn_nos: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for psn_no, insuplc in conn.execute(_MEMBERS, {"institution": institution, "keys": list(psn_nos)}):
        found.setdefault(psn_no, []).append(insuplc)
    return found


# -- stays ------------------------------------------------------------------------------------------------


def put_stays(conn: Connection, rows: Sequence[Stay]) -> None:
    """Writes stays over what was there."""
    _PUT(conn, [(*row[:7], int(row.is_open), to_micros(row.updated_at)) for row in rows])


def stay(conn: Connection, key: str) -> Stay | None:
    return stays_by_key(conn, [key]).get(key)


def stays_by_key(conn: Connection, keys: Collection[str]) -> dict[str, Stay]:
    return {row[0]: _stay(row) for row in conn.execute(_STAYS, {"keys": list(keys)})}


def stays_of(conn: Connection, institution: str, person: str, *, open_only: bool = True) -> list[Stay]:
    """A person's stays at an institution (`""`: at any), by stay key."""
    found = stays_of_many(conn, [person]).get(person, [])
    return [
        one for one in found if (one.is_open or not open_only) and (not institution or one.institution == institution)
    ]


def stays_of_many(conn: Connection, persons: Collection[str]) -> dict[str, list[Stay]]:
    """All stays of each person, open or not, by stay key."""
    found: dict[str, list[Stay]] = {}
    for row in conn.execute(_STAYS_OF, {"keys": list(persons)}):
        found.setdefault(row.person, []).append(_stay(row))
    return found


def roster(conn: Connection, institution: str, ward: str | None = None) -> list[Stay]:
    """The open stays on a ward's books (None: on all of the institution's), by ward, bed and stay."""
    query = _ROSTER.where(_STAY.c.institution == institution)
    if ward is not None:
        query = query.where(_STAY.c.ward == ward)
    return [_stay(row) for row in conn.execute(query)]


# -- institutions -----------------------------------------------------------------------------------------


def institution(conn: Connection, code: str) -> Institution | None:
    return institutions_all(conn, [code]).get(code)


def institutions_all(conn: Connection, codes: Collection[str] | None = None) -> dict[str, Institution]:
    """The institutions heard so far (or those of `codes`), by code."""
    found = conn.execute(_HOUSES) if codes is None else conn.execute(_HOUSES_OF, {"keys": list(codes)})
    return {row[0]: _institution(row) for row in found}


def heard(conn: Connection, code: str, hour: datetime, at: datetime, region: str = "") -> bool:
    """Notes that an institution spoke at `at`. True the first time in the clock hour that begins at `hour`.

    A line older than what was heard last changes nothing.
    """
    return bool(heard_many(conn, {code: (hour, at, region)}))


def heard_many(conn: Connection, spoke: Mapping[str, tuple[datetime, datetime, str]]) -> set[str]:
    """As `heard` for code → (hour, at, region), the latest of each. Returns who was first in the hour."""
    known = institutions_all(conn, list(spoke))
    new = [code for code in spoke if code not in known]
    later = [code for code, old in known.items() if spoke[code][1] > old.last_heard_at]
    first = {*new, *(code for code in later if spoke[code][0] > known[code].last_heard_hour)}
    _FIRST(
        conn,
        [(code, spoke[code][2], *[to_micros(spoke[code][1])] * 2, to_micros(spoke[code][0])) for code in new],
    )
    _AGAIN(
        conn,
        [
            (spoke[code][2] or known[code].region, to_micros(spoke[code][1]), to_micros(spoke[code][0]), code)
            for code in later
        ],
    )
    return first


def _stay(row: Any) -> Stay:
    return Stay(
        row.stay,
        row.institution,
        row.person,
        row.mdtrt_id,
        row.ipt_no,
        row.ward,
        row.bed,
        bool(row.is_open),
        from_micros(row.updated_at),
    )


def _institution(row: Any) -> Institution:
    return Institution(row[0], row[1], *(from_micros(micros) for micros in row[2:]))


_BIND = insert_many(aliases, list(Alias._fields), conflict="replace")
_UNBIND = Many(
    ["kind", "value", "institution", "stay"],
    lambda _: delete(aliases).where(
        *(aliases.c[name] == bindparam(name) for name in ("kind", "value", "institution", "stay"))
    ),
)
_RESOLVE = select(*(aliases.c[name] for name in Alias._fields)).where(
    aliases.c.kind == bindparam("kind"), is_among(aliases.c.value)
)
_JOIN = insert_many(members, ["institution", "psn_no", "insuplc"], conflict="keep")
_MEMBERS = (
    select(members.c.psn_no, members.c.insuplc)
    .where(members.c.institution == bindparam("institution"), is_among(members.c.psn_no))
    .order_by(members.c.psn_no, members.c.insuplc)
)
_PUT = insert_many(_STAY, [column.name for column in _STAY.columns], conflict="replace")
_STAYS = select(_STAY).where(is_among(_STAY.c.stay))
_STAYS_OF = select(_STAY).where(is_among(_STAY.c.person)).order_by(_STAY.c.stay)
_ROSTER = (
    select(_STAY)
    .where(_STAY.c.is_open == literal_column("1"))  # literal, so that the partial index is used
    .order_by(_STAY.c.ward, _STAY.c.bed, _STAY.c.stay)
)
_HOUSES = select(institutions).order_by(institutions.c.code)
_HOUSES_OF = _HOUSES.where(is_among(institutions.c.code))
_FIRST = insert_many(
    institutions, ["code", "region", "first_heard_at", "last_heard_at", "last_heard_hour"], conflict="keep"
)
_AGAIN = Many(
    ["new_region", "spoke_at", "spoke_hour", "of_code"],
    lambda _: (
        update(institutions)
        .where(institutions.c.code == bindparam("of_code"))
        .values(
            region=bindparam("new_region"),
            last_heard_at=bindparam("spoke_at"),
            last_heard_hour=bindparam("spoke_hour"),
        )
    ),
)
