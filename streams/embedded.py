"""The embedded node: one process, one writer thread, no other service.

Requests come first: they are taken in groups, one durable transaction a group. Between groups the pump turns
the engines in batches of about `seconds`, so a request never waits longer than that for its turn. What is slow to
read is read before its turn, beside the writer, so that nothing else waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from detectors.gate.review import Result
from schemas.texts import text
from storage.errors import Fenced, StorageError
from storage.store import Store
from streams import answers
from streams.intake import Arrival, Intake, Read
from streams.intake import Result as TakenResult
from streams.meter import Meter
from streams.node import Probe, Readiness
from streams.pump import Pump
from streams.requests import Answer, Caller, Rejected, Request, Unavailable
from streams.router import Router

log = logging.getLogger("wardwatch.node")

GATE_INFNOS = frozenset({"2303", "2304", "3101", "3102"})
GROUP = 32
"""Requests taken in one transaction at most: it bounds how long the last one waits for its own."""
REVIEW_TURNS = 200
SWITCH_SECONDS = 0.001
"""How long another thread may keep Python's lock from the writer. It lets go of it at every statement: at the usual
5 ms to get it back, a group beside one busy thread took 700 ms instead of 40."""
_SEALED = "encData"


class Clock(Protocol):
    """What the node asks of a clock."""

    def now(self) -> datetime: ...
    def monotonic(self) -> float: ...
    def seconds_until(self, moment: datetime) -> float: ...


@dataclass
class _Job:
    """One request in the queue, or one thing to do in the writer's thread."""

    done: Future[Answer | str]
    request: Request | None = None
    reading: Read | None = None
    call: Callable[[], str] | None = None
    queued_at: float = 0.0

    def end(self, outcome: Answer | str | Exception) -> None:
        """Hand it to whoever waits, if anybody still does: a caller that left must not stop the writer."""
        try:
            if isinstance(outcome, Exception):
                self.done.set_exception(outcome)
            else:
                self.done.set_result(outcome)
        except InvalidStateError:
            pass


