"""How far a caller sees: filters are narrowed to it, and what lies outside is answered as if it weren't there."""

from __future__ import annotations

from typing import NamedTuple

from access.callers import Caller
from access.permissions import Action
from access.scopes import ALL
from streams.requests import Forbidden, NotFound


class Reach(NamedTuple):
    """What a list may show: None means any."""

    institutions: frozenset[str] | None
    ward: str | None


def narrowed(caller: Caller, institution: str, ward: str) -> Reach:
    """The list that was asked for, inside the caller's scope. Raises `Forbidden` where it lies outside.

    Who is bound to some wards must name one of them, unless there is only one.
    """
    scope = caller.scope
    if institution:
        if scope.institutions != ALL and institution not in scope.institutions:
            raise Forbidden("out_of_scope")
        institutions: frozenset[str] | None = frozenset({institution})
    else:
        institutions = None if scope.institutions == ALL else frozenset(scope.institutions)
    return Reach(institutions, _ward(caller, ward))


def whole_institutions(caller: Caller, institution: str) -> frozenset[str] | None:
    """The same for what concerns no single ward: whoever is bound to wards is refused."""
    reach = narrowed(caller, institution, "")
    if reach.ward is not None:
        raise Forbidden("out_of_scope")
    return reach.institutions


def require(caller: Caller, action: Action, institution: str, ward: str | None) -> None:
    """Raise `NotFound` where one thing lies outside: whether it exists is nobody's business there."""
    if not caller.scope.allows(action, institution, ward or ""):
        raise NotFound("no_such_thing")


def _ward(caller: Caller, ward: str) -> str | None:
    wards = caller.scope.wards
    if wards == ALL:
        return ward or None
    if not ward and len(wards) == 1:
        return next(iter(wards))
    if ward not in wards:
        raise Forbidden("out_of_scope")
    return ward
