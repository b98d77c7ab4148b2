"""Bringing a database to this version's tables. Nothing here runs by itself, but on an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

from storage.errors import SchemaMismatch
from storage.tables import REVISION

if TYPE_CHECKING:
    from storage.store import Store

_HERE = Path(__file__).parent / "migrations"
_LOCK = 7_232_114  # any number of ours: two processes must not migrate one PostgreSQL database at once


def head() -> str:
    """The revision that this version of wardwatch works with."""
    return REVISION


def current(conn: Connection) -> str | None:
    """The revision the database is at; None where it has no tables of ours."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    row = conn.execute(text("SELECT version_num FROM alembic_version")).first()
    return None if row is None else str(row[0])


def check(conn: Connection, where: str) -> None:
    """Raises `SchemaMismatch`, saying what to do, unless the database is at `head()`."""
    found = current(conn)
    if found == REVISION:
        return
    if found is None:
        raise SchemaMismatch(
            f"{where}: 还没有 wardwatch 的表，请运行 wardwatch migrate / "
            "has no tables of wardwatch yet. Run: wardwatch migrate"
        )
    if found in {script.revision for script in _scripts().walk_revisions()}:
        raise SchemaMismatch(
            f"{where}: 数据库版本 {found}，本程序需要 {REVISION}；请先备份，再运行 wardwatch migrate / "
            f"is at schema {found}, this version needs {REVISION}. Back it up, then run: wardwatch migrate"
        )
    raise SchemaMismatch(
        f"{where}: 数据库版本 {found} 比本程序（{REVISION}）新；请用新版程序，或恢复升级前的备份 / "
        f"is at schema {found}, which this version ({REVISION}) doesn't know: a newer wardwatch wrote it. "
        "Use that version, or restore the backup made before the upgrade"
    )


def upgrade(url: str, revision: str = "head") -> str:
    """Brings the database at `url` to `revision`, in one transaction. Returns the revision it is at."""
    from storage.store import Store, parse_url

    with Store.unchecked(parse_url(url)) as store, store.write() as conn:
        _upgrade(conn, store.where, revision)
        return current(conn) or ""


def prepare(store: Store) -> None:
    """Gives an empty database its tables and refuses one of another revision."""
    with store.read() as conn:
        found = current(conn)
    if found is None:
        with store.write() as conn:
            if not _foreign_tables(conn):
                _upgrade(conn, store.where, "head")
    if found != REVISION:
        with store.read() as conn:
            check(conn, store.where)


def _foreign_tables(conn: Connection) -> bool:
    return current(conn) is None and bool(inspect(conn).get_table_names())


def _upgrade(conn: Connection, where: str, revision: str) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = _config()
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise SchemaMismatch(f"{where}: {error}") from None


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
