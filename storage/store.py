"""The database: one writer transaction at a time here, readers beside it.

SQLite runs in WAL mode: readers see the last commit and never wait for the writer. With `durable` a commit is
on disk before it returns, so that neither kill -9 nor loss of power loses it. Without, kill -9 still loses
nothing (the operating system holds the pages), but loss of power may lose the last seconds; the file stays
whole. That is for replays and tests, whose work can be done again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import ArgumentError, InvalidRequestError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from storage import migrate
from storage.errors import Busy, RolledBack, StorageError, translate

_SQLITE_PRAGMAS = {
    "busy_timeout": "30000",  # ms; only another process can be in the way, threads queue at our own lock
    "cache_size": "-65536",  # KiB
    "temp_store": "MEMORY",
    "wal_autocheckpoint": "4000",  # pages, 16 MB: fewer, longer copies back into the file
    "journal_size_limit": "67108864",
    "secure_delete": "ON",  # what is deleted is overwritten at once (measured: it costs nothing here)
}


@dataclass
class _Open:
    """What a thread has open. `doomed` once an inner block failed."""

    write: Connection | None = None
    read: Connection | None = None
    doomed: bool = False
    after: list[Callable[[], None]] = field(default_factory=list)


class _Local(threading.local):
    def __init__(self) -> None:
        self.open = _Open()


class Store:
    """Where everything is kept. Open with `Store.open`; give `with store.write() as conn` to the functions
    of the modules beside this one.

    Blocks belong to a thread: never hold one across an `await`.
    """

    def __init__(self, url: URL, writer: Engine, reader: Engine) -> None:
        self.url = url
        self.dialect = writer.dialect.name  # sqlite | postgresql
        self.where = url.render_as_string(hide_password=True)
        self._writer = writer
        self._reader = reader
        self._one_writer = threading.Lock() if self.dialect == "sqlite" else None
        self._local = _Local()

    @classmethod
    def open(cls, url: str, *, durable: bool = True, echo: bool = False) -> Self:
        """The database at a SQLAlchemy URL: `sqlite:///FILE` or `postgresql://USER@HOST/NAME`.

        An empty database gets its tables; one of another schema revision raises `SchemaMismatch`.
        """
        parsed = parse_url(url)
        store = cls.unchecked(parsed, durable=durable, echo=echo)
        try:
            migrate.prepare(store)
        except StorageError:
            store.close()
            raise
        return store

    @classmethod
    def unchecked(cls, url: URL, *, durable: bool = True, echo: bool = False) -> Self:
        """A store whose schema nobody has looked at yet: for migrations and for `doctor`."""
        writer, reader = _engines(url, durable=durable, echo=echo)
        return cls(url, writer, reader)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed as a whole when the block ends, rolled back when it raises.

        Inside another `write()` of the same thread it joins that one. An inner block that raises dooms the
        whole: if the exception is swallowed on the way, the outer block ends in `RolledBack`.
        """
        mine = self._local.open
        if mine.write is not None:
            try:
                yield mine.write
            except BaseException:
                mine.doomed = True
                raise
            return
        with self._guarded(), self._turn():
            yield from self._outermost(mine)
        for call in mine.after:
            call()

    def _outermost(self, mine: _Open) -> Iterator[Connection]:
        with self._writer.begin() as conn:
            mine.write, mine.doomed, mine.after = conn, False, []
            try:
                yield conn
                if mine.doomed:
                    raise RolledBack("a block inside this transaction failed: nothing was kept")
            finally:
                mine.write = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One unmoving view of the last commit; inside a `write()` of this thread, of its own work too."""
        mine = self._local.open
        if mine.write is not None or mine.read is not None:
            yield mine.write or mine.read  # type: ignore[misc]  # one of them is there
            return
        with self._guarded(), self._reader.connect() as conn:
            mine.read = conn
            try:
                yield conn
            finally:
                mine.read = None

    def after_commit(self, call: Callable[[], None]) -> None:
        """Calls `call` once the write transaction of this thread is committed; never if it is rolled back."""
        if self._local.open.write is None:
            raise StorageError("after_commit needs an open write()")
        self._local.open.after.append(call)

    @property
    def writing(self) -> bool:
        """This thread is inside a `write()`."""
        return self._local.open.write is not None

    def checkpoint(self) -> None:
        """Copies SQLite's write-ahead log back into the file, beside the writer. Call it every second or so.

        Without it the commit that fills the log does the copying, and whoever waits for that commit waits
        for the disk too.
        """
        if self.dialect != "sqlite":
            return
        with self._guarded():
            raw = self._reader.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            except sqlite3.OperationalError as error:
                raise translate(error, self.where) or error from None
            finally:
                raw.close()

    def close(self) -> None:
        """Lets go of every connection. SQLite folds its WAL file back on the last one."""
        self._reader.dispose()
        self._writer.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout:
            said = "连接已用完，请重试 / every connection has been in use for too long, try again"
            raise Busy(f"{self.where}: {said}") from None
        except StorageError as error:
            # the driver's own error, chained behind ours, may quote stored values
            error.__cause__, error.__suppress_context__ = None, True
            raise

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite's own wait is a polling one; threads of this process queue here instead."""
        if self._one_writer is None:
            yield
            return
        with self._one_writer:
            yield


