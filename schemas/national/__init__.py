"""The national interface (定点医药机构接口): messages of a hospital's HIS ↔ our events.

`read_message` turns a document into a `Message`, `events_of` a message into typed events, `reply_*` answers.
Pure: no clock, no network, no file but the dialects that come with the package. Read on in the order of a
message: `envelope.py`, `registry.py`, the readers (`admission.py`, `charges.py`, …), `reply.py`.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import ValidationError

from schemas.base import Event
from schemas.national.admission import voids
from schemas.national.audit import task_id
from schemas.national.crypto import NO_KEYS, Keyring, Keys
from schemas.national.dialects import Dialect, DialectError, Dialects
from schemas.national.envelope import read_message
from schemas.national.errors import REASONS, Unreadable
from schemas.national.message import FLAGS, Fingerprint, Message, Reading, Wards
from schemas.national.registry import INFNOS, Transaction
from schemas.national.reply import AuditDetail, AuditRow, audit_result, reply_failed, reply_ok

__all__ = [
    "FLAGS",
    "INFNOS",
    "NO_KEYS",
    "REASONS",
    "AuditDetail",
    "AuditRow",
    "Dialect",
    "DialectError",
    "Dialects",
    "Keyring",
    "Keys",
    "Message",
    "Transaction",
    "Unreadable",
    "audit_result",
    "events_of",
    "failed_at_platform",
    "read_message",
    "reply_failed",
    "reply_ok",
    "task_id",
    "voids",
]


def events_of(message: Message, *, arrived_at: datetime, fingerprint: Fingerprint, wards: Wards) -> tuple[Event, ...]:
    """The events a message stands for, typed and unjoined: `who` as the message says it, `person` and `stay`
    empty.

    None for a message that failed at the platform or says nothing we need. Ids rest on the request alone, so
    a later copy that also has the response yields the same ids with more in them. `at` is the message's time,
    or `arrived_at` where that can't be right; measurements and orders have their own. Raises `Unreadable`
    naming the field, for a body that can't be read.
    """
    reader = INFNOS[message.infno].reader
    if reader is None or failed_at_platform(message) or "response_only" in message.flags:
        return ()  # a response alone can't be tied to its request: its events would stand beside the request's
    trusted = message.said_at is not None and "clock_skew" not in message.flags
    at = message.said_at if trusted and message.said_at is not None else arrived_at
    try:
        return tuple(reader(Reading(message, at, arrived_at, fingerprint, wards)))
    except ValidationError as error:
        row = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Unreadable("bad_number", ".".join(map(str, row["loc"]))) from None


def failed_at_platform(message: Message) -> bool:
    """Whether the platform refused it: the transaction didn't happen, whatever an earlier copy let us think."""
    return message.response_code == -1
