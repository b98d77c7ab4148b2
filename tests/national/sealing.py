"""What a hospital does before it sends: SM4 over `input`, SM2 over its text, with the standards' example keys."""

from __future__ import annotations

import base64
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from gmssl import sm2

from schemas.national import Keys
from schemas.national.crypto import STANDARD_USER_ID, encrypt, sm3

SM4_KEY = "0123456789abcdeffedcba9876543210"
SM4_IV = "00112233445566778899aabbccddeeff"
SECRET = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
PUBLIC = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
"""The example key pair of GB/T 32918.5 (SM2, recommended curve)."""


def sign(text: bytes, user_id: bytes = STANDARD_USER_ID) -> str:
    """r‖s in hex, made by the library with our digest."""
    signer = sm2.CryptSM2(private_key=SECRET, public_key="")
    signer.public_key = PUBLIC
    curve = bytes.fromhex("".join(sm2.default_ecc_table[name] for name in "abg"))
    z = sm3((8 * len(user_id)).to_bytes(2, "big"), user_id, curve, bytes.fromhex(PUBLIC))
    return str(signer.sign(sm3(z, text), "6c" * 32))


def der(signature: str) -> str:
    """The same as DER in Base64, as most libraries write it."""
    return base64.b64encode(encode_dss_signature(int(signature[:64], 16), int(signature[64:], 16))).decode()


def signed(document: dict[str, Any]) -> dict[str, Any]:
    """A message with its `input` as text and the signature over it; a tap's copy keeps its reply."""
    request = document.get("request", document)
    text = orjson.dumps(request["input"])
    return _with(document, {"input": text.decode(), "signtype": "SM2", "cainfo": der(sign(text))})


def sealed(document: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """A signed message, then encrypted; where a reply stands beside it, that too."""
    document = signed(document)
    request = document.get("request", document)
    document = _with(document, {"input": encrypt(request["input"].encode(), keys), "enc_type": "SM4"})
    if "response" in document:
        output = encrypt(orjson.dumps(document["response"]["output"]), keys)
        document["response"] = {**document["response"], "output": output, "enctype": "SM4"}
    return document


def _with(document: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    if "request" in document:
        return {**document, "request": {**document["request"], **fields}}
    return {**document, **fields}
