"""How much room each table takes, its indexes included."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from storage.errors import StorageError


def by_table(conn: Connection) -> dict[str, int]:
    """Bytes by table, largest first. Freed room inside SQLite's file counts as `(free)`: it is used again."""
    rows = _postgres(conn) if conn.dialect.name == "postgresql" else _sqlite(conn)
    return dict(sorted(rows.items(), key=lambda row: (-row[1], row[0])))


def total(conn: Connection) -> int:
    """Bytes of everything, without looking at every page: it may be asked for often."""
    if conn.dialect.name == "postgresql":
        return sum(by_table(conn).values())
    pages, page = (int(conn.execute(text(f"PRAGMA {name}")).scalar_one()) for name in ("page_count", "page_size"))
    return pages * page


def _postgres(conn: Connection) -> dict[str, int]:
    return {str(name): int(size) for name, size in conn.execute(_POSTGRES)}


def _sqlite(conn: Connection) -> dict[str, int]:
    page, free = (int(conn.execute(text(f"PRAGMA {name}")).scalar_one()) for name in ("page_size", "freelist_count"))
    try:
        rows = {str(name): int(size) for name, size in conn.execute(_DBSTAT)}
    except (DBAPIError, StorageError):
        # a SQLite built without dbstat: only the whole is known
        pages = int(conn.execute(text("PRAGMA page_count")).scalar_one())
        rows = {"(all tables)": (pages - free) * page}
    return {**rows, "(free)": free * page}


_POSTGRES = text(
    "SELECT c.relname, pg_total_relation_size(c.oid) FROM pg_class c "
    "WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace"
)
_DBSTAT = text(
    "SELECT coalesce(m.tbl_name, s.name), sum(s.pgsize) FROM dbstat s "
    "LEFT JOIN sqlite_master m ON m.name = s.name WHERE s.aggregate = 1 GROUP BY 1"
)
