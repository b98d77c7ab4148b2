"""Events as bytes: what was written comes back, old versions are brought up to date, nonsense is named."""

from __future__ import annotations

from datetime import timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.admission import Discharged
from schemas.base import CHINA, Event, Who
from schemas.codec import CURRENT, UnreadableEvent, decode, encode
from schemas.events import EVENTS
from tests.schemas.shapes import NOON, example, file_of
from tests.schemas.strategies import TEXT, instances

ANY_EVENT = st.sampled_from(list(EVENTS.values())).flatmap(instances)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


@given(ANY_EVENT)
def test_what_is_encoded_comes_back_equal(event: Event) -> None:
    assert decode(encode(event)) == event


@given(ANY_EVENT)
def test_the_same_event_has_the_same_bytes(event: Event) -> None:
    assert encode(decode(encode(event))) == encode(event)


@given(ANY_EVENT)
def test_the_kind_and_version_stand_first(event: Event) -> None:
    kind = event.kind  # type: ignore[attr-defined]
    assert encode(event).startswith(f'{{"kind":"{kind}","v":{CURRENT[kind]},'.encode())


def test_an_instant_is_kept_on_chinas_clock_wherever_it_was_said() -> None:
    elsewhere = NOON.astimezone(timezone.utc)  # noqa: UP017
    event = Discharged(event_id="e", at=elsewhere, arrived_at=elsewhere, ended_at=elsewhere)
    assert event.ended_at == NOON
    assert event.ended_at.utcoffset() == CHINA.utcoffset(None)
    assert b"2026-03-02T12:00:00+08:00" in encode(event)


# ── upcast on read ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def third_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if `discharged` had been renamed a field in v2 and had another one added in v3."""

    def from_1(old: dict[str, Any]) -> dict[str, Any]:
        return {("ended_at" if name == "left_at" else name): value for name, value in old.items()}

    def from_2(old: dict[str, Any]) -> dict[str, Any]:
        return {**old, "bed": old.get("bed") or "unknown"}

    monkeypatch.setitem(CURRENT, "discharged", 3)
    monkeypatch.setitem(codec.UPCASTS, ("discharged", 1), from_1)
    monkeypatch.setitem(codec.UPCASTS, ("discharged", 2), from_2)


def first_version(**changes: Any) -> bytes:
    document = {
        "kind": "discharged",
        "v": 1,
        "event_id": "e1",
        "at": "2026-03-02T12:00:00+08:00",
        "arrived_at": "2026-03-02T12:01:00+08:00",
        "left_at": "2026-03-02T11:00:00+08:00",
    }
    return orjson.dumps(document | changes)


@pytest.mark.usefixtures("third_version")
def test_an_old_event_is_brought_up_step_by_step() -> None:
    event = decode(first_version())
    assert isinstance(event, Discharged)
    assert (event.v, event.ended_at.hour, event.bed) == (3, 11, "unknown")


@pytest.mark.usefixtures("third_version")
def test_an_event_between_the_versions_starts_where_it_is() -> None:
    second = orjson.loads(first_version(v=2, ended_at="2026-03-02T11:30:00+08:00"))
    del second["left_at"]
    event = decode(orjson.dumps(second))
    assert isinstance(event, Discharged)
    assert (event.v, event.ended_at.minute, event.bed) == (3, 30, "unknown")


@pytest.mark.usefixtures("third_version")
def test_an_old_event_that_is_damaged_is_unreadable_and_not_our_bug() -> None:
    with pytest.raises(UnreadableEvent, match="discharged v1 after upcast: ended_at"):
        decode(first_version(left_at="yesterday"))


# ── what can't be read ───────────────────────────────────────────────────────────────────────────────────

ADMITTED = file_of("admitted", 1).read_bytes()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (ADMITTED[:-20], "not JSON"),
        (b"[]", "unknown or missing `kind`"),
        (b"null", "unknown or missing `kind`"),
        (b"{}", "unknown or missing `kind`"),
        (b'{"kind":"gossip"}', "unknown or missing `kind`"),
        (b'{"kind":["admitted"]}', "unknown or missing `kind`"),
        (b'{"kind":{"admitted":1}}', "unknown or missing `kind`"),
        (b'{"kind":"admitted","v":2}', "admitted v2"),
        (b'{"kind":"admitted","v":0}', "admitted v0"),
        (b'{"kind":"admitted","v":"1"}', "admitted v?"),
        (b'{"kind":"admitted","v":1.5}', "admitted v?"),
        (b'{"kind":"admitted"}', "admitted v1"),
    ],
)
def test_nonsense_is_named_for_what_it_is(raw: bytes, said: str) -> None:
    with pytest.raises(UnreadableEvent) as caught:
        decode(raw)
    assert said in str(caught.value)


def test_a_newer_version_says_so() -> None:
    newer = orjson.dumps(orjson.loads(ADMITTED) | {"v": 2})
    with pytest.raises(UnreadableEvent, match="written by a newer version of wardwatch"):
        decode(newer)


@pytest.mark.parametrize("field", ["at", "began_at", "who", "ward", "newborn_with_mother"])
def test_what_is_wrong_is_named_by_field_and_never_by_value(field: str) -> None:
    damaged = orjson.dumps(orjson.loads(ADMITTED) | {field: "张三 330106199001011234"})
    if field == "ward":
        damaged = orjson.dumps(orjson.loads(ADMITTED) | {field: ["张三 330106199001011234"]})
    with pytest.raises(UnreadableEvent) as caught:
        decode(damaged)
    assert field in str(caught.value)
    assert "张三" not in str(caught.value)
    assert "3301" not in str(caught.value)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_else(raw: bytes) -> None:
    try:
        decode(raw)
    except UnreadableEvent:
        return


@given(event=ANY_EVENT, data=st.data())
def test_damaged_events_raise_nothing_else_either(event: Event, data: st.DataObject) -> None:
    """One field of a real event replaced by anything that JSON can say."""
    document = orjson.loads(encode(event))
    name = data.draw(st.sampled_from(sorted(document)))
    document[name] = data.draw(ANY_JSON)
    try:
        decode(orjson.dumps(document))
    except UnreadableEvent:
        return


def test_an_event_is_frozen_and_refuses_what_it_does_not_know() -> None:
    event = example(Discharged)
    with pytest.raises(ValueError, match="frozen"):
        event.ward = "elsewhere"
    with pytest.raises(ValueError, match="Extra inputs"):
        Who.model_validate({"institution": "H1", "nmae": "x"})
