"""A capture sent as multipart: a few parts, all of them there, `meta` among them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import orjson
from fastapi import Request as HttpRequest
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from streams.http.bodies import Unreadable, parse_json
from streams.http.options import GatewayOptions
from streams.requests import BadRequest, Unprocessable

BESIDE_META = ("template", "comparison", "photo_sha256")
"""Terminals also send these as parts of their own."""


async def read_capture(request: HttpRequest, raw: bytes, options: GatewayOptions) -> tuple[bytes, Any]:
    """The body as a journal line would hold it, `{"meta": …}`, as bytes and parsed.

    Raises `Unreadable`; where a picture came, with the description of it, which is kept.
    """
    form = await _parts(request, raw, options)
    try:
        meta = await _part(form, "meta", options)
        if meta is None:
            raise Unreadable(raw, Unprocessable("meta_missing"))
        document = {"meta": await parse_json(meta, options.max_json_depth)}
        if "photo" in form:
            raise Unreadable(_as_line(meta), Unprocessable("photo_not_supported_yet"))
        for name in BESIDE_META:
            part = await _part(form, name, options)
            if part is not None:
                text_only = name == "photo_sha256"
                document[name] = part.decode("ascii", "replace") if text_only else await _json(part, options)
        body = _as_line(meta) if len(document) == 1 else orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        return body, document
    finally:
        await form.close()


def _as_line(meta: bytes) -> bytes:
    return b'{"meta":' + meta + b"}"


async def _json(raw: bytes, options: GatewayOptions) -> Any:
    return await parse_json(raw, options.max_json_depth)


async def _parts(request: HttpRequest, raw: bytes, options: GatewayOptions) -> FormData:
    async def whole() -> AsyncGenerator[bytes, None]:
        yield raw

    parser = MultiPartParser(
        request.headers,
        whole(),
        max_files=options.max_parts,
        max_fields=options.max_parts,
        max_part_size=options.max_call_bytes,
    )
    broken = Unreadable(raw, BadRequest("multipart_broken"))
    try:
        form = await parser.parse()
    except MultiPartException as error:
        if error.message.startswith("Too many"):
            problem = BadRequest("multipart_too_many_parts", limit=options.max_parts)
            raise Unreadable(raw, problem) from None
        raise broken from None
    if not raw.rstrip(b"\r\n \t").endswith(b"--"):
        await form.close()
        raise broken  # the closing boundary never came, so parts may be missing
    return form


async def _part(form: FormData, name: str, options: GatewayOptions) -> bytes | None:
    """One part's bytes, sent as a field or as a file."""
    part = form.get(name)
    if isinstance(part, UploadFile):
        return await part.read(options.max_call_bytes + 1)
    return part.encode("utf-8", "surrogateescape") if part is not None else None
