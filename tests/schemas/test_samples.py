"""Every kind in every version has a stored sample, every sample can be read, and no released shape changes."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from schemas import codec
from schemas.base import Model
from schemas.codec import CURRENT, decode, encode
from schemas.events import EVENTS
from storage import bodies
from tests.schemas.shapes import DIGESTS, SAMPLES, STORED, digest, file_of, version

HOW = (
    "A shape that was released doesn't change. Raise `v` of {name}, add its upcast from v{old} to the UPCASTS "
    "beside the codec, and run: .venv/bin/python -m tests.schemas.shapes"
)


def samples() -> list[Path]:
    return sorted(SAMPLES.glob("*.json"))


def read(name: str, raw: bytes) -> Model:
    return decode(raw) if name in EVENTS else bodies.load(STORED[name], raw)


@pytest.mark.parametrize("name", list(STORED))
def test_there_is_a_sample_of_every_version_so_far(name: str) -> None:
    for v in range(1, version(STORED[name]) + 1):
        assert file_of(name, v).exists(), f"{name} v{v}: run .venv/bin/python -m tests.schemas.shapes"


def test_no_sample_is_of_something_that_no_longer_exists() -> None:
    for file in samples():
        name, _, v = file.name.removesuffix(".json").rpartition(".v")
        assert name in STORED, f"{file.name}: old data of this kind can't be read any more"
        assert 1 <= int(v) <= version(STORED[name])


@pytest.mark.parametrize("name", list(STORED))
def test_no_shape_has_changed_since_it_was_stored(name: str) -> None:
    model = STORED[name]
    known = orjson.loads(DIGESTS.read_bytes())
    stored = known.get(f"{name}.v{version(model)}")
    assert stored is not None, f"{name}: run .venv/bin/python -m tests.schemas.shapes"
    assert stored == digest(model), HOW.format(name=name, old=version(model))


@pytest.mark.parametrize("file", samples(), ids=lambda file: file.stem)
def test_every_sample_can_be_read_and_is_written_back_as_it_was(file: Path) -> None:
    name, _, v = file.stem.rpartition(".v")
    found = read(name, file.read_bytes())
    assert type(found) is STORED[name]
    again = encode(found) if name in EVENTS else bodies.dump(found)  # type: ignore[arg-type]
    if int(v) == version(STORED[name]):
        assert orjson.loads(again) == orjson.loads(file.read_bytes())
    assert read(name, again) == found


@pytest.mark.parametrize("file", samples(), ids=lambda file: file.stem)
def test_a_sample_says_something_in_every_field(file: Path) -> None:
    """A field left at its default would prove nothing about its reading."""
    name, _, v = file.stem.rpartition(".v")
    model = STORED[name]
    if int(v) == version(model):
        assert set(orjson.loads(file.read_bytes())) == set(model.model_fields)


def test_every_older_version_has_its_step_up() -> None:
    wanted = {(kind, v) for kind, now in CURRENT.items() for v in range(1, now)}
    assert set(codec.UPCASTS) == wanted
    own = {(m.__name__, v) for n, m in STORED.items() if n not in EVENTS for v in range(1, version(m))}
    assert set(bodies.UPCASTS) == own


def test_a_changed_field_is_another_shape_and_a_changed_comment_is_not() -> None:
    class Before(Model):
        """One comment."""

        v: int = 1
        bed: str = ""

    class Commented(Model):
        """Another comment."""

        v: int = 1
        bed: str = ""

    class Changed(Model):
        """One comment."""

        v: int = 1
        bed: str = ""
        room: str = ""

    assert digest(Before) == digest(Commented)
    assert digest(Before) != digest(Changed)
