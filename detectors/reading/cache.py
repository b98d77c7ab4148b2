"""Readings are computed once: `once` for as long as a case lives, `lasting` for as long as its facts do.

Cases and facts are frozen, so what was read of them stays true. Neither changes what a reading says: a state
that comes fresh from the database has nothing kept, and the laws hold both to the same findings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from operator import attrgetter
from typing import Any, TypeVar

from detectors.base import Case
from detectors.ledger.model import Stay

T = TypeVar("T")
F = TypeVar("F")
_READINGS = "readings"


def once(read: Callable[[Case], T]) -> Callable[[Case], T]:
    """`read`, remembered in the case itself, as `functools.cached_property` would if it were a method."""
    name = f"{read.__module__}.{read.__qualname__}"

    def reading(case: Case) -> T:
        known = case.__dict__
        if name in known:
            found: T = known[name]
            return found
        found = known[name] = read(case)
        return found

    return update_wrapper(reading, read)


def readings_of(stay: Stay) -> dict[str, Any]:
    """What was read of a stay so far. It lies beside its fields: no part of what it says, and never stored."""
    found: dict[str, Any] = stay.__dict__.setdefault(_READINGS, {})
    return found


def hand_on(before: Stay | None, stay: Stay) -> None:
    """The readings of a stay, for the stay that follows it."""
    if before is not None and before is not stay:
        stay.__dict__[_READINGS] = readings_of(before)


def lasting(*facts: str) -> Callable[[Callable[[Case], T]], Callable[[Case], T]]:
    """For a reading that rests on these facts of the stay, its rules and its institution, and on nothing else:
    never on `now`, never on other stays. Most events touch one kind of fact, and leave the others' readings be.
    """
    rests_on = attrgetter("rules", "institution", *(f"stay.{fact}" for fact in facts))

    def decorate(read: Callable[[Case], T]) -> Callable[[Case], T]:
        name = f"{read.__module__}.{read.__qualname__}"

        def lasts(case: Case) -> T:
            facts = rests_on(case)
            known: tuple[Any, T] | None = case.kept.get(name)
            if known is not None and known[0] == facts:  # nearly always the same objects, which costs nothing
                return known[1]
            found = read(case)
            case.kept[name] = (facts, found)
            return found

        return once(update_wrapper(lasts, read))

    return decorate


def lasting_each(of: str, *facts: str) -> Callable[[Callable[[Case, F], T]], Callable[[Case], tuple[T, ...]]]:
    """The same for a reading of every one of the facts `of` by itself (checks, captures), which rests on that one
    and on `facts`. Facts come at the end nearly always, so only what is new there is read.
    """
    rests_on = attrgetter("rules", "institution", *(f"stay.{fact}" for fact in facts))
    items_of: Callable[[Case], tuple[F, ...]] = attrgetter(f"stay.{of}")

    def decorate(read: Callable[[Case, F], T]) -> Callable[[Case], tuple[T, ...]]:
        name = f"{read.__module__}.{read.__qualname__}"

        def lasts(case: Case) -> tuple[T, ...]:
            facts = rests_on(case)
            items: tuple[F, ...] = items_of(case)
            known: tuple[Any, tuple[F, ...], tuple[T, ...]] | None = case.kept.get(name)
            same = 0
            if known is not None and known[0] == facts:
                for one, other in zip(known[1], items, strict=False):
                    if one is not other:
                        break
                    same += 1
            fresh = [read(case, item) for item in items[same:]]
            found = (*known[2][:same], *fresh) if known is not None and same else tuple(fresh)
            case.kept[name] = (facts, items, found)
            return found

        lasts.__name__, lasts.__qualname__, lasts.__doc__ = read.__name__, read.__qualname__, read.__doc__
        lasts.__module__ = read.__module__
        return once(lasts)

    return decorate
