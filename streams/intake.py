"""The intake: requests as they arrive → kept raw, recognised when repeated, joined, appended to the log.

Many at once, in one transaction: `take` reads ahead for the whole batch and writes once. What can't be read
becomes a dead letter and a clear answer; nothing else stops, nothing is lost.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from schemas.base import Event, derived_id
from schemas.national import Unreadable
from schemas.settlement import SettlementAsked
from schemas.ward_check import CaptureAssessed
from storage import captures, dead_letters
from storage import requests as raw
from storage.dead_letters import DeadLetter
from storage.errors import StorageError
from storage.store import Store
from streams import answers
from streams.batch import Batch
from streams.directory import Directory, Waits
from streams.gatekeeper import NOT_EVALUATED, GateAnswer, Gatekeeper
from streams.joining import flag_reuse, joined, place, with_gate
from streams.reading import ReadingOptions, Taken, read
from streams.requests import Answer, Conflict, Forbidden, NotFound, Rejected, Request, Unavailable

log = logging.getLogger("wardwatch.intake")


Read = Taken | Unreadable | Rejected
"""A request read, or why it can't be."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request in the queue.

    `in_time` False: its deadline has passed, so the gate isn't asked. `reading` is there where the request was
    read before its turn.
    """

    request: Request
    in_time: bool = True
    reading: Read | None = None


Result = Answer | Rejected
"""What came of one arrival."""


class Intake:
    """Takes requests. One per process; every call but `read` runs in the writer's thread."""

    def __init__(
        self,
        store: Store,
        reading: ReadingOptions,
        gatekeeper: Gatekeeper,
        *,
        partitions: int = 1,
        now: Callable[[], datetime],
    ) -> None:
        self.store = store
        self.reading = reading
        self.gatekeeper = gatekeeper
        self.partitions = partitions
        self.now = now
        self._serial = 0

    def take(self, arrivals: Sequence[Arrival]) -> list[Result]:
        """Takes a batch. All of it is durable when this returns; a `Rejected` says why one wasn't taken."""
        readings = [arrival.reading or self.read(arrival.request) for arrival in arrivals]
        with self.store.write() as conn:
            batch = self._begin(conn, readings)
            results = [self._one(batch, arrival, reading) for arrival, reading in zip(arrivals, readings, strict=True)]
            batch.write(arrivals[-1].request.at, self.partitions)
        return results

    def keep_unreadable(self, path: str, body: bytes, code: str, reason: str, at: datetime) -> str:
        """Keep what could not even be read as a request. Returns the dead letter's name for the sender."""
        letter = DeadLetter(source=path, arrived_at=at, code=code, reason=reason, body=body)
        with self.store.write() as conn:
            dead_letters.add(conn, [letter])
        return derived_id("dl", path, at.isoformat(), hashlib.sha256(body).hexdigest())

    def read(self, request: Request) -> Read:
        """What a request says. Touches no database: it may run in any thread, before the request's turn."""
        try:
            return read(request, self.reading)
        except (Unreadable, Rejected) as error:
            return error
        except Exception as error:  # noqa: BLE001 our bug, and no reason to lose the whole batch
            return _not_taken(error)

    def _begin(self, conn: Connection, readings: Sequence[Read]) -> Batch:
        """Everything this batch will ask the database for, asked at once."""
        taken = [one for one in readings if isinstance(one, Taken)]
        directory = Directory(conn)
        directory.read_ahead(event.who for one in taken for event in one.events)
        names = [one.dedupe for one in taken if one.dedupe]
        pictures = [e.capture_id for one in taken for e in one.events if isinstance(e, CaptureAssessed)]
        return Batch(
            conn,
            directory,
            seen=raw.find_many(conn, names) if names else {},
            bodies=_bodies(conn, taken),
            known_captures=set(captures.get_many(conn, pictures)) if pictures else set(),
        )

    def _one(self, batch: Batch, arrival: Arrival, reading: Read) -> Result:
        """One request. Whatever is wrong with it is its own affair: its neighbours are taken."""
        request = arrival.request
        if isinstance(reading, Unreadable):
            batch.bury(request, reading.reason_code, str(reading))
            return answers.unreadable(request, reading, self._stamp(request))
        if isinstance(reading, Rejected):
            batch.bury(request, reading.key, reading.detail("en"))
            return reading
        try:
            return self._taken(batch, arrival, reading)
        except (StorageError, SQLAlchemyError):
            raise
        except Rejected as error:
            return self._refused(batch, request, reading, error)
        except Exception as error:  # noqa: BLE001 our bug, and its neighbours' least of all
            return self._refused(batch, request, reading, _not_taken(error))

    def _taken(self, batch: Batch, arrival: Arrival, taken: Taken) -> Answer:
        if taken.action not in arrival.request.caller.scope.actions:
            raise Forbidden("out_of_scope")
        place(batch, taken)
        self._in_scope(arrival.request, taken)
        if batch.is_repeat(taken):
            return self._again(batch, arrival, taken)
        flag_reuse(batch, taken)
        events = joined(batch, taken)
        gates = self._gates(batch, arrival, events)
        batch.keep(taken)
        for event in events:
            batch.send(taken.institution, with_gate(event, gates))
        batch.release()
        return self._answer(taken, gates)

    def _in_scope(self, request: Request, taken: Taken) -> None:
        scope = request.caller.scope
        if scope.allows(taken.action, taken.institution, taken.ward):
            return
        if taken.ward or not scope.allows_somewhere(taken.action, taken.institution):
            said = taken.translated
            if said is not None and (said.check_id or said.hold_id):  # whether it exists is not theirs to learn
                raise NotFound("no_such_check" if said.check_id else "no_such_hold")
            raise Forbidden("out_of_scope")

    def _again(self, batch: Batch, arrival: Arrival, taken: Taken) -> Answer:
        """A repeat changes nothing and gets the current answer."""
        asked = [event for event in taken.events if isinstance(event, SettlementAsked)]
        found = [batch.directory.join(event, national=False) for event in asked]
        known = [event for event in found if not isinstance(event, Waits)]
        return self._answer(taken, self._gates(batch, arrival, known))

    def _gates(self, batch: Batch, arrival: Arrival, events: Sequence[Event]) -> dict[str, GateAnswer]:
        """What the gate says of each settlement in this request, by event id."""
        asked = [event for event in events if isinstance(event, SettlementAsked)]
        if not arrival.in_time:
            return {event.event_id: GateAnswer(NOT_EVALUATED) for event in asked}
        return {event.event_id: self.gatekeeper.answer(batch.conn, event) for event in asked}

    def _answer(self, taken: Taken, gates: dict[str, GateAnswer]) -> Answer:
        if taken.message is not None:
            keys = self.reading.keys.of(taken.institution)
            return answers.national(taken.message, taken.events, gates, self._stamp(taken.request), keys)
        said = taken.translated
        assert said is not None
        awaits = taken.events[0].event_id if said.hold_id else ""
        return Answer(said.status, said.answer, awaits=awaits)

    def _refused(self, batch: Batch, request: Request, taken: Taken, error: Rejected) -> Result:
        """Not taken, and why. It is kept whole, but for what only contradicts an earlier word."""
        if not isinstance(error, Conflict):
            batch.bury(request, error.key, error.detail("en"))
        if taken.message is not None:
            return answers.refused(taken.message, error, self._stamp(request))
        return error

    def _stamp(self, request: Request) -> answers.Stamp:
        self._serial += 1
        return answers.Stamp(request.at, self.now(), self._serial)


def _bodies(conn: Connection, taken: Sequence[Taken]) -> dict[tuple[str, str], list[str]]:
    """The hashes of the bodies that came so far under the message numbers of a batch, institution by institution."""
    named: dict[str, set[str]] = {}
    for one in taken:
        if one.message is not None and one.message.msgid:
            named.setdefault(one.message.institution, set()).add(one.message.msgid)
    return {
        (institution, msgid): hashes
        for institution, msgids in named.items()
        for msgid, hashes in raw.bodies_by_msgid(conn, institution, msgids).items()
    }


def _not_taken(error: Exception) -> Unavailable:
    """The answer to a request that we have no code for. It is kept whole; only the error's kind is logged, for
    its message may quote a person."""
    log.error("a request was not taken: %s", type(error).__name__)
    return Unavailable("intake_failed")
