"""Alerts, decisions and holds as stored bytes: the same promises as for events."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Model
from schemas.decisions import Decision, Hold
from schemas.findings import Alert
from storage import bodies
from storage.errors import StorageError
from tests.schemas.shapes import example
from tests.schemas.strategies import instances

KINDS: list[type[Model]] = [Alert, Decision, Hold]


@given(st.sampled_from(KINDS).flatmap(lambda kind: instances(kind)))
def test_what_is_stored_comes_back_equal(row: Model) -> None:
    assert bodies.load(type(row), bodies.dump(row)) == row


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_a_newer_version_says_so(kind: type[Model]) -> None:
    newer = orjson.dumps(orjson.loads(bodies.dump(example(kind))) | {"v": 9})
    with pytest.raises(StorageError, match="newer wardwatch"):
        bodies.load(kind, newer)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_an_older_version_is_brought_up(kind: type[Model], monkeypatch: pytest.MonkeyPatch) -> None:
    def renamed(old: dict[str, Any]) -> dict[str, Any]:
        return {("rule_version" if name == "rules" else name): value for name, value in old.items()}

    monkeypatch.setattr(bodies, "_version", lambda _: 2)
    monkeypatch.setitem(bodies.UPCASTS, (kind.__name__, 1), renamed)
    old = orjson.loads(bodies.dump(example(kind))) | {"v": 1}
    old["rules"] = old.pop("rule_version")
    found = bodies.load(kind, orjson.dumps(old))
    assert found.rule_version == example(kind).rule_version  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_row_is_named_by_field_and_never_by_value(kind: type[Model]) -> None:
    damaged = orjson.loads(bodies.dump(example(kind))) | {"reasons": "张三"}
    with pytest.raises(StorageError, match="reasons") as caught:
        bodies.load(kind, orjson.dumps(damaged))
    assert "张三" not in str(caught.value)
