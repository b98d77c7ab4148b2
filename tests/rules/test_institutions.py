"""How institutions are configured."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from detectors.institutions import InstitutionBook
from detectors.located import ConfigurationError
from detectors.rulesets.book import RuleBook, RulesAndInstitutions
from schemas.base import CHINA
from tests.gate.story import at

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "institutions.toml"


def book(text: str, *, live: bool = True) -> InstitutionBook:
    return InstitutionBook.from_text(text, "institutions.toml", default_soft=live)


def test_the_example_in_the_documents_can_be_read() -> None:
    found = book(EXAMPLE.read_text("utf-8")).institution("H99010000001")
    assert (found.region, found.pay_regime, found.population) == ("990100", "drg", "default")
    assert found.ward_of("0301", "心血管内科") == "心内一病区"


def test_an_institution_nobody_configured_is_in_soft_launch_live_and_not_in_a_replay() -> None:
    now = at("2026-03-01")
    assert book("").institution("H1").in_soft_launch(now)
    assert not book("", live=False).institution("H1").in_soft_launch(now)
    assert book("").institution("H1").monitored("any", "spot", now)


def test_a_configured_institution_that_says_nothing_of_soft_launch_is_treated_like_an_unknown_one() -> None:
    text = '[institutions.H1]\nregion = "990100"\n'
    assert book(text).institution("H1").soft
    assert not book(text, live=False).institution("H1").soft
    assert not book(text + "soft = false\n").institution("H1").soft


def test_soft_launch_ends_as_its_day_begins_in_china() -> None:
    found = book("[institutions.H1]\nsoft_launch_until = 2026-07-01\n").institution("H1")
    end = datetime(2026, 7, 1, tzinfo=CHINA)
    assert found.in_soft_launch(end - timedelta(seconds=1))
    assert not found.in_soft_launch(end)


def test_monitoring_begins_where_and_for_what_it_says_the_more_specific_first() -> None:
    text = """
        [institutions.H1.monitored_from]
        "*" = 2026-03-01
        "A" = 2026-04-01
        "A/spot" = 2026-05-01T08:00:00
        """
    found = book(text).institution("H1")
    assert found.monitored("B", "round", at("2026-03-01"))
    assert not found.monitored("A", "round", at("2026-03-31"))
    assert found.monitored("A", "round", at("2026-04-01"))
    assert not found.monitored("A", "spot", at("2026-05-01", 7))
    assert found.monitored("A", "spot", at("2026-05-01", 8))


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        (
            '[institutions.H1]\nregoin = "990100"\n',
            "institutions.toml:2: institutions.H1.regoin",
            "did you mean region",
        ),
        ('[institutions.H1]\npay_regime = "cash"\n', "institutions.toml:2: institutions.H1.pay_regime", "'by_item'"),
        ('[institutions.H1]\nregion = "99"\n', "institutions.toml:2: institutions.H1.region", ""),
        (
            "[institutions.H1]\nsoft = true\nsoft_launch_until = 2026-01-01\n",
            "institutions.toml:2: institutions.H1.soft",
            "not both",
        ),
        (
            '[institutions.H1.monitored_from]\n"A/nightly" = 2026-01-01\n',
            "institutions.toml:2: institutions.H1.monitored_from.A/nightly",
            "round, spot, onsite",
        ),
        (
            '[institutions.H1.monitored_from]\n"A" = "soon"\n',
            "institutions.toml:2: institutions.H1.monitored_from.A",
            "",
        ),
        ('[institution.H1]\nregion = "990100"\n', "institutions.toml:1: institution", "did you mean institutions"),
        ("institutions = 3\n", "institutions.toml:1: institutions", "should be a table"),
        ("[institutions.H1]\n= 3\n", "institutions.toml:2", "not TOML"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(text: str, place: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        book(text)
    told = str(caught.value).splitlines()
    assert [row for row in told if row.startswith(place) and says in row], told


def test_the_engine_gets_both_from_one_place() -> None:
    policies = RulesAndInstitutions(RuleBook.builtin(), book(EXAMPLE.read_text("utf-8")))
    assert policies.institution("H99020000002").pay_regime == "by_bed_day"
    assert policies.rules("990200", at("2026-03-01")).label == "example-hill/2026.1"
