"""Asking one detector about a story: what it says at a moment, with which reasons, and when it looks again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from detectors.base import Case, Judgement
from detectors.ledger.fold import fold
from detectors.ledger.model import Opinion, Person
from detectors.policy import Institution
from detectors.registry import DETECTORS
from detectors.rulesets.model import Bands, RuleSet
from tests.stories import MODEL, Story, Time, at

BY_CODE = {d.code: d for d in DETECTORS}

CALIBRATED = Bands(metric="distance", same=0.4, different=0.6, calibrated=True)
OBSERVING = Bands(metric="distance", same=0.4, different=0.6, calibrated=False)
ANCHOR = Bands(metric="similarity", same=0.7, different=0.5, calibrated=True)


def rules(**tables: Any) -> RuleSet:
    """The defaults of every table, calibrated for our faces; `tables` replace single ones."""
    return RuleSet(
        name="test",
        version="1",
        effective_from=date(2000, 1, 1),
        calibration=tables.pop("calibration", {MODEL: {"default": CALIBRATED}}),
        anchor=tables.pop("anchor", {"similarity": ANCHOR}),
        **tables,
    )


RULES = rules()


def ledger(story: Story) -> Person:
    """Everything in the story, folded in the order in which it was told."""
    person = Person(key=story.person)
    for event in story.events:
        person = fold(person, event)
    return person


def case_of(
    story: Story,
    now: Time | None = None,
    *,
    by: RuleSet = RULES,
    institution: Institution | None = None,
) -> Case:
    """The story's stay as a detector sees it at `now` (where not said: when the last event arrived)."""
    person = ledger(story)
    moment: datetime = max(e.arrived_at for e in story.events) if now is None else at(now)
    stay = person.stays[story.stay]
    return Case(person, stay, by, institution or Institution(story.house), moment)


def judge(code: str, story: Story, now: Time | None = None, **how: Any) -> Judgement:
    """What one detector says."""
    return BY_CODE[code].judge(case_of(story, now, **how))


def says(code: str, story: Story, now: Time | None = None, **how: Any) -> Opinion:
    """Its only opinion."""
    (opinion,) = judge(code, story, now, **how).opinions
    return opinion


def silent(code: str, story: Story, now: Time | None = None, **how: Any) -> bool:
    """Does it say nothing?"""
    return judge(code, story, now, **how).opinions == ()


def codes(opinion: Opinion) -> list[str]:
    """The reasons' codes, in order."""
    return [reason.code for reason in opinion.reasons]
