"""The program as it is run: a process of its own, in a folder of its own, with no settings from outside."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

PROGRAM = Path(sys.executable).with_name("wardwatch")
PATIENCE = 30.0


@dataclass(frozen=True)
class Done:
    """A run that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


@dataclass
class Running:
    """A server that is running."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where it says that it listens."""
        text = self.wait_for(r"http://\S+")
        return text.group()

    def wait_for(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """What it prints, as soon as it prints it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for line in self.lines:
                if found := re.search(pattern, line):
                    return found
            assert self.process.poll() is None, f"it ended: {self.complaints}"
            time.sleep(0.05)
        raise AssertionError(f"{pattern} was not printed within {seconds} s: {self.lines} {self.complaints}")

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=10, trust_env=False)

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Sends the signal and waits for the end. Returns the exit code."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)


@dataclass
class Shell:
    """Runs the program in `folder`."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)

    def __call__(self, *args: str, **env: str) -> Done:
        done = subprocess.run(
            [PROGRAM, *args], cwd=self.folder, env=self._env(env), capture_output=True, text=True, timeout=60
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def starts(self, *args: str, **env: str) -> Running:
        """Starts a server; it is ended with the test, whatever happens."""
        process = subprocess.Popen(
            [PROGRAM, *args],
            cwd=self.folder,
            env=self._env({"PYTHONUNBUFFERED": "1", **env}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        server = Running(process)
        for stream, lines in ((process.stdout, server.lines), (process.stderr, server.complaints)):
            threading.Thread(target=_collect, args=(stream, lines), daemon=True).start()
        self.running.append(server)
        return server

    def _env(self, env: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WARDWATCH_")}
        return {**kept, "COLUMNS": "200", "NO_COLOR": "1", **self.env, **env}


def _collect(stream: Any, lines: list[str]) -> None:
    with contextlib.suppress(ValueError):
        lines.extend(iter(stream.readline, ""))


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path)
    yield made
    for server in made.running:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait(PATIENCE)
        for stream in (server.process.stdout, server.process.stderr):
            if stream is not None:
                stream.close()
