"""What every test shares: surroundings without settings, and Hypothesis that repeats itself in CI."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own WARDWATCH_ variables must not change what a test sees."""
    for name in list(os.environ):
        if name.startswith("WARDWATCH_") and not name.startswith("WARDWATCH_TEST_"):
            monkeypatch.delenv(name)
