"""The static file of credentials: who may call, how far they reach, and until when. Tokens are never in it.

```toml
[[credential]]
id = "his-H99010100001"
role = "institution"
token_sha256 = "…64 hexadecimal digits…"
institutions = ["H99010100001"]     # or "*"
wards = "*"
expires = 2027-12-31
```
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from access.callers import Caller
from access.permissions import PERMISSIONS, Role
from access.scopes import ALL, Reach, Scope
from schemas.base import china_date

TOKEN_PREFIX = "ww_"  # noqa: S105 — lets scanners of leaked secrets find ours
_FIELDS = {"id", "role", "token_sha256", "institutions", "wards", "expires", "note"}
_NAME = re.compile(r"[^\s<>\"'`;\\]{1,64}")


class CredentialsError(ValueError):
    """The file can't be used. The message names file and entry and repeats no fingerprint."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One entry. `fingerprint` is the SHA-256 of the token; `expires` is the last day (+08:00) it is good."""

    caller: Caller
    fingerprint: str
    expires: date | None


class Credentials:
    """All credentials of one server."""

    def __init__(self, entries: Iterable[Credential] = ()) -> None:
        self._entries = tuple(entries)

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> tuple[Credential, ...]:
        """Every one of them, in the order of the file."""
        return self._entries

    def authenticate(self, token: str, now: datetime) -> Caller | None:
        """Whose token this is, or None when nobody's or run out.

        Every entry is compared, each in constant time: how long it takes tells nothing about any of them.
        """
        fingerprint = fingerprint_of(token)
        found: Credential | None = None
        for entry in self._entries:
            if hmac.compare_digest(entry.fingerprint, fingerprint):
                found = entry
        if found is None or (found.expires is not None and china_date(now) > found.expires):
            return None
        return found.caller


def fingerprint_of(token: str) -> str:
    """SHA-256 of a token, in hex. Tokens are 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def must_bind_loopback(credentials: Credentials) -> bool:
    """Whether the server may only listen on this machine: as long as nobody has a credential."""
    return len(credentials) == 0


def new_credential(
    name: str,
    role: Role,
    institutions: Iterable[str] | None = None,
    wards: Iterable[str] | None = None,
    expires: date | None = None,
) -> tuple[str, str]:
    """A fresh token and the TOML entry for it. None for institutions or wards means all.

    The token is shown once, to whoever carries it to the caller; only the entry is kept. Raises ValueError.
    """
    for each in (name, *(institutions or ()), *(wards or ())):
        if not _NAME.fullmatch(each):
            raise CredentialsError(f"编号含有不允许的字符 / not an id: {each!r}")
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    lines = [
        "[[credential]]",
        f'id = "{name}"',
        f'role = "{role}"',
        f'token_sha256 = "{fingerprint_of(token)}"',
        f"institutions = {_as_toml(institutions)}",
        f"wards = {_as_toml(wards)}",
    ]
    if expires is not None:
        lines.append(f"expires = {expires.isoformat()}")
    return token, "\n".join(lines) + "\n"


def load_credentials(file: Path) -> Credentials:
    """The credentials in `file`; none when there is no such file. Raises `CredentialsError`."""
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Credentials()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CredentialsError(f"{file}: 不是有效的 TOML / not valid TOML: {error}") from None
    except OSError as error:
        raise CredentialsError(f"{file}: 无法读取 / can't be read: {error.strerror}") from None
    rows = written.pop("credential", [])
    if written or not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CredentialsError(f"{file}: 只应有 [[credential]] / only [[credential]] entries are expected")
    entries = [_entry(row, f"{file}: [[credential]] {number}") for number, row in enumerate(rows, start=1)]
    _refuse_repeats([entry.caller.id for entry in entries], file)
    _refuse_repeats([entry.fingerprint for entry in entries], file, what="token_sha256")
    return Credentials(entries)


def _entry(row: Mapping[str, Any], where: str) -> Credential:
    if unknown := row.keys() - _FIELDS:
        raise CredentialsError(f"{where}: 未知字段 / unknown field: {', '.join(sorted(unknown))}")
    name, role, fingerprint = row.get("id"), row.get("role"), row.get("token_sha256")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CredentialsError(f"{where}: id 应为 1 至 64 个字符 / id should be 1 to 64 characters")
    if role not in PERMISSIONS:
        raise CredentialsError(f"{where} ({name}): 未知角色 / unknown role; known: {', '.join(PERMISSIONS)}")
    if not isinstance(fingerprint, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", fingerprint):
        raise CredentialsError(f"{where} ({name}): token_sha256 应为 64 位十六进制 / should be 64 hexadecimal digits")
    expires = row.get("expires")
    if isinstance(expires, datetime) or not isinstance(expires, (date, type(None))):
        raise CredentialsError(f"{where} ({name}): expires 应为日期 / should be a date, e.g. 2027-12-31")
    institutions = _reach(row.get("institutions"), f"{where} ({name}): institutions")
    wards = _reach(row.get("wards", ALL), f"{where} ({name}): wards")
    caller = Caller(name, role, Scope(institutions, wards, PERMISSIONS[role]))
    return Credential(caller, fingerprint.lower(), expires)


def _reach(written: object, where: str) -> Reach:
    if written == ALL:
        return ALL
    if isinstance(written, list) and written and all(isinstance(each, str) and each for each in written):
        return frozenset(written)
    raise CredentialsError(f'{where}: 应为列表或 "*" / should be a list or "*"')


def _refuse_repeats(values: list[str], file: Path, what: str = "id") -> None:
    if len(set(values)) != len(values):
        raise CredentialsError(f"{file}: 两条凭证的 {what} 相同 / two credentials have the same {what}")


def _as_toml(names: Iterable[str] | None) -> str:
    return '"*"' if names is None else "[" + ", ".join(f'"{each}"' for each in names) + "]"
