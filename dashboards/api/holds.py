"""The GET calls about holds: what is held, and the list that the paying side reads before it pays."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi import Request as HttpRequest

from access.callers import Caller
from dashboards.api.reach import whole_institutions
from dashboards.api.reading import Code, Cursor, Limit, queries_of
from dashboards.api.render import export_row, hold_out
from schemas.api_answers import Export, ExportRow, Holds
from schemas.decisions import HoldStatus
from storage.errors import BadCursor
from storage.holds import HoldFilter
from streams.http.callers import action_of, gateway_of, may
from streams.http.openapi import problems
from streams.requests import BadRequest

router = APIRouter(prefix="/api/v1")

HoldReader = Annotated[Caller, may("hold.read")]
ExportReader = Annotated[Caller, may("export.read")]
DueFrom = Annotated[date | None, Query(description="应拨付日，起 / payment line, from this day")]
DueTo = Annotated[date | None, Query(description="应拨付日，止 / payment line, to this day")]

CSV_TYPE = "text/csv"
COLUMNS: tuple[str, ...] = (*(name for name in ExportRow.model_fields if name != "days"), "days")
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula."""


@router.get(
    "/holds",
    operation_id="listHolds",
    tags=["待核 / holds"],
    summary="待核列表 / holds",
    responses=problems(400, 401, 403, 422),
    openapi_extra=action_of("hold.read"),
)
def read_holds(
    request: HttpRequest,
    caller: HoldReader,
    institution: Code = "",
    mdtrt_id: Code = "",
    status: HoldStatus | None = None,
    due_from: DueFrom = None,
    due_to: DueTo = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Holds:
    """待核（暂缓拨付）只标记机构的申报，不影响患者出院结算。

    A hold marks the institution's claim for review and never touches the patient's own settlement.
    """
    wanted = HoldFilter(
        institutions=whole_institutions(caller, institution),
        mdtrt_id=mdtrt_id or None,
        statuses=None if status is None else (status,),
        due_from=due_from,
        due_to=due_to,
    )
    try:
        page = queries_of(request).holds(wanted, cursor or None, limit)
    except BadCursor:
        raise BadRequest("cursor_wrong") from None
    return Holds(items=[hold_out(hold) for hold in page.items], next=page.cursor)


@router.get(
    "/export/holds",
    operation_id="exportHolds",
    tags=["待核 / holds"],
    summary="经办拨付前清单 / the list for the paying side",
    response_model=Export,
    responses={
        200: {"content": {CSV_TYPE: {"schema": {"type": "string"}}}, "description": "JSON 或 CSV / or CSV"},
        **problems(401, 403, 422),
    },
    openapi_extra=action_of("export.read"),
)
def export_holds(
    request: HttpRequest,
    caller: ExportReader,
    institution: Code = "",
    due_from: DueFrom = None,
    due_to: DueTo = None,
    shape: Annotated[Literal["json", "csv"] | None, Query(alias="format")] = None,
) -> Any:
    """按机构、应拨付日排列，含全部状态；held_amount 为仍待核的金额（元）。

    By institution, then pay day, in every status; `held_amount` is the yuan that still wait. CSV by
    `format=csv` or `Accept: text/csv`, in UTF-8 with a mark that spreadsheets recognise.
    """
    wanted = HoldFilter(institutions=whole_institutions(caller, institution), due_from=due_from, due_to=due_to)
    rows = [export_row(hold) for hold in queries_of(request).payable_holds(wanted)]
    now = gateway_of(request).node.now()
    if shape == "csv" or (shape is None and CSV_TYPE in request.headers.get("accept", "")):
        name = f"holds-{now:%Y%m%d-%H%M}.csv"
        return Response(
            as_csv(rows),
            media_type=f"{CSV_TYPE}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    return Export(generated_at=now, items=rows)


def as_csv(rows: Iterable[ExportRow]) -> bytes:
    """UTF-8 with a byte order mark, one line a hold; days as `date amount`, separated by semicolons."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        said = row.model_dump(mode="json")
        said["days"] = "; ".join(f"{each['day']} {each['amount']}" for each in said["days"])
        said["released_days"] = "; ".join(said["released_days"])
        writer.writerow([harmless(said[name]) for name in COLUMNS])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def harmless(value: object) -> str:
    """A cell that no spreadsheet runs: what would start a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    cell = str(value)
    return f"'{cell}" if cell.startswith(RISKY) else cell
