"""What one transaction of the intake will write: collected request by request, written once a table."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from schemas.base import Event, Who, derived_id
from schemas.codec import UnreadableEvent, decode, encode
from schemas.system import FeedHeard
from schemas.ward_check import CaptureAssessed, CheckAssigned, CheckDelivered, CheckOrdered
from storage import captures, checks, dead_letters, feed, unjoined
from storage import directory as directories
from storage import log as logs
from storage import requests as raw
from storage.captures import CaptureRow
from storage.checks import CheckRow
from storage.dead_letters import DeadLetter
from streams.directory import Directory, Waits, clock_hour
from streams.processors import PERSON_EVENTS, WARD_EVENTS
from streams.reading import Taken
from streams.requests import Request


@dataclass
class Batch:
    """A transaction's work. `directory` is the identity directory as this transaction sees it."""

    conn: Connection
    directory: Directory
    seen: dict[str, raw.Known]
    bodies: dict[tuple[str, str], list[str]]  # (institution, msgid) → hashes of the bodies that came under it
    known_captures: set[str]  # of those that this batch names
    rows: list[raw.Request] = field(default_factory=list)
    log: list[tuple[str, str, bytes]] = field(default_factory=list)  # (topic, key, value)
    waiting: list[unjoined.Waiting] = field(default_factory=list)
    checks: dict[str, CheckRow] = field(default_factory=dict)
    captures: list[CaptureRow] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    spoke: dict[str, tuple[datetime, datetime, str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)  # dedupe keys taken in this batch

    def check(self, check_id: str) -> CheckRow | None:
        """A check, of this batch or an earlier one."""
        return self.checks.get(check_id) or checks.get(self.conn, check_id)

    def has_capture(self, capture_id: str) -> bool:
        """Is there a capture of this name, of this batch or an earlier one?"""
        return capture_id in self.known_captures

    def bodies_under_its_id(self, taken: Taken) -> list[str]:
        """Hashes of the bodies that came under the msgid or Idempotency-Key of this request so far."""
        message, request = taken.message, taken.request
        if message is not None:
            return self.bodies.get((message.institution, message.msgid), []) if message.msgid else []
        key, path = request.idempotency_key, request.path
        if not key:
            return []
        mine = (request.caller.id, key, path)
        here = [row.body_hash for row in self.rows if (row.caller, row.idem_key, row.path) == mine]
        earlier = raw.by_idem_key(self.conn, request.caller.id, key)
        return [*here, *(known.body_hash for known in earlier if known.path == path)]

    def is_repeat(self, taken: Taken) -> bool:
        """Was the same request taken before?"""
        return taken.dedupe is not None and (taken.dedupe in self.seen or taken.dedupe in self.taken)

    def keep(self, taken: Taken) -> None:
        """The raw request, by which a repeat is recognised; and that its institution spoke."""
        request, message = taken.request, taken.message
        self.rows.append(
            raw.Request(
                request_id=taken.request_id,
                arrived_at=request.at,
                path=request.path,
                body=request.body,
                institution=taken.institution,
                msgid=message.msgid if message else "",
                body_hash=taken.body_hash,
                idem_key=request.idempotency_key,
                caller=request.caller.id,
                dedupe_key=taken.dedupe,
            )
        )
        if message is not None and message.msgid:
            self.bodies.setdefault((taken.institution, message.msgid), []).append(taken.body_hash)
        if taken.dedupe:
            self.taken.add(taken.dedupe)
        if taken.institution:
            region = message.region if message else ""
            self.spoke[taken.institution] = (clock_hour(request.at), request.at, region)

    def send(self, institution: str, event: Event) -> None:
        """A joined event into its topic."""
        if isinstance(event, CheckOrdered | CheckDelivered | CheckAssigned):
            self.log.append((WARD_EVENTS, institution, encode(event)))
            return
        self.log.append((PERSON_EVENTS, event.person, encode(event)))
        if isinstance(event, CaptureAssessed):
            self._received(event, "received")

    def wait(self, taken: Taken, waits: Waits, event: Event) -> None:
        """What can't be joined yet waits under its key; what carries no key at all is a dead letter."""
        if not waits.key:
            self.bury(taken.request, "nobody_named", "it names no person, stay or finding that we know")
            return
        self.waiting.append(
            unjoined.Waiting(waits.key, PERSON_EVENTS, encode(event), event.arrived_at, taken.request_id)
        )
        if isinstance(event, CaptureAssessed):
            self._received(event, "waiting")

    def release(self) -> None:
        """Keys have turned up: what waited for them is joined now, with its own arrival time."""
        while self.directory.turned_up:
            keys = list(self.directory.turned_up)
            self.directory.turned_up.clear()
            here = [w for w in self.waiting if w.waits_for in keys]
            self.waiting = [w for w in self.waiting if w.waits_for not in keys]
            for waiting in [*unjoined.take_many(self.conn, keys), *here]:
                try:
                    event = decode(waiting.event)
                except UnreadableEvent as error:  # it must not strike the request that let it go
                    self.dead.append(
                        DeadLetter(waiting.topic, waiting.arrived_at, "unreadable_event", str(error), waiting.event)
                    )
                    continue
                found = self.directory.join(event, national=False)
                if isinstance(found, Waits):
                    self.waiting.append(waiting._replace(waits_for=found.key))
                else:
                    self.send(found.who.institution, found)

    def bury(self, request: Request, code: str, reason: str) -> None:
        """The request, whole, among the dead letters."""
        self.dead.append(
            DeadLetter(source=request.path, arrived_at=request.at, code=code, reason=reason, body=request.body)
        )

    def write(self, at: datetime, partitions: int) -> None:
        """Everything, one write a table."""
        conn = self.conn
        self.directory.flush()
        raw.add(conn, self.rows)
        unjoined.add(conn, self.waiting)
        checks.upsert(conn, list(self.checks.values()))
        captures.upsert_many(conn, self.captures)
        dead_letters.add(conn, self.dead)
        first = sorted(directories.heard_many(conn, self.spoke)) if self.spoke else []
        self.log.extend((WARD_EVENTS, code, encode(_heard(code, self.spoke[code][1]))) for code in first)
        logs.append_many(conn, self.log, {PERSON_EVENTS: partitions, WARD_EVENTS: partitions}, at=at)
        feed.append(conn, [("check", row.institution, row.body) for row in self.checks.values()], at=at)

    def _received(self, event: CaptureAssessed, state: str) -> None:
        self.known_captures.add(event.capture_id)
        self.captures.append(
            CaptureRow(
                event.capture_id,
                event.person,
                event.who.institution,
                event.ward,
                state,
                "",
                (),
                event.arrived_at,
            )
        )


def _heard(institution: str, at: datetime) -> FeedHeard:
    """The first word of an institution in a clock hour: it is alive."""
    return FeedHeard(
        event_id=derived_id("fh", institution, clock_hour(at).isoformat()),
        at=at,
        arrived_at=at,
        who=Who(institution=institution),
    )
