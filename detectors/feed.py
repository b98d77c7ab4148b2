"""feed.silent: a hospital's messages stop. A question about data, never about people."""

from __future__ import annotations

from datetime import datetime

from detectors.reading.moments import after, hours
from detectors.rulesets.model import RuleSet


def judge_silence(last_heard: datetime, now: datetime, rules: RuleSet) -> tuple[bool, datetime | None]:
    """Is an institution silent that was last heard at `last_heard`, and if not yet: when would it be?"""
    silent_from = after(last_heard, hours(rules.feed_silent.hours))
    return (True, None) if now >= silent_from else (False, silent_from)
