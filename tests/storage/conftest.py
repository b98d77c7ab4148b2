"""Databases to test on: SQLite files, and PostgreSQL where WARDWATCH_TEST_POSTGRES names one."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from storage.store import Store

BACKENDS = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
MakeUrl = Callable[[], str]
MakeStore = Callable[[], Store]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each test runs once a backend."""
    name = str(request.param)
    if name == "postgresql" and "WARDWATCH_TEST_POSTGRES" not in os.environ:
        pytest.skip("WARDWATCH_TEST_POSTGRES isn't set (scripts/with-postgres.sh sets it)")
    return name


@pytest.fixture
def new_url(backend: str, tmp_path: Path) -> Iterator[MakeUrl]:
    """Makes URLs of empty databases: files, or schemas of their own in the PostgreSQL database."""
    numbers = itertools.count()
    if backend == "sqlite":
        yield lambda: f"sqlite:///{tmp_path}/{next(numbers)}.db"
        return
    server = make_url(os.environ["WARDWATCH_TEST_POSTGRES"]).set(drivername="postgresql+psycopg")
    engine = create_engine(server)
    made: list[str] = []

    def make() -> str:
        name = f"wardwatch_test_{os.getpid()}_{next(numbers)}"
        with engine.begin() as conn:
            conn.execute(text(f"DROP SCHEMA IF EXISTS {name} CASCADE"))
            conn.execute(text(f"CREATE SCHEMA {name}"))
        made.append(name)
        url = server.update_query_dict({"options": f"-csearch_path={name}"})
        return url.render_as_string(hide_password=False)

    yield make
    with engine.begin() as conn:
        for name in made:
            conn.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture
def new_store(new_url: MakeUrl) -> Iterator[MakeStore]:
    """Opens stores on empty databases, and closes them."""
    opened: list[Store] = []

    def make() -> Store:
        opened.append(Store.open(new_url(), durable=False))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def store(new_store: MakeStore) -> Store:
    """One store on an empty database."""
    return new_store()
