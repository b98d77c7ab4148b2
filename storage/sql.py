"""Two helpers for the hot path: a statement compiled once and run over many rows, and `column among keys`.

SQLAlchemy's own executemany costs more a row than SQLite itself. `Many` asks SQLAlchemy for the text once a
database and then hands plain tuples to the driver, so a row costs what the driver costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import orjson
from sqlalchemy import ARRAY, Boolean, Connection, Dialect, Table, Text, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement, ColumnElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from storage.errors import Unstorable

_POSITIONAL: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": PGDialect_psycopg(paramstyle="format"),  # type: ignore[no-untyped-call]
}

Row = tuple[Any, ...]
Conflict = Literal["fail", "keep", "replace"]


class Many:
    """One statement for many rows. `build` makes it for a dialect's name; `columns` is the order of a row."""

    def __init__(self, columns: Sequence[str], build: Callable[[str], ClauseElement]) -> None:
        self._columns = list(columns)
        self._build = build
        self._texts: dict[str, str] = {}

    def __call__(self, conn: Connection, rows: Sequence[Row]) -> int:
        """Runs it for each row, in order. Returns how many rows of the table were touched."""
        if not rows:
            return 0
        name = conn.dialect.name
        words = self._texts.get(name) or self._compile(name)
        return conn.exec_driver_sql(words, list(rows)).rowcount

    def _compile(self, name: str) -> str:
        compiled = self._build(name).compile(dialect=_POSITIONAL[name])
        assert isinstance(compiled, SQLCompiler)
        if compiled.positiontup != self._columns:
            raise AssertionError(f"a row must be in the order {compiled.positiontup}, not {self._columns}")
        self._texts[name] = str(compiled)
        return self._texts[name]


def insert_many(
    table: Table,
    columns: Sequence[str],
    *,
    conflict: Conflict = "fail",
    unless: Callable[[Any], ColumnElement[bool]] | None = None,
) -> Many:
    """INSERT of `columns` (in the table's order). On a primary key that is there: fail, keep, or replace.

    `unless(new)` leaves the old row in place where it holds, and so spares a write that changes nothing.
    """
    keys = [column.name for column in table.primary_key]

    def build(name: str) -> ClauseElement:
        module: Any = sqlite if name == "sqlite" else postgresql
        statement = module.insert(table).values({column: bindparam(column) for column in columns})
        if conflict == "keep":
            return statement.on_conflict_do_nothing()  # type: ignore[no-any-return]
        if conflict == "replace":
            changes = {column: statement.excluded[column] for column in columns if column not in keys}
            where = None if unless is None else ~unless(statement.excluded)
            return statement.on_conflict_do_update(index_elements=keys, set_=changes, where=where)  # type: ignore[no-any-return]
        return statement  # type: ignore[no-any-return]

    return Many(columns, build)


class _Keys(TypeDecorator[list[str]]):
    """A list of keys as one bound value: a JSON array for SQLite, an array for PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(ARRAY(Text()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: list[str] | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return _json_keys(value)


def _json_keys(keys: list[str]) -> str:
    """As a JSON array. SQLite's `json_each` would cut a key at NUL, and so find another one or none."""
    try:
        listed = orjson.dumps(keys).decode()
    except TypeError:
        raise Unstorable("a key holds half a surrogate pair, which has no UTF-8") from None
    if "\\u0000" in listed and any("\0" in key for key in keys):
        raise Unstorable("a key holds NUL, which PostgreSQL can't store and SQLite can't look up")
    return listed


class among(FunctionElement[bool]):
    """`column` is one of the keys bound under a name: one text for any number of keys, prepared once."""

    type = Boolean()
    inherit_cache = True
    name = "among"

    def self_group(self, against: Any = None) -> Any:
        """As it is. SQLAlchemy would write `… IN (…) = 1` for SQLite, and that no index can serve."""
        return self


def is_among(column: ColumnElement[Any], name: str = "keys") -> ColumnElement[bool]:
    """`column` is one of the list bound as `name`."""
    return among(column, bindparam(name, type_=_Keys()))


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    column, keys = element.clauses
    place = compiler.process(keys, **kw)
    return f"{compiler.process(column, **kw)} IN (SELECT value FROM json_each({place}))"  # noqa: S608


@compiles(among, "postgresql")
def _among_postgresql(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    column, keys = element.clauses
    return f"{compiler.process(column, **kw)} = ANY ({compiler.process(keys, **kw)})"
