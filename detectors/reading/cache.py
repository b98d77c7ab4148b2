"""Readings are computed once: `once` for as long as a case lives, `lasting` for as long as its facts do.

Cases and facts are frozen, so what was read of them stays true. Neither changes what a reading says: a state
that comes fresh from the database has nothing kept, and the laws hold both to the same findings.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from detectors.base import Case
from detectors.ledger.model import Stay

T = TypeVar("T")
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


class _Read(NamedTuple):
    """What was read, and of which very objects."""

    facts: Any
    rules: Any
    institution: Any
    found: Any


def readings_of(stay: Stay | None) -> dict[str, Any]:
    """What was read of a stay when it was last looked at."""
    return {} if stay is None else stay.__dict__.get(_READINGS, {})


def keep_readings(stay: Stay, readings: dict[str, Any]) -> None:
    """Keep them with the stay, beside its fields: they are no part of what it says, and are never stored."""
    stay.__dict__[_READINGS] = readings


def lasting(*facts: str) -> Callable[[Callable[[Case], T]], Callable[[Case], T]]:
    """For a reading that rests on these facts of the stay, its rules and its institution, and on nothing else:
    never on `now`, never on other stays. Most events touch one kind of fact, and leave the others' readings be.
    """
    facts_of = attrgetter("institution", *facts)  # with two names or more, a tuple

    def decorate(read: Callable[[Case], T]) -> Callable[[Case], T]:
        name = f"{read.__module__}.{read.__qualname__}"

        def lasts(case: Case) -> T:
            rests_on = facts_of(case.stay)
            known: _Read | None = case.kept.get(name)
            if (
                known is not None
                and known.rules is case.rules
                and known.institution is case.institution
                and all(one is other for one, other in zip(known.facts, rests_on, strict=True))
            ):
                found: T = known.found
                return found
            found = read(case)
            case.kept[name] = _Read(rests_on, case.rules, case.institution, found)
            return found

        return once(update_wrapper(lasts, read))

    return decorate
