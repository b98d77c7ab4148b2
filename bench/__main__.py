"""`make bench`: every figure of docs/benchmarks.md, in one run. `--quick` takes a minute, `--json FILE` keeps it."""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import gate, growth, journal, machine
from bench.bare import bare
from bench.journal import Sent
from bench.room import COUNTY, room
from bench.town import Follower, Town, copied, free_space, process
from streams.embedded import GROUP
from wardwatch.memory import collect_rarely

SEED = 1
ROUNDS_APART = 0.2
"""Seconds between rounds: what others do on the machine shall not hit the same one every time."""

FASTEST = 2000
"""Requests a second that a node won't exceed while it is measured: so many are made for it to take."""

TARGET_RATE = 6000
TARGET_P99 = 0.1
TARGET_FLAT = 0.2


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    stays: int = 1000
    rounds: int = 5
    big: int = 200_000
    probes: int = 200
    beds: int = 300

    @property
    def times(self) -> int:
        """How many times the small town goes into the big one."""
        return self.big // self.stays


FULL = Size()
QUICK = Size(stays=400, rounds=3, big=20_000, probes=60, beds=80)
TINY = Size(stays=42, rounds=1, big=420, probes=3, beds=20)
"""For the tests: that everything runs, not how fast."""


@dataclass
class Report:
    """Everything that a run came to."""

    machine: dict[str, str] = field(default_factory=dict)
    mix: str = journal.MIX
    seed: int = SEED
    size: dict[str, int] = field(default_factory=dict)
    engine: dict[str, Any] = field(default_factory=dict)
    gate: list[dict[str, Any]] = field(default_factory=list)
    growth: dict[str, Any] = field(default_factory=dict)
    room: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0


