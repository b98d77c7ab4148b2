"""kill -9 before every single statement: what is taken up again comes to the same, record for record.

A process plays the last lines of a case as a server does: one transaction for the intake, one for each batch
of the engines, one for timers. Before its nth statement it kills itself; a new process takes the file over.
"""

from __future__ import annotations

import os
import shutil
import signal
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from storage.store import Store
from streams.intake import Arrival
from streams.journal import Line, parse_line
from streams.processors import PERSON_EVENTS, WARD_EVENTS
from tests.journal import Hospital, Journal
from tests.streams.exactness import Left, left_in, whole_system, written
from wardwatch.wiring import Parts

PARTS = 4
"""Every fourth statement in a test of its own, so that they run side by side."""

STATEMENTS_AT_LEAST = 80
"""Fewer would mean that the lines below no longer do what this test is about."""


def a_case() -> Journal:
    """A stay that ends in an alert, a decision and a hold; the last lines are the interesting ones."""
    hospital = Hospital()
    ward = hospital.ward("骨科")
    li, wang = ward.admits("03-02 09:00", bed="1"), ward.admits("03-02 09:10", bed="2")
    li.enrolled("03-02 09:20")
    wang.enrolled("03-02 09:30")
    for day in ("03-03", "03-04"):
        check = ward.round(f"{day} 12:00", until=f"{day} 14:00")
        wang.photographed(f"{day} 12:05", check)
        li.not_found(check, f"{day} 12:10", f"{day} 12:50")
    li.discharged("03-05 09:00")
    li.settles("03-05 09:30")
    wang.discharged("03-05 10:00")
    return hospital.journal


LAST = 4
"""Lines that are played under fire: a confirmation, a discharge, a settlement, another discharge."""


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The database as it stands before the last lines."""
    file = tmp_path / "before.sqlite"
    with Store.open(f"sqlite:///{file}", durable=False) as store:
        serve(whole_system(store), lines()[:-LAST])
    return file


def lines() -> list[Line]:
    return [parse_line(sent.bytes, number) for number, sent in enumerate(a_case().in_order(), 1)]


def serve(whole: Parts, todo: Sequence[Line], done: Callable[[int], None] = lambda _: None) -> None:
    """Plays lines as a running server takes requests: nothing around them, a commit for each step."""
    pump = whole.pump
    pump.assign()
    pump.drain()
    for line in todo:
        while (due := pump.next_due()) is not None and due <= line.at:
            pump.fire(due)
            pump.drain()
        whole.clock.set(line.at)  # type: ignore[attr-defined]
        whole.intake.take([Arrival(line.request())])
        pump.drain()
        done(line.number)


def in_a_process(file: Path, todo: Sequence[Line], progress: Path, *, dies_before: int) -> bool:
    """Plays `todo` in a child that kills itself before its nth statement. True: it died."""
    child = os.fork()
    if child == 0:
        try:
            with Store.open(f"sqlite:///{file}", durable=False) as store:
                _kill_before(store, dies_before)
                serve(whole_system(store), todo, lambda number: _note(progress, number))
        except BaseException:  # noqa: BLE001 the child must not return into pytest
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed by itself"
    return os.WIFSIGNALED(status)


def _kill_before(store: Store, nth: int) -> None:
    statements = 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1
        if statements == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(store._writer, "before_cursor_execute", count)
    event.listen(store._writer, "commit", count)


def _note(progress: Path, number: int) -> None:
    """Which line was answered last. A hospital that got no answer sends again."""
    with progress.open("a") as file:
        file.write(f"{number}\n")


def everything(file: Path) -> tuple[Left, Any, Any]:
    with Store.open(f"sqlite:///{file}", durable=False) as store:
        return left_in(store), written(store, PERSON_EVENTS), written(store, WARD_EVENTS)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_killed_before_any_statement_it_comes_to_the_same(before: Path, tmp_path: Path, part: int) -> None:
    straight = tmp_path / "straight.sqlite"
    shutil.copy(before, straight)
    with Store.open(f"sqlite:///{straight}", durable=False) as store:
        serve(whole_system(store), lines()[-LAST:])
    expected = everything(straight)
    assert expected[0].alerts
    assert expected[0].holds

    nth = part
    while killed_and_taken_up(before, tmp_path / "case.sqlite", nth):
        assert everything(tmp_path / "case.sqlite") == expected, f"killed before statement {nth}"
        nth += PARTS
    assert everything(tmp_path / "case.sqlite") == expected
    assert nth > STATEMENTS_AT_LEAST


def killed_and_taken_up(before: Path, file: Path, nth: int) -> bool:
    """False once there is no nth statement any more."""
    progress = file.with_suffix(".progress")
    for left in file.parent.glob(f"{file.name}*"):
        left.unlink()
    shutil.copy(before, file)
    progress.write_text("")
    died = in_a_process(file, lines()[-LAST:], progress, dies_before=nth)
    answered = [int(number) for number in progress.read_text().split()]
    rest = [line for line in lines()[-LAST:] if line.number > max(answered, default=0)]
    with Store.open(f"sqlite:///{file}", durable=False) as store:
        serve(whole_system(store), rest)
    return died
