"""What a replay writes: the fields of the contract in its order, and the same bytes every time."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from detectors.institutions import InstitutionBook
from simulator.first_days import FIRST_DAY, journal, packaged
from storage.dead_letters import DeadLetter
from streams.journal import open_journal, read_journal
from streams.outputs import ALERTS, DEAD_LETTERS, DECISIONS, dead_letter_row, write_outputs
from streams.replay import Played
from tests.journal import Hospital
from tests.stories import at
from wardwatch.settings import load_settings
from wardwatch.wiring import institution_book, replay_rules, replaying

Rows = list[dict[str, Any]]

ALERT_FIELDS = [
    "alert_id",
    "detector",
    "rule_version",
    "raised_at",
    "updated_at",
    "severity",
    "score",
    "psn_no",
    "mdtrt_id",
    "fixmedins_code",
    "ward",
    "fund_at_stake",
    "fee_total",
    "pay_regime",
    "reasons",
    "insuplc_admdvs",
    "status",
]
DECISION_FIELDS = [
    "decision_id",
    "supersedes",
    "mdtrt_id",
    "setl_id",
    "infno",
    "msgid",
    "decided_at",
    "outcome",
    "hold_type",
    "basis",
    "reasons",
    "unverified_days",
    "fund_at_stake",
    "fee_total",
    "pay_regime",
    "payment_due",
    "pay_line",
    "expires_at",
    "soft",
]


def play(file: Path, to: Path, *, demo: bool = False) -> tuple[Played, dict[str, Any]]:
    """Replays `file` as the command does, into `to`."""
    scratch = to.parent / f"{to.name}-scratch"
    scratch.mkdir()
    rules = replay_rules(packaged("rules.toml") if demo else None)
    houses = institution_book(packaged("institutions.toml"), soft=False)
    run = replaying(scratch, rules, houses if demo else InstitutionBook(default_soft=False), load_settings())
    with run.parts.store, open_journal(file) as stream:
        played = run.player.play(read_journal(stream))
        return played, write_outputs(run.parts.store, to)


def rows(file: Path) -> Rows:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The outputs of the demonstration's journal."""
    to = tmp_path_factory.mktemp("demo") / "out"
    play(packaged("first-days.jsonl.zst"), to, demo=True)
    return to


def test_alerts_have_the_fields_of_the_contract_first_and_are_sorted_by_id(results: Path) -> None:
    found = rows(results / ALERTS)
    assert [list(row)[: len(ALERT_FIELDS)] for row in found] == [ALERT_FIELDS] * len(found)
    assert [row["alert_id"] for row in found] == sorted({row["alert_id"] for row in found})
    assert found


def test_decisions_have_the_fields_of_the_contract_first_and_stand_in_order(results: Path) -> None:
    found = rows(results / DECISIONS)
    assert [list(row)[: len(DECISION_FIELDS)] for row in found] == [DECISION_FIELDS] * len(found)
    assert [row["decided_at"] for row in found] == sorted(row["decided_at"] for row in found)
    assert len({row["decision_id"] for row in found}) == len(found) > 0


def test_every_reason_is_a_sentence_in_chinese_with_english_beside_it(results: Path) -> None:
    reasons = [reason for name in (ALERTS, DECISIONS) for row in rows(results / name) for reason in row["reasons"]]
    assert reasons
    for reason in reasons:
        assert list(reason)[:4] == ["code", "text", "weight", "evidence"]
        assert any("一" <= letter <= "鿿" for letter in reason["text"])
        assert reason["text_en"].isascii() or "–" in reason["text_en"] or "可疑" in reason["text_en"]
        assert reason["text"] != reason["code"] != reason["text_en"]


def test_money_is_text_and_times_carry_their_offset(results: Path) -> None:
    (settled, *_) = [row for row in rows(results / DECISIONS) if row["infno"] == "2304"]
    assert (settled["fund_at_stake"], settled["fee_total"]) == ("699.47", "1076.10")
    assert settled["decided_at"].endswith("+08:00")


