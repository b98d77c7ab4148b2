"""The same case from a journal file through `wardwatch replay`: the same rows, byte for byte, every time."""

from __future__ import annotations

from pathlib import Path

import orjson
from typer.testing import CliRunner

from tests.casebook.bureau import CALIBRATED, Bureau
from tests.streams.town import town
from wardwatch.cli import app

FILES = ("alerts.jsonl", "decisions.jsonl", "dead_letters.jsonl")


def replayed(journal: Path, rules: Path, out: Path) -> dict[str, bytes]:
    done = CliRunner().invoke(app, ["replay", str(journal), "--rules", str(rules), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    return {name: (out / name).read_bytes() for name in FILES}


def test_a_towns_week_from_a_file_comes_to_what_the_bureau_saw(bureau: Bureau, tmp_path: Path) -> None:
    week = town(seed=7)
    journal, rules = week.write(tmp_path / "week.jsonl"), tmp_path / "casebook.toml"
    rules.write_text(CALIBRATED, encoding="utf-8")
    bureau.hears(week)

    files = replayed(journal, rules, tmp_path / "once")
    assert [orjson.loads(line) for line in files["alerts.jsonl"].splitlines()] == bureau.alerts()
    assert [orjson.loads(line) for line in files["decisions.jsonl"].splitlines()] == bureau.decisions()
    assert files["dead_letters.jsonl"] == b""
    assert replayed(journal, rules, tmp_path / "again") == files
