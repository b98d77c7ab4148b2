"""What the HTTP side needs of the running system behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from streams.requests import Answer, Caller, Request


@dataclass(frozen=True, slots=True)
class Probe:
    """One condition of being ready. `name` is a key of the catalogue: `pages.ready_<name>`."""

    name: str  # engine, migrations, dead_letters, disk …
    ok: bool
    note: str = ""  # numbers only, e.g. "12/20": it is shown without sign-in


@dataclass(frozen=True, slots=True)
class Readiness:
    """Ready when every probe is."""

    probes: tuple[Probe, ...]

    @property
    def ready(self) -> bool:
        """Whether requests may be sent here."""
        return all(probe.ok for probe in self.probes)


class Node(Protocol):
    """The writer of this process: it takes requests one after the other, before any engine work."""

    def now(self) -> datetime:
        """The arrival clock, aware, +08:00."""
        ...

    async def submit(self, request: Request) -> Answer:
        """Take one request: joined, stored, answered. Raises `Rejected`, of which it has kept what is due."""
        ...

    async def submit_unreadable(self, path: str, raw: bytes, reason: str, caller: Caller, at: datetime) -> str:
        """Keep what can't be read as a dead letter and return its id. `raw` may be only the beginning."""
        ...

    def readiness(self) -> Readiness:
        """Engine running, migrations at head, dead letters below their limit. Quick: no query to speak of."""
        ...
