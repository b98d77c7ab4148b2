"""The server's sealing key as others see it: phones seal their offline queue to it (X25519)."""

from __future__ import annotations

import base64
import hashlib

KEY_BYTES = 32


def public_jwk(public_key: bytes) -> dict[str, str]:
    """The JSON Web Key (RFC 8037) of a raw X25519 public key; `kid` is its thumbprint (RFC 7638).

    Raises ValueError where the key has another length.
    """
    if len(public_key) != KEY_BYTES:
        raise ValueError(f"an X25519 public key has {KEY_BYTES} bytes, not {len(public_key)}")
    x = _base64url(public_key)
    canonical = f'{{"crv":"X25519","kty":"OKP","x":"{x}"}}'
    thumbprint = _base64url(hashlib.sha256(canonical.encode()).digest())
    return {"kty": "OKP", "crv": "X25519", "use": "enc", "alg": "ECDH-ES", "kid": thumbprint, "x": x}


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
