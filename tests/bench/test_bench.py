"""The benchmark runs, measures what it says, and its journal is the same every time. Not how fast: that is its own
affair."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import orjson
import pytest

from bench import journal
from bench.__main__ import main
from bench.town import Town, copied


def kinds(sent: list[journal.Sent]) -> Counter[str]:
    """How many requests of each kind: the infno of a national message, else the last word of the path."""
    return Counter(_kind(one) for one in sent)


def _kind(one: journal.Sent) -> str:
    if one.path != "/fsi/callService":
        return one.path.rpartition("/")[2]
    document = orjson.loads(one.body)
    return str(document.get("request", document)["infno"])


def test_the_journal_is_the_same_bytes_every_time_and_another_one_for_another_seed() -> None:
    wards = journal.wards(40)
    assert journal.requests(wards, 9) == journal.requests(wards, 9)
    assert journal.requests(wards, 9, seed=2) != journal.requests(wards, 9)


def test_a_day_in_steady_state_holds_the_mix_that_is_printed() -> None:
    stays = 400
    found = kinds(journal.requests(journal.wards(stays), 9))
    eighth = stays / journal.STAY_DAYS
    assert found["2301"] == stays
    assert found["2401"] == found["2402"] == found["2304"] == eighth
    assert 2 * stays * 0.98 <= found["captures"] - eighth <= 2 * stays, "two a stay-day but for the missed ones"
    assert found["checks"] == found["receipts"] == 2 * journal.WARDS


def test_a_charge_message_has_twelve_lines_of_twenty_five_fields() -> None:
    (charge,) = [one for one in journal.requests(journal.wards(1), 3) if _kind(one) == "2301"]
    lines = orjson.loads(charge.body)["input"]["feedetail"]
    assert [len(line) for line in lines] == [25] * journal.LINES


def test_requests_come_in_the_order_in_which_they_arrive() -> None:
    moments = [one.at for one in journal.requests(journal.wards(100), 9)]
    assert moments == sorted(moments)


def test_every_request_of_the_journal_is_taken_and_understood(tmp_path: Path) -> None:
    """`play` raises where one is turned down or becomes a dead letter."""
    town = Town(tmp_path / "town.db", journal.wards(14), durable=False)
    played = [town.play() for _ in range(10)]
    town.copy(tmp_path / "copy.db")
    copied(tmp_path / "copy.db", tmp_path / "again.db")
    town.close()
    assert all(day.events >= day.requests for day in played)
    assert played[-1].logs[0]


@pytest.mark.slow
def test_the_whole_benchmark_runs_and_keeps_its_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "results.json"
    report = main(["--tiny", "--json", str(file)])
    kept = json.loads(file.read_text("utf-8"))
    printed = capsys.readouterr().out
    assert kept["engine"]["engine"]["median"] > 0
    assert kept["growth"]["open_stays"][1] == 10 * kept["growth"]["open_stays"][0]
    assert [row["settlements"] for row in kept["gate"]] == [report.size["probes"]] * 6
    assert all(row["evaluated"] == row["settlements"] for row in kept["gate"])
    assert kept["room"]["closed"].keys() <= kept["room"]["received"].keys()
    assert re.search(r"per stay-day\s+2 checks", printed)
    assert "requests a second" in printed