def parse_url(url: str) -> URL:
    """The URL with our drivers. Raises `StorageError` where it is none that we can use."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (ArgumentError, NoSuchModuleError, InvalidRequestError, ValueError):
        raise StorageError(
            "数据库地址看不懂；应像 / the database URL can't be read; it looks like sqlite:///var/wardwatch.db"
        ) from None
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StorageError(
            f"{backend}: 不支持，请用 / not supported; use sqlite:///FILE or postgresql://USER@HOST/NAME"
        )
    if not parsed.database or parsed.database == ":memory:":
        raise StorageError("SQLite 需要一个文件 / SQLite needs a file: sqlite:///var/wardwatch.db")
    return parsed


def _engines(url: URL, *, durable: bool, echo: bool) -> tuple[Engine, Engine]:
    # hide_parameters: an error's text must never quote what was being stored
    common: dict[str, Any] = {"echo": echo, "hide_parameters": True}
    if url.get_backend_name() == "postgresql":
        return _postgres(url, common, durable=durable)
    path = Path(str(url.database))
    if not path.parent.is_dir():
        raise StorageError(
            f"{path.parent}: 没有这个目录，请先建立或改数据库地址 / "
            "no such folder; make it, or set another database URL"
        )
    writer = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0, **common)
    reader = create_engine(url, poolclass=QueuePool, pool_size=8, max_overflow=24, **common)
    sync = "FULL" if durable else "NORMAL"
    _shape(writer, ["journal_mode = WAL", f"synchronous = {sync}"], "BEGIN IMMEDIATE")
    _shape(reader, ["query_only = ON"], "BEGIN")
    return writer, reader


def _shape(engine: Engine, pragmas: list[str], begin: str) -> None:
    """The driver's own transaction handling is off (it commits behind our back); we say BEGIN ourselves."""
    _speak_our_errors(engine)
    every = [*(f"{name} = {value}" for name, value in _SQLITE_PRAGMAS.items()), *pragmas]

    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _record: Any) -> None:
        raw.isolation_level = None
        for pragma in every:
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(conn: Connection) -> None:
        conn.exec_driver_sql(begin)


def _postgres(url: URL, common: dict[str, Any], *, durable: bool) -> tuple[Engine, Engine]:
    try:
        engine = create_engine(url, pool_size=8, max_overflow=24, pool_pre_ping=True, **common)
    except ModuleNotFoundError:
        raise StorageError(
            "缺少 psycopg，请安装 wardwatch[postgres] / PostgreSQL needs psycopg: install wardwatch[postgres]"
        ) from None
    _speak_our_errors(engine)
    if not durable:

        @event.listens_for(engine, "connect")
        def _connected(raw: Any, _record: Any) -> None:
            raw.execute("SET synchronous_commit = off")
            raw.commit()

    reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine, reader


def _speak_our_errors(engine: Engine) -> None:
    where = engine.url.render_as_string(hide_password=True)

    @event.listens_for(engine, "handle_error")
    def _failed(context: ExceptionContext) -> StorageError | None:
        if context.is_pre_ping:
            return None
        return translate(context.original_exception, where, lost=context.is_disconnect)
