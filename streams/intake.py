"""The intake: requests as they arrive → kept raw, recognised when repeated, joined, appended to the log.

Many at once, in one transaction: `take` reads ahead for the whole batch and writes once. What can't be read
becomes a dead letter and a clear answer; nothing else stops, nothing is lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from detectors.policy import Policies
from schemas.admission import MessageVoided
from schemas.base import Event, derived_id, person_key
from schemas.codec import decode, encode
from schemas.national import Unreadable
from schemas.settlement import HoldReviewed, HospitalAnswered, SettlementAsked
from schemas.system import FeedHeard
from schemas.ward_check import CaptureAssessed, CheckAssigned, CheckDelivered, CheckOrdered
from storage import alerts, captures, checks, dead_letters, decisions, holds, unjoined
from storage import directory as directories
from storage import log as logs
from storage import requests as raw
from storage.captures import CaptureRow
from storage.checks import CheckRow
from storage.dead_letters import DeadLetter
from storage.store import Store
from streams import answers
from streams.directory import AUDITS, Directory, Waits, clock_hour
from streams.gatekeeper import NOT_EVALUATED, GateAnswer, Gatekeeper
from streams.processors import PERSON_EVENTS, WARD_EVENTS
from streams.reading import NATIONAL, ReadingOptions, Taken, read
from streams.requests import Answer, Caller, Conflict, Forbidden, NotFound, Rejected, Request, Unavailable

WARD_KINDS = (CheckOrdered, CheckDelivered)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request in the queue. `in_time` False: its deadline has passed, so the gate isn't asked."""

    request: Request
    in_time: bool = True


Result = Answer | Rejected
"""What came of one arrival."""


@dataclass
class _Batch:
    """What one transaction will write."""

    conn: Connection
    directory: Directory
    seen: dict[str, raw.Known]
    rows: list[raw.Request] = field(default_factory=list)
    log: list[tuple[str, str, bytes]] = field(default_factory=list)  # (topic, key, value)
    waiting: list[unjoined.Waiting] = field(default_factory=list)
    checks: dict[str, CheckRow] = field(default_factory=dict)
    captures: list[CaptureRow] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    spoke: dict[str, tuple[datetime, datetime, str]] = field(default_factory=dict)
    answers_at: dict[str, str] = field(default_factory=dict)  # dedupe key → request id taken in this batch

    def check(self, check_id: str) -> CheckRow | None:
        """A check, of this batch or an earlier one."""
        return self.checks.get(check_id) or checks.get(self.conn, check_id)


