"""Stores on every backend, and one recorded week of a small town."""

from __future__ import annotations

import pytest

from tests.storage.conftest import backend, new_store, new_url
from tests.streams.exactness import Recorded, straight_run
from tests.streams.town import town

__all__ = ["backend", "new_store", "new_url"]


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A town's week as the straight run recorded it."""
    return straight_run(town(), tmp_path_factory.mktemp("week"))
