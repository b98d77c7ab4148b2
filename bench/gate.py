"""How long a settlement waits for the gate while everything else is busy: a real node, real time, real HTTP."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from access.callers import LOCAL
from bench import journal
from bench.journal import Sent, Ward
from bench.town import JournalClock
from streams.requests import Answer, Request
from wardwatch.settings import load_settings
from wardwatch.wiring import Serving, serving

SENDERS = 64
"""Systems that send at once when the node is saturated: each sends again as soon as it is answered."""

PROBES_A_SECOND = 25


@dataclass(frozen=True)
class Waits:
    """Seconds that settlements waited, and how many requests a second the node took beside them."""

    seconds: list[float]
    beside: float
    evaluated: int

    def at(self, share: float) -> float:
        """The wait that this share of the settlements stayed within."""
        found = sorted(self.seconds)
        return found[min(len(found) - 1, int(share * len(found)))]


@dataclass
class Load:
    """What the node is fed with: the town's next day, at a rate (requests a second; 0: nothing, None: all it takes)."""

    sent: Iterator[Sent]
    rate: float | None
    taken: int = 0


@contextmanager
def node(file: Path, day_begins: Sent) -> Iterator[tuple[Serving, JournalClock]]:
    """The server over the database in `file`, its clock standing at the day's first request."""
    clock = JournalClock(day_begins.at)
    settings = load_settings(None)
    settings = settings.model_copy(update={"data_dir": file.parent})
    file.rename(file.parent / "wardwatch.sqlite")
    running = serving(settings, clock, soft=False)
    running.start()
    try:
        yield running, clock
    finally:
        running.stop()
        (file.parent / "wardwatch.sqlite").rename(file)


def quiet(running: Serving) -> None:
    """Wait until the node has nothing left to do."""
    while running.parts.pump.backlog:
        time.sleep(0.05)


def probes(wards: list[Ward], day: int) -> Iterator[Sent]:
    """Settlements one after the other, of everyone who lies there, each with a message number of its own."""
    found = journal.settlements(wards, day)
    for number in itertools.count():
        one = found[number % len(found)]
        body = one.body.replace(b'"msgid":"H', f'"msgid":"{number:05d}'.encode(), 1)
        yield one._replace(body=body.replace(b'"setl_id":"I', f'"setl_id":"{number:05d}'.encode(), 1))


def inside(running: Serving, clock: JournalClock, load: Load, settled: Iterator[Sent], count: int) -> Waits:
    """`count` settlements handed to the node itself."""

    async def measured() -> Waits:
        waits: list[float] = []
        evaluated = 0
        async with _busy(running, clock, load) as beside:
            for one in itertools.islice(settled, count):
                began = time.perf_counter()
                answer = await running.node.submit(_request(one, clock))
                waits.append(time.perf_counter() - began)
                evaluated += _evaluated(answer.body)
                await asyncio.sleep(1 / PROBES_A_SECOND)
            return Waits(waits, beside(), evaluated)

    return asyncio.run(measured())


def over_http(running: Serving, clock: JournalClock, load: Load, settled: Iterator[Sent], count: int) -> Waits:
    """`count` settlements over HTTP, from a process of its own."""
    server = uvicorn.Server(uvicorn.Config(running.app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    bodies = b"\n".join(one.body for one in itertools.islice(settled, count))
    command = [sys.executable, "-m", "bench.sender", f"http://127.0.0.1:{port}", str(PROBES_A_SECOND)]

    async def measured() -> Waits:
        async with _busy(running, clock, load) as beside:
            sender = await asyncio.create_subprocess_exec(
                *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
            )
            out, _ = await sender.communicate(bodies)
            rows = [json.loads(line) for line in out.splitlines()]
            return Waits([row["seconds"] for row in rows], beside(), sum(row["evaluated"] for row in rows))

    try:
        return asyncio.run(measured())
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def _request(one: Sent, clock: JournalClock) -> Request:
    return Request(one.path, one.body, clock.now(), LOCAL)


def _evaluated(body: dict[str, object]) -> bool:
    output = body.get("output")
    said = output.get("wardwatch") if isinstance(output, dict) else None
    return isinstance(said, dict) and said.get("outcome") not in (None, "not_evaluated")


class _busy:
    """While it is open the node is fed. Gives a function that tells how many requests a second were taken."""

    def __init__(self, running: Serving, clock: JournalClock, load: Load) -> None:
        self.running, self.clock, self.load = running, clock, load
        self.tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Callable[[], float]:
        began = time.perf_counter()
        before = self.load.taken
        senders = SENDERS if self.load.rate is None or self.load.rate > 0 else 0
        self.tasks = [asyncio.create_task(self._send(began)) for _ in range(senders)]
        return lambda: (self.load.taken - before) / (time.perf_counter() - began)

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _send(self, began: float) -> None:
        load, first = self.load, self.load.taken
        for one in load.sent:
            number = load.taken = load.taken + 1
            if load.rate:
                due = began + (number - first) / load.rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.clock.set(max(one.at, self.clock.now()))
            answer = await self.running.node.submit(_request(one, self.clock))
            assert isinstance(answer, Answer)
