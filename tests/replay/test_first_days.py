"""The journal of the demonstration: made anew it is the same, and it tells the stories it should."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from simulator import first_days
from simulator.first_days import EMPTY_BED, IMPOSTOR, PATIENTS, SWAPPED, journal, packaged
from streams.journal import LINE_SCHEMA, open_journal
from streams.outputs import ALERTS, DECISIONS
from tests.replay.test_outputs import play, rows


def mdtrt_id(number: int) -> str:
    return PATIENTS[number - 1].mdtrt_id


def test_making_it_again_gives_the_same_bytes() -> None:
    with open_journal(packaged("first-days.jsonl.zst")) as stream:
        assert stream.read() == journal(), "run: python -m simulator.first_days"


def test_every_line_is_a_journal_line_as_the_schema_says() -> None:
    check = Draft202012Validator(LINE_SCHEMA)
    for line in journal().splitlines():
        check.validate(orjson.loads(line))


def test_another_first_day_moves_every_line() -> None:
    moved = [orjson.loads(line) for line in journal(date(2025, 12, 30)).splitlines()]
    assert datetime.fromisoformat(moved[0]["at"]).date() == date(2025, 12, 30)
    assert b"2026-03-0" not in journal(date(2025, 12, 30))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("days") / "out"
    _, counts = play(packaged("first-days.jsonl.zst"), to, demo=True)
    assert (counts["dead_letters"], counts["unjoined"]) == (0, 0)
    return to


def test_the_impostor_and_the_empty_bed_are_found_and_nobody_else(out: Path) -> None:
    found = {(row["detector"], row["mdtrt_id"]) for row in rows(out / ALERTS) if row["severity"] == 2}
    assert found == {
        ("identity.mismatch", mdtrt_id(IMPOSTOR)),
        ("presence.bed_hanging", mdtrt_id(EMPTY_BED)),
        ("presence.night_absence", mdtrt_id(EMPTY_BED)),
        ("check.spot_conflict", mdtrt_id(EMPTY_BED)),
    }


def test_two_swapped_pictures_are_no_finding(out: Path) -> None:
    stays = {mdtrt_id(number) for number in SWAPPED}
    assert not [row for row in rows(out / ALERTS) if row["mdtrt_id"] in stays and row["status"] != "withdrawn"]


def test_only_their_claims_are_held_and_everyone_settles(out: Path) -> None:
    claims = {row["mdtrt_id"]: row["outcome"] for row in rows(out / DECISIONS) if row["infno"] == "2304"}
    assert {stay for stay, outcome in claims.items() if outcome == "hold"} == {mdtrt_id(IMPOSTOR), mdtrt_id(EMPTY_BED)}
    assert len(claims) == len(PATIENTS) - len(first_days.STAY_ON)