@pytest.mark.parametrize("pack", ["plain", "gzip", "zstd"])
def test_the_same_journal_gives_the_same_bytes_however_it_is_packed(pack: str, results: Path, tmp_path: Path) -> None:
    raw = journal()
    packed = {"plain": raw, "gzip": gzip.compress(raw), "zstd": zstandard.ZstdCompressor().compress(raw)}[pack]
    (tmp_path / "days").write_bytes(packed)
    play(tmp_path / "days", tmp_path / "out", demo=True)
    for name in (ALERTS, DECISIONS, DEAD_LETTERS):
        assert (tmp_path / "out" / name).read_bytes() == (results / name).read_bytes(), name


def test_the_counts_are_those_of_the_files(results: Path, tmp_path: Path) -> None:
    _, counts = play(packaged("first-days.jsonl.zst"), tmp_path / "out", demo=True)
    assert counts["alerts"] == len(rows(results / ALERTS)) == sum(counts["alerts_by"].values())
    assert counts["decisions"] == len(rows(results / DECISIONS))
    assert counts["dead_letters"] == 0
    assert counts["holds_by"] == {"open": 2}


def test_a_photograph_is_a_dead_letter_that_says_so_and_the_rest_goes_on(tmp_path: Path) -> None:
    hospital = Hospital()
    patient = hospital.ward().admits("03-02 09:00")
    sent = patient.enrolled("03-02 09:20")
    del sent.row["json"]["meta"]["template"]
    sent.row["files"] = {"photo": "faces/p1.jpg"}
    patient.settles("03-04 09:00", total="100.00", fund="60.00")
    played, _ = play(hospital.journal.write(tmp_path / "days.jsonl"), tmp_path / "out")
    (letter,) = rows(tmp_path / "out" / DEAD_LETTERS)
    assert letter["code"] == "photo_not_supported_yet"
    assert "照片" in letter["text"]
    assert letter["json"] == sent.row["json"], "what was said of the picture is kept"
    assert (played.requests, played.refused) == (3, 1)
    assert len(rows(tmp_path / "out" / DECISIONS)) == 1


def test_a_dead_letter_is_a_journal_line_again_with_why_it_was_refused(tmp_path: Path) -> None:
    hospital = Hospital()
    sent = hospital.journal.post("03-02 09:00", "/api/v1/whereabouts", {"fixmedins_code": "H1", "mdtrt_id": "M1"})
    play(hospital.journal.write(tmp_path / "days.jsonl"), tmp_path / "out")
    (letter,) = rows(tmp_path / "out" / DEAD_LETTERS)
    assert {name: letter[name] for name in ("at", "path", "json")} == sent.row
    assert letter["code"] == "fields_wrong"
    assert letter["reason"]
    assert "字段" in letter["text"] or letter["text"]


@pytest.mark.parametrize(
    ("body", "kept"),
    [(b'{"a":1}', {"json": {"a": 1}}), (b"no json", {"body": "no json"}), (b"\xff", {"body_base64": "/w=="})],
)
def test_whatever_was_sent_stands_whole_in_the_dead_letter(body: bytes, kept: dict[str, Any]) -> None:
    letter = DeadLetter("charge", at("03-02 09:00"), "line_unreadable", "why", body, partition=0, offset=7)
    row = dead_letter_row(letter)
    assert kept.items() <= row.items()
    assert (row["path"], row["partition"], row["offset"]) == ("charge", 0, 7)


def test_without_rules_faces_that_nobody_calibrated_only_observe(tmp_path: Path) -> None:
    play(packaged("first-days.jsonl.zst"), tmp_path / "out")
    faces = [row for row in rows(tmp_path / "out" / ALERTS) if row["detector"] == "identity.mismatch"]
    assert [row["severity"] for row in faces] == [3]
    assert {row["rule_version"].partition("/")[0] for row in rows(tmp_path / "out" / ALERTS)} == {"national"}
    held = {row["mdtrt_id"] for row in rows(tmp_path / "out" / DECISIONS) if row["outcome"] == "hold"}
    assert faces[0]["mdtrt_id"] not in held or FIRST_DAY.year == 2026
