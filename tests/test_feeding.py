"""A journal moved to the present, to be fed to a running server."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from simulator.first_days import packaged
from tests.stories import at
from wardwatch.demo import NotOurs, demo_settings, fresh
from wardwatch.feeding import LEAD, SECONDS, plan
from wardwatch.settings import load_settings

NOW = at("11-22 10:00")


def journal(folder: Path, *lines: dict[str, object]) -> Path:
    file = folder / "days.jsonl"
    file.write_bytes(b"".join(orjson.dumps({"path": "/clock", **line}) + b"\n" for line in lines))
    return file


def test_the_days_end_at_the_latest_now_and_keep_their_time_of_day(tmp_path: Path) -> None:
    file = journal(tmp_path, {"at": "2026-03-02T08:00:00+08:00"}, {"at": "2026-03-05T13:00:00+08:00"})
    first, last = (line.at for line in plan(file, NOW, None).lines)
    assert last == at("11-21 13:00"), "13:00 of today is still to come"
    assert first == at("11-18 08:00")


def test_dates_inside_a_request_move_along_and_births_do_not(tmp_path: Path) -> None:
    body = {
        "begntime": "2026-03-02 08:00:00",
        "to": "2026-03-04T09:00:00+08:00",
        "brdy": "1960-03-02",
        "sn": "2026-99-99",
    }
    file = journal(tmp_path, {"at": "2026-03-02T08:00:00+08:00", "path": "/x", "json": body})
    (line,) = plan(file, at("03-12 09:00"), None).lines
    assert line.document == {**body, "begntime": "2026-03-12 08:00:00", "to": "2026-03-14T09:00:00+08:00"}
    assert orjson.loads(line.body) == line.document


def test_the_clock_starts_a_little_before_the_first_line_and_needs_the_usual_time() -> None:
    feed = plan(packaged("first-days.jsonl.zst"), NOW, None)
    first, last = feed.lines[0].at, feed.lines[-1].at
    assert first - LEAD <= feed.clock.now() < first
    assert feed.clock.seconds_until(last) == pytest.approx(SECONDS, rel=0.05)


def test_a_pace_can_be_chosen() -> None:
    feed = plan(packaged("first-days.jsonl.zst"), NOW, 60)
    assert feed.clock.seconds_until(feed.lines[0].at) == pytest.approx(LEAD / timedelta(seconds=60), abs=1)


def test_a_journal_without_lines_has_nothing_to_feed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no lines"):
        plan(journal(tmp_path), NOW, None)


def test_a_demonstration_starts_fresh_and_touches_nothing_that_is_not_its_own(tmp_path: Path) -> None:
    settings = load_settings().model_copy(update={"data_dir": tmp_path})
    demo = demo_settings(settings)
    assert demo.data_dir == tmp_path / "demo"
    assert not demo.credentials_file.exists()
    (demo.data_dir / "wardwatch.sqlite").write_text("old")
    demo_settings(settings)
    assert not (demo.data_dir / "wardwatch.sqlite").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").touch()
    with pytest.raises(NotOurs):
        fresh(tmp_path / "mine")
    assert (tmp_path / "mine" / "file").exists()
