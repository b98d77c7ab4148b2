"""Keeping facts: sorted by when they happened, each once, the fuller telling of the same fact winning."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from detectors.ledger.model import ENCODER


class Fact(Protocol):
    """A struct with an id and a time."""

    @property
    def id(self) -> str: ...
    @property
    def at(self) -> datetime: ...


F = TypeVar("F", bound=Fact)
S = TypeVar("S", bound=Struct)


def moment(fact: Fact) -> tuple[datetime, str]:
    """The order of facts: event time, ties by id."""
    return (fact.at, fact.id)


def put(facts: tuple[F, ...], new: F) -> tuple[F, ...]:
    """`facts` with `new` in its place. A repeat changes nothing; a fuller telling replaces a poorer one.

    The same message may be seen twice, first without and then with the platform's reply (contract §1).
    """
    if not facts or (moment(facts[-1]) < moment(new) and all(f.id != new.id for f in facts)):
        return (*facts, new)
    for place, old in enumerate(facts):
        if old.id == new.id:
            if old == new or fuller(old, new) is old:
                return facts
            return put(facts[:place] + facts[place + 1 :], new)
    place = bisect_left(facts, moment(new), key=moment)
    return (*facts[:place], new, *facts[place:])


def fuller(one: F, other: F) -> F:
    """The telling with more in it, whichever came first; ties by its bytes, so that order can't matter."""
    return max(one, other, key=weight)


def weight(fact: object) -> tuple[int, bytes]:
    """How full a telling is: its bytes, longer first."""
    raw = ENCODER.encode(fact)
    return len(raw), raw


def drop(facts: tuple[S, ...], unwanted: Callable[[Any], bool]) -> tuple[S, ...]:
    """`facts` without the unwanted; the same object where there are none."""
    kept = tuple(f for f in facts if not unwanted(f))
    return facts if len(kept) == len(facts) else kept
