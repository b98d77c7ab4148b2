"""What a detector is: a pure judgement of one stay in its person's ledger, at a moment that is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from detectors.ledger.model import Opinion, Person, Stay, Why
from detectors.ledger.view import Placement, Span, placement, span
from detectors.policy import Institution
from detectors.rulesets.model import RuleSet


@dataclass(frozen=True)
class Case:
    """Everything a detector may look at. `now` is the time of the event that asks, never a clock.

    `kept` are readings of earlier cases of the same stay: see `reading/cache.py`.
    """

    person: Person
    stay: Stay
    rules: RuleSet
    institution: Institution
    now: datetime
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def concluding(self, stay: Stay) -> Case:
        """The case with `stay`, which holds the same facts and other conclusions (opinions, alerts, rulings).

        What was read of the facts stays true, so it isn't read again.
        """
        case = object.__new__(Case)
        case.__dict__.update(self.__dict__, stay=stay)
        return case

    @cached_property
    def span(self) -> Span:
        return span(self.stay)

    @cached_property
    def placement(self) -> Placement:
        return placement(self.stay)


class Judgement(NamedTuple):
    """What a detector holds now, complete: an opinion missing here that was there before is withdrawn.

    `wake_at` is when time alone may change its mind; None while only facts can.
    """

    opinions: tuple[Opinion, ...] = ()
    wake_at: datetime | None = None


NOTHING = Judgement()

Judge = Callable[[Case], Judgement]


@dataclass(frozen=True)
class Detector:
    """One row of the registry. `listens` names the event kinds after which its judgement may differ.

    `person_wide` detectors look at all stays of the person: an event about one stay may change their
    judgement of another. `spared` names the kinds that can't change its mind about a stay of which nothing odd is
    known: see `sparing.py`. Leave it empty when in doubt.
    """

    code: str
    judge: Judge
    listens: frozenset[str]
    person_wide: bool = False
    spared: frozenset[str] = frozenset()


def why(code: str, *evidence: str, weight: float = 0.0, **params: str | int | float) -> Why:
    """A reason; `evidence` are ids of the facts it rests on."""
    return Why(code=code, params=params, weight=round(weight, 4), evidence=tuple(dict.fromkeys(evidence)))


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of the moments that are known."""
    return min((m for m in moments if m is not None), default=None)


def described(value: Any) -> str:
    """A value as a reason's parameter: dates and times in their short ISO form."""
    return value.isoformat(timespec="minutes") if isinstance(value, datetime) else str(value)
