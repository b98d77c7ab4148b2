"""Text that came from outside, made storable."""

from __future__ import annotations

_FORBIDDEN = {0: "\ufffd"} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def storable(words: str) -> str:
    """`words` with NUL and lone surrogates (no UTF-8 exists for them) replaced by U+FFFD.

    For fields that describe what came in. What came in itself is kept beside them as bytes.
    """
    if words.isascii() and "\0" not in words:
        return words
    return words.translate(_FORBIDDEN)
