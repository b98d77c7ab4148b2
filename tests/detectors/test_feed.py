"""feed.silent: a hospital falls silent after so many hours, to the minute."""

from __future__ import annotations

from detectors.feed import judge_silence
from tests.detectors.judging import RULES, rules
from tests.stories import at


def test_a_hospital_is_silent_a_day_after_its_last_message() -> None:
    heard = at("03-02 09:00")
    assert judge_silence(heard, at("03-03 08:59"), RULES) == (False, at("03-03 09:00"))
    assert judge_silence(heard, at("03-03 09:00"), RULES) == (True, None)


def test_the_rule_set_says_how_long_a_day_is() -> None:
    assert judge_silence(at("03-02 09:00"), at("03-02 15:00"), rules(feed_silent={"hours": 6})) == (True, None)
