"""The GET calls about captures, checks, alerts and stays."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Request as HttpRequest

from access.callers import Caller
from dashboards.api.queries import Queries
from dashboards.api.reach import narrowed, require
from dashboards.api.render import alert_out, capture_out, decision_out
from schemas.api_answers import AlertOut, Alerts, CaptureOut, Checks, GateOut, StayOut
from schemas.findings import AlertStatus, Severity
from schemas.views import StayRecord
from storage.alerts import AlertFilter
from storage.errors import BadCursor
from streams.http.callers import action_of, gateway_of, may
from streams.http.openapi import problems
from streams.requests import BadRequest, NotFound

router = APIRouter(prefix="/api/v1")

CaptureReader = Annotated[Caller, may("capture.read")]
CheckReader = Annotated[Caller, may("check.read")]
AlertReader = Annotated[Caller, may("alert.read")]
StayReader = Annotated[Caller, may("stay.read")]
GateReader = Annotated[Caller, may("gate.read")]

Code = Annotated[str, Query(max_length=64)]
Name = Annotated[str, Query(max_length=128)]
Cursor = Annotated[str, Query(max_length=500, description="上一页的 next / `next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=500)]

MOST_SHOWN_DECISIONS = 100


def queries_of(request: HttpRequest) -> Queries:
    """The data behind this server."""
    queries: Queries = request.app.state.queries
    return queries


@router.get(
    "/captures/{capture_id}",
    operation_id="readCapture",
    tags=["病区 / ward"],
    summary="一次采集的结果 / what came of a capture",
    responses=problems(401, 403, 404),
    openapi_extra=action_of("capture.read"),
)
def read_capture(request: HttpRequest, capture_id: str, caller: CaptureReader) -> CaptureOut:
    """`reasons` 写给护士：下一步怎么做。 / `reasons` tell the ward what to do next."""
    row = queries_of(request).capture(capture_id)
    if row is None:
        raise NotFound("no_such_thing")
    require(caller, "capture.read", row.institution, row.ward)
    return capture_out(row)


@router.get(
    "/checks",
    operation_id="listOpenChecks",
    tags=["核验 / checks"],
    summary="病区进行中的核验 / open checks for a ward",
    responses=problems(401, 403, 422),
    openapi_extra=action_of("check.read"),
)
def read_checks(
    request: HttpRequest,
    caller: CheckReader,
    institution: Annotated[str, Query(min_length=1, max_length=64)],
    ward: Name = "",
) -> Checks:
    """含时间窗、nonce、动作要求和名单。不写病区则为全院。 / Without a ward: of the whole institution."""
    reach = narrowed(caller, institution, ward)
    found = queries_of(request).open_checks(institution, reach.ward, gateway_of(request).node.now())
    return Checks(items=list(found))


@router.get(
    "/alerts",
    operation_id="listAlerts",
    tags=["疑点 / alerts"],
    summary="疑点列表 / alerts",
    responses=problems(400, 401, 403, 422),
    openapi_extra=action_of("alert.read"),
)
def read_alerts(
    request: HttpRequest,
    caller: AlertReader,
    institution: Code = "",
    ward: Name = "",
    mdtrt_id: Code = "",
    detector: Code = "",
    severity: Severity | None = None,
    status: AlertStatus | None = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Alerts:
    """最新在前，按 next 翻页。 / Newest first; `next` is the cursor of the page after."""
    reach = narrowed(caller, institution, ward)
    wanted = AlertFilter(
        institutions=reach.institutions,
        ward=reach.ward,
        mdtrt_id=mdtrt_id or None,
        detector=detector or None,
        severity=severity,
        statuses=None if status is None else (status,),
    )
    try:
        page = queries_of(request).alerts(wanted, cursor or None, limit)
    except BadCursor:
        raise BadRequest("cursor_wrong") from None
    return Alerts(items=[alert_out(alert) for alert in page.items], next=page.cursor)


@router.get(
    "/alerts/{alert_id}",
    operation_id="readAlert",
    tags=["疑点 / alerts"],
    summary="一条疑点 / one alert",
    responses=problems(401, 403, 404),
    openapi_extra=action_of("alert.read"),
)
def read_alert(request: HttpRequest, alert_id: str, caller: AlertReader) -> AlertOut:
    """含理由、权重与依据。 / With its reasons, their weights and what they rest on."""
    alert = queries_of(request).alert(alert_id)
    if alert is None:
        raise NotFound("no_such_thing")
    require(caller, "alert.read", alert.fixmedins_code, alert.ward)
    return alert_out(alert)


@router.get(
    "/stays/{mdtrt_id}",
    operation_id="readStay",
    tags=["就诊 / stays"],
    summary="一次住院 / one stay",
    response_model=StayOut,
    responses=problems(401, 403, 404),
    openapi_extra=action_of("stay.read"),
)
def read_stay(request: HttpRequest, mdtrt_id: str, caller: StayReader) -> StayRecord:
    """逐日核验情况与在院时间线。 / Its days and the presence ledger."""
    stay = queries_of(request).stay(mdtrt_id)
    if stay is None:
        raise NotFound("no_such_thing")
    require(caller, "stay.read", stay.fixmedins_code, stay.ward)
    return stay


@router.get(
    "/stays/{mdtrt_id}/gate",
    operation_id="readGate",
    tags=["就诊 / stays"],
    summary="结算研判 / the settlement gate on a stay",
    responses=problems(401, 403, 404),
    openapi_extra=action_of("gate.read"),
)
def read_gate(request: HttpRequest, mdtrt_id: str, caller: GateReader) -> GateOut:
    """现行研判与历次研判，最新在前。 / The decision in force and those before it, newest first."""
    queries = queries_of(request)
    stay = queries.stay(mdtrt_id)
    if stay is None:
        raise NotFound("no_such_thing")
    require(caller, "gate.read", stay.fixmedins_code, stay.ward)
    given = [decision_out(decision) for decision in reversed(queries.decisions(mdtrt_id))]
    would_say = queries.preview(mdtrt_id)
    return GateOut(
        mdtrt_id=mdtrt_id,
        outcome=given[0].outcome if given else None,
        decision=given[0] if given else None,
        now=decision_out(would_say) if would_say is not None else None,
        decisions=given[:MOST_SHOWN_DECISIONS],
    )
