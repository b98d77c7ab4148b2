"""Operation: does it live, may it be sent requests, what does it measure; the sealing key; what comes later."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest

from access.callers import Caller
from access.sealing import public_jwk
from schemas.api_answers import Health, ProbeOut, Ready, SealingKey, SealingKeys
from schemas.texts import known, text
from streams.http.callers import action_of, gateway_of, may
from streams.http.openapi import problems
from streams.metrics import CONTENT_TYPE
from streams.node import Probe
from streams.requests import NotFound

router = APIRouter()

Operator = Annotated[Caller, may("operate")]
KeyReader = Annotated[Caller, may("keys.read")]

TAG = "运行 / operation"


@router.get("/healthz", operation_id="health", tags=[TAG], summary="进程存活 / the process lives")
async def health() -> Health:
    """只说明进程在应答。 / Says only that the process answers."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="ready",
    tags=[TAG],
    summary="可否接收请求 / whether requests may be sent",
    responses={503: {"model": Ready, "description": "未就绪 / not ready"}},
)
async def ready(request: HttpRequest, response: Response) -> Ready:
    """引擎在运行、数据库版本正确、死信未达上限，方为就绪。

    Ready when the engine runs, the database is at the right version and dead letters are below their limit.
    """
    found = gateway_of(request).node.readiness()
    if not found.ready:
        response.status_code = 503
    return Ready(ready=found.ready, checks=[_probe(probe) for probe in found.probes])


@router.get(
    "/metrics",
    operation_id="metrics",
    tags=[TAG],
    summary="运行指标（Prometheus） / metrics",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus"},
        **problems(401, 403),
    },
    openapi_extra=action_of("operate"),
)
def metrics(request: HttpRequest, caller: Operator) -> Response:
    """没有任何标签能认出个人。 / No label names a person."""
    return Response(gateway_of(request).metrics.text(), media_type=CONTENT_TYPE)


@router.get(
    "/api/v1/keys",
    operation_id="readKeys",
    tags=["病区 / ward"],
    summary="离线队列加密公钥 / the sealing key for offline queues",
    responses=problems(401, 403),
    openapi_extra=action_of("keys.read"),
)
async def read_keys(request: HttpRequest, caller: KeyReader) -> SealingKeys:
    """X25519，JSON Web Key；用第一把。 / X25519 as a JSON Web Key; use the first."""
    key = gateway_of(request).options.sealing_public_key
    return SealingKeys(keys=[SealingKey(**public_jwk(key))] if key else [])


@router.api_route("/api/v1/cases", methods=["GET", "POST"], include_in_schema=False)
@router.api_route("/api/v1/cases/{rest:path}", methods=["GET", "POST"], include_in_schema=False)
async def cases(rest: str = "") -> None:
    """Cases come with a later version."""
    raise NotFound("not_in_this_version")


def _probe(probe: Probe) -> ProbeOut:
    key = f"pages.ready_{probe.name}"
    said = [text(key, language) if key in known() else probe.name for language in ("zh", "en")]
    return ProbeOut(name=probe.name, text=said[0], text_en=said[1], ok=probe.ok, note=probe.note)