def main(arguments: Sequence[str] | None = None) -> Report:
    """Measures, prints, and returns what it found."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller and shorter: about a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to FILE too")
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    size = TINY if given.tiny else QUICK if given.quick else FULL
    with tempfile.TemporaryDirectory(prefix="wardwatch-bench-") as folder:
        report = run(Path(folder), size, Console(highlight=False))
    if given.json is not None:
        given.json.write_text(json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n", "utf-8")
    return report


def run(folder: Path, size: Size, out: Console) -> Report:
    """All measures on databases in `folder`."""
    began = time.perf_counter()
    report = Report(machine=machine.facts(folder), size=asdict(size))
    _opening(report, size, out)
    with out.status("a town of open stays is played up to its steady state …"):
        town = Town(folder / "town.db", journal.wards(size.stays), durable=False)
        town.warm_up()
        town.close()
        town.open(durable=True)
    report.engine, before, logs = _engine(folder, size, town, out)
    at = town.clock.now()
    houses = town.wards[-1].house + 1
    town.close()
    report.growth = _growth(folder, size, before, logs, houses, at, out)
    report.gate = _gate(folder, size, town, report.engine["whole"]["median"], out)
    report.room = _room(folder, size, out)
    report.seconds = round(time.perf_counter() - began, 1)
    out.print(f"\n{report.seconds:.0f} seconds in all")
    return report


def _opening(report: Report, size: Size, out: Console) -> None:
    for name, value in report.machine.items():
        out.print(f"{name:10} {value}")
    out.print(f"\nmix (seed {SEED}; requests are counted, not the events that they lead to)\n{journal.MIX}")
    out.print(f"sizes      {', '.join(f'{name} {value:,}' for name, value in asdict(size).items())}\n")


# ── engine ───────────────────────────────────────────────────────────────────────────────────────────────


def _engine(folder: Path, size: Size, town: Town, out: Console) -> tuple[dict[str, Any], Path, Any]:
    """Days through the whole system, the same days through the engines alone and the bare loop, one after another."""
    rates: dict[str, list[float]] = {"engine": [], "whole": [], "intake": [], "bare": [], "bare_batched": []}
    events, ratio, batched = [], [], []
    follower = Follower(town.copy(folder / "follower.db"))
    follower.process(town.play().logs, town.clock.now())  # not counted: afterwards it has seen everyone
    before, logs = folder / "before.db", None
    for _ in range(size.rounds):
        town.copy(before)
        played = town.play()
        logs = played.logs
        alone = follower.process(logs, town.clock.now())
        sent = journal.requests(town.wards, town.day - 1, SEED)
        floor, batch = bare(folder / "bare.db", sent, GROUP), bare(folder / "bare.db", sent, 500)
        count = played.requests
        rates["engine"].append(count / alone)
        rates["whole"].append(count / (played.intake + played.engine))
        rates["intake"].append(count / played.intake)
        rates["bare"].append(count / floor)
        rates["bare_batched"].append(count / batch)
        events.append(played.events / count)
        ratio.append(alone / batch)
        batched.append((played.intake + played.engine) / floor)
        time.sleep(ROUNDS_APART)
    follower.close()
    found: dict[str, Any] = {name: _spread(values) for name, values in rates.items()}
    found["events_a_request"] = round(statistics.median(events), 2)
    found["times_the_bare_loop"] = {
        "engine": round(statistics.median(ratio), 1),
        "whole": round(statistics.median(batched), 1),
    }
    table = _table("requests a second, JSON to commit", "", "median", "lowest", "highest")
    for name, title in _ENGINE_ROWS.items():
        row = found[name]
        table.add_row(title, f"{row['median']:,.0f}", f"{row['lowest']:,.0f}", f"{row['highest']:,.0f}")
    out.print(table)
    times = found["times_the_bare_loop"]
    out.print(
        f"{found['events_a_request']} events a request. The engine takes {times['engine']} times as long as the bare "
        f"loop in batches of its size, the whole way {times['whole']} times.\n"
        f"target: engine {TARGET_RATE:,} requests a second: {_met(found['engine']['median'] >= TARGET_RATE)}\n"
    )
    return found, before, logs


_ENGINE_ROWS = {
    "engine": "engine: events in the log → decode, detectors, commit",
    "intake": "intake: request → joined, kept, in the log",
    "whole": "the whole way: request → intake → log → engine → commit",
    "bare": "bare loop: json.loads, dict, upsert (transactions as the intake's)",
    "bare_batched": "bare loop (transactions as the engine's)",
}


# ── growth ───────────────────────────────────────────────────────────────────────────────────────────────


def _growth(folder: Path, size: Size, before: Path, logs: Any, houses: int, at: Any, out: Console) -> dict[str, Any]:
    """The same day at a small and at a big database, in turns."""
    big = folder / "big.db"
    if free_space(folder) < size.big * 20_000:
        out.print("growth: left out, the disk is too full for the big database\n")
        return {"left_out": "disk"}
    with out.status(f"a database of {size.big:,} open stays is made …"):
        open_stays = growth.multiply(before, big, houses, size.times)
        small = folder / "small.db"
        growth.multiply(before, small, houses, 1)
    seconds: dict[str, list[float]] = {"small": [], "big": []}
    for number in range(1, size.rounds + 1):
        copied(small, folder / "round.db")
        seconds["small"].append(process(folder / "round.db", logs, at))
        copy = size.times * number // (size.rounds + 1)
        seconds["big"].append(process(big, growth.moved(logs, houses, copy), at))
        time.sleep(ROUNDS_APART)
    ratio = statistics.median(b / s for s, b in zip(seconds["small"], seconds["big"], strict=True))
    megabytes = big.stat().st_size / 2**20
    big.unlink()
    table = _table("the engine over more open stays", "open stays", "seconds a day's log", "lowest", "highest")
    for name, count in (("small", size.stays), ("big", open_stays)):
        row = _spread(seconds[name])
        table.add_row(f"{count:,}", f"{row['median']:.2f}", f"{row['lowest']:.2f}", f"{row['highest']:.2f}")
    out.print(table)
    out.print(
        f"{open_stays:,} open stays ({megabytes:,.0f} MB) take {ratio:.2f} times as long as {size.stays:,} "
        f"(median of {size.rounds} pairs).\n"
        f"target: flat within {TARGET_FLAT:.0%}: {_met(ratio <= 1 + TARGET_FLAT)}\n"
    )
    return {
        "open_stays": [size.stays, open_stays],
        "ratio": round(ratio, 3),
        "megabytes": round(megabytes),
        **{name: _spread(values) for name, values in seconds.items()},
    }


# ── gate ─────────────────────────────────────────────────────────────────────────────────────────────────


def _gate(folder: Path, size: Size, town: Town, rate: float, out: Console) -> list[dict[str, Any]]:
    """Settlements at a node that has nothing else to do, at one well used, and at one that can't take more."""
    ways: tuple[tuple[str, Callable[..., gate.Waits]], ...] = (("node", gate.inside), ("HTTP", gate.over_http))
    loads = (("idle", 0.0), ("60 % of its rate", 0.6 * rate), (f"saturated by {gate.SENDERS} senders", None))
    found = []
    with out.status("what the node will be fed with is made …"):
        feed = _fed(town, size)
    first = next(feed)
    settled = gate.probes(town.wards, town.day)
    (folder / "node").mkdir()
    file = folder / "node" / "node.db"
    copied(town.file, file)
    with gate.node(file, first) as (running, clock), out.status("settlements are sent to a busy node …"):
        for (way, measure), (busy, limit) in itertools.product(ways, loads):
            gate.quiet(running)
            waits = measure(running, clock, gate.Load(feed, limit), settled, size.probes)
            found.append(
                {
                    "way": way,
                    "busy": busy,
                    "below_its_rate": limit is not None,
                    "p50": round(waits.at(0.5), 4),
                    "p99": round(waits.at(0.99), 4),
                    "worst": round(max(waits.seconds), 4),
                    "requests_a_second_beside": round(waits.beside),
                    "settlements": len(waits.seconds),
                    "evaluated": waits.evaluated,
                }
            )
    table = _table("a settlement's wait, milliseconds", "over", "the node is", "p50", "p99", "worst", "beside, req/s")
    for row in found:
        waits_ms = [f"{row[name] * 1000:.1f}" for name in ("p50", "p99", "worst")]
        table.add_row(row["way"], row["busy"], *waits_ms, f"{row['requests_a_second_beside']:,}")
    out.print(table)
    missed = sum(row["settlements"] - row["evaluated"] for row in found)
    out.print(
        f"{sum(row['settlements'] for row in found)} settlements, {missed} of them not evaluated in time.\n"
        f"target: p99 below {TARGET_P99 * 1000:.0f} ms on a busy node: "
        f"{_met(all(row['p99'] < TARGET_P99 for row in found if row['below_its_rate']))}. A saturated one is shown for "
        "what it is: there every system waits for all the others.\n"
    )
    return found


