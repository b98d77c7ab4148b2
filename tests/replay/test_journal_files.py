"""Journal files: plain or packed, and what is said of one that can't be played."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable

import orjson
import pytest
import zstandard

from access.callers import LOCAL
from streams.journal import JournalError, Line, parse_line, read_journal, unpacked

LINES = b"".join(
    orjson.dumps({"at": f"2026-03-02T08:{n // 60:02d}:{n % 60:02d}+08:00", "path": "/clock", "n": "x" * n}) + b"\n"
    for n in range(900)
)


def zst(raw: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(raw)


def read(raw: bytes) -> list[Line]:
    return list(read_journal(unpacked(io.BytesIO(raw))))


def row(**what: object) -> bytes:
    return orjson.dumps({"at": "2026-03-02T08:15:00+08:00", "path": "/clock", **what})


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zst], ids=["plain", "gzip", "zstd"])
def test_a_journal_reads_the_same_however_it_is_packed(pack: Callable[[bytes], bytes]) -> None:
    assert [line.number for line in read(pack(LINES))] == list(range(1, 901))


def test_several_packed_pieces_one_after_the_other_are_one_journal() -> None:
    first, second = LINES[: len(LINES) // 2], LINES[len(LINES) // 2 :]
    assert len(read(zst(first) + zst(second))) == 900
    assert len(read(gzip.compress(first) + gzip.compress(second))) == 900


@pytest.mark.parametrize("pack", [gzip.compress, zst], ids=["gzip", "zstd"])
@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_packed_journal_that_breaks_off_is_no_shorter_journal(pack: Callable[[bytes], bytes], keep: float) -> None:
    packed = pack(LINES)
    with pytest.raises(JournalError, match="breaks off"):
        read(packed[: int(len(packed) * keep)])


@pytest.mark.parametrize("pack", [gzip.compress, zst], ids=["gzip", "zstd"])
def test_a_damaged_packed_journal_is_not_played_to_its_end(pack: Callable[[bytes], bytes]) -> None:
    packed = bytearray(pack(LINES))
    middle = len(packed) // 2
    packed[middle : middle + 40] = b"\x55" * 40
    with pytest.raises(JournalError):
        read(bytes(packed))


def test_empty_lines_are_passed_over_and_numbers_are_those_of_the_file() -> None:
    assert [line.number for line in read(b"\n" + row() + b"\n\n   \n" + row() + b"\n")] == [2, 5]


def test_an_empty_file_is_a_journal_without_lines() -> None:
    assert read(b"") == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (b"{", "not JSON"),
        (b"\xff\xff", "not JSON"),
        (b"[]", "should be a JSON object"),
        (b"[" * 5000, "not JSON"),
        (row(at=None), "`at` is missing"),
        (row(at="yesterday"), "`at` is missing or no time"),
        (row(at=20260302), "`at` is missing or no time"),
        (row(at="2026-03-02T08:15:00"), "no offset"),
        (row(path=None), "`path` is missing"),
        (row(path=7), "`path` is missing"),
        (row(path="clock"), "`path` is missing"),
        (row(at="2026-03-02T07:59:00+08:00"), "before the line above"),
        (row(at="1066-10-14T09:00:00+00:00"), "before 1900"),
    ],
)
def test_a_line_that_can_not_be_played_is_named_with_its_number_and_what_is_wrong(wrong: bytes, said: str) -> None:
    with pytest.raises(JournalError, match="line 2") as caught:
        read(row() + b"\n" + wrong + b"\n")
    assert said in str(caught.value)
    assert "第 2 行" in str(caught.value)


def test_what_is_wrong_is_said_without_quoting_the_line() -> None:
    with pytest.raises(JournalError) as caught:
        read(b'{"at":"990101196001010011","path":"/x"}\n')
    assert "990101196001010011" not in str(caught.value)


def test_moments_of_other_offsets_are_compared_as_moments() -> None:
    assert len(read(row() + b"\n" + row(at="2026-03-02T00:16:00Z") + b"\n")) == 2


def test_a_line_is_the_request_as_on_the_wire() -> None:
    line = parse_line(row(path="/api/v1/checks", json={"a": 1}, idempotency_key="k", **{"as": "R1 reviewer"}))
    request = line.request()
    assert (request.path, request.body, request.idempotency_key) == ("/api/v1/checks", b'{"a":1}', "k")
    assert (request.caller.id, request.caller.role) == ("R1", "reviewer")
    assert parse_line(row(json={})).request().caller is LOCAL


@pytest.mark.parametrize("who", ["nobody", "R1 emperor", 7, {"id": "R1"}, ""])
def test_a_caller_with_no_role_of_ours_is_refused(who: object) -> None:
    with pytest.raises(JournalError, match="`as`"):
        parse_line(row(**{"as": who}), 3).request()