class Intake:
    """Takes requests. One per process; every call runs in the writer's thread."""

    def __init__(
        self,
        store: Store,
        policies: Policies,
        reading: ReadingOptions,
        gatekeeper: Gatekeeper,
        *,
        partitions: int = 1,
        now: Callable[[], datetime],
    ) -> None:
        self.store = store
        self.policies = policies
        self.reading = reading
        self.gatekeeper = gatekeeper
        self.partitions = partitions
        self.now = now
        self._serial = 0

    # ── the way of a batch ──

    def take(self, arrivals: Sequence[Arrival]) -> list[Result]:
        """Takes a batch. Every result is durable when this returns; a `Rejected` says why one wasn't taken."""
        readings = [self._read(a.request) for a in arrivals]
        with self.store.write() as conn:
            batch = self._begin(conn, [r for r in readings if isinstance(r, Taken)])
            results = [
                self._one(batch, arrival, reading)
                for arrival, reading in zip(arrivals, readings, strict=True)
            ]
            self._finish(batch, arrivals[-1].request.at)
        return results

    def keep_unreadable(self, path: str, body: bytes, code: str, reason: str, at: datetime) -> str:
        """Keep what could not even be read as a request. Returns the dead letter's name for the sender."""
        letter = DeadLetter(source=path, arrived_at=at, code=code, reason=reason, body=body)
        with self.store.write() as conn:
            dead_letters.add(conn, [letter])
        return derived_id("dl", path, at.isoformat(), hashlib.sha256(body).hexdigest())

    def _read(self, request: Request) -> Taken | Unreadable | Rejected:
        try:
            return read(request, self.reading)
        except (Unreadable, Rejected) as error:
            return error

    def _begin(self, conn: Connection, taken: Sequence[Taken]) -> _Batch:
        directory = Directory(conn)
        directory.read_ahead(event.who for one in taken for event in one.events)
        names = [one.dedupe for one in taken if one.dedupe]
        return _Batch(conn, directory, raw.find_many(conn, names) if names else {})

    def _one(self, batch: _Batch, arrival: Arrival, reading: Taken | Unreadable | Rejected) -> Result:
        request = arrival.request
        if isinstance(reading, Unreadable):
            return self._unreadable(batch, request, reading)
        if isinstance(reading, Rejected):
            self._bury(batch, request, reading.key, str(reading))
            return reading
        try:
            return self._taken(batch, arrival, reading)
        except Rejected as error:
            if not isinstance(error, NotFound | Conflict):
                self._bury(batch, request, error.key, str(error))
            if reading.national:
                return answers.refused(reading.message, error, self._stamp(request))
            return error

    def _taken(self, batch: _Batch, arrival: Arrival, taken: Taken) -> Result:
        self._place(batch, taken)
        caller = arrival.request.caller
        if not caller.scope.allows(taken.action, taken.institution, taken.ward) and not (
            not taken.ward and caller.scope.allows_somewhere(taken.action, taken.institution)
        ):
            raise Forbidden("out_of_scope")
        if taken.dedupe and (taken.dedupe in batch.seen or taken.dedupe in batch.answers_at):
            return self._again(batch, arrival, taken)
        self._flag_reuse(batch, taken)
        joined = self._joined(batch, taken)
        gates = self._gates(batch, arrival, joined)
        self._keep(batch, taken)
        for event in joined:
            self._send(batch, taken, _with_gate(event, gates))
        self._release(batch)
        return self._answer(taken, gates)

    def _finish(self, batch: _Batch, at: datetime) -> None:
        """One write a table."""
        conn = batch.conn
        batch.directory.flush()
        raw.add(conn, batch.rows)
        unjoined.add(conn, batch.waiting)
        checks.upsert(conn, list(batch.checks.values()))
        captures.upsert_many(conn, batch.captures)
        dead_letters.add(conn, batch.dead)
        for code in sorted(directories.heard_many(conn, batch.spoke)) if batch.spoke else ():
            spoken = batch.spoke[code][1]
            heard = FeedHeard(
                event_id=derived_id("fh", code, clock_hour(spoken).isoformat()),
                at=spoken,
                arrived_at=spoken,
                who={"institution": code},
            )
            batch.log.append((WARD_EVENTS, code, encode(heard)))
        logs.append_many(
            conn, batch.log, {PERSON_EVENTS: self.partitions, WARD_EVENTS: self.partitions}, at=at
        )

    # ── one request ──

    def _place(self, batch: _Batch, taken: Taken) -> None:
        """Calls that name a check or a hold get their institution and ward from it."""
        said = taken.translated
        if said is None:
            return
        if said.check_id:
            check = batch.check(said.check_id)
            if check is None:
                raise NotFound("no_such_check")
            taken.institution, taken.ward = check.institution, taken.ward or check.ward
        if said.hold_id:
            hold = holds.get(batch.conn, said.hold_id)
            if hold is None:
                raise NotFound("no_such_hold")
            taken.institution = hold.fixmedins_code
        if said.check_id or said.hold_id:
            taken.events = tuple(_at_institution(e, taken.institution) for e in taken.events)

    def _flag_reuse(self, batch: _Batch, taken: Taken) -> None:
        """The same id with another body is a new message, flagged."""
        message, said = taken.message, taken.translated
        if message is not None and message.msgid:
            earlier = raw.by_msgid(batch.conn, message.institution, message.msgid)
            if any(known.body_hash != taken.body_hash for known in earlier):
                taken.flags.add("duplicate_id")
        elif said is not None and said.dedupe_key:
            for event in taken.events:
                if isinstance(event, CaptureAssessed) and captures.get(batch.conn, event.capture_id):
                    taken.flags.add("duplicate_id")
                if isinstance(event, CheckOrdered) and batch.check(event.check_id):
                    taken.flags.add("duplicate_id")
        if taken.flags:
            taken.events = tuple(
                e.model_copy(update={"flags": (*e.flags, *sorted(taken.flags))}) for e in taken.events
            )

    def _said(self, taken: Taken) -> tuple[Event, ...]:
        """The events; for a message that the platform refused, what takes an earlier copy back."""
        message = taken.message
        if message is None or not taken.voids_earlier or not message.msgid:
            return taken.events
        persons = _persons_named(message.input)
        return tuple(
            MessageVoided(
                event_id=derived_id("vd", taken.request_id, number),
                at=taken.request.at,
                arrived_at=taken.request.at,
                who={
                    "institution": message.institution,
                    "insuplc_admdvs": message.insuplc_admdvs,
                    "psn_no": number,
                },
                voids=message.msgid,
                oinfno=message.infno,
            )
            for number in persons
        )

    def _joined(self, batch: _Batch, taken: Taken) -> list[Event]:
        """The events that could be joined. The others wait under their key, nothing evaluated."""
        joined: list[Event] = []
        for event in self._said(taken):
            found = self._join(batch, taken, event)
            if not isinstance(found, Waits):
                joined.append(found)
            elif not (isinstance(event, SettlementAsked) and event.infno in AUDITS):
                self._wait(batch, taken, found, _with_gate(event, {}))
        return joined  # an audit (3101, 3102) of a stay that we don't know asks us nothing: it is kept raw only

    def _join(self, batch: _Batch, taken: Taken, event: Event) -> Event | Waits:
        if isinstance(event, CheckOrdered):
            return self._ordered(batch, taken, event)
        if isinstance(event, CheckDelivered):
            return event
        if isinstance(event, HospitalAnswered):
            return self._about_alert(batch, event)
        if isinstance(event, HoldReviewed):
            return self._about_hold(batch, event)
        region = taken.message.region if taken.message else ""
        return batch.directory.join(event, national=taken.national, region=region)

    def _ordered(self, batch: _Batch, taken: Taken, event: CheckOrdered) -> Event:
        """A check goes to its ward; patients named on it are joined, those unknown are assigned when known."""
        named = taken.translated.roster if taken.translated else ()
        roster: list[tuple[str, str]] = []
        for mdtrt_id in named:
            draft = CheckAssigned(
                event_id=derived_id("ev", taken.request_id, mdtrt_id),
                at=event.opens_at,
                arrived_at=event.arrived_at,
                who={"institution": taken.institution, "mdtrt_id": mdtrt_id},
                check_id=event.check_id,
                check_kind=event.check_kind,
                ward=event.ward,
                opens_at=event.opens_at,
                due_by=event.due_by,
            )
            found = batch.directory.join(draft, national=False)
            if isinstance(found, Waits):
                self._wait(batch, taken, found, draft)
            else:
                roster.append((found.person, found.stay))
        body = event.model_dump(mode="json") | {"roster": list(named)}
        batch.checks.setdefault(
            event.check_id,
            CheckRow(
                event.check_id,
                taken.institution,
                event.ward,
                event.check_kind,
                event.opens_at,
                event.due_by,
                event.nonce,
                orjson.dumps(body),
            ),
        )
        return event.model_copy(update={"roster": tuple(roster)})

    def _about_alert(self, batch: _Batch, event: HospitalAnswered) -> Event | Waits:
        """`jr_id` names an alert; for unverified days, which are no detector's finding, the decision."""
        named = alerts.get(batch.conn, event.alert_id) or decisions.get(batch.conn, event.alert_id)
        if named is None or not named.psn_no or named.fixmedins_code != event.who.institution:
            return Waits("")
        person = person_key(named.insuplc_admdvs or "", named.psn_no)
        return event.model_copy(update={"person": person, "stay": named.stay or ""})

    def _about_hold(self, batch: _Batch, event: HoldReviewed) -> Event | Waits:
        hold = holds.get(batch.conn, event.hold_id)
        if hold is None:
            return Waits("")
        person = person_key(hold.insuplc_admdvs, hold.psn_no)
        return event.model_copy(update={"person": person, "stay": hold.stay})

    # ── the gate ──

    def _gates(self, batch: _Batch, arrival: Arrival, joined: Sequence[Event]) -> dict[str, GateAnswer]:
        """What the gate says of each settlement in this request, by event id."""
        asked = [e for e in joined if isinstance(e, SettlementAsked)]
        if not arrival.in_time:
            return {e.event_id: GateAnswer(NOT_EVALUATED) for e in asked}
        return {e.event_id: self.gatekeeper.answer(batch.conn, e) for e in asked}

    def _again(self, batch: _Batch, arrival: Arrival, taken: Taken) -> Answer:
        """A repeat changes nothing and gets the current answer."""
        asked = [e for e in taken.events if isinstance(e, SettlementAsked)]
        found = [batch.directory.join(event, national=False) for event in asked]
        joined = [event for event in found if not isinstance(event, Waits)]
        return self._answer(taken, self._gates(batch, arrival, joined))

    # ── keeping and sending ──

    def _keep(self, batch: _Batch, taken: Taken) -> None:
        request, message = taken.request, taken.message
        batch.rows.append(
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
        if taken.dedupe:
            batch.answers_at[taken.dedupe] = taken.request_id
        if taken.institution:
            region = message.region if message else ""
            batch.spoke[taken.institution] = (clock_hour(request.at), request.at, region)

    def _send(self, batch: _Batch, taken: Taken, event: Event) -> None:
        if isinstance(event, WARD_KINDS):
            batch.log.append((WARD_EVENTS, taken.institution, encode(event)))
            return
        batch.log.append((PERSON_EVENTS, event.person, encode(event)))
        if isinstance(event, CaptureAssessed):
            self._received(batch, event, "received")

    def _received(self, batch: _Batch, event: CaptureAssessed, state: str) -> None:
        batch.captures.append(
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

    def _wait(self, batch: _Batch, taken: Taken, waits: Waits, event: Event) -> None:
        """What can't be joined yet waits under its key; what carries no key at all is a dead letter."""
        if not waits.key:
            self._bury(
                batch, taken.request, "nobody_named", "it names no person, stay or finding that we know"
            )
            return
        batch.waiting.append(
            unjoined.Waiting(waits.key, PERSON_EVENTS, encode(event), event.arrived_at, taken.request_id)
        )
        if isinstance(event, CaptureAssessed):
            self._received(batch, event, "waiting")

    def _release(self, batch: _Batch) -> None:
        """Keys have turned up: what waited for them is joined now, with its own arrival time."""
        while batch.directory.turned_up:
            keys = list(batch.directory.turned_up)
            batch.directory.turned_up.clear()
            here = [w for w in batch.waiting if w.waits_for in keys]
            batch.waiting = [w for w in batch.waiting if w.waits_for not in keys]
            for waiting in [*unjoined.take_many(batch.conn, keys), *here]:
                event = decode(waiting.event)
                found = batch.directory.join(event, national=False)
                if isinstance(found, Waits):
                    batch.waiting.append(waiting._replace(waits_for=found.key))
                    continue
                batch.log.append((PERSON_EVENTS, found.person, encode(found)))
                if isinstance(found, CaptureAssessed):
                    self._received(batch, found, "received")

    def _bury(self, batch: _Batch, request: Request, code: str, reason: str) -> None:
        batch.dead.append(
            DeadLetter(
                source=request.path, arrived_at=request.at, code=code, reason=reason, body=request.body
            )
        )

    # ── answering ──

    def _unreadable(self, batch: _Batch, request: Request, error: Unreadable) -> Answer:
        self._bury(batch, request, error.reason_code, str(error))
        return answers.unreadable(request, error, self._stamp(request))

    def _answer(self, taken: Taken, gates: dict[str, GateAnswer]) -> Answer:
        if taken.message is not None:
            return answers.national(taken.message, taken.events, gates, self._stamp(taken.request))
        said = taken.translated
        assert said is not None
        awaits = taken.events[0].event_id if said.hold_id else ""
        return Answer(said.status, said.answer, awaits=awaits)

    def _stamp(self, request: Request) -> answers.Stamp:
        self._serial += 1
        return answers.Stamp(request.at, self.now(), self._serial)


def _with_gate(event: Event, gates: dict[str, GateAnswer]) -> Event:
    """A settlement carries what it was answered, so that the engine can confirm or amend it."""
    if not isinstance(event, SettlementAsked):
        return event
    answer = gates.get(event.event_id)
    provisional = answer.provisional if answer else NOT_EVALUATED
    return event.model_copy(update={"provisional": provisional})


def _at_institution(event: Event, institution: str) -> Event:
    return event.model_copy(update={"who": event.who.model_copy(update={"institution": institution})})


def _persons_named(body: Any) -> list[str]:
    """Every `psn_no` inside a message's input, each once, in order."""
    found: dict[str, None] = {}
    stack = [body]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            number = node.get("psn_no")
            if isinstance(number, str | int) and str(number).strip():
                found[str(number).strip()] = None
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return list(found)


__all__ = ["NATIONAL", "Arrival", "Caller", "Intake", "Result", "Unavailable"]
