"""Who is calling: the name under which everything a request does is recorded."""

from __future__ import annotations

from dataclasses import dataclass

from access.permissions import ACTIONS, PERMISSIONS, Role
from access.scopes import ALL, Scope


class UnknownCaller(ValueError):
    """`as` of a journal line, or the header of the same meaning, names no person with a role we know."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One credential in use. `id` is what reviews, checks and audit rows carry; it is never a token."""

    id: str
    role: str
    scope: Scope


LOCAL = Caller("local", "local", Scope(ALL, ALL, ACTIONS))
"""Whoever sits at this machine while no credential is configured, and a journal line without `as`."""


def caller_as(value: object) -> Caller:
    """The caller that a journal line's `as` stands for: `{"id": …, "role": …}`, `[id, role]` or `"id role"`.

    Everywhere in reach, with the actions of the role. Raises `UnknownCaller`.
    """
    match value:
        case {"id": str(name), "role": str(role)} | [str(name), str(role)]:
            pass
        case str():
            name, _, role = value.strip().partition(" ")
        case _:
            name, role = "", ""
    role = role.strip()
    if not 0 < len(name) <= 64 or not name.isprintable():
        raise UnknownCaller("应写明人员编号和角色 / should name a person and a role")
    if role not in PERMISSIONS:
        raise UnknownCaller(f"未知角色 / unknown role; known: {', '.join(PERMISSIONS)}")
    return Caller(name, role, scope_of(role))


def scope_of(role: Role, institutions: frozenset[str] | None = None) -> Scope:
    """The scope of a role everywhere, or in some institutions."""
    return Scope(ALL if institutions is None else institutions, ALL, PERMISSIONS[role])
