"""`wardwatch replay`: a journal through the embedded engine, as fast as it goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from wardwatch.cli.common import AsJson, Failed, err, explained, say, say_json, settings_of

if TYPE_CHECKING:
    from streams.replay import Played

STEPS = 1000
"""Steps of the progress bar."""


def replay(
    context: typer.Context,
    journal: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            metavar="JOURNAL",
            help="日志文件：JSON Lines，可用 gzip 或 zstd 压缩 / JSON Lines, plain, gzip or zstd",
        ),
    ],
    rules: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="规则集；默认为内置全国规则集 / rule set; by default the built-in national one",
        ),
    ] = None,
    to: Annotated[
        Path, typer.Option("--out", file_okay=False, metavar="DIR", help="结果目录 / where the results go")
    ] = Path(),
    institutions: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="FILE",
            help="机构配置；没有也可回放 / the institutions' configuration; a replay needs none",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """回放一份日志，写出疑点、研判、死信和汇总。

    Play a journal and write alerts.jsonl, decisions.jsonl, dead_letters.jsonl and summary.json. The first three
    are the same bytes every time for the same journal and rules.

    例 / example:  wardwatch replay first-days.jsonl.zst --rules rules.toml --out results
    """
    import tempfile

    from streams.engine import TooManyDeadLetters
    from streams.journal import JournalError, read_journal, unpacked
    from streams.outputs import write_outputs, write_summary
    from wardwatch.clock import Clock
    from wardwatch.memory import collect_rarely
    from wardwatch.wiring import institution_book, replay_rules, replaying

    settings = settings_of(context)
    clock = Clock()
    with explained(), tempfile.TemporaryDirectory(prefix="wardwatch-replay-") as scratch:
        book = replay_rules(rules)
        houses = institution_book(institutions or Path(scratch, "none.toml"), soft=False)
        run = replaying(Path(scratch), book, houses, settings)
        collect_rarely()
        with run.parts.store, journal.open("rb") as raw:
            began = clock.monotonic()
            try:
                with _progress(raw, journal.stat().st_size, quiet=as_json) as moved:
                    played = run.player.play(read_journal(unpacked(raw)), progress=moved)
            except JournalError as error:
                raise Failed(f"{journal}: {error}") from None
            except TooManyDeadLetters as error:
                raise Failed(f"{journal}: {error}") from None
            seconds = clock.monotonic() - began
            summary = _summary(played, run.parts.pump.processed, seconds, book.sets[0].label)
            summary |= write_outputs(run.parts.store, to)
        write_summary(to, summary)
    if as_json:
        say_json(summary)
    else:
        _tell(summary, to)


def _summary(played: Played, events: int, seconds: float, rules: str) -> dict[str, Any]:
    pace = max(seconds, 1e-9)
    return {
        "rules": rules,
        "first_at": played.first_at.isoformat() if played.first_at else None,
        "last_at": played.last_at.isoformat() if played.last_at else None,
        "lines": played.lines,
        "requests": played.requests,
        "refused": played.refused,
        "timers": played.timers,
        "events": events,
        "seconds": round(seconds, 3),
        "requests_per_second": round(played.requests / pace, 1),
        "events_per_second": round(events / pace, 1),
    }


def _tell(summary: dict[str, Any], to: Path) -> None:
    from streams.outputs import ALERTS, DEAD_LETTERS, DECISIONS, SUMMARY

    grave = summary["alerts_by_severity"].get("2", 0)
    say(
        f"{summary['requests']} 条请求，{summary['events']} 个事件，{summary['seconds']:.1f} 秒 / "
        f"{summary['requests']} requests, {summary['events']} events, {summary['seconds']:.1f} s"
    )
    say(f"  {ALERTS:20} {summary['alerts']} 条疑点，可疑 {grave} / alerts, {grave} of them 可疑")
    say(
        f"  {DECISIONS:20} {summary['decisions']} 条研判，待核 {summary['holds']} / decisions, {summary['holds']} holds"
    )
    say(f"  {DEAD_LETTERS:20} {summary['dead_letters']} 条死信 / dead letters")
    say(f"  {SUMMARY:20} {to.resolve()}")


@contextmanager
def _progress(raw: IO[bytes], size: int, *, quiet: bool) -> Iterator[Callable[[int], None] | None]:
    """A bar on stderr by how much of the file was read; none where nobody watches."""
    if quiet or not err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("回放 / replay"),
        BarColumn(),
        TextColumn("{task.fields[lines]} 行 / lines"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=STEPS, lines=0)

        def moved(lines: int) -> None:
            bar.update(task, completed=STEPS * raw.tell() // max(1, size), lines=lines)

        yield moved