def _fed(town: Town, size: Size) -> Iterator[Sent]:
    """The requests from the town's next day on, made beforehand: making them must not slow down what is measured."""
    seconds = 4 * (size.probes / gate.PROBES_A_SECOND + 5)
    days = 2 + int(seconds * FASTEST / (size.stays * 3.7))
    return iter([sent for day in range(town.day, town.day + days) for sent in journal.requests(town.wards, day, SEED)])


# ── room ─────────────────────────────────────────────────────────────────────────────────────────────────


def _room(folder: Path, size: Size, out: Console) -> dict[str, Any]:
    with out.status("stays are played through their whole life …"):
        found = room(folder, size.beds)
    year = found.year()
    table = _table(
        f"KB a 1,000 stays (measured on {found.stays})", "table", "received", "packed", "closed", "county, GB"
    )
    names = sorted({*found.received, *found.packed, *found.closed}, key=lambda name: -found.received.get(name, 0))
    columns = (found.received, found.packed, found.closed)
    for name in names:
        kilobytes = [f"{column.get(name, 0) / 1024:,.0f}" for column in columns]
        table.add_row(name, *kilobytes, f"{year.get(name, 0) / 2**30:.2f}")
    totals = [f"{sum(column.values()) / 1024:,.0f}" for column in columns]
    table.add_row("in all", *totals, f"{sum(year.values()) / 2**30:.2f}", end_section=True)
    out.print(table)
    out.print(
        f"A county's year ({COUNTY:,} stays) takes {sum(year.values()) / 2**30:.1f} GB where messages, log and feed "
        "are kept for the days that are the default."
    )
    return {
        "stays": found.stays,
        "received": found.received,
        "packed": found.packed,
        "closed": found.closed,
        "county_year": year,
        "county_year_gb": round(sum(year.values()) / 2**30, 2),
    }


# ── printing ─────────────────────────────────────────────────────────────────────────────────────────────


def _spread(values: list[float]) -> dict[str, float]:
    digits = 1 if statistics.median(values) > 10 else 4
    found = {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}
    return {name: round(value, digits) for name, value in found.items()}


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 or column == "the node is" else "right")
    return table


def _met(yes: bool) -> str:
    return "met" if yes else "NOT met on this run"


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    collect_rarely()
    main()
