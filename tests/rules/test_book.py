"""Which rules apply where and when, and what the built-in ones say."""

from __future__ import annotations

import re
from datetime import datetime, time

import pytest

from detectors.codes import DETECTOR_CODES
from detectors.located import parse
from detectors.rulesets.book import RuleBook
from detectors.rulesets.loading import builtin_texts, load_one
from detectors.rulesets.model import RuleSet, Section, schema
from schemas.base import CHINA
from tests.gate.story import at

BOOK = RuleBook.builtin()
HEAD = 'name = "{name}"\nversion = "1"\nregion = "{region}"\neffective_from = 2026-01-01\n'


def picked(region: str, moment: datetime, book: RuleBook = BOOK) -> str:
    return book.rules(region, moment).label


@pytest.mark.parametrize(
    ("region", "day", "label"),
    [
        ("990100", "2026-03-01", "example-river/2026.1"),
        ("990100", "2025-12-31", "national/2026.1"),
        ("990200", "2025-12-31", "example-hill/2025.1"),
        ("990200", "2026-01-01", "example-hill/2026.1"),
        ("990102", "2026-03-01", "example-river/2026.1"),
        ("110101", "2026-03-01", "national/2026.1"),
        ("", "2026-03-01", "national/2026.1"),
        ("nonsense", "2026-03-01", "national/2026.1"),
        ("990100", "1970-01-01", "national/2026.1"),
        ("990100", "2999-01-01", "example-river/2026.1"),
    ],
)
def test_the_nearest_region_with_rules_in_force_decides(region: str, day: str, label: str) -> None:
    assert picked(region, at(day)) == label


def test_a_district_goes_before_its_city_and_the_city_before_its_province() -> None:
    texts = {f"{r}.toml": HEAD.format(name=f"r{r}", region=r) for r in ("990000", "990500", "990501")}
    book = RuleBook.from_texts(texts)
    day = at("2026-03-01")
    found = [picked(region, day, book) for region in ("990501", "990502", "990601")]
    assert found == ["r990501/1", "r990500/1", "r990000/1"]


def test_a_version_begins_at_midnight_in_china() -> None:
    assert picked("990200", datetime.fromisoformat("2025-12-31T15:59:59+00:00")) == "example-hill/2025.1"
    assert picked("990200", datetime.fromisoformat("2025-12-31T16:00:00+00:00")) == "example-hill/2026.1"


def test_a_replay_with_one_file_applies_it_everywhere_and_always() -> None:
    book = RuleBook.single(load_one(HEAD.format(name="mine", region="990100"), "mine.toml"))
    assert {picked(region, at(day), book) for region in ("", "110000") for day in ("2020-01-01", "2030-01-01")} == {
        "mine/1"
    }


def test_a_file_with_a_built_in_name_takes_its_place() -> None:
    text = builtin_texts()["national.toml"].replace('version = "2026.1"', 'version = "mine"')
    assert picked("", at("2026-03-01"), RuleBook.from_texts({"national.toml": text})) == "national/mine"


def test_a_book_without_national_rules_is_refused() -> None:
    with pytest.raises(ValueError, match="no national rule set"):
        RuleBook([BOOK.rules("990100", at("2026-03-01"))])


# ── what is built in ─────────────────────────────────────────────────────────────────────────────────────

NATIONAL = BOOK.rules("", at("2026-03-01"))
PARAMETERS = [
    (section, name)
    for section, field in RuleSet.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    for name in field.annotation.model_fields
    if name != "source"
]


def test_the_national_set_states_every_parameter_so_that_none_hides_in_the_code() -> None:
    data = parse(builtin_texts()["national.toml"], "national.toml").data
    assert [row for row in PARAMETERS if row[1] not in data.get(row[0], {})] == []


def test_every_number_built_in_has_a_source_with_its_certainty() -> None:
    certain = re.compile(r" / .*\[(P|Q|S|S-|K|D)\]$")
    for file, text in builtin_texts().items():
        for path, said in _sources(parse(text, file).data):
            assert certain.search(said), f"{file}: {path}: {said}"


def _sources(table: dict[str, object], path: str = "") -> list[tuple[str, str]]:
    found = []
    for key, value in table.items():
        if key == "source" and isinstance(value, dict):
            found += [(f"{path}.{name}", str(said)) for name, said in value.items()]
        elif isinstance(value, dict):
            found += _sources(value, f"{path}.{key}")
    return found


def test_the_built_in_model_is_not_calibrated_and_0_6_accepts_nobody() -> None:
    bands = NATIONAL.bands("dlib-resnet-1", "default")
    assert bands is not None
    assert (bands.same, bands.different, bands.calibrated) == (0.40, 0.60, False)
    assert NATIONAL.bands("dlib-resnet-1", "sim") is None
    assert not any(bands.calibrated for bands in NATIONAL.anchor.values())
    assert set(NATIONAL.anchor) == {"distance", "similarity"}


def test_the_detectors_that_hold_are_real() -> None:
    assert set(NATIONAL.gate.hold_detectors) <= DETECTOR_CODES
    assert len(NATIONAL.gate.hold_detectors) == 8


def test_the_example_regions_differ_where_local_rules_do() -> None:
    river, hill = (BOOK.rules(region, at("2026-03-01")) for region in ("990100", "990200"))
    assert river.presence_bed_hanging.leave_counts_as_absent
    assert not hill.presence_bed_hanging.leave_counts_as_absent
    assert (river.gate.default_regime, hill.gate.default_regime) == ("drg", "by_bed_day")
    assert hill.presence_night_absence.from_time == time(22, 0)


def test_the_schema_names_every_parameter_with_its_description() -> None:
    document = schema()
    for section, name in PARAMETERS:
        table = document["properties"][section]["$ref"].rsplit("/", 1)[1]
        described = document["$defs"][table]["properties"][name]["description"]
        assert " / " in described


def test_a_moment_without_region_code_or_in_another_zone_is_no_error() -> None:
    assert BOOK.rules("990100", at("2026-03-01").astimezone(CHINA)).region == "990100"
