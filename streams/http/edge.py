"""The outermost layer of the server: headers of every answer, counting, and the net under everything."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from fastapi import Request as HttpRequest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.http.callers import gateway_of, refuse_strangers
from streams.http.problems import broken, refused
from streams.requests import Rejected

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"cache-control", b"no-store"),
)
"""Answers hold health data: nobody on the way keeps them, and our pages load nothing from elsewhere."""


class Edge:
    """ASGI middleware. Pure, so that streams aren't buffered and a client that leaves is noticed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = HttpRequest(scope, receive)
        metrics = gateway_of(request).metrics
        began = time.perf_counter()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": _with_security(message)}
            await send(message)

        try:
            try:
                refuse_strangers(request)
            except Rejected as rejected:
                await refused(request, rejected)(scope, receive, send_with_headers)
            else:
                await self._guarded(request, scope, receive, send_with_headers)
        finally:
            route = _template(scope)
            metrics.count("http_requests_total", method=request.method, route=route, status=str(status))
            metrics.observe("http_seconds", time.perf_counter() - began, route=route)

    async def _guarded(self, request: HttpRequest, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noticing(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noticing)
        except Exception as error:  # noqa: BLE001 — the net under everything: one request fails, the server lives
            response = broken(request, error)
            if not started:
                await response(scope, receive, noticing)


def _with_security(message: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
    given = list(message.get("headers", ()))
    names = {name.lower() for name, _ in given}
    return given + [(name, value) for name, value in SECURITY_HEADERS if name not in names]


def _template(scope: Scope) -> str:
    """The route's own path, never the path asked for: that one may hold a stay's number."""
    return str(getattr(scope.get("route"), "path", "unmatched"))
