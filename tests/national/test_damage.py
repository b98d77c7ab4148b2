"""Whatever a message suffers on its way, it becomes events or a reason; never an accident, never a leak."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.base import Event
from schemas.codec import decode, encode
from schemas.national import Unreadable
from tests.national.support import NAMES, PRIVATE, events, pair, read

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["", "0", "0000", "-1", "NaN", "1e999", "\x00", "9999-12-31", "2999-01-01", "{", "[1]", "\ud800"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document below its root."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def replaced(document: Any, path: tuple[Any, ...], value: Any, *, drop: bool) -> None:
    for key in path[:-1]:
        document = document[key]
    if drop:
        del document[path[-1]]
    else:
        document[path[-1]] = value


def events_or_reason(document: Any) -> None:
    """The only two outcomes there are; what comes out can travel, and shows nobody."""
    found: tuple[Event, ...] = ()
    said = ""
    try:
        found = events(document)
    except Unreadable as error:
        said = f"{error}{error.zh}{error.en}{error.field}"
    assert not [word for word in PRIVATE if word in said]
    for event in found:
        raw = encode(event)
        assert decode(raw) == event
        assert not [word for word in PRIVATE if word.encode() in raw]


@given(name=st.sampled_from(NAMES), where=st.integers(0, 10**6), value=JSON, drop=st.booleans(), alone=st.booleans())
def test_one_field_of_an_example_dropped_or_replaced(
    name: str, where: int, value: Any, drop: bool, alone: bool
) -> None:
    document = pair(name)
    if alone:
        document = document["request"]
    paths = list(places(document))
    replaced(document, paths[where % len(paths)], value, drop=drop)
    events_or_reason(document)


@given(name=st.sampled_from(NAMES), seed=st.integers(0, 2**32), values=st.lists(JSON, min_size=1, max_size=6))
def test_many_fields_swapped_moved_and_replaced(name: str, seed: int, values: list[Any]) -> None:
    chance = random.Random(seed)
    document = pair(name)
    for value in values:
        paths = list(places(document["request"]["input"]))
        if paths:
            replaced(document["request"]["input"], chance.choice(paths), value, drop=chance.random() < 0.3)
    events_or_reason(document)


@given(name=st.sampled_from(NAMES), flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4))
def test_bytes_damaged_on_the_wire(name: str, flips: list[tuple[int, int]]) -> None:
    raw = bytearray(json.dumps(pair(name), ensure_ascii=False).encode())
    for place, value in flips:
        raw[place % len(raw)] = value
    events_or_reason(bytes(raw))


@given(document=JSON)
@example(document={"infno": "2404", "input": {"data": {}}, "fixmedins_code": "H"})
@example(document={"request": {"encData": "AAAA"}, "response": {}})
@example(document={"infno": "3102", "fixmedins_code": "H", "input": {"data": {"patient_dtos": [{"patn_id": {}}]}}})
def test_any_json_at_all(document: Any) -> None:
    events_or_reason(document)
    events_or_reason({"infno": "2301", "msgid": "m", "fixmedins_code": "H", "input": document})
    events_or_reason({"request": pair("2401")["request"], "response": document})


@given(raw=st.binary(max_size=200))
def test_any_bytes_at_all(raw: bytes) -> None:
    events_or_reason(raw)


@given(name=st.sampled_from(NAMES), order=st.randoms(use_true_random=False))
def test_the_order_of_fields_changes_nothing(name: str, order: random.Random) -> None:
    def shuffled(node: Any) -> Any:
        if isinstance(node, dict):
            keys = list(node)
            order.shuffle(keys)
            return {key: shuffled(node[key]) for key in keys}
        return [shuffled(row) for row in node] if isinstance(node, list) else node

    document = shuffled(pair(name))
    assert events(document) == events(pair(name))
    assert read(document).input_hash == read(pair(name)).input_hash
