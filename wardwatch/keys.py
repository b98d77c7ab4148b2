"""The server's own secrets, each in a file of `data_dir/keys` that only its account can read."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wardwatch.settings import Settings

KEY_BYTES = 32
FINGERPRINT_CHARACTERS = 32
"""128 bits: two identity numbers of a nation don't share a fingerprint."""

KEY_FILES = ("pseudonym.key", "nonce.key", "sealing.key")


class KeyFileError(ValueError):
    """A key file can't be used. The message names the file and never its content."""


@dataclass(frozen=True)
class OwnKeys:
    """What makes fingerprints, nonces, and opens what phones seal to us. Never shown."""

    pseudonym: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    sealing: bytes = field(repr=False)

    @property
    def sealing_public(self) -> bytes:
        """The raw X25519 public key that phones seal their offline queue to."""
        key = X25519PrivateKey.from_private_bytes(self.sealing).public_key()
        return key.public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def fingerprint(self) -> Callable[[str, str], str]:
        """(kind, value) → fingerprint: a keyed hash, so that nobody without the key can try all numbers."""
        key = self.pseudonym

        def made(kind: str, value: str) -> str:
            digest = hmac.digest(key, f"{kind}\x1f{value}".encode("utf-8", "surrogatepass"), hashlib.sha256)
            return digest.hex()[:FINGERPRINT_CHARACTERS]

        return made


REPLAY_KEYS = OwnKeys(*(hashlib.sha256(f"wardwatch replay {name}".encode()).digest() for name in KEY_FILES))
"""Known to everyone, and the same on every machine: a replay protects nothing and must repeat its bytes."""


def own_keys(settings: Settings) -> OwnKeys:
    """The keys of this server; those it doesn't have yet are made. Raises `KeyFileError`.

    `keys.pseudonym` of the settings goes before its file: then every machine of a cluster makes the same
    fingerprints.
    """
    folder = key_folder(settings)
    configured = settings.keys.pseudonym
    if configured is not None:
        pseudonym = hashlib.sha256(configured.get_secret_value().encode()).digest()
    else:
        pseudonym = _kept(folder / "pseudonym.key")
    return OwnKeys(pseudonym, _kept(folder / "nonce.key"), _kept(folder / "sealing.key"))


def key_folder(settings: Settings) -> Path:
    """Where the key files are."""
    return settings.data_dir / "keys"


def open_to_others(file: Path) -> bool:
    """Can anyone but the owner read or change this file?"""
    return bool(file.stat().st_mode & 0o077)


def _kept(file: Path) -> bytes:
    if not file.exists():
        _make(file)
    try:
        key = bytes.fromhex(file.read_text("ascii").strip())
    except (UnicodeDecodeError, ValueError):
        key = b""
    except OSError as error:
        raise KeyFileError(f"{file}: 无法读取 / can't be read: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise KeyFileError(
            f"{file}: 应为 {KEY_BYTES * 2} 位十六进制；请从备份恢复 / "
            f"should hold {KEY_BYTES * 2} hexadecimal digits; restore it from the backup"
        )
    return key


def _make(file: Path) -> None:
    """Written whole under another name and then given its own: two processes that start at once end up with one
    key, and a crash leaves none or a whole one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as out:
                out.write(secrets.token_hex(KEY_BYTES) + "\n")
                out.flush()
                os.fsync(out.fileno())
            try:
                os.link(draft, file)
            except FileExistsError:
                pass
        finally:
            draft.unlink()
    except OSError as error:
        raise KeyFileError(f"{file}: 无法生成 / can't be made: {error.strerror}") from None
