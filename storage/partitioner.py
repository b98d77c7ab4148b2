"""Kafka's default partitioner, so that a key lands in the same partition under both runners."""

from __future__ import annotations

from functools import lru_cache

_M = 0x5BD1E995
_WORD = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, with the seed Kafka's Java client uses. Unsigned."""
    length = len(data)
    value = (0x9747B28C ^ length) & _WORD
    whole = length & ~3
    for at in range(0, whole, 4):
        word = int.from_bytes(data[at : at + 4], "little") * _M & _WORD
        word = (word ^ word >> 24) * _M & _WORD
        value = (value * _M & _WORD) ^ word
    if length != whole:
        value = (value ^ int.from_bytes(data[whole:], "little")) * _M & _WORD
    value = (value ^ value >> 13) * _M & _WORD
    return value ^ value >> 15


@lru_cache(maxsize=65_536)
def partition_of(key: str, partitions: int) -> int:
    """The partition of `key` among `partitions`."""
    if partitions == 1:
        return 0
    return (murmur2(key.encode()) & 0x7FFFFFFF) % partitions
