"""An intake over a database of its own: requests come in groups as journal lines, and what came of them is seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from access.callers import LOCAL, Caller
from detectors.gate.stops import NO_STOPS
from detectors.institutions import InstitutionBook
from detectors.rulesets.book import RulesAndInstitutions
from schemas.base import Event
from schemas.codec import decode
from schemas.decisions import Decision
from storage import dead_letters, decisions, requests
from storage import log as logs
from storage.dead_letters import DeadLetter
from storage.store import Store
from streams.intake import Arrival
from streams.journal import parse_line
from streams.processors import PERSON_EVENTS
from streams.requests import Answer, Rejected, Request
from tests.journal import Sent
from tests.stories import at
from wardwatch.clock import Clock, ManualClock
from wardwatch.keys import REPLAY_KEYS
from wardwatch.settings import Settings
from wardwatch.wiring import BEFORE_ALL_JOURNALS, Parts, parts, replay_rules


@contextmanager
def opened(folder: Path, *, clock: Clock | None = None, **settings: Any) -> Iterator[Counter]:
    """A counter with these settings, on SQLite in `folder`."""
    with Store.open(f"sqlite:///{folder / 'counter.sqlite'}", durable=False) as store:
        policies = RulesAndInstitutions(replay_rules(None), InstitutionBook(default_soft=False))
        said = Settings.model_validate(settings)
        clock = clock or ManualClock(BEFORE_ALL_JOURNALS)
        yield Counter(parts(store, policies, clock, REPLAY_KEYS, said, stops=lambda: NO_STOPS))


@dataclass
class Counter:
    """Takes what was sent, in one transaction a call."""

    parts: Parts

    def takes(self, *sent: Sent, by: Caller = LOCAL, in_time: bool = True) -> list[Answer | Rejected]:
        """These together, as one group."""
        arrivals = [Arrival(replace(request_of(one), caller=by), in_time) for one in sent]
        return self.parts.intake.take(arrivals)

    def take(self, sent: Sent, **how: Any) -> Answer | Rejected:
        """One alone."""
        (result,) = self.takes(sent, **how)
        return result

    def works(self) -> None:
        """The engines work through the log."""
        self.parts.pump.assign()
        self.parts.pump.drain()

    # ── what came of it ─────────────────────────────────────────────────────────────────────────────────

    def events(self, kind: str = "") -> list[Event]:
        """What stands in the log about persons, in order."""
        with self.parts.store.read() as conn:
            found = [decode(record.value) for record in logs.read(conn, PERSON_EVENTS, 0, 0, 1000)]
        return [event for event in found if kind in ("", event.kind)]  # type: ignore[attr-defined]

    def letters(self) -> list[DeadLetter]:
        """Dead letters, in order of arrival."""
        with self.parts.store.read() as conn:
            return dead_letters.find(conn, newest=False).items

    def raw(self) -> list[requests.Request]:
        """The requests that were taken, as they are kept."""
        with self.parts.store.read() as conn:
            return list(requests.each(conn, since=at("01-01 00:00"), until=at("12-31 00:00")))

    def decisions(self) -> list[Decision]:
        with self.parts.store.read() as conn:
            return list(decisions.each(conn))


def request_of(sent: Sent) -> Request:
    """The request, as it comes in over HTTP."""
    return parse_line(sent.bytes).request()
