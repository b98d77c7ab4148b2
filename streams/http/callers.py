"""Who is calling: the credential of a request, or the person at this machine while there are none."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Security
from fastapi import Request as HttpRequest
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from access.callers import LOCAL, Caller, UnknownCaller, caller_as
from access.permissions import Action
from streams.http.options import Gateway
from streams.requests import BadRequest, Forbidden, Unauthorised

AS_HEADER = "Wardwatch-As"
"""While no credential is configured: stands for `as` of a journal line, "person role"."""

_BEARER = HTTPBearer(auto_error=False, description="凭证 / a credential of an institution, device, person or service")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="wardwatch"'}


def gateway_of(request: HttpRequest) -> Gateway:
    """The parts behind this server."""
    gateway: Gateway = request.app.state.gateway
    return gateway


def who_calls(
    request: HttpRequest,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)] = None,
) -> Caller:
    """The caller. Raises `Unauthorised` without a good credential."""
    gateway = gateway_of(request)
    if len(gateway.credentials) == 0:
        return _somebody_here(request)
    if bearer is None:
        raise Unauthorised("credential_missing", headers=_CHALLENGE)
    caller = gateway.credentials.authenticate(bearer.credentials, gateway.node.now())
    if caller is None:
        raise Unauthorised("credential_unknown", headers=_CHALLENGE)
    return caller


def may(action: Action) -> Any:
    """A dependency: the caller, who is allowed `action` at least somewhere. Where, the call itself checks."""

    def allowed(caller: Annotated[Caller, Depends(who_calls)]) -> Caller:
        if not caller.scope.allows_somewhere(action):
            raise Forbidden("action_forbidden", action=action)
        return caller

    return Depends(allowed)


def action_of(action: Action) -> dict[str, Any]:
    """What a route says of itself in OpenAPI, and what the walk over all permissions reads."""
    return {"x-action": action}


def refuse_strangers(request: HttpRequest) -> None:
    """Before anything else, while no credential is configured: only this machine may call.

    And not through a browser that another site has lured here: by a name that points at us, or by a form
    sent across sites. Raises `Forbidden`.
    """
    if len(gateway_of(request).credentials) > 0:
        return
    origin = request.headers.get("origin", "")
    if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Forbidden("foreign_origin")
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    if (request.client is not None and not _is_here(request.client.host)) or not _is_here(host):
        raise Forbidden("loopback_only")


def _somebody_here(request: HttpRequest) -> Caller:
    named = request.headers.get(AS_HEADER, "")
    if not named:
        return LOCAL
    try:
        return caller_as(named)
    except UnknownCaller:
        raise BadRequest("caller_header_wrong") from None


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
