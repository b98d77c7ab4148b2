"""Every request as it was received, and what it was answered: the raw record, and how a repeat is known."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, literal_column, select, update

from storage.compression import RAW, ZSTD_WORDS_1, pack, unpack
from storage.moments import from_micros, to_micros
from storage.sql import Many, insert_many, is_among
from storage.tables import requests
from storage.text import storable


@dataclass(frozen=True)
class Request:
    """One request. `dedupe_key` is what a repeat has in common with it (None: it can't be repeated)."""

    request_id: str
    arrived_at: datetime
    path: str
    body: bytes
    institution: str = ""
    msgid: str = ""
    body_hash: str = ""
    idem_key: str = ""
    caller: str = ""
    dedupe_key: str | None = None
    reply: bytes | None = None
    meta: dict[str, Any] = field(default_factory=dict)


class Known(NamedTuple):
    """A request that was received before, without its body."""

    request_id: str
    arrived_at: datetime
    path: str
    body_hash: str
    reply: bytes | None
    meta: dict[str, Any]


def add(conn: Connection, rows: Sequence[Request]) -> None:
    """Keeps them. A `dedupe_key` or `request_id` that is there already raises `Conflict`: look with
    `find_many` first, in the same transaction; on PostgreSQL another gateway may still have been quicker,
    then do the transaction again."""
    _ADD(conn, [_row(one) for one in rows])


def find(conn: Connection, dedupe_key: str) -> Known | None:
    return find_many(conn, [dedupe_key]).get(dedupe_key)


def find_many(conn: Connection, dedupe_keys: Collection[str]) -> dict[str, Known]:
    """Those of `dedupe_keys` that were received before."""
    digests = {_digest(key): key for key in dedupe_keys}
    found = conn.execute(_FIND, {"keys": list(digests)})
    return {digests[row.dedupe]: _known(row) for row in found}


def by_msgid(conn: Connection, institution: str, msgid: str) -> list[Known]:
    """The requests of an institution under a message number, oldest first (2601 names one; two with other
    bodies are flagged)."""
    return [_known(row) for row in conn.execute(_BY_MSGID, {"institution": institution, "msgid": msgid})]


def bodies_by_msgid(conn: Connection, institution: str, msgids: Collection[str]) -> dict[str, list[str]]:
    """The body hashes that came from an institution under message numbers, oldest first, by number."""
    found: dict[str, list[str]] = {}
    for msgid, body_hash in conn.execute(_BODIES, {"institution": institution, "keys": list(msgids)}):
        found.setdefault(msgid, []).append(body_hash)
    return found


def by_idem_key(conn: Connection, caller: str, key: str) -> list[Known]:
    """The requests of a caller under an Idempotency-Key, oldest first."""
    given = {"caller": storable(caller), "key": storable(key)}
    return [_known(row) for row in conn.execute(_BY_IDEM_KEY, given)]


def set_replies(conn: Connection, replies: Sequence[tuple[str, bytes]]) -> None:
    """Writes (request_id, reply) once the answer is known."""
    if _REPLY(conn, [(reply, request_id) for request_id, reply in replies]) < len(replies):
        _REPLY_PACKED(conn, [(pack(reply), request_id) for request_id, reply in replies])


def get(conn: Connection, request_id: str) -> Request | None:
    """The request with its body as it was received."""
    row = conn.execute(_GET, {"id": request_id}).first()
    return None if row is None else _request(row)


def each(conn: Connection, *, since: datetime, until: datetime, page: int = 500) -> Iterator[Request]:
    """Requests that arrived from `since` up to `until`, in the order they were kept."""
    given = {"low": to_micros(since), "high": to_micros(until), "n": page, "last": 0}
    while rows := conn.execute(_EACH, given).all():
        for row in rows:
            yield _request(row)
        given["last"] = rows[-1].seq


def unpacked(conn: Connection, before: datetime, limit: int) -> list[tuple[int, bytes, bytes | None]]:
    """(seq, body, reply) of the oldest requests not packed yet that arrived before a moment."""
    rows = conn.execute(_UNPACKED, {"n": limit}).all()
    return [(row.seq, row.body, row.reply) for row in rows if row.arrived_at < to_micros(before)]


def put_packed(conn: Connection, rows: Sequence[tuple[int, bytes, bytes | None]]) -> int:
    """Puts packed (seq, body, reply) in place; a row packed or answered meanwhile waits a round."""
    return _PACK(conn, [(body, reply, seq, reply is not None) for seq, body, reply in rows])


def _row(one: Request) -> tuple[Any, ...]:
    return (
        one.request_id,
        to_micros(one.arrived_at),
        storable(one.path),
        storable(one.institution),
        storable(one.msgid),
        one.body_hash,
        storable(one.idem_key),
        storable(one.caller),
        None if one.dedupe_key is None else _digest(one.dedupe_key),
        one.body,
        one.reply,
        orjson.dumps(one.meta).decode(),
    )


def _digest(key: str) -> str:
    """22 characters: keys are long, and each is in an index. 128 bits don't collide."""
    raw = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _known(row: Any) -> Known:
    reply = None if row.reply is None else unpack(row.codec, row.reply)
    return Known(row.request_id, from_micros(row.arrived_at), row.path, row.body_hash, reply, orjson.loads(row.meta))


def _request(row: Any) -> Request:
    return Request(
        request_id=row.request_id,
        arrived_at=from_micros(row.arrived_at),
        path=row.path,
        body=unpack(row.codec, row.body),
        institution=row.institution,
        msgid=row.msgid,
        body_hash=row.body_hash,
        idem_key=row.idem_key,
        caller=row.caller,
        reply=None if row.reply is None else unpack(row.codec, row.reply),
        meta=orjson.loads(row.meta),
    )


_HEAD = [
    requests.c[name] for name in ("dedupe", "request_id", "arrived_at", "path", "body_hash", "codec", "reply", "meta")
]
_IS_RAW = requests.c.codec == literal_column(str(RAW))  # literal, so that the partial index is used
_ADD = insert_many(
    requests,
    [
        "request_id",
        "arrived_at",
        "path",
        "institution",
        "msgid",
        "body_hash",
        "idem_key",
        "caller",
        "dedupe",
        "body",
        "reply",
        "meta",
    ],
)
_FIND = select(*_HEAD).where(is_among(requests.c.dedupe))
_BODIES = (
    select(requests.c.msgid, requests.c.body_hash)
    .where(
        requests.c.institution == bindparam("institution"),
        is_among(requests.c.msgid),
        requests.c.msgid != literal_column("''"),  # literal, so that the partial index is used
    )
    .order_by(requests.c.seq)
)
_BY_MSGID = (
    select(*_HEAD)
    .where(
        requests.c.institution == bindparam("institution"),
        requests.c.msgid == bindparam("msgid"),
        requests.c.msgid != literal_column("''"),
    )
    .order_by(requests.c.seq)
)
_BY_IDEM_KEY = (
    select(*_HEAD)
    .where(
        requests.c.caller == bindparam("caller"),
        requests.c.idem_key == bindparam("key"),
        requests.c.idem_key != literal_column("''"),
    )
    .order_by(requests.c.seq)
)
_OF_ID = requests.c.request_id == bindparam("of_id")
_REPLY = Many(["answer", "of_id"], lambda _: update(requests).where(_OF_ID, _IS_RAW).values(reply=bindparam("answer")))
_REPLY_PACKED = Many(
    ["answer", "of_id"], lambda _: update(requests).where(_OF_ID, ~_IS_RAW).values(reply=bindparam("answer"))
)
_GET = select(requests).where(requests.c.request_id == bindparam("id"))
_EACH = (
    select(requests)
    .where(
        requests.c.seq > bindparam("last"),
        requests.c.arrived_at >= bindparam("low"),
        requests.c.arrived_at < bindparam("high"),
    )
    .order_by(requests.c.seq)
    .limit(bindparam("n"))
)
_UNPACKED = (
    select(requests.c.seq, requests.c.arrived_at, requests.c.body, requests.c.reply)
    .where(_IS_RAW)
    .order_by(requests.c.seq)
    .limit(bindparam("n"))
)
_PACK = Many(
    ["packed", "packed_reply", "of_seq", "answered"],
    lambda _: (
        update(requests)
        .where(
            requests.c.seq == bindparam("of_seq"),
            _IS_RAW,
            requests.c.reply.is_not(None) == bindparam("answered"),
        )
        .values(codec=literal_column(str(ZSTD_WORDS_1)), body=bindparam("packed"), reply=bindparam("packed_reply"))
    ),
)
