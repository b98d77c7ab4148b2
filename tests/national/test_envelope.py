"""The envelope: two sides, judging a response, what a repeat has in common, and what can't be a message."""

from __future__ import annotations

import json
import time
from typing import Any

import orjson
import pytest

from schemas.national import INFNOS, Unreadable, failed_at_platform
from tests.national.support import HOSPITAL, IDENTITY_NUMBER, STAY, events, only, pair, read, request


def refusal(document: Any) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        events(document)
    return caught.value


# two sides


def test_both_sides_may_come_as_json_text_and_the_whole_as_bytes() -> None:
    whole = pair("2401")
    texts = {side: json.dumps(document, ensure_ascii=False) for side, document in whole.items()}
    for document in (texts, orjson.dumps(whole), orjson.dumps(texts)):
        assert events(document) == events(whole)


def test_a_pair_whose_reply_was_lost_is_the_request() -> None:
    for nothing in (None, "", "  "):
        message = read({"request": request("2401"), "response": nothing})
        assert (message.response_code, message.response_hash, message.output) == (None, "", None)


def test_a_response_alone_is_taken_where_the_transaction_is_named_and_has_no_events() -> None:
    whole = pair("2304")
    beside = {name: whole["request"][name] for name in ("infno", "msgid", "fixmedins_code", "mdtrtarea_admvs")}
    message = read({**beside, "response": whole["response"]})
    assert "response_only" in message.flags
    assert message.output is not None
    assert message.output["setlinfo"]["setl_id"] == "990200260418000051"
    assert events({**beside, "response": whole["response"]}) == ()


def test_a_response_alone_and_unnamed_is_refused() -> None:
    assert refusal({"response": pair("2304")["response"]}).reason_code == "response_only"
    assert refusal({"request": None, "response": None}).reason_code == "response_only"


# judging the response


@pytest.mark.parametrize("good", [0, "0", 0.0, " 0 "])
def test_infcode_zero_is_success_in_any_type(good: Any) -> None:
    document = pair("2401")
    document["response"]["infcode"] = good
    assert read(document).response_code == 0


@pytest.mark.parametrize("bad", [-1, "-1", 1, "999", None, "", [], "x" * 9000])
def test_anything_else_is_failure(bad: Any) -> None:
    document = pair("2401")
    document["response"]["infcode"] = bad
    assert failed_at_platform(read(document))


@pytest.mark.parametrize("words", ["成功", "", None, "success", "OK"])
def test_a_success_may_say_so_in_words(words: str | None) -> None:
    document = pair("2401")
    document["response"]["err_msg"] = words
    assert read(document).flags == ()


def test_an_error_text_beside_a_success_is_flagged_and_the_success_stands() -> None:
    document = pair("2401")
    document["response"]["err_msg"] = "参保人已在院"
    message = read(document)
    assert (message.response_code, message.flags) == (0, ("business_error_text",))


@pytest.mark.parametrize("output", [None, "", {}, {"other": 1}, []])
def test_a_success_without_its_mandatory_output_stands_with_a_flag(output: Any) -> None:
    document = pair("2401")
    document["response"]["output"] = output
    assert "output_missing" in read(document).flags
    assert only(document).who.mdtrt_id == ""


def test_a_success_of_a_transaction_without_output_needs_none() -> None:
    assert read(pair("2402")).flags == ()


def test_an_intermediate_platform_answers_with_code_and_msg() -> None:
    document = pair("2401")
    output = document["response"]["output"]
    document["response"] = {"code": "999", "msg": "失败"}
    assert failed_at_platform(read(document))
    document["response"] = {"code": "1", "msg": "ok", "output": output}
    assert only(document).who.mdtrt_id == STAY
    document["response"] = {"code": "1", "msg": "?"}
    message = read(document)
    assert (message.response_code, message.flags) == (None, ("response_unclear",))


@pytest.mark.parametrize("output", ["{broken", "bm90IGpzb24=", 7, "text"])
def test_an_unreadable_output_costs_the_request_nothing(output: Any) -> None:
    document = pair("2401")
    document["response"]["output"] = output
    message = read(document)
    assert (message.response_code, message.output) == (0, None)
    assert "output_unreadable" in message.flags
    assert events(document)[0].event_id == events(request("2401"))[0].event_id


# what a repeat has in common


def test_order_of_fields_and_spaces_do_not_change_the_input_hash() -> None:
    document = request("2401")
    turned = {**document, "input": dict(reversed(document["input"].items()))}
    text = {**document, "input": json.dumps(document["input"], indent=4)}
    assert read(document).input_hash == read(turned).input_hash == read(text).input_hash


