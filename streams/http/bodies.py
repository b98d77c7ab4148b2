"""Bodies: bounded while they are read, checked before they are parsed.

What can't be read leaves as `Unreadable` with the bytes that came, so that they can be kept as a dead letter.
"""

from __future__ import annotations

import asyncio
import re
from json import JSONDecodeError, loads
from typing import Any, NoReturn

import orjson
from fastapi import Request as HttpRequest
from starlette.requests import ClientDisconnect

from streams.requests import BadRequest, Rejected, TooLarge

HEAD_BYTES = 64 * 1024
"""How much of a body that is too large is kept as evidence of what was sent."""
DRAIN_BYTES = 128 * 1024 * 1024
"""How much of a body that is too large is read away, so that the sender gets to read our answer."""
INLINE_BYTES = 256 * 1024
"""Above this, scanning moves to a thread: the loop has others to serve."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"(\s*:)?|\\?\Z)', re.DOTALL)
"""One string, with the colon that makes it a key. One without an end is taken whole: it stays linear."""
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


class Unreadable(Exception):
    """A body that can't be read. `raw` is what there is of it, perhaps only its beginning."""

    def __init__(self, raw: bytes, rejected: Rejected) -> None:
        super().__init__(rejected.key)
        self.raw = raw
        self.rejected = rejected


async def read_body(request: HttpRequest, limit: int) -> bytes:
    """The whole body, at most `limit` bytes. Raises `Unreadable` where it is larger, cut short or empty."""
    too_large = TooLarge("body_too_large", limit=limit)
    if _declared_length(request) > limit and "100-continue" in request.headers.get("expect", "").lower():
        raise Unreadable(b"", too_large)  # the sender waits for leave to send it
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size <= limit:
                chunks.append(chunk)
            elif size > limit + DRAIN_BYTES:
                break
    except ClientDisconnect:
        raise Unreadable(b"".join(chunks), BadRequest("body_cut_short")) from None
    if size > limit:
        raise Unreadable(b"".join(chunks)[:HEAD_BYTES], too_large)
    if size == 0:
        raise Unreadable(b"", BadRequest("body_empty"))
    return b"".join(chunks)


async def check_depth(raw: bytes, limit: int) -> None:
    """Raise `Unreadable` where brackets are nested deeper than `limit`, without building anything."""
    if raw.count(b"[") + raw.count(b"{") <= limit:
        return
    scan = _too_deep(raw, limit) if len(raw) < INLINE_BYTES else await asyncio.to_thread(_too_deep, raw, limit)
    if scan:
        raise Unreadable(raw, BadRequest("body_too_deep", limit=limit))


async def parse_json(raw: bytes, depth: int) -> Any:
    """The document in `raw`. Raises `Unreadable`: too deep, not UTF-8, not JSON, or a key given twice."""
    await check_depth(raw, depth)
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        _refuse(raw, error)
    if _keys_written(raw) != _keys_held(document):
        raise Unreadable(raw, BadRequest("body_duplicate_key", name=_repeated_key(raw)))
    return document


async def read_ahead(raw: bytes) -> Any:
    """The document in `raw` where it is plain JSON, else None: the codec then says what is wrong with it."""
    try:
        return orjson.loads(raw) if len(raw) < INLINE_BYTES else await asyncio.to_thread(orjson.loads, raw)
    except orjson.JSONDecodeError:
        return None


def _declared_length(request: HttpRequest) -> int:
    written = request.headers.get("content-length", "")
    return int(written) if written.isdecimal() and len(written) < 20 else 0


def _refuse(raw: bytes, error: orjson.JSONDecodeError) -> NoReturn:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(raw, BadRequest("body_not_utf8")) from None
    raise Unreadable(raw, BadRequest("body_not_json", position=error.pos)) from None


def _too_deep(raw: bytes, limit: int) -> bool:
    depth = 0
    for bracket in _STRING.sub(b"", raw).translate(None, _NO_BRACKET):
        if bracket in b"[{":
            depth += 1
            if depth > limit:
                return True
        else:
            depth -= 1
    return False


def _keys_written(raw: bytes) -> int:
    return sum(1 for found in _STRING.finditer(raw) if found.group(1))


def _keys_held(document: Any) -> int:
    """How many keys all objects in `document` hold. Its depth is bounded, so this may recurse."""
    if isinstance(document, dict):
        return len(document) + sum(map(_keys_held, document.values()))
    if isinstance(document, list):
        return sum(map(_keys_held, document))
    return 0


def _repeated_key(raw: bytes) -> str:
    """The first key that stands twice in one object, shortened: it is a name, not a value."""
    found: list[str] = []

    def notice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        held: dict[str, Any] = {}
        for name, value in pairs:
            if name in held:
                found.append(name)
            held[name] = value
        return held

    try:
        loads(raw, object_pairs_hook=notice)
    except (JSONDecodeError, RecursionError):
        pass
    return "".join(letter for letter in (found or ["?"])[0][:40] if letter.isprintable())
