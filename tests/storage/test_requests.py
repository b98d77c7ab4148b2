"""Raw requests: every byte back, repeats known, replies remembered, packed and still the same."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import requests, retention
from storage.compression import RAW, ZSTD_WORDS_1, pack, unpack
from storage.errors import Conflict, StorageError
from storage.requests import Request
from storage.store import Store
from tests.storage.samples import HOUSE, NOON, OTHER_HOUSE, later


def request(name: str = "rq-1", body: bytes = b'{"infno":"2401"}', dedupe: str | None = None, **more: Any) -> Request:
    given: dict[str, Any] = {
        "arrived_at": NOON,
        "path": "/fsi/callService",
        "institution": HOUSE,
        "msgid": "m-1",
        "body_hash": "ab",
        "caller": "his",
    }
    return Request(request_id=name, body=body, dedupe_key=dedupe, **{**given, **more})


def test_a_request_comes_back_byte_for_byte(store: Store) -> None:
    bodies = [b"", b"\x00\xff\xfe", "中文".encode("gb18030"), b"{" * 100_000, b"\x28\xb5\x2f\xfd not zstd"]
    with store.write() as conn:
        requests.add(conn, [request(f"rq-{n}", body) for n, body in enumerate(bodies)])
    with store.read() as conn:
        for n, body in enumerate(bodies):
            kept = requests.get(conn, f"rq-{n}")
            assert kept is not None
            assert kept.body == body
        assert requests.get(conn, "none") is None


def test_a_repeat_is_known_by_its_key_and_gets_its_reply(store: Store) -> None:
    with store.write() as conn:
        requests.add(conn, [request("rq-1", dedupe="H|m-1|ab"), request("rq-2", dedupe="H|m-2|cd"), request("rq-3")])
        requests.set_replies(conn, [("rq-1", b"taken")])
    with store.read() as conn:
        known = requests.find(conn, "H|m-1|ab")
        assert known is not None
        assert (known.request_id, known.reply, known.body_hash) == ("rq-1", b"taken", "ab")
        assert requests.find(conn, "H|m-1|xx") is None
        found = requests.find_many(conn, ["H|m-1|ab", "H|m-2|cd", "H|m-3|ef"])
        assert {key: one.request_id for key, one in found.items()} == {"H|m-1|ab": "rq-1", "H|m-2|cd": "rq-2"}


def test_a_key_given_twice_is_a_conflict_and_adds_nothing(store: Store) -> None:
    with store.write() as conn:
        requests.add(conn, [request("rq-1", dedupe="k")])
    with pytest.raises(Conflict), store.write() as conn:
        requests.add(conn, [request("rq-2"), request("rq-3", dedupe="k")])
    with store.read() as conn:
        assert requests.get(conn, "rq-2") is None


def test_keys_with_broken_text_are_keys_too(store: Store) -> None:
    with store.write() as conn:
        requests.add(conn, [request("rq-1", dedupe="H|\ud800\0|ab", msgid="m\0\ud800", institution="H\0")])
        assert requests.find(conn, "H|\ud800\0|ab") is not None
        assert requests.find(conn, "H|\ud801\0|ab") is None


def test_messages_under_one_number_are_found_oldest_first_within_the_institution(store: Store) -> None:
    with store.write() as conn:
        requests.add(
            conn,
            [
                request("rq-1", body_hash="a"),
                request("rq-2", institution=OTHER_HOUSE),
                request("rq-3", body_hash="b"),
                request("rq-4", msgid=""),
            ],
        )
    with store.read() as conn:
        assert [one.body_hash for one in requests.by_msgid(conn, HOUSE, "m-1")] == ["a", "b"]
        assert requests.by_msgid(conn, HOUSE, "m-9") == []
        assert requests.by_msgid(conn, HOUSE, "") == [], "without a number there is nothing to name"


def test_requests_of_a_span_of_time_are_read_in_the_order_they_came(store: Store) -> None:
    with store.write() as conn:
        requests.add(conn, [request(f"rq-{n}", arrived_at=later(minutes=n)) for n in range(9)])
    with store.read() as conn:
        span = requests.each(conn, since=later(minutes=2), until=later(minutes=7), page=2)
        assert [one.request_id for one in span] == [f"rq-{n}" for n in range(2, 7)]


@given(st.binary(max_size=3000))
def test_packing_loses_no_byte(body: bytes) -> None:
    assert unpack(ZSTD_WORDS_1, pack(body)) == body
    assert unpack(RAW, body) == body


def test_a_damaged_or_unknown_packing_is_said_so() -> None:
    with pytest.raises(StorageError, match="damaged"):
        unpack(ZSTD_WORDS_1, pack(b"x" * 500)[:-3])
    with pytest.raises(StorageError, match="doesn't know"):
        unpack(99, b"x")


def test_a_single_message_packs_well_because_its_field_names_are_known() -> None:
    line = {
        "feedetl_sn": "41",
        "mdtrt_id": "990100260302000815",
        "psn_no": "99010000000000000012345678",
        "med_type": "21",
        "fee_ocur_time": "2026-03-05 23:59:00",
        "med_list_codg": "EXAMPLE-BED-0001",
        "det_item_fee_sumamt": 40.0,
        "cnt": 1,
        "pric": 40.0,
        "bilg_dept_codg": "0301",
        "bilg_dr_codg": "D990101000123",
    }
    body = orjson.dumps({"infno": "2301", "msgid": "H1", "input": {"feedetail": [line]}})
    assert len(pack(body)) < len(body) * 0.55


def test_packed_requests_read_the_same_and_a_late_reply_still_finds_its_place(store: Store) -> None:
    body = b'{"infno":"2301","input":{"feedetail":[]}}' * 30
    with store.write() as conn:
        requests.add(conn, [request(f"rq-{n}", body, arrived_at=later(hours=n), dedupe=f"k{n}") for n in range(5)])
        requests.set_replies(conn, [("rq-0", b"early")])
    assert retention.compact(store, later(days=1, hours=3)) == 3, "those of the last day are left alone"
    assert retention.compact(store, later(days=1, hours=3)) == 0
    assert retention.compact(store, later(days=9), limit=1) == 1
    with store.write() as conn:
        requests.set_replies(conn, [("rq-1", b"late"), ("rq-4", b"not packed yet")])
    with store.read() as conn:
        for n in range(5):
            kept = requests.get(conn, f"rq-{n}")
            assert kept is not None
            assert kept.body == body
        replies = {key: one.reply for key, one in requests.find_many(conn, [f"k{n}" for n in range(5)]).items()}
    assert replies == {"k0": b"early", "k1": b"late", "k2": None, "k3": None, "k4": b"not packed yet"}


def test_a_request_answered_while_it_is_packed_keeps_its_answer(store: Store) -> None:
    with store.write() as conn:
        requests.add(conn, [request(dedupe="k")])
    with store.read() as conn:
        found = requests.unpacked(conn, later(days=1), 10)
    with store.write() as conn:
        requests.set_replies(conn, [("rq-1", b"answer")])
        assert requests.put_packed(conn, [(seq, pack(body), None) for seq, body, _ in found]) == 0
        known = requests.find(conn, "k")
    assert known is not None
    assert known.reply == b"answer"