@dataclass
class Embedded:
    """The writer of this process. `start` before use, `stop` after: what was taken is durable at any moment."""

    store: Store
    intake: Intake
    pump: Pump
    clock: Clock
    deadline: float = 0.8
    router: Router | None = None  # of the intake topics
    meter: Meter | None = None
    _jobs: deque[_Job] = field(default_factory=deque)
    _wake: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None
    _reader: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "wardwatch-reader"))
    _stopping: bool = False
    _failed: str = ""

    # ── from outside ──

    def now(self) -> datetime:
        """The arrival clock."""
        return self.clock.now()

    async def submit(self, request: Request) -> Answer:
        """Take one request, before any engine work. Durable when this returns."""
        job = _Job(Future(), request=request, queued_at=self.clock.monotonic())
        if not asks_the_gate(request, self._gate_infnos):
            answer = await self._read_and_queued(job, request)
        else:
            try:
                taken = asyncio.shield(self._read_and_queued(job, request))
                answer = await asyncio.wait_for(taken, self.deadline)
            except TimeoutError:
                now = self.clock.now()
                answer = answers.not_in_time(request, answers.Stamp(request.at, now, 0))
            if self.meter is not None:
                self.meter.gate(self.clock.monotonic() - job.queued_at)
        assert isinstance(answer, Answer)
        return answer

    async def submit_unreadable(self, path: str, raw: bytes, reason: str, caller: Caller, at: datetime) -> str:
        """Keep what can't be read, whole or as much as was read of it."""

        def keep() -> str:
            return self.intake.keep_unreadable(path, raw, reason, reason, at)

        kept = await self._queued(_Job(Future(), call=keep))
        assert isinstance(kept, str)
        return kept

    async def _read_and_queued(self, job: _Job, request: Request) -> Answer | str:
        if is_slow_to_read(request):
            with self._wake:
                self._refuse_when_stopped()
                ahead = asyncio.get_running_loop().run_in_executor(self._reader, self._read_ahead, request)
            job.reading = await ahead
        return await self._queued(job)

    def _read_ahead(self, request: Request) -> Read | None:
        """In the reader's thread: one, for the work is Python's own and more threads would only take turns."""
        return None if self._stopping else self.intake.read(request)

    async def _queued(self, job: _Job) -> Answer | str:
        with self._wake:
            self._refuse_when_stopped()
            self._jobs.append(job)
            self._wake.notify()
        return await asyncio.wrap_future(job.done)

    def _refuse_when_stopped(self) -> None:
        if self._failed or self._stopping:
            raise Unavailable("not_running")

    @cached_property
    def _gate_infnos(self) -> frozenset[str]:
        return self.intake.reading.dialects.spelt(GATE_INFNOS)

    def readiness(self) -> Readiness:
        """Engine running, dead letters below their limit."""
        limit = self.pump.limit
        running = self._thread is not None and self._thread.is_alive() and not self._failed
        return Readiness(
            (
                Probe("engine", running),
                Probe("dead_letters", limit.poisoned < limit.most, f"{limit.poisoned}/{limit.most}"),
            )
        )

    # ── life ──

    def start(self) -> None:
        """Take the partitions and begin."""
        sys.setswitchinterval(min(SWITCH_SECONDS, sys.getswitchinterval()))
        self.pump.assign()
        if self.router is not None:
            self.router.assign()
        self._thread = threading.Thread(target=self._run, name="wardwatch-writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the group in hand. What is still queued is refused; nothing taken is lost."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=30)
        self._reader.shutdown(wait=False)
        self._refuse_all()

    def _run(self) -> None:
        while not self._stopping:
            try:
                busy = self._requests() + self._engines()
            except Fenced as error:
                self._fail(error)
                return
            except StorageError as error:
                log.error("storage: %s", error)
                busy = 0
                self._pause(1.0)
            except Exception as error:  # noqa: BLE001 whatever it is, the node must say that it is dead
                # The engine has stopped itself (dead letters, lost partition): say so and take no more.
                self._fail(error)
                return
            if not busy:
                self._pause(self._until_next())

    def _fail(self, error: Exception) -> None:
        log.error("stopped: %s: %s", type(error).__name__, error)
        self._failed = type(error).__name__
        self._refuse_all()

    def _pause(self, seconds: float) -> None:
        with self._wake:
            if not self._jobs and not self._stopping:
                self._wake.wait(seconds)

    def _until_next(self) -> float:
        """Seconds until something is due; at most half a second, so that a stop or a timer is never late."""
        waiting = self.router.wake_at() if self.router is not None else None
        due = [self.clock.seconds_until(moment) for moment in (self.pump.next_due(), waiting) if moment]
        return min([0.5, *due])

    # ── one turn ──

    def _requests(self) -> int:
        with self._wake:
            jobs = [self._jobs.popleft() for _ in range(min(GROUP, len(self._jobs)))]
        for job in jobs:
            if job.call is not None:
                self._call(job)
        asked = [job for job in jobs if job.request is not None]
        if asked:
            self._take(asked)
        return len(jobs)

    def _call(self, job: _Job) -> None:
        assert job.call is not None
        try:
            job.end(job.call())
        except StorageError as error:
            log.error("storage: %s", error)
            job.end(Unavailable("storage_down"))

    def _take(self, jobs: list[_Job]) -> None:
        started = self.clock.monotonic()
        arrivals = [
            Arrival(job.request, started - job.queued_at < self.deadline, job.reading)
            for job in jobs
            if job.request is not None
        ]
        results: list[TakenResult]
        try:
            results = self.intake.take(arrivals)
        except StorageError as error:
            log.error("storage: %s", error)
            results = [Unavailable("storage_down")] * len(jobs)
        for job, result in zip(jobs, results, strict=True):
            job.end(result if isinstance(result, Rejected) else self._awaited(result))

    def _awaited(self, answer: Answer) -> Answer:
        """A reviewer's word is answered by what the engine made of it."""
        if not answer.awaits:
            return answer
        for _ in range(REVIEW_TURNS):
            if answer.awaits in self.pump.reviews:
                return reviewed(answer, self.pump.reviews.pop(answer.awaits))
            if not self.pump.turn():
                break
        return answer

    def _engines(self) -> int:
        fired = self.pump.fire(self.clock.now())
        routed = self.router.turn() if self.router is not None else 0
        return fired + routed + self.pump.turn()

    def _refuse_all(self) -> None:
        with self._wake:
            for job in self._jobs:
                job.end(Unavailable("not_running"))
            self._jobs.clear()


def asks_the_gate(request: Request, infnos: Collection[str] = GATE_INFNOS) -> bool:
    """Somebody at a counter waits for this answer: it is given within the deadline, whatever happens.

    A message in an encrypted wrapper may be such a one.
    """
    envelope = _envelope(request)
    return _SEALED in envelope or str(envelope.get("infno", "")) in infnos


def is_slow_to_read(request: Request) -> bool:
    """It carries an SM2 signature, which takes 10 to 40 ms to verify, or may carry one inside its wrapper.

    Told by the value, for each province has its own spelling of the field's name.
    """
    envelope = _envelope(request)
    return _SEALED in envelope or any(type(v) is str and v[:9].strip().upper() == "SM2" for v in envelope.values())


def _envelope(request: Request) -> Mapping[str, Any]:
    """The envelope of a national message, as far as it can be seen from outside."""
    document = request.document
    inner = document.get("request", document) if isinstance(document, dict) else None
    return inner if isinstance(inner, dict) else {}


def reviewed(answer: Answer, result: Result) -> Answer:
    """The answer to a reviewer: noted, closed, or refused with the reason."""
    said = {"zh": text(result.code, "zh"), "en": text(result.code, "en")}
    if result.status < 400:
        return Answer(result.status, {**answer.body, "said": said["zh"], "said_en": said["en"]})
    name = result.code.partition(".")[2].replace("_", "-")
    problem = {
        "type": f"/problems/{name}",
        "title": text(f"errors.title_{result.status}", "zh"),
        "status": result.status,
        "detail": f"{said['zh']} / {said['en']}",
    }
    return Answer(result.status, problem, problem=True)
