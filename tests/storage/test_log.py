"""The embedded log: dense offsets, Kafka's partitions, one order a key."""

# ruff: noqa: PT012 - transactions that fail half way are what is tested

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import log
from storage.log import Record, Span
from storage.partitioner import murmur2, partition_of
from storage.store import Store
from tests.storage.samples import NOON


def signed(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_murmur2_agrees_with_the_values_kafka_publishes(data: bytes, expected: int) -> None:
    assert signed(murmur2(data)) == expected


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 64))
def test_every_key_has_one_partition_in_range(key: str, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions
    assert partition_of(key, 1) == 0


def test_offsets_are_dense_in_each_partition_over_several_appends(store: Store) -> None:
    records = [(f"key-{n % 7}", str(n).encode()) for n in range(40)]
    with store.write() as conn:
        given_out = log.append(conn, "t", records[:15], 3, at=NOON)
        given_out += log.append(conn, "t", records[15:], 3, at=NOON)
        assert log.append(conn, "t", [], 3, at=NOON) == []
    by_partition: dict[int, list[int]] = {}
    for (key, _), offset in zip(records, given_out, strict=True):
        by_partition.setdefault(partition_of(key, 3), []).append(offset)
    with store.read() as conn:
        for partition, offsets in by_partition.items():
            assert offsets == list(range(len(offsets)))
            assert log.end(conn, "t", partition) == len(offsets)
            found = log.read(conn, "t", partition, 0, 100)
            mine = [record for record in records if partition_of(record[0], 3) == partition]
            assert [(r.key, r.value) for r in found] == mine


def test_reading_starts_and_stops_where_it_is_told(store: Store) -> None:
    with store.write() as conn:
        log.append(conn, "t", [("k", bytes([n])) for n in range(10)], at=NOON)
        log.append(conn, "u", [("k", b"other topic")], at=NOON)
    with store.read() as conn:
        assert log.read(conn, "t", 0, 4, 3) == [Record(n, "k", bytes([n])) for n in (4, 5, 6)]
        assert log.read(conn, "t", 0, 9, 3) == [Record(9, "k", b"\x09")]
        assert log.read(conn, "t", 0, 10, 3) == []
        assert log.read(conn, "t", 1, 0, 3) == []
        assert log.read(conn, "nothing", 0, 0, 3) == []
        assert log.span(conn, "nothing", 0) == Span(0, 0)


def test_a_transaction_that_fails_takes_its_offsets_back(store: Store) -> None:
    with pytest.raises(KeyError), store.write() as conn:
        assert log.append(conn, "t", [("k", b"lost")], at=NOON) == [0]
        raise KeyError
    with store.write() as conn:
        assert log.append(conn, "t", [("k", b"kept")], at=NOON) == [0]


def test_writers_side_by_side_leave_no_hole_and_no_double(store: Store) -> None:
    def write(name: str) -> None:
        for n in range(20):
            # half of them name the partitions the other way round, as if made to stand in each other's way
            keys = sorted((f"{name}{k}" for k in range(5)), reverse=name in "bd")
            with store.write() as conn:
                log.append(conn, "t", [(key, str(n).encode()) for key in keys], 2, at=NOON)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as conn:
        everything = []
        for partition in range(2):
            found = log.read(conn, "t", partition, 0, 1000)
            assert [record.offset for record in found] == list(range(log.end(conn, "t", partition)))
            everything += found
    assert len(everything) == 4 * 20 * 5
    for name in "abcd":
        for k in range(5):
            values = [int(record.value) for record in everything if record.key == f"{name}{k}"]
            assert values == list(range(20)), "a key's records changed their order"
