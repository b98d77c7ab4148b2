"""docs/rules.md names every parameter with the value and the words that the program has for it."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest
from pydantic import BaseModel

from detectors.located import parse
from detectors.rulesets.loading import builtin_texts, load_one
from detectors.rulesets.model import Bands, RuleSet
from tests.rules.test_book import PARAMETERS

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
ROWS = {
    cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
    for line in PAGE.splitlines()
    if line.startswith("| `") and (cells := line.strip("|").split(" | "))
}
NATIONAL = parse(builtin_texts()["national.toml"], "national.toml").data


def words(model: object, name: str) -> list[str]:
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return (model.model_fields[name].description or "").split(" / ", 1)


@pytest.mark.parametrize(("section", "name"), PARAMETERS)
def test_every_parameter_stands_on_the_page_with_its_value_and_meaning(section: str, name: str) -> None:
    value, *meaning = ROWS[f"{section}.{name}"]
    assert meaning == words(RuleSet.model_fields[section].annotation, name)
    stated = NATIONAL[section][name]
    if isinstance(stated, list):
        assert re.findall(r"`([^`]+)`", value) == stated
    elif not name.startswith("basis_"):
        assert value.strip("`") == (str(stated).lower() if isinstance(stated, bool) else str(stated))


@pytest.mark.parametrize("name", [n for n in Bands.model_fields if n != "source"])
def test_every_field_of_the_bands_stands_on_the_page(name: str) -> None:
    assert ROWS[name] == words(Bands, name)


@pytest.mark.parametrize("name", [n for n, field in RuleSet.model_fields.items() if field.description])
def test_every_field_of_the_file_stands_on_the_page(name: str) -> None:
    assert ROWS[name] == words(RuleSet, name)


def test_the_page_names_no_parameter_that_does_not_exist() -> None:
    named = {row for row in ROWS if re.fullmatch(r"[a-z_]+\.[a-z_]+", row)}
    assert named == {f"{section}.{name}" for section, name in PARAMETERS}


def test_the_example_on_the_page_can_be_loaded() -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    assert load_one(dedent(found[1]), "990300.toml").presence_bed_hanging.no_service_hours == 72
