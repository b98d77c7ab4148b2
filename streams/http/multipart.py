"""A capture sent as multipart: a few parts, all of them there, `meta` among them, every byte as it was sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import Request as HttpRequest
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from streams.http.bodies import Unreadable, parse_json
from streams.http.options import GatewayOptions
from streams.requests import BadRequest, TooLarge, Unprocessable

BESIDE_META = ("template", "comparison", "photo_sha256")
"""Terminals also send these as parts of their own."""
HEADER_BYTES = 4096
"""All headers of one part; more is no form."""


async def read_capture(request: HttpRequest, raw: bytes, options: GatewayOptions) -> tuple[bytes, Any]:
    """The body as a journal line would hold it, `{"meta": …}`, as bytes and parsed.

    Raises `Unreadable`; where a picture came, with the description of it, which is kept.
    """
    parts = _parts(request.headers.get("content-type", ""), raw, options.max_parts)
    meta = parts.get("meta")
    if meta is None:
        raise Unreadable(raw, Unprocessable("meta_missing"))
    if len(meta) > options.max_call_bytes:
        raise Unreadable(raw, TooLarge("body_too_large", limit=options.max_call_bytes))
    document = {"meta": await parse_json(meta, options.max_json_depth)}
    body = b'{"meta":' + meta + b"}"
    if "photo" in parts:
        raise Unreadable(body, Unprocessable("photo_not_supported_yet"))
    beside = {name: parts[name] for name in BESIDE_META if name in parts}
    for name, part in beside.items():
        is_text = name == "photo_sha256"
        document[name] = part.decode("ascii", "replace") if is_text else await _json(part, options)
    return (orjson.dumps(document, option=orjson.OPT_SORT_KEYS) if beside else body), document


async def _json(part: bytes, options: GatewayOptions) -> Any:
    return await parse_json(part, options.max_json_depth)


def _parts(content_type: str, raw: bytes, most: int) -> dict[str, bytes]:
    """Name → bytes of every part; of a name that comes twice (a burst of pictures) the first."""
    boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
    collector = _Collector(most)
    try:
        if not boundary:
            raise FormParserError("no boundary")
        parser = MultipartParser(boundary, collector.callbacks())  # type: ignore[arg-type]
        parser.write(raw)
        parser.finalize()
    except _TooMany:
        raise Unreadable(raw, BadRequest("multipart_too_many_parts", limit=most)) from None
    except FormParserError:
        raise Unreadable(raw, BadRequest("multipart_broken")) from None
    if not collector.ended:  # the closing boundary never came: parts may be missing
        raise Unreadable(raw, BadRequest("multipart_broken"))
    return collector.parts


class _TooMany(Exception):
    """More parts than a capture has."""


@dataclass
class _Collector:
    """Gathers parts as the parser comes upon them."""

    most: int
    parts: dict[str, bytes] = field(default_factory=dict)
    ended: bool = False
    _count: int = 0
    _header: bytes = b""
    _value: bytes = b""
    _name: str = ""
    _chunks: list[bytes] = field(default_factory=list)

    def callbacks(self) -> dict[str, Any]:
        """As the parser wants them."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._count += 1
        if self._count > self.most:
            raise _TooMany
        self._header = self._value = b""
        self._name = ""
        self._chunks = []

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._bound()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._bound()

    def _bound(self) -> None:
        if len(self._header) + len(self._value) > HEADER_BYTES:
            raise FormParserError("a part's header is too long")

    def _header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            name = parse_options_header(self._value)[1].get(b"name", b"")
            self._name = name.decode("utf-8", "replace")
        self._header = self._value = b""

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._chunks.append(data[start:end])

    def _part_end(self) -> None:
        self.parts.setdefault(self._name, b"".join(self._chunks))

    def _end(self) -> None:
        self.ended = True
