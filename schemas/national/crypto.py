"""国密 of the national interface: SM4 for `input`, SM3 digests and SM2 signatures over its text.

SM3 and SM4 come from OpenSSL through `cryptography`. SM2 comes from `gmssl`: pure Python and so on every
platform a bureau runs (the C wrappers publish no Linux wheel for ARM), at 10 to 40 ms a verification.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from gmssl import sm2

from schemas.national.errors import Unreadable

STANDARD_USER_ID = b"1234567812345678"
"""The signer's id where two sides agreed on none (GB/T 35276)."""

_HEX = re.compile(r"[0-9A-Fa-f]+\Z")
_TABLE: dict[str, str] = sm2.default_ecc_table
_ORDER, _PRIME = int(_TABLE["n"], 16), int(_TABLE["p"], 16)
_A, _B = int(_TABLE["a"], 16), int(_TABLE["b"], 16)


@dataclass(frozen=True, slots=True)
class Keys:
    """What we share with one institution (or app). Secrets never show in `repr`.

    `sm4_key` and `sm4_iv` are 16 bytes, `sm2_public_key` the 64 bytes x‖y. With `require_signature` a message
    whose signature can't be verified is refused; without, it is taken and flagged.
    """

    sm4_key: bytes | None = field(default=None, repr=False)
    sm4_mode: Literal["ecb", "cbc"] = "ecb"
    sm4_iv: bytes | None = field(default=None, repr=False)
    sm2_public_key: bytes | None = field(default=None, repr=False)
    sm2_user_id: bytes = STANDARD_USER_ID
    require_signature: bool = False

    def __post_init__(self) -> None:
        if self.sm4_key is not None and len(self.sm4_key) != 16:
            raise ValueError("SM4 密钥应为 16 字节 / an SM4 key has 16 bytes")
        if self.sm4_mode == "cbc" and (self.sm4_iv is None or len(self.sm4_iv) != 16):
            raise ValueError("SM4 CBC 模式需要 16 字节的初始向量 / SM4 in CBC mode needs an iv of 16 bytes")
        if self.sm4_iv is not None and self.sm4_key is None:
            raise ValueError("有初始向量却没有 SM4 密钥 / an iv without an SM4 key")
        if self.require_signature and self.sm2_public_key is None:
            raise ValueError("要求验签却没有 SM2 公钥 / signatures are required and no SM2 public key is there")
        if self.sm2_public_key is not None and not _on_curve(self.sm2_public_key):
            raise ValueError("SM2 公钥不是曲线上的点 / the SM2 public key is no point of the curve")

    @classmethod
    def from_text(
        cls,
        *,
        sm4_key: str = "",
        sm4_iv: str = "",
        sm2_public_key: str = "",
        sm2_user_id: str = "",
        require_signature: bool = False,
    ) -> Keys:
        """Keys as settings hold them: hex, Base64, or (SM4) the 16 characters themselves.

        An `sm4_iv` chooses CBC. A public key may be 64 bytes, 65 with the leading 04, or a DER 公钥 structure.
        Raises `ValueError` where a key has the wrong form; the text never shows the key.
        """
        return cls(
            sm4_key=_key_bytes(sm4_key) if sm4_key else None,
            sm4_mode="cbc" if sm4_iv else "ecb",
            sm4_iv=_key_bytes(sm4_iv) if sm4_iv else None,
            sm2_public_key=_point_bytes(sm2_public_key) if sm2_public_key else None,
            sm2_user_id=sm2_user_id.encode() or STANDARD_USER_ID,
            require_signature=require_signature,
        )


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of every institution, of outer wrappers by their `appId`, and of everyone else."""

    institutions: Mapping[str, Keys] = field(default_factory=dict, repr=False)
    apps: Mapping[str, Keys] = field(default_factory=dict, repr=False)
    default: Keys | None = field(default=None, repr=False)

    def of(self, institution: str) -> Keys | None:
        """The keys shared with an institution."""
        return self.institutions.get(institution, self.default)

    def of_app(self, app_id: str) -> Keys | None:
        """The keys of an outer wrapper."""
        return self.apps.get(app_id, self.default)


NO_KEYS = Keyring()


def decrypt(sealed: str, keys: Keys | None) -> bytes:
    """The plain bytes of SM4 text (Base64 or hex). Raises `Unreadable` (`no_key`, `decrypt_failed`)."""
    if keys is None or keys.sm4_key is None:
        raise Unreadable("no_key")
    try:
        step = _sm4(keys).decryptor()
        padded = step.update(_bytes_of(sealed)) + step.finalize()
        strip = padding.PKCS7(128).unpadder()
        return strip.update(padded) + strip.finalize()
    except ValueError:
        raise Unreadable("decrypt_failed") from None


def encrypt(plain: bytes, keys: Keys) -> str:
    """`plain` as SM4 Base64, the form `decrypt` reads. `keys` must hold an SM4 key."""
    pad = padding.PKCS7(128).padder()
    step = _sm4(keys).encryptor()
    return base64.b64encode(step.update(pad.update(plain) + pad.finalize()) + step.finalize()).decode()


def _sm4(keys: Keys) -> Cipher[Any]:
    assert keys.sm4_key is not None
    mode = modes.CBC(keys.sm4_iv) if keys.sm4_mode == "cbc" and keys.sm4_iv else modes.ECB()  # noqa: S305 the interface's mode
    return Cipher(algorithms.SM4(keys.sm4_key), mode)


def sm3(*parts: bytes) -> bytes:
    """SM3 digest of the joined parts."""
    digest = hashes.Hash(hashes.SM3())
    for part in parts:
        digest.update(part)
    return digest.finalize()


def digest_matches(cainfo: str, plain: bytes) -> bool:
    """Whether `cainfo` is the SM3 digest of `plain`, in hex or Base64."""
    try:
        return _bytes_of(cainfo) == sm3(plain)
    except ValueError:
        return False


def signature_matches(cainfo: str, plain: bytes, keys: Keys) -> bool:
    """Whether `cainfo` is an SM2 signature (DER or r‖s, Base64 or hex) over `plain`."""
    assert keys.sm2_public_key is not None
    try:
        r, s = _signature(_bytes_of(cainfo))
    except ValueError:
        return False
    if not (0 < r < _ORDER and 0 < s < _ORDER):  # gmssl doesn't check the range itself
        return False
    checker = sm2.CryptSM2(private_key="", public_key="")
    # Set beside the constructor: it strips every leading 0 and 4 of a key that begins with 04.
    checker.public_key = keys.sm2_public_key.hex()
    try:
        return bool(checker.verify(f"{r:064x}{s:064x}", _signed_digest(plain, keys)))
    except TypeError:  # gmssl has no word for the point at infinity
        return False


def _signed_digest(plain: bytes, keys: Keys) -> bytes:
    """SM3(Z ‖ text), with Z binding the signer's id and key. gmssl knows only the standard id."""
    assert keys.sm2_public_key is not None
    user = keys.sm2_user_id
    curve = bytes.fromhex(_TABLE["a"] + _TABLE["b"] + _TABLE["g"])
    z = sm3((8 * len(user)).to_bytes(2, "big"), user, curve, keys.sm2_public_key)
    return sm3(z, plain)


def _signature(raw: bytes) -> tuple[int, int]:
    if len(raw) == 64:
        return int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    return decode_dss_signature(raw)


def _bytes_of(text: str) -> bytes:
    """Hex or Base64 (line breaks and a missing padding forgiven). Raises `ValueError`."""
    text = "".join(text.split())
    if _HEX.match(text) and len(text) % 2 == 0:
        return bytes.fromhex(text)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("neither hex nor Base64") from error


def _key_bytes(text: str) -> bytes:
    text = text.strip()
    return text.encode() if len(text) == 16 else _bytes_of(text)


def _point_bytes(text: str) -> bytes:
    raw = _bytes_of(text.strip())
    if len(raw) in (65, 91) and raw[-65] == 4:  # 91: SubjectPublicKeyInfo ends with the point
        return raw[-64:]
    return raw


def _on_curve(point: bytes) -> bool:
    if len(point) != 64:
        return False
    x, y = int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big")
    return x < _PRIME and y < _PRIME and (y * y - (x * x * x + _A * x + _B)) % _PRIME == 0
