"""Every POST call of the contract. Each reads and bounds its body, and hands a `Request` to the node."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Response
from fastapi import Request as HttpRequest

from access.callers import Caller
from schemas import api, api_answers
from streams.http.bodies import Unreadable, check_depth, parse_json, read_ahead, read_body
from streams.http.callers import action_of, gateway_of, may
from streams.http.multipart import read_capture
from streams.http.openapi import json_body, problems, takes
from streams.http.problems import refused, rendered
from streams.requests import BadRequest, Request, WrongType

router = APIRouter()

MessageSender = Annotated[Caller, may("message.send")]
CaptureSender = Annotated[Caller, may("capture.send")]
Orderer = Annotated[Caller, may("check.order")]
ReceiptSender = Annotated[Caller, may("check.receipt")]
Answerer = Annotated[Caller, may("check.answer")]
WhereaboutsReporter = Annotated[Caller, may("whereabouts.report")]
SceneReporter = Annotated[Caller, may("scene.report")]
Reviewer = Annotated[Caller, may("hold.review")]

IdempotencyKey = Annotated[
    str,
    Header(
        max_length=200,
        description="重复的请求用同一个值 / the same for every repeat of one request",
    ),
]


@router.post(
    "/fsi/callService",
    operation_id="callService",
    tags=["国家接口 / national interface"],
    summary="一条国家医保接口报文 / one national interface message",
    response_model=api_answers.Envelope,
    responses={status: {"model": api_answers.Envelope} for status in (401, 403, 413, 503)},
    openapi_extra=takes({"application/json": {"schema": {"type": "object", "required": ["infno"]}}, "text/plain": {}})
    | action_of("message.send"),
)
@router.post("/fsi/callService/{infno}", include_in_schema=False, openapi_extra=action_of("message.send"))
async def call_service(request: HttpRequest, caller: MessageSender) -> Response:
    """请求报文信封，或 {"request": …, "response": …}；可读的请求一律以 HTTP 200 应答，infcode 0 为已接收。

    The request envelope, or both sides as a tap sees them. Whatever can be read as a request is answered with
    HTTP 200; `infcode` 0 when taken, -1 with the reason when not.
    """
    gateway = gateway_of(request)
    arrived_at = gateway.node.now()
    path = "/fsi/callService"
    try:
        body = await read_body(request, gateway.options.max_body_bytes)
        await check_depth(body, gateway.options.max_json_depth)
    except Unreadable as error:
        await gateway.node.submit_unreadable(path, error.raw, error.rejected.key, caller, arrived_at)
        return refused(request, error.rejected, error.raw)
    document = await read_ahead(body)
    answer = await gateway.node.submit(Request(path, body, arrived_at, caller, document=document))
    return rendered(answer)


@router.post(
    "/api/v1/captures",
    operation_id="sendCapture",
    tags=["病区 / ward"],
    summary="一次人像采集 / one face capture",
    status_code=202,
    response_model=api_answers.CaptureTaken,
    responses=problems(400, 401, 403, 413, 415, 422, 503),
    openapi_extra=json_body(api.CaptureIn, multipart={"meta": api.CaptureMeta}) | action_of("capture.send"),
)
async def send_capture(
    request: HttpRequest,
    caller: CaptureSender,
    idempotency_key: IdempotencyKey = "",
) -> Response:
    """终端已完成比对时，meta 内附 template 或 comparison；照片由后续版本接收。

    A terminal that compared by itself sends `template` or `comparison` inside `meta`. Pictures come with a
    later version: until then a part `photo` is refused and its description kept.
    """
    return await _take(request, caller, idempotency_key, multipart=True)


@router.post(
    "/api/v1/checks",
    operation_id="orderCheck",
    tags=["核验 / checks"],
    summary="下发一次核验 / issue a check",
    status_code=201,
    response_model=api_answers.CheckIssued,
    responses=problems(400, 401, 403, 409, 413, 415, 422, 503),
    openapi_extra=json_body(api.CheckOrderIn) | action_of("check.order"),
)
async def order_check(
    request: HttpRequest,
    caller: Orderer,
    idempotency_key: IdempotencyKey = "",
) -> Response:
    """日常任务、远程抽查或现场查房；只写病区时，以开始时在册的患者为准。

    A round, a spot check or a visit. With a ward and no roster it covers whoever is on that ward's books when
    it opens.
    """
    return await _take(request, caller, idempotency_key)


@router.post(
    "/api/v1/checks/{check_id}/receipts",
    operation_id="sendReceipt",
    tags=["核验 / checks"],
    summary="送达回执 / proof of delivery",
    status_code=202,
    response_model=api_answers.CheckTouched,
    responses=problems(400, 401, 403, 404, 413, 415, 422, 503),
    openapi_extra=json_body(api.ReceiptIn) | action_of("check.receipt"),
)
async def send_receipt(
    request: HttpRequest,
    check_id: str,
    caller: ReceiptSender,
    idempotency_key: IdempotencyKey = "",
) -> Response:
    """没有回执的核验视为未送达，不计漏检。

    A check without a receipt counts as undelivered, never as missed.
    """
    return await _take(request, caller, idempotency_key)


@router.post(
    "/api/v1/checks/{check_id}/answers",
    operation_id="sendAnswer",
    tags=["核验 / checks"],
    summary="不刷脸的应答 / an answer without a face",
    status_code=202,
    response_model=api_answers.CheckTouched,
    responses=problems(400, 401, 403, 404, 413, 415, 422, 503),
    openapi_extra=json_body(api.AnswerIn) | action_of("check.answer"),
)
async def send_answer(
    request: HttpRequest,
    check_id: str,
    caller: Answerer,
    idempotency_key: IdempotencyKey = "",
) -> Response:
    """人工核验、院内诊疗、请假、不在本区、未见本人、不同意刷脸、无法拍照。

    Seven results; declining a picture (`face_declined`) is never held against anybody.
    """
    return await _take(request, caller, idempotency_key)


@router.post(
    "/api/v1/whereabouts",
    operation_id="reportWhereabouts",
    tags=["病区 / ward"],
    summary="患者去向 / where a patient lawfully is",
    status_code=202,
    response_model=api_answers.WhereaboutsTaken,
    responses=problems(400, 401, 403, 413, 415, 422, 503),
    openapi_extra=json_body(api.WhereaboutsIn) | action_of("whereabouts.report"),
)
async def report_whereabouts(
    request: HttpRequest,
    caller: WhereaboutsReporter,
    idempotency_key: IdempotencyKey = "",
) -> Response:
    """请假、手术、检查、透析等；同一 whereabouts_id 再次上报即为更正。

    A later report with the same `whereabouts_id` replaces the earlier one.
    """
    return await _take(request, caller, idempotency_key)


@router.post(
    "/api/v1/scenes",
    operation_id="reportScene",
    tags=["场景 / scenes"],
    summary="病区以外的一次治疗或购药 / a session or purchase outside the ward",
    status_code=202,
    response_model=api_answers.SceneTaken,
    responses=problems(400, 401, 403, 413, 415, 422, 503),
    openapi_extra=json_body(api.SceneIn) | action_of("scene.report"),
)
async def report_scene(
    request: HttpRequest,
    caller: SceneReporter,
    idempotency_key: IdempotencyKey = "",
) -> Response:
    """血透、康复、药店、门诊。

    Dialysis, rehabilitation, pharmacy, outpatient.
    """
    return await _take(request, caller, idempotency_key)


@router.post(
    "/api/v1/holds/{hold_id}/release",
    operation_id="reviewHold",
    tags=["待核 / holds"],
    summary="初审或复核一条待核 / review a hold",
    status_code=202,
    response_model=api_answers.ReviewTaken,
    responses={
        200: {"model": api_answers.ReviewTaken, "description": "复核完成 / the second reviewer agreed"},
        **problems(400, 401, 403, 404, 409, 413, 415, 422, 503),
    },
    openapi_extra=json_body(api.HoldReviewIn) | action_of("hold.review"),
)
async def review_hold(
    request: HttpRequest,
    hold_id: str,
    caller: Reviewer,
    idempotency_key: IdempotencyKey = "",
) -> Response:
    """初审 202；另一人复核 200；同一人再次提交 409。

    202 for the first reviewer, 200 for a different second one, 409 for the same person again.
    """
    return await _take(request, caller, idempotency_key)


async def _take(request: HttpRequest, caller: Caller, idempotency_key: str, *, multipart: bool = False) -> Response:
    gateway = gateway_of(request)
    options = gateway.options
    arrived_at = gateway.node.now()
    path = request.url.path
    try:
        _check_key(idempotency_key)
        parts = multipart and _media_type(request) == "multipart/form-data"
        body = await read_body(request, options.max_body_bytes if parts else options.max_call_bytes)
        document: Any
        if parts:
            body, document = await read_capture(request, body, options)
        elif _media_type(request) not in ("application/json", "text/json", ""):
            raise Unreadable(body, _wrong_type(multipart))
        else:
            document = await parse_json(body, options.max_json_depth)
    except Unreadable as error:
        await gateway.node.submit_unreadable(path, error.raw, error.rejected.key, caller, arrived_at)
        return refused(request, error.rejected)
    return rendered(await gateway.node.submit(Request(path, body, arrived_at, caller, idempotency_key, document)))


def _check_key(key: str) -> None:
    if key and not all("!" <= letter <= "~" for letter in key):
        raise BadRequest("idempotency_key_wrong")


def _media_type(request: HttpRequest) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _wrong_type(multipart: bool) -> WrongType:
    expected = "application/json" + (", multipart/form-data" if multipart else "")
    return WrongType("content_type_unknown", expected=expected)
