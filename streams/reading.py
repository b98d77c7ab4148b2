"""A request read: which call it is, what it says as events, whose it is. No database, nothing decided."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from access.permissions import Action
from schemas.base import Event, derived_id
from schemas.national import (
    Dialects,
    Keyring,
    Message,
    Unreadable,
    events_of,
    failed_at_platform,
    read_message,
)
from streams.requests import BadRequest, Request
from streams.translate import Translated, translate

NATIONAL = "/fsi/callService"


@dataclass(frozen=True)
class ReadingOptions:
    """What reading needs to know: dialects, keys, and how identity numbers are made unrecognisable."""

    fingerprint: Callable[[str, str], str]
    wards: Callable[[str, str, str], str]
    dialects: Dialects
    keys: Keyring
    nonce_key: bytes = b""


@dataclass
class Taken:
    """A request that could be read.

    `dedupe` is what a repeat has in common with it. `message` is set for the national interface,
    `translated` for our own calls.
    """

    request: Request
    request_id: str
    body_hash: str
    dedupe: str | None
    institution: str
    ward: str
    action: Action
    events: tuple[Event, ...]
    message: Message | None = None
    translated: Translated | None = None
    flags: set[str] = field(default_factory=set)

    @property
    def national(self) -> bool:
        """It came over the national interface."""
        return self.message is not None

    @property
    def voids_earlier(self) -> bool:
        """The platform refused it: an earlier copy seen without this reply must count as never sent."""
        return self.message is not None and failed_at_platform(self.message)


def read(request: Request, options: ReadingOptions) -> Taken:
    """Raises `Unreadable` for a national message, `Rejected` for one of our own calls, that can't be read."""
    national = request.path == NATIONAL or request.path.startswith(NATIONAL + "/")
    taken = _read_national(request, options) if national else _read_own(request, options)
    if request.flags:
        taken.events = tuple(e.model_copy(update={"flags": (*e.flags, *request.flags)}) for e in taken.events)
    return taken


def _read_national(request: Request, options: ReadingOptions) -> Taken:
    document = request.document if request.document is not None else request.body
    message = read_message(document, dialects=options.dialects, keys=options.keys, arrived_at=request.at)
    events = events_of(message, arrived_at=request.at, fingerprint=options.fingerprint, wards=options.wards)
    dedupe = "\x1f".join(
        ("fsi", message.institution, message.msgid, message.infno, message.input_hash, message.response_hash)
    )
    if not message.msgid:
        dedupe += f"\x1f{message.said_at}"
    return Taken(
        request=request,
        request_id=derived_id("rq", dedupe),
        body_hash=message.input_hash,
        dedupe=dedupe,
        institution=message.institution,
        ward="",
        action="message.send",
        events=events,
        message=message,
    )


def _read_own(request: Request, options: ReadingOptions) -> Taken:
    body_hash = hashlib.sha256(request.body).hexdigest()
    repeatable = f"{request.caller.id}\x1f{request.idempotency_key}" if request.idempotency_key else ""
    # Without any name of its own, the same words of the same caller at the same moment are one request.
    occasion = repeatable or f"{request.caller.id}\x1f{request.at.isoformat()}"
    request_id = derived_id("rq", request.path, body_hash, occasion)
    document = _parsed(request) if request.document is None else request.document
    said = translate(
        request.path,
        document,
        request_id=request_id,
        arrived_at=request.at,
        caller=request.caller,
        nonce_key=options.nonce_key,
    )
    name = repeatable or said.dedupe_key or occasion
    return Taken(
        request=request,
        request_id=request_id,
        body_hash=body_hash,
        dedupe="\x1f".join((request.path, name, body_hash)),
        institution=said.institution,
        ward=said.ward,
        action=said.action,
        events=said.events,
        translated=said,
    )


def _parsed(request: Request) -> Any:
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise BadRequest("not_json") from None


__all__ = ["NATIONAL", "ReadingOptions", "Taken", "Unreadable", "read"]
