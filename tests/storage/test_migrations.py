"""The migrations make exactly the tables of `tables.py`, and a database of another revision is refused."""

from __future__ import annotations

import importlib.resources

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from storage import migrate
from storage.errors import SchemaMismatch
from storage.store import Store, parse_url
from storage.tables import metadata
from tests.storage.conftest import MakeUrl


def set_revision(url: str, revision: str) -> None:
    with Store.unchecked(parse_url(url)) as store, store.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def tables_of(conn: Connection) -> set[str]:
    return set(inspect(conn).get_table_names())


def test_a_migrated_database_is_the_one_the_code_describes(store: Store) -> None:
    with store.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert migrate.current(conn) == migrate.head()


def test_what_autogeneration_does_not_compare_agrees_too(store: Store) -> None:
    """Defaults, partial indexes and collations: read from the database beside one made from the tables."""
    with store.write() as conn:
        migrated = _fine_print(conn)
        metadata.drop_all(conn)
        metadata.create_all(conn)
        assert _fine_print(conn) == migrated


def test_the_code_names_the_newest_migration() -> None:
    folder = importlib.resources.files("storage") / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == migrate.head()


def test_an_empty_database_gets_its_tables_and_keeps_them(new_url: MakeUrl) -> None:
    url = new_url()
    with Store.unchecked(parse_url(url)) as store, store.read() as conn:
        assert migrate.current(conn) is None
        with pytest.raises(SchemaMismatch, match="wardwatch migrate"):
            migrate.check(conn, "here")
    for _ in range(2):
        with Store.open(url) as store, store.read() as conn:
            assert tables_of(conn) == {*metadata.tables, "alembic_version"}


def test_migrating_twice_is_migrating_once(new_url: MakeUrl) -> None:
    url = new_url()
    assert migrate.upgrade(url) == migrate.head()
    assert migrate.upgrade(url) == migrate.head()


def test_a_database_of_a_newer_version_is_refused_with_a_way_out(new_url: MakeUrl) -> None:
    url = new_url()
    Store.open(url).close()
    set_revision(url, "9999")
    with pytest.raises(SchemaMismatch, match="newer wardwatch"):
        Store.open(url)
    with pytest.raises(SchemaMismatch):
        migrate.upgrade(url)


def test_a_database_of_an_older_version_waits_for_the_command(
    new_url: MakeUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_url()
    Store.open(url).close()
    monkeypatch.setattr(migrate, "REVISION", "0002")  # as if this version had one more
    with pytest.raises(SchemaMismatch, match="Back it up, then run: wardwatch migrate"):
        Store.open(url)


def test_a_database_of_somebody_else_is_left_alone(new_url: MakeUrl) -> None:
    url = new_url()
    with Store.unchecked(parse_url(url)) as store, store.write() as conn:
        conn.execute(text("CREATE TABLE payroll (id INTEGER)"))
    with pytest.raises(SchemaMismatch, match="no tables of wardwatch"):
        Store.open(url)
    with Store.unchecked(parse_url(url)) as store, store.read() as conn:
        assert tables_of(conn) == {"payroll"}


def test_a_migration_that_fails_half_way_leaves_nothing(new_url: MakeUrl) -> None:
    url = new_url()
    with Store.unchecked(parse_url(url)) as store, store.write() as conn:
        conn.execute(text("CREATE TABLE unjoined (id INTEGER)"))  # the last table's name is taken
    with pytest.raises(Exception, match=r"unjoined|DuplicateTable"):
        migrate.upgrade(url)
    with Store.unchecked(parse_url(url)) as store, store.read() as conn:
        assert tables_of(conn) == {"unjoined"}


def _fine_print(conn: Connection) -> list[tuple[str, ...]]:
    if conn.dialect.name == "sqlite":
        query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
        return sorted((str(name), " ".join(str(sql).split())) for name, sql in conn.execute(text(query)))
    columns = (
        "SELECT table_name || '.' || column_name, data_type, is_nullable, coalesce(column_default, ''), "
        "coalesce(collation_name, '') FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name <> 'alembic_version'"
    )
    indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
    rows = [tuple(map(str, row)) for query in (columns, indexes) for row in conn.execute(text(query))]
    return sorted(row for row in rows if "alembic_version" not in row[0])
