"""What `wardwatch holds stop` has stopped. A stop opens no new holds; it takes none back, people do that."""

from __future__ import annotations

from typing import NamedTuple


class Stops(NamedTuple):
    """Rules (detector codes, `gate.unverified_days`) and institutions whose holds are only reported."""

    rules: frozenset[str] = frozenset()
    institutions: frozenset[str] = frozenset()


NO_STOPS = Stops()
