"""What a credential reaches: which institutions, which wards there, and which actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from access.permissions import Action

ALL: Final = "*"
"""Every institution, or every ward of the institutions that a scope names."""

Reach = frozenset[str] | Literal["*"]


@dataclass(frozen=True, slots=True)
class Scope:
    """A request passes where action, institution and ward are all inside."""

    institutions: Reach
    wards: Reach
    actions: frozenset[Action]

    def allows(self, action: Action, institution: str, ward: str = "") -> bool:
        """Whether `action` at this institution (`fixmedins_code`) and ward is inside the scope.

        An empty ward stands for the whole institution, or for a request that doesn't say: a scope limited to
        wards doesn't reach it, except by `allows_somewhere`. An empty institution is nobody's but ALL's.
        """
        if action not in self.actions:
            return False
        if self.institutions != ALL and institution not in self.institutions:
            return False
        return self.wards == ALL or ward in self.wards

    def allows_somewhere(self, action: Action, institution: str = "") -> bool:
        """Whether the action is allowed in at least one ward, of `institution` where one is named.

        For requests that name no ward themselves: the ward follows from the patient, once joined.
        """
        reaches = self.institutions == ALL or not institution or institution in self.institutions
        return action in self.actions and reaches
