"""Journal files and journal lines: requests as on the wire, each with its arrival (contract §2).

A file is JSON Lines, plain or packed with gzip or zstd: its first bytes say which, whatever it is called. The
values of the intake topics are the same lines.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson
import zstandard

from access.callers import LOCAL, Caller, UnknownCaller, caller_as
from schemas.base import CHINA
from streams.requests import Request

CLOCK_PATH = "/clock"
EARLIEST = datetime(1900, 1, 2, tzinfo=CHINA)

LINE_SCHEMA: dict[str, Any] = {
    "title": "JournalLine",
    "type": "object",
    "required": ["at", "path"],
    "properties": {
        "at": {"type": "string", "format": "date-time", "description": "到达时间 / the server's arrival clock"},
        "path": {
            "type": "string",
            "pattern": "^/",
            "description": "POST 的路径；/clock 只走时钟 / only moves the clock",
        },
        "json": {"description": "请求正文 / the body, as on the wire"},
        "files": {"type": "object", "additionalProperties": {"type": "string"}},
        "idempotency_key": {"type": "string"},
        "as": {
            "description": "代表谁：编号和角色 / the caller: id and role",
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
                {
                    "type": "object",
                    "required": ["id", "role"],
                    "properties": {"id": {"type": "string"}, "role": {"type": "string"}},
                },
            ],
        },
    },
}
"""JSON Schema of a line."""

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 17


class JournalError(ValueError):
    """A journal that can't be played; the message names the line and what to mend, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: when the server saw it, where it was posted, what. `has_files`: photographs belong to it."""

    number: int
    at: datetime
    path: str
    body: bytes
    document: Any
    idempotency_key: str = ""
    sender: Any = None
    has_files: bool = False

    @property
    def moves_clock_only(self) -> bool:
        """It is no request: it only says what time it is."""
        return self.path == CLOCK_PATH

    def request(self) -> Request:
        """The request, as it came. Raises `JournalError` where `as` names nobody."""
        return Request(self.path, self.body, self.at, self._caller(), self.idempotency_key, self.document)

    def _caller(self) -> Caller:
        if self.sender is None:
            return LOCAL
        try:
            return caller_as(self.sender)
        except UnknownCaller as error:
            raise JournalError(f"第 {self.number} 行 as / line {self.number}, `as`: {error}") from None


def open_journal(path: Path) -> IO[bytes]:
    """The journal's bytes, unpacked. Raises `OSError`."""
    return unpacked(path.open("rb"))


def unpacked(raw: IO[bytes]) -> IO[bytes]:
    """What `raw` holds, unpacked where it is gzip or zstd. `raw` must be able to seek."""
    head = raw.read(4)
    raw.seek(0)
    if head.startswith(_GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=raw), _CHUNK)
    if head == _ZSTD:
        return io.BufferedReader(_Zstd(raw), _CHUNK)
    return raw


def read_journal(stream: IO[bytes]) -> Iterator[Line]:
    """Its lines in order. Raises `JournalError` naming the line: unreadable, without offset, back in time, or
    where a packed file breaks off."""
    last = EARLIEST
    number = 0
    try:
        for number, raw in enumerate(stream, 1):
            if not raw.strip():
                continue
            line = parse_line(raw, number)
            if line.at < last:
                raise _wrong(number, "时间早于上一行或早于 1900 年", "`at` lies before the line above, or before 1900")
            last = line.at
            yield line
    except (EOFError, zlib.error, zstandard.ZstdError, gzip.BadGzipFile):
        raise _wrong(
            number + 1, "之前压缩文件已损坏或不完整", "the packed file is damaged or breaks off before it"
        ) from None


def parse_line(raw: bytes, number: int = 0) -> Line:
    """One line. Raises `JournalError`. Its `json` may be anything: what it is worth the intake says."""
    try:
        row = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _wrong(
            number, f"不是有效的 JSON（第 {error.pos} 个字符）", f"not JSON, near character {error.pos}"
        ) from None
    if not isinstance(row, dict):
        raise _wrong(number, "应为 JSON 对象", "should be a JSON object")
    at, path = _moment(row.get("at"), number), row.get("path")
    if not isinstance(path, str) or not path.startswith("/"):
        raise _wrong(number, "缺少 path", "`path` is missing")
    document = row.get("json")
    return Line(
        number,
        at,
        path,
        orjson.dumps(document) if document is not None else b"",
        document,
        str(row.get("idempotency_key") or ""),
        row.get("as"),
        bool(row.get("files")),
    )


def _moment(written: Any, number: int) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except (TypeError, ValueError):
        raise _wrong(number, "缺少 at 或不是时间", "`at` is missing or no time") from None
    if at.utcoffset() is None:
        raise _wrong(number, "at 缺少时区", "`at` has no offset")
    return at


def _wrong(number: int, zh: str, en: str) -> JournalError:
    where = (f"第 {number} 行", f"line {number}: ") if number else ("", "")
    return JournalError(f"{where[0]}{zh} / {where[1]}{en}")


class _Zstd(io.RawIOBase):
    """Frames of zstd, one after the other. Unlike the library's own reader it notices a frame cut short."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._fed = False
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            chunk = self._unused() or self._raw.read(_CHUNK)
            if not chunk:
                if self._fed and not self._frame.eof:
                    raise EOFError("zstd frame cut short")
                return 0
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._fed = True
            self._ready = memoryview(self._frame.decompress(chunk))
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _unused(self) -> bytes:
        """What was read beyond the end of a frame belongs to the next one."""
        return self._frame.unused_data if self._frame.eof else b""


__all__ = ["CLOCK_PATH", "JournalError", "Line", "open_journal", "parse_line", "read_journal", "unpacked"]
