"""`GET /api/v1/live`: alerts, decisions and checks as server-sent events, resumable, inside the caller's scope."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

import anyio
import orjson
from fastapi import APIRouter, Header, Query
from fastapi import Request as HttpRequest
from sse_starlette import EventSourceResponse, ServerSentEvent

from access.callers import Caller
from access.permissions import Action
from dashboards.api.hub import Gap, LiveHub
from dashboards.api.reach import Reach, narrowed
from dashboards.api.reading import Code, Name
from dashboards.api.render import alert_out, decision_out, document
from schemas.decisions import Decision
from schemas.findings import Alert
from storage import bodies
from storage.feed import FeedRow
from streams.http.callers import action_of, gateway_of, may
from streams.http.openapi import problems
from streams.requests import Unavailable

router = APIRouter(prefix="/api/v1")

LiveReader = Annotated[Caller, may("live.read")]

ACTION: dict[str, Action] = {"alert": "alert.read", "decision": "gate.read", "check": "check.read"}
"""What one must be allowed to read to be sent a kind of line."""
ID_FIELD = {"alert": "alert_id", "decision": "decision_id", "check": "check_id"}
CHECK_FIELDS = ("check_id", "check_kind", "ward", "opens_at", "due_by", "mode", "purpose", "challenge")
RETRY_MILLISECONDS = 2000
LONGEST_ID = 18
GRACE_SECONDS = 3.0
"""A listener looks around at least once a second: then the stream ends as it should."""


@router.get(
    "/live",
    operation_id="listenLive",
    tags=["实时 / live"],
    summary="实时推送 / live feed",
    response_class=EventSourceResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
            "description": "server-sent events: alert, decision, check; reset 表示请重新读取 / means read anew",
        },
        **problems(401, 403, 503),
    },
    openapi_extra=action_of("live.read"),
)
async def listen_live(
    request: HttpRequest,
    caller: LiveReader,
    institution: Code = "",
    ward: Name = "",
    recent: Annotated[int, Query(ge=0, le=1000, description="先补发最近若干条 / begin so many lines ago")] = 0,
    last_event_id: Annotated[str, Header(max_length=64)] = "",
) -> EventSourceResponse:
    """每秒最多推送两次；断线后带 Last-Event-ID 续传，不漏不重。

    At most two deliveries a second. Coming back with `Last-Event-ID` continues where it broke off; without it
    the feed begins now, or `recent` lines ago.
    """
    gateway = gateway_of(request)
    hub: LiveHub = request.app.state.live
    if hub.listeners >= gateway.options.max_listeners:
        raise Unavailable("too_many_listeners", headers={"Retry-After": "30"})
    reach = narrowed(caller, institution, ward)
    resumed = last_event_id.isdecimal() and len(last_event_id) <= LONGEST_ID
    after = int(last_event_id) if resumed else max(0, await hub.head() - recent)

    stopping = anyio.Event()

    async def events() -> AsyncIterator[ServerSentEvent]:
        gateway.metrics.set("live_listeners", hub.listeners + 1)
        yield ServerSentEvent(id=str(after), retry=RETRY_MILLISECONDS)
        try:
            async for rows in hub.listen(after, whole=resumed, over=stopping.is_set):
                for event in told(rows, caller, reach):
                    yield event
        except Gap:
            yield ServerSentEvent(event="reset", data="{}", id=str(await hub.head()))
        finally:
            gateway.metrics.set("live_listeners", hub.listeners)

    return EventSourceResponse(
        events(),
        ping=int(gateway.options.heartbeat_seconds),
        headers={"X-Accel-Buffering": "no"},
        shutdown_event=stopping,
        shutdown_grace_period=GRACE_SECONDS,
    )


def told(rows: Sequence[FeedRow], caller: Caller, reach: Reach) -> list[ServerSentEvent]:
    """What of a batch this listener is told: inside its scope, of each thing only the last word."""
    newest: dict[tuple[str, str], ServerSentEvent] = {}
    for row in rows:
        action = ACTION.get(row.kind)
        if action is None or not caller.scope.allows_somewhere(action, row.institution):
            continue
        if reach.institutions is not None and row.institution not in reach.institutions:
            continue
        shown = _shown(row)
        if reach.ward is not None and (shown.get("ward") or "") != reach.ward:
            continue
        name = (row.kind, str(shown.get(ID_FIELD[row.kind], row.id)))
        newest.pop(name, None)  # so that ids keep rising
        newest[name] = ServerSentEvent(event=row.kind, id=str(row.id), data=orjson.dumps(shown).decode())
    return list(newest.values())


def _shown(row: FeedRow) -> dict[str, Any]:
    if row.kind == "alert":
        return document(alert_out(bodies.load(Alert, row.body)))
    if row.kind == "decision":
        return document(decision_out(bodies.load(Decision, row.body)))
    said: dict[str, Any] = orjson.loads(row.body)
    return {"fixmedins_code": row.institution, **{name: said[name] for name in CHECK_FIELDS if name in said}}
