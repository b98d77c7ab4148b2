"""One bureau a case, on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.casebook.bureau import Bureau
from tests.journal import Hospital


@pytest.fixture
def bureau(tmp_path: Path) -> Iterator[Bureau]:
    """A bureau whose face model is calibrated."""
    made = Bureau(tmp_path)
    yield made
    made.close()


@pytest.fixture
def hospital() -> Hospital:
    return Hospital()
