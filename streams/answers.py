"""What a hospital gets back for a national message: the platform's own envelope, and the gate's answer in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from detectors.gate.answers import answer_block, audit_rows
from schemas.base import Event
from schemas.national import Keys, Message, Unreadable, audit_result, reply_failed, reply_ok
from schemas.settlement import SettlementAsked
from schemas.texts import LANGUAGES, text
from streams.gatekeeper import GateAnswer
from streams.requests import Answer, Rejected, Request


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a message came and was answered, and the number of our reply."""

    received_at: datetime
    responded_at: datetime
    serial: int

    def as_fields(self) -> dict[str, Any]:
        """As the envelope functions take it."""
        return {
            "received_at": self.received_at,
            "responded_at": self.responded_at,
            "serial": self.serial,
        }


def national(
    message: Message,
    events: Sequence[Event],
    gates: Mapping[str, GateAnswer],
    stamp: Stamp,
    keys: Keys | None = None,
) -> Answer:
    """`infcode` 0, with `output.result` for 3101/3102 and `output.wardwatch` for 2303/2304.

    The output of an encrypted message is encrypted with `keys`, those of its institution.
    """
    output: dict[str, Any] | None = None
    asked = [e for e in events if isinstance(e, SettlementAsked)]
    if message.infno in ("3101", "3102"):
        rows = [
            replace(row, patn_id=event.who.psn_no or row.patn_id, mdtrt_id=event.who.mdtrt_id or row.mdtrt_id)
            for event in asked
            if (answer := gates.get(event.event_id)) and answer.decision and answer.case
            for row in audit_rows(answer.case, answer.decision)
        ]
        output = {"result": audit_result(rows)}
    elif message.infno in ("2303", "2304"):
        answer = next((gates[e.event_id] for e in asked if e.event_id in gates), None)
        output = {"wardwatch": gate_block(answer)}
    return Answer(200, reply_ok(message, output=output, keys=keys, **stamp.as_fields()))


def gate_block(answer: GateAnswer | None) -> dict[str, Any]:
    """`output.wardwatch`: never `setlinfo`, for we don't settle. Not evaluated: the discharge goes on."""
    if answer is None or answer.decision is None:
        zh, en = (text("gate.outcome_not_evaluated", language) for language in LANGUAGES)
        return {"outcome": "not_evaluated", "outcome_text": zh, "outcome_text_en": en}
    return answer_block(answer.decision)


def unreadable(request: Request, error: Unreadable, stamp: Stamp) -> Answer:
    """`infcode` -1 with what is wrong and what to do: the message is kept, nothing of it was taken."""
    return Answer(200, reply_failed(_document(request), error.zh, **stamp.as_fields()))


def not_in_time(request: Request, stamp: Stamp) -> Answer:
    """The deadline passed before the message was on disk: no evaluation, and no word that it was taken.

    It still stands in the queue; sent again it is a repeat. The patient's settlement never waits for us.
    """
    reason = text("gate.not_in_time", "zh")
    body = reply_failed(_document(request), reason, **stamp.as_fields())
    return Answer(200, body | {"output": {"wardwatch": gate_block(None)}})


def refused(message: Message | None, error: Rejected, stamp: Stamp) -> Answer:
    """`infcode` -1 in the platform's own form for a message that the caller may not send."""
    document = {"mdtrtarea_admvs": message.region} if message else None
    return Answer(error.status, reply_failed(document, error.detail("zh"), **stamp.as_fields()))


def _document(request: Request) -> Mapping[str, Any] | None:
    if isinstance(request.document, Mapping):
        return request.document
    try:
        found = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, Mapping) else None
