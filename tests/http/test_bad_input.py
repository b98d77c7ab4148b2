"""Whatever is sent: a clear answer in the caller's language, the server lives on, and nothing is lost."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.http import said
from tests.http.conftest import House

CALLS: dict[str, Callable[..., dict[str, Any]]] = {
    "/api/v1/captures": said.capture,
    "/api/v1/checks": said.check,
    "/api/v1/checks/ck-1/receipts": said.receipt,
    "/api/v1/checks/ck-1/answers": said.answer,
    "/api/v1/whereabouts": said.whereabouts,
    "/api/v1/scenes": said.scene,
}
HOSTILE = (
    "'; DROP TABLE alerts; --",
    "<script>alert(1)</script>",
    "\x00",
    "{{7*7}}",
    "../../etc/passwd",
    "\u202e反向",
    "=cmd|'/c calc'!A1",
    "x" * 100_000,
)
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def house(common_house: House) -> House:
    """The same server for all of them: what one sends must not hurt the next."""
    common_house.pass_time(seconds=1)
    common_house.new_letters()
    return common_house


@pytest.fixture
def caller(house: House) -> Iterator[httpx.Client]:
    with house.client() as client:
        client.post("/fsi/callService", json=said.admission())
        client.post("/api/v1/checks", json=said.check())
        yield client


def lives(house: House, caller: httpx.Client) -> None:
    """The server still takes what is right, and the engine still works."""
    house.pass_time(seconds=1)
    assert caller.post("/api/v1/captures", json=said.capture(capture_id="")).status_code == 202
    house.settle()
    assert caller.get("/readyz").status_code == 200


UNREADABLE = [
    (b"", 400, "body-empty"),
    (b"{", 400, "body-not-json"),
    (b"nonsense", 400, "body-not-json"),
    (b'{"a": "\xff\xfe"}', 400, "body-not-utf8"),
    ('{"a": "编码"}'.encode("gb18030"), 400, "body-not-utf8"),
    (b"[" * 100_000, 400, "body-too-deep"),
    (b'{"a":' * 65 + b"1" + b"}" * 65, 400, "body-too-deep"),
    (b'{"a": 1e400}', 400, "body-not-json"),
    (b'{"a": NaN}', 400, "body-not-json"),
    (b'{"a": ' + b"9" * 400 + b"}", 400, "body-not-json"),
    (b'{"kind": "round", "kind": "spot"}', 400, "body-duplicate-key"),
    (b'{"meta": {"\\u0061": 1, "a": 2}}', 400, "body-duplicate-key"),
    (b"[]", 422, "body-not-object"),
    (b"null", 422, "body-not-object"),
    (b'"' + b'\\"' * 60_000, 400, "body-not-json"),
    (b" " * 200_000, 413, "body-too-large"),
]


@pytest.mark.parametrize(("body", "status", "problem"), UNREADABLE, ids=[row[2] for row in UNREADABLE])
def test_a_body_that_can_t_be_read_is_refused_in_both_languages_and_kept(
    house: House, caller: httpx.Client, body: bytes, status: int, problem: str
) -> None:
    for language, tag in (("zh-CN,zh;q=0.9", "zh-CN"), ("en-GB,en;q=0.8,zh;q=0.2", "en")):
        headers = {**JSON, "Accept-Language": language}
        answer = caller.post("/api/v1/checks", content=body, headers=headers)
        assert answer.status_code == status
        assert answer.json()["type"] == f"/problems/{problem}"
        assert answer.headers["content-language"] == tag
        assert ("\u4e00" <= answer.json()["detail"][0] <= "\u9fff" or tag == "en") or "JSON" in answer.text
        assert caller.get(answer.json()["type"]).status_code == 200, "its page explains it"
    kept = house.new_letters()
    assert len(kept) == 2
    assert kept[0].body == body[: 64 * 1024] if status == 413 else kept[0].body == body
    lives(house, caller)


@pytest.mark.parametrize(
    "body", [row[0] for row in UNREADABLE if row[1] != 422], ids=[row[2] for row in UNREADABLE if row[1] != 422]
)
def test_a_his_is_told_in_its_own_envelope(house: House, caller: httpx.Client, body: bytes) -> None:
    answer = caller.post("/fsi/callService", content=body, headers=JSON)
    assert answer.status_code == 200
    envelope = answer.json()
    assert envelope["infcode"] == -1
    assert 0 < len(envelope["err_msg"]) <= 200
    assert len(envelope["inf_refmsgid"]) == 30
    if body:
        assert len(house.new_letters()) == 1
    lives(house, caller)


def test_fifty_megabytes_are_read_away_and_refused(house: House, caller: httpx.Client) -> None:
    body = b'{"a":"' + b"x" * 50_000_000 + b'"}'
    assert caller.post("/api/v1/captures", content=body, headers=JSON).status_code == 413
    answer = caller.post("/fsi/callService", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["infcode"]) == (413, -1)
    assert [len(letter.body) for letter in house.new_letters()] == [64 * 1024] * 2
    lives(house, caller)


def test_a_sender_that_asks_before_it_sends_fifty_megabytes_is_told_not_to(house: House) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(
            b"POST /api/v1/captures HTTP/1.1\r\nHost: " + f"{host}:{port}".encode() + b"\r\n"
            b"Content-Type: application/json\r\nContent-Length: 50000000\r\nExpect: 100-continue\r\n\r\n"
        )
        assert wire.recv(100).startswith(b"HTTP/1.1 413")


def test_a_sender_that_hangs_up_halfway_leaves_the_server_well(house: House, caller: httpx.Client) -> None:
    host, port = house.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(
            b"POST /api/v1/captures HTTP/1.1\r\nHost: " + f"{host}:{port}".encode() + b"\r\n"
            b'Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"meta":'
        )
    lives(house, caller)


def text_fields(body: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in body.items():
        if isinstance(value, dict):
            yield from text_fields(value, (*path, name))
        elif isinstance(value, str):
            yield (*path, name)


def with_field(body: dict[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    copy: dict[str, Any] = orjson.loads(orjson.dumps(body))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return copy


@pytest.mark.parametrize("path", CALLS)
def test_every_text_field_with_every_hostile_text(house: House, caller: httpx.Client, path: str) -> None:
    """Taken as the plain text it is, or refused with the field named; never a server error."""
    for field in text_fields(CALLS[path]()):
        for text in HOSTILE:
            house.pass_time(seconds=1)
            house.new_letters()
            answer = caller.post(path, json=with_field(CALLS[path](), field, text))
            if answer.status_code == 422:
                name = ".".join(field)
                assert any(row["field"].startswith(name.split(".vector")[0]) for row in answer.json()["errors"])
                assert text not in answer.text
                assert len(house.new_letters()) == 1
            else:
                taken = (201, 202, 409) if path == "/api/v1/checks" else (202,)  # 409: another's check_id
                assert answer.status_code in taken, (field, text[:20], answer.text)
    lives(house, caller)


WRONG_FIELDS = [
    ("/api/v1/captures", ("meta", "taken_at"), "1970-01-01T00:00:00+08:00", "field_time_range"),
    ("/api/v1/captures", ("meta", "taken_at"), "2999-01-01T00:00:00+08:00", "field_time_range"),
    ("/api/v1/captures", ("meta", "taken_at"), "2020-01-01T00:00:00+08:00", "field_time_far"),
    ("/api/v1/captures", ("meta", "taken_at"), "2026-03-02T10:00:00", "field_time_offset"),
    ("/api/v1/captures", ("meta", "taken_at"), 1772416800, "field_time_format"),
    ("/api/v1/captures", ("meta", "purpose"), "selfie", "field_choice"),
    ("/api/v1/captures", ("meta", "fixmedins_code"), None, "field_missing"),
    ("/api/v1/captures", ("meta", "fixmedins_code"), 7, "field_text"),
    ("/api/v1/captures", ("meta", "mdtrt_id"), None, "capture_of_nobody"),
    ("/api/v1/captures", ("meta", "template"), None, "capture_without_face"),
    ("/api/v1/captures", ("meta", "template", "vector"), "???", "template_base64"),
    ("/api/v1/captures", ("meta", "template", "vector"), "AAAA", "template_length"),
    ("/api/v1/captures", ("meta", "template", "vector"), "AAAA" * 170 + "AAA=", "template_not_finite"),
    ("/api/v1/captures", ("meta", "place"), {"lat": 91}, "field_at_most"),
    ("/api/v1/captures", ("meta", "photo_sha256"), "abc", "field_pattern"),
    ("/api/v1/checks", ("kind",), "raid", "field_choice"),
    ("/api/v1/checks", ("due_by",), said.at(-60), "window_backwards"),
    ("/api/v1/checks", ("ward",), None, "check_covers_nobody"),
    ("/api/v1/checks", ("roster",), ["a", "a"], "field_repeated"),
    ("/api/v1/checks", ("roster",), "a", "field_list"),
    ("/api/v1/checks", ("colour",), "red", "field_unknown"),
    ("/api/v1/checks/ck-1/answers", ("result",), "in_treatment", "answer_without_kind"),
    ("/api/v1/checks/ck-1/receipts", ("delivered_at",), "yesterday", "field_time_format"),
    ("/api/v1/whereabouts", ("to",), said.at(0), "window_backwards"),
    ("/api/v1/whereabouts", ("kind",), "holiday", "field_choice"),
    ("/api/v1/scenes", ("items",), [{"name": "药", "amount": "-1.00"}], "field_at_least"),
    ("/api/v1/scenes", ("items",), [{"amount": "Infinity"}], "field_number"),
    ("/api/v1/scenes", ("items",), [{"amount": "1.00001"}], "field_places"),
    ("/api/v1/scenes", ("weights",), {"before_kg": 0}, "field_above"),
    ("/api/v1/scenes", ("weights",), {"before_kg": True}, "field_number"),
    ("/api/v1/scenes", ("psn_no",), None, "scene_of_nobody"),
]


@pytest.mark.parametrize(("path", "field", "value", "code"), WRONG_FIELDS)
def test_a_wrong_field_is_named_with_what_to_do(
    house: House, caller: httpx.Client, path: str, field: tuple[str, ...], value: object, code: str
) -> None:
    answer = caller.post(path, json=with_field(CALLS[path](), field, value))
    assert answer.status_code == 422
    rows = answer.json()["errors"]
    assert code in [row["code"] for row in rows]
    assert all(
        row["detail"] and row["pointer"] == "#" + "".join(f"/{s}" for s in row["field"].split(".") if s) for row in rows
    )
    (letter,) = house.new_letters()
    assert orjson.loads(letter.body) == with_field(CALLS[path](), field, value)


def test_negative_money_in_a_national_message_is_told_and_kept(house: House, caller: httpx.Client) -> None:
    body = said.message("2304", {"data": {"psn_no": said.PSN, "mdtrt_id": said.STAY, "medfee_sumamt": "-1"}}, 7)
    answer = caller.post("/fsi/callService", json=body)
    assert answer.status_code == 200
    assert answer.json()["infcode"] in (0, -1)
    if answer.json()["infcode"] == -1:
        assert len(house.new_letters()) == 1
    lives(house, caller)


def test_a_transaction_nobody_knows_is_kept_and_answered(house: House, caller: httpx.Client) -> None:
    answer = caller.post("/fsi/callService", json=said.message("9999", {"data": {}}))
    assert answer.json()["infcode"] == -1
    assert answer.json()["err_msg"]
    assert len(house.new_letters()) == 1


def test_terminals_may_send_extras_of_their_own(caller: httpx.Client) -> None:
    extra = said.capture(firmware="9.1", liveness={"challenge": "nod", "vendor": {"score": 0.9}})
    extra["vendor"] = 1
    assert caller.post("/api/v1/captures", json=extra).status_code == 202


def test_what_belongs_into_meta_may_stand_beside_it(caller: httpx.Client) -> None:
    body = said.capture(capture_id="beside", template=None)
    body["comparison"] = {"score": 0.3, "metric": "distance", "model": "edge-1", "threshold": 0.5}
    assert caller.post("/api/v1/captures", json=body).status_code == 202


def test_a_content_type_that_isn_t_taken_is_named(house: House, caller: httpx.Client) -> None:
    answer = caller.post("/api/v1/checks", content=b"kind=round", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]
    assert len(house.new_letters()) == 1


META = orjson.dumps(said.capture()["meta"])


def test_a_capture_sent_as_multipart_is_taken(caller: httpx.Client) -> None:
    as_field = caller.post("/api/v1/captures", files={"meta": (None, META, "application/json")})
    as_file = caller.post("/api/v1/captures", files={"meta": ("meta.json", META, "application/json")})
    assert (as_field.status_code, as_file.status_code) == (202, 202)
    assert as_field.json() == as_file.json()


def test_a_picture_is_refused_until_pictures_come_and_its_description_kept(house: House, caller: httpx.Client) -> None:
    photo = ("p.jpg", b"\xff\xd8\xff" + b"x" * 1000, "image/jpeg")
    answer = caller.post("/api/v1/captures", files={"meta": ("", META, "application/json"), "photo": photo})
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/photo-not-supported-yet"
    (letter,) = house.new_letters()
    assert orjson.loads(letter.body) == said.capture()


BOUNDARY = {"Content-Type": "multipart/form-data; boundary=B"}
WHOLE = b'--B\r\nContent-Disposition: form-data; name="meta"\r\n\r\n' + META + b"\r\n--B--\r\n"


@pytest.mark.parametrize(
    ("headers", "body", "problem"),
    [
        (BOUNDARY, WHOLE[: len(WHOLE) // 2], "multipart-broken"),
        (BOUNDARY, WHOLE.replace(b"--B--\r\n", b""), "multipart-broken"),
        (BOUNDARY, b"nothing of the kind", "multipart-broken"),
        ({"Content-Type": "multipart/form-data"}, WHOLE, "multipart-broken"),
        (BOUNDARY, WHOLE.replace(b"meta", b"data"), "meta-missing"),
        (BOUNDARY, WHOLE.replace(META, b"{"), "body-not-json"),
        (BOUNDARY, WHOLE.replace(META, b"\xff"), "body-not-utf8"),
        (
            BOUNDARY,
            b"".join(b'--B\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n' for _ in range(10_000)) + b"--B--",
            "multipart-too-many-parts",
        ),
    ],
)
def test_a_broken_multipart_is_refused_whole(
    house: House, caller: httpx.Client, headers: dict[str, str], body: bytes, problem: str
) -> None:
    answer = caller.post("/api/v1/captures", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["type"] == f"/problems/{problem}"
    assert len(house.new_letters()) == 1
    lives(house, caller)


@pytest.mark.parametrize("key", ["x" * 201, "a b", "é"])
def test_an_idempotency_key_is_short_and_visible(caller: httpx.Client, key: str) -> None:
    headers = httpx.Headers([(b"Idempotency-Key", key.encode("latin-1"))])
    answer = caller.post("/api/v1/checks", json=said.check(), headers=headers)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "severity=1", "status=x", "cursor=!!", "cursor=eyJ9", "detector=" + "x" * 65],
)
def test_a_wrong_query_is_named(caller: httpx.Client, query: str) -> None:
    answer = caller.get(f"/api/v1/alerts?{query}")
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_path_and_an_unknown_method_are_problems_too(caller: httpx.Client) -> None:
    assert caller.get("/api/v2/alerts").json()["type"] == "/problems/no-such-call"
    wrong = caller.delete("/api/v1/alerts")
    assert (wrong.status_code, wrong.json()["type"]) == (405, "/problems/method-not-allowed")
    assert "GET" in wrong.headers["allow"]


def test_an_error_of_ours_is_told_with_a_reference_and_without_what_it_was_about(
    house: House, caller: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: str) -> None:
        raise RuntimeError(said.PSN)

    monkeypatch.setattr(house.app.state, "queries", type("Broken", (), {"alert": staticmethod(broken)})())
    answer = httpx.get(f"{house.url}/api/v1/alerts/al-1")
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/internal"
    assert said.PSN not in answer.text
    assert said.PSN not in caplog.text
    assert "RuntimeError" in caplog.text
