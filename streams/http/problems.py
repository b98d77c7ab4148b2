"""How a refusal looks on the wire: a problem document (RFC 9457), or the national envelope for a HIS."""

from __future__ import annotations

import hashlib
import logging
import secrets
import traceback
from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Response
from fastapi import Request as HttpRequest
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from schemas.national import reply_failed
from schemas.texts import Language
from streams.field_errors import row_of
from streams.http.language import language_of
from streams.http.options import Gateway
from streams.requests import Answer, BadRequest, NotFound, Rejected, Unprocessable

NATIONAL = "/fsi/"
SHOWN_AS_STATUS = frozenset({401, 403, 413, 503})
"""What a HIS is told by HTTP status too. Anything else about a readable request is 200 with `infcode` -1."""

_log = logging.getLogger("wardwatch.http")
_TAGS = {"zh": "zh-CN", "en": "en"}


class MethodNotAllowed(Rejected):
    """405: the address exists, the method doesn't."""

    status = 405


class Broken(Rejected):
    """500: our fault. What happened stands in the log under the reference."""

    status = 500


def language_for(request: HttpRequest) -> Language:
    """The language in which this caller is answered."""
    return language_of(request.headers.get("accept-language", ""))


def rendered(answer: Answer, language: Language = "zh") -> Response:
    """An answer as HTTP."""
    headers = dict(answer.headers)
    media_type = "application/json"
    if answer.problem:
        media_type = "application/problem+json"
        headers |= {"Content-Language": _TAGS[language], "Vary": "Accept-Language"}
    return Response(orjson.dumps(answer.body), answer.status, headers, media_type)


def refused(request: HttpRequest, rejected: Rejected, raw: bytes = b"") -> Response:
    """A refusal as this path answers it: in the national envelope under `/fsi/`, else as a problem."""
    gateway: Gateway = request.app.state.gateway
    gateway.metrics.count("rejected_total", reason=rejected.key)
    language = language_for(request)
    if not request.url.path.startswith(NATIONAL) or rejected.status in (404, 405):
        return rendered(rejected.answer(language), language)
    status = rejected.status if rejected.status in SHOWN_AS_STATUS else 200
    now = gateway.node.now()
    serial = int.from_bytes(hashlib.sha256(raw).digest()[:4], "big")
    reason = _in_one_line(rejected, language)
    body = reply_failed(None, reason, received_at=now, responded_at=now, serial=serial)
    return rendered(Answer(status, body, headers=rejected.headers))


def install(app: FastAPI) -> None:
    """Turn every kind of failure into a problem document."""
    app.add_exception_handler(Rejected, _on_rejected)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def broken(request: HttpRequest, error: Exception) -> Response:
    """Answer an unforeseen error. The log gets its type and place; its message may quote a person."""
    reference = secrets.token_hex(4)
    where = "".join(traceback.format_tb(error.__traceback__)[-8:])
    _log.error("unforeseen error %s: %s at\n%s", reference, type(error).__name__, where)
    return refused(request, Broken("internal", reference=reference))


async def _on_rejected(request: HttpRequest, error: Exception) -> Response:
    assert isinstance(error, Rejected)
    return refused(request, error)


async def _on_invalid(request: HttpRequest, error: Exception) -> Response:
    """FastAPI's own complaint about a query or path parameter."""
    assert isinstance(error, RequestValidationError)
    rows: list[Mapping[str, Any]] = [{**row, "loc": tuple(row["loc"])[1:]} for row in error.errors()]
    return refused(request, Unprocessable("query_wrong", errors=[row_of(row) for row in rows]))


async def _on_http(request: HttpRequest, error: Exception) -> Response:
    """Starlette's own complaint: no such path, or not with this method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return refused(request, MethodNotAllowed("method_not_allowed", headers=error.headers))
    if error.status_code == 404:
        return refused(request, NotFound("no_such_call"))
    return refused(request, BadRequest("body_not_object"))


def _in_one_line(rejected: Rejected, language: Language) -> str:
    """A refusal in the 200 characters of `err_msg`: the first wrong field is named."""
    text = rejected.detail(language)
    if rejected.errors:
        row = rejected.errors[0].row(language)
        text = f"{row['field']}: {row['detail']}"
    return text
