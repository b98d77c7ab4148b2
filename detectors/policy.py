"""How an institution is to be watched: its configuration, and what holds where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from detectors.rulesets.model import RuleSet
from schemas.settlement import PayRegime


@dataclass(frozen=True)
class Institution:
    """One 定点医药机构. Without configuration: monitored from its first message, not in soft launch."""

    code: str
    region: str = ""
    population: str = "default"
    pay_regime: PayRegime | None = None
    soft: bool = False
    monitored_from: dict[str, datetime] = field(default_factory=dict)  # "ward", "ward/kind" or "*" → moment
    wards: dict[str, str] = field(default_factory=dict)  # department code or name → ward
    soft_until: datetime | None = None  # soft launch ends here; `soft` alone has no end
    name: str = ""

    def monitored(self, ward: str, kind: str, moment: datetime) -> bool:
        """Did monitoring of this ward and kind of check (round, spot, onsite) begin by `moment`?"""
        for place in (f"{ward}/{kind}", ward, "*"):
            if place in self.monitored_from:
                return moment >= self.monitored_from[place]
        return True

    def in_soft_launch(self, moment: datetime) -> bool:
        """Is everything at `moment` only reported, nothing held?"""
        return self.soft or (self.soft_until is not None and moment < self.soft_until)

    def ward_of(self, department_code: str, department_name: str) -> str:
        """The ward of a department: configured, else the department of the same name."""
        return self.wards.get(department_code) or self.wards.get(department_name) or department_name


class Policies(Protocol):
    """Where the engine asks which rules and which configuration apply."""

    def institution(self, code: str) -> Institution:
        """The configuration of an institution."""

    def rules(self, region: str, moment: datetime) -> RuleSet:
        """The rule set in force for care given in `region` at `moment` (a stay keeps that of its admission)."""
