"""A reading is computed once a case: cases are frozen, so what was read stays true for their whole life."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TypeVar

from detectors.base import Case

T = TypeVar("T")


def once(read: Callable[[Case], T]) -> Callable[[Case], T]:
    """`read`, remembered in the case itself, as `functools.cached_property` would if it were a method."""
    name = f"{read.__module__}.{read.__qualname__}"

    def reading(case: Case) -> T:
        kept = case.__dict__
        if name in kept:
            known: T = kept[name]
            return known
        found = kept[name] = read(case)
        return found

    return update_wrapper(reading, read)
