"""What can go wrong in storage, in words an operator can act on, and never with a stored value in them."""

from __future__ import annotations

import sqlite3


class StorageError(Exception):
    """Something about the database. `transient`: the same work may succeed when it is tried again."""

    transient = False


class Fenced(StorageError):
    """Another worker has taken this partition, or the offset isn't where this worker left it.

    Nothing was written. The worker must claim again and start from the row's offset.
    """


class Conflict(StorageError):
    """A row with the same unique key is there already."""


class Unstorable(StorageError):
    """A value that this database can't hold (in PostgreSQL text: NUL; anywhere: half a surrogate pair)."""


class DiskFull(StorageError):
    """No room was left; the transaction was rolled back."""


class Busy(StorageError):
    """Another process held the database too long, or two transactions stood in each other's way."""

    transient = True


class Unreachable(StorageError):
    """The database server can't be reached or closed the connection."""

    transient = True


class SchemaMismatch(StorageError):
    """The database's schema is not the one this version of wardwatch works with."""


class RolledBack(StorageError):
    """An inner block of this transaction failed and the failure was swallowed: the whole is rolled back."""


class BadCursor(StorageError, ValueError):
    """A paging cursor that this list never gave out."""


_FILE_TROUBLE = {
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
_FULL = (
    "磁盘已满，本次事务没有写入任何内容；请腾出空间后继续 / "
    "no room left on the database's disk; nothing of this transaction was kept. Free space, then go on"
)
_BUSY = "数据库正忙，请重试 / the database is busy, try again"
_AWAY = "连不上数据库服务器 / the database server can't be reached or closed the connection"


def translate(cause: BaseException, where: str, *, lost: bool = False) -> StorageError | None:
    """A driver's error (or one of ours from inside a statement) as ours, else None.

    `where` names the database (without password), `lost` says that the connection is gone. The driver's own
    text is dropped where it may quote stored values: PostgreSQL's details do.
    """
    if isinstance(cause, StorageError):
        return cause
    if isinstance(cause, UnicodeEncodeError):
        return Unstorable(f"{where}: a text holds half a surrogate pair, which has no UTF-8")
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause, where)
    kinds = {kind.__name__ for kind in type(cause).__mro__}
    if "Error" not in kinds or not isinstance(cause, Exception):
        return None
    return _from_postgres(cause, kinds, where, lost=lost)


def _from_postgres(cause: Exception, kinds: set[str], where: str, *, lost: bool) -> StorageError:
    state = getattr(cause, "sqlstate", None) or ""
    if state == "53100":
        return DiskFull(f"{where}: {_FULL} [{state}]")
    if state in {"40001", "40P01", "55P03", "57014"} or state[:2] == "53":
        return Busy(f"{where}: {_BUSY} [{state}]")
    if lost or state[:2] in {"08", "57"} or ("OperationalError" in kinds and not state):
        return Unreachable(f"{where}: {_AWAY} {state}".rstrip())
    if "IntegrityError" in kinds:
        rule = getattr(getattr(cause, "diag", None), "constraint_name", None) or "?"
        return Conflict(f"{where}: refused by constraint {rule} [{state}]")
    if "DataError" in kinds:
        return Unstorable(f"{where}: a value that PostgreSQL can't hold [{state or type(cause).__name__}]")
    return StorageError(f"{where}: the database refused the work [{type(cause).__name__} {state}]")


def _from_sqlite(cause: sqlite3.Error, where: str) -> StorageError:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(f"{where}: {_FULL}")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return Busy(f"{where}: {_BUSY}: another process has been writing for longer than the time-out")
    if code == sqlite3.SQLITE_CONSTRAINT:
        return Conflict(f"{where}: {cause}")  # SQLite names the columns, never their values
    if code in _FILE_TROUBLE:
        advice = "请检查文件、目录权限和磁盘 / check the file, its folder's rights and the disk"
        return StorageError(f"{where}: {cause}; {advice}")
    return StorageError(f"{where}: {cause}")
