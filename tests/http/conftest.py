"""A real server for every test here: its own database, the embedded node, uvicorn on a free port."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from access.credentials import Credential, Credentials
from dashboards.api.app import create_server
from detectors.gate.stops import NO_STOPS
from detectors.institutions import InstitutionBook
from detectors.rulesets.book import RulesAndInstitutions
from storage.dead_letters import DeadLetter
from storage.dead_letters import find as letters_in
from storage.store import Store
from streams.embedded import Embedded
from streams.http.options import GatewayOptions
from streams.metrics import Metrics
from streams.queries import StoredQueries
from tests.http.documented import STREAM, Document
from tests.http.said import NOW
from wardwatch.clock import ManualClock
from wardwatch.keys import REPLAY_KEYS
from wardwatch.settings import Settings
from wardwatch.wiring import parts, replay_rules

LIMITS = GatewayOptions(
    max_body_bytes=512 * 1024,
    max_call_bytes=128 * 1024,
    live_interval_seconds=0.1,
    heartbeat_seconds=1,
    max_listeners=3,
    sealing_public_key=REPLAY_KEYS.sealing_public,
)


@dataclass
class House:
    """One running server and what stands behind it."""

    url: str
    app: FastAPI
    node: Embedded
    store: Store
    clock: ManualClock
    server: uvicorn.Server
    thread: threading.Thread
    letters_seen: int = 0

    @cached_property
    def document(self) -> Document:
        """What this server says of itself."""
        return Document(httpx.get(f"{self.url}/openapi.json").json())

    def client(self, token: str = "", person: str = "", **headers: str) -> httpx.Client:
        """A caller with a credential, or `person` ("id role") at this machine.

        Every answer, in every test, is held against the interface document.
        """
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if person:
            headers["Wardwatch-As"] = person
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=20, event_hooks={"response": [self._as_documented]}
        )

    def _as_documented(self, response: httpx.Response) -> None:
        if not response.headers.get("content-type", "").startswith(STREAM):
            response.read()
            self.document.hold(response)

    def pass_time(self, **by: float) -> None:
        """Move the arrival clock on."""
        self.clock.advance(timedelta(**by))

    def letters(self) -> list[DeadLetter]:
        """Dead letters, in order of arrival."""
        with self.store.read() as conn:
            page = letters_in(conn, newest=False, limit=1000)
            assert page.cursor is None, "more dead letters than a test reads"
            return page.items

    def new_letters(self) -> list[DeadLetter]:
        """Dead letters since this was last asked."""
        every = self.letters()
        new, self.letters_seen = every[self.letters_seen :], len(every)
        return new

    def settle(self) -> None:
        """Wait until the engines have worked through the log."""
        deadline = time.monotonic() + 10
        while self.node.pump.backlog and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not self.node.pump.backlog, "the engines did not come to rest"


Opened = Callable[..., House]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Starts servers: `opened(credentials, options)`; all are stopped at the end."""
    running: list[House] = []

    def start(credentials: list[Credential] | None = None, options: GatewayOptions = LIMITS) -> House:
        house = started(tmp_path / str(len(running)), credentials or (), options)
        running.append(house)
        return house

    yield start
    for house in running:
        stopped(house)


@pytest.fixture
def house(opened: Opened) -> House:
    """A server without credentials."""
    return opened()


@pytest.fixture(scope="module")
def common_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One server for a whole module, for tests that ask only what they themselves have changed."""
    house = started(tmp_path_factory.mktemp("common") / "0")
    yield house
    stopped(house)


def started(folder: Path, credentials: Sequence[Credential] = (), options: GatewayOptions = LIMITS) -> House:
    """A server with its own database in `folder`, which is made."""
    folder.mkdir()
    store = Store.open(f"sqlite:///{folder / 'wardwatch.sqlite'}", durable=False)
    clock = ManualClock(datetime.fromisoformat(NOW))
    policies = RulesAndInstitutions(replay_rules(None), InstitutionBook(default_soft=False))
    whole = parts(store, policies, clock, REPLAY_KEYS, Settings(), stops=lambda: NO_STOPS)
    node = Embedded(store, whole.intake, whole.pump, clock)
    queries = StoredQueries(store, policies, clock.now)
    app = create_server(node, queries, options, Credentials(credentials), Metrics(), "test")
    node.start()
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    return House(f"http://127.0.0.1:{port}", app, node, store, clock, server, thread)


def stopped(house: House) -> None:
    """The server, then the node, then the database."""
    house.server.should_exit = True
    house.thread.join(timeout=10)
    house.node.stop()
    house.store.close()