def test_another_body_or_another_transaction_has_another_hash() -> None:
    document = request("2404")
    other = request("2404")
    other["input"]["data"]["mdtrt_id"] = "990200260410000999"
    undone = {**document, "infno": "2405"}
    assert len({read(one).input_hash for one in (document, other, undone)}) == 3


def test_the_response_hash_tells_two_answers_apart() -> None:
    document = pair("2401")
    first = read(document).response_hash
    document["response"]["respond_time"] = "20260410085300000"
    assert read(document).response_hash == first != ""
    document["response"]["output"]["result"]["mdtrt_id"] = "1"
    assert read(document).response_hash != first


def test_reading_twice_gives_the_same_message_and_events() -> None:
    document = pair("2301")
    assert read(document) == read(document)
    assert events(document) == events(document)


# what can't be a message


def test_an_unknown_number_is_refused_by_name() -> None:
    document = {**request("2404"), "infno": "9999"}
    error = refusal(document)
    assert error.reason_code == "unknown_infno"
    assert "9999" in error.zh
    assert "<b>" not in refusal({**document, "infno": "<b>x</b>"}).zh
    assert refusal({**document, "infno": ""}).reason_code == "unknown_infno"


@pytest.mark.parametrize("infno", ["9001", "5303", "4102", "4105", "1901", "2407"])
def test_a_known_number_that_says_nothing_of_presence_is_taken(infno: str) -> None:
    document = {**request("2404"), "infno": infno, "input": {"signIn": {"opter_no": "1"}}}
    assert INFNOS[infno].zh
    assert events(document) == ()
    assert events({**document, "input": ""}) == ()


def test_a_message_without_institution_is_refused() -> None:
    document = request("2404")
    document.pop("fixmedins_code")
    assert refusal(document).reason_code == "no_institution"


def test_a_message_without_msgid_is_taken_and_flagged() -> None:
    document = request("2404")
    document.pop("msgid")
    assert "no_msgid" in only(document).flags


@pytest.mark.parametrize("nothing", [None, "", {}, []])
def test_a_message_without_input_is_refused(nothing: Any) -> None:
    assert refusal({**request("2404"), "input": nothing}).reason_code == "no_input"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe", "not_utf8"),
        (b'{"infno":"2401","x":"' + "入院".encode("gbk") + b'"}', "not_utf8"),
        (b"[1]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b"null", "not_an_object"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (b'{"infno":"2404","fixmedins_code":"H","input":{"data":' + b'{"a":' * 900 + b"1" + b"}" * 902, "too_deep"),
        (b'{"request": 7}', "not_an_object"),
        (b'{"request": "{"}', "not_json"),
        (b'{"infno":"2404","fixmedins_code":"H","input":"{"}', "not_json"),
        (b'{"infno":"2404","fixmedins_code":"H","input":7}', "not_an_object"),
        (b'{"infno":{"a":1},"input":{}}', "bad_id"),
    ],
)
def test_bytes_that_are_no_message_say_why(raw: bytes, reason: str) -> None:
    assert refusal(raw).reason_code == reason


def test_a_document_that_json_could_not_hold_is_refused_too() -> None:
    nested: Any = {}
    for _ in range(50_000):
        nested = {"a": nested}
    for odd in (nested, {1: 2}, {"n": 10**5000}, {"s": {1, 2}}):
        with pytest.raises(Unreadable) as caught:
            read({**request("2404"), "input": {"data": odd}}, watched=False)
        assert caught.value.reason_code in ("too_deep", "not_json")


def test_hostile_sizes_take_no_quadratic_time() -> None:
    document = request("2301")
    line = document["input"]["feedetail"][0]
    document["input"]["feedetail"] = [{**line, "feedetl_sn": str(n), "mdtrt_id": str(n)} for n in range(20_000)]
    document["input"]["text"] = "[" * 500_000
    document["opter"] = "9" * 5_000_000
    began = time.perf_counter()
    assert len(events(document)) == 20_000
    assert time.perf_counter() - began < 10


def test_errors_and_repr_name_fields_and_show_no_person() -> None:
    document = pair("2304")
    document["request"]["input"]["data"]["mdtrt_cert_no"] = IDENTITY_NUMBER + "\u0000"
    error = refusal(document)
    assert error.field == "data.mdtrt_cert_no"
    assert IDENTITY_NUMBER not in f"{error} {error.zh} {error.en} {error!r}"
    assert IDENTITY_NUMBER not in repr(read(document))
    assert HOSPITAL in repr(read(document))
