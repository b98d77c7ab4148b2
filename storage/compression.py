"""How kept requests are packed. A number beside each body says how, so that older rows stay readable."""

from __future__ import annotations

import threading
from functools import cache
from importlib.resources import files
from typing import Literal

import zstandard

from storage.errors import StorageError

Codec = Literal[0, 1]
RAW: Codec = 0
ZSTD_WORDS_1: Codec = 1  # zstd with the words of `words_1.txt`: never change that file, add another

_BIGGEST = 1 << 30  # bytes; no request is larger, so a damaged frame can't ask for more


class _Coders(threading.local):
    """zstd's coders may not be shared by threads."""

    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=9, dict_data=_words(), write_content_size=True)
        self.unpack = zstandard.ZstdDecompressor(dict_data=_words())


@cache
def _words() -> zstandard.ZstdCompressionDict:
    """Names of fields, most frequent last. Written by hand from the public interface, not trained: a trained
    dictionary would keep pieces of people's messages for longer than the messages themselves."""
    raw = files("storage").joinpath("words_1.txt").read_bytes()
    return zstandard.ZstdCompressionDict(raw, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


_coders = _Coders()


def pack(body: bytes) -> bytes:
    """`body` under `ZSTD_WORDS_1`."""
    return _coders.pack.compress(body)


def unpack(codec: int, body: bytes) -> bytes:
    """The bytes as they were received."""
    if codec == RAW:
        return body
    if codec != ZSTD_WORDS_1:
        raise StorageError(f"a request is packed in a way ({codec}) that this version doesn't know")
    try:
        return _coders.unpack.decompress(body, max_output_size=_BIGGEST)
    except zstandard.ZstdError as error:
        raise StorageError(f"a packed request is damaged: {error}") from None
