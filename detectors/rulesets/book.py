"""Which rule set applies: the nearest region that has one in force on the day, the nation at last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from detectors.institutions import InstitutionBook
from detectors.policy import Institution
from detectors.rulesets.loading import builtin_texts, load_all, load_one
from detectors.rulesets.model import RuleSet
from schemas.base import china_date

_REMEMBERED = 10_000
"""Answers kept, one a region and day: every event asks."""


class RuleBook:
    """All rule sets that this system works by."""

    def __init__(self, sets: Iterable[RuleSet]) -> None:
        """`sets` as `load_all` gives them: no two in force for one region on one day."""
        self.sets = tuple(sets)
        self._by_region: dict[str, tuple[RuleSet, ...]] = {}
        for rules in self.sets:
            self._by_region[rules.region] = (*self._by_region.get(rules.region, ()), rules)
        self._found: dict[tuple[str, date], RuleSet] = {}
        if not self._by_region.get(""):
            raise ValueError('没有全国规则集 / there is no national rule set: one with region = ""')

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> RuleBook:
        """The sets in `texts` (file name → TOML) beside the built-in ones.

        A file with a built-in name takes its place. Raises `RuleSetError` naming file and line.
        """
        return cls(load_all({**builtin_texts(), **texts}))

    @classmethod
    def builtin(cls) -> RuleBook:
        """The sets that come with the program."""
        return cls.from_texts({})

    @classmethod
    def single(cls, rules: RuleSet) -> RuleBook:
        """One set for every region and day, as `replay --rules FILE` wants it."""
        return cls([rules.model_copy(update={"region": "", "effective_to": None})])

    @classmethod
    def single_text(cls, text: str, file: str) -> RuleBook:
        """`single` of the set in `text`, which may extend a built-in one. Raises `RuleSetError`."""
        return cls.single(load_one(text, file))

    def rules(self, region: str, moment: datetime) -> RuleSet:
        """The set in force in `region` at `moment`, by its +08:00 date.

        The region itself, then its city (xxyy00), its province (xx0000), the nation. Before the first national
        set began its earliest version applies: an event with a wrong clock still has to be judged.
        """
        day = china_date(moment)
        found = self._found.get((region, day))
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = self._found[region, day] = self._look_up(region, day)
        return found

    def _look_up(self, region: str, day: date) -> RuleSet:
        for place in _around(region):
            for rules in self._by_region.get(place, ()):
                if rules.in_force(day):
                    return rules
        national = self._by_region[""]
        return national[0] if day < national[0].effective_from else national[-1]


def _around(region: str) -> tuple[str, ...]:
    if len(region) != 6:
        return ("",)
    return (region, f"{region[:4]}00", f"{region[:2]}0000", "")


class RulesAndInstitutions:
    """`Policies` from a rule book and the institutions' configuration."""

    def __init__(self, rulebook: RuleBook, institutions: InstitutionBook) -> None:
        self.rulebook = rulebook
        self.institutions = institutions

    def institution(self, code: str) -> Institution:
        """The configuration of an institution, known or not."""
        return self.institutions.institution(code)

    def rules(self, region: str, moment: datetime) -> RuleSet:
        """The rule set in force for care given in `region` at `moment`."""
        return self.rulebook.rules(region, moment)
