"""`wardwatch holds`: what is held, the list for the paying side, and the switch that stops holding."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from wardwatch.cli.common import AsJson, Failed, Misused, explained, hint, opened, out, say, say_json, settings_of

if TYPE_CHECKING:
    from schemas.decisions import Hold
    from storage.stops import Stop

app = typer.Typer(
    help="待核（暂缓拨付）：查看、导出、停用 / holds: what is held, the list for the paying side, the stop switch.",
    no_args_is_help=True,
)

Institution = Annotated[
    str | None, typer.Option("--institution", "-i", metavar="CODE", help="机构编码 / fixmedins_code")
]
Rule = Annotated[
    str | None,
    typer.Option(
        "--rule", "-r", metavar="CODE", help="检测代码或 gate.unverified_days / detector code or gate.unverified_days"
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="原因，供内控查看 / why, kept for internal control")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="操作人，默认系统账户 / who; the system account")]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="应拨付日，含 / payment line, inclusive")
]


@app.command("list")
def list_(
    context: typer.Context,
    institution: Institution = None,
    status: Annotated[
        str | None,
        typer.Option(help="状态 / status: open, kept, released, part_released, expired, void"),
    ] = "open",
    every: Annotated[bool, typer.Option("--all", help="全部状态 / in every status")] = False,
    as_json: AsJson = False,
) -> None:
    """待核清单和已停用的项目 / holds, and what is stopped.

    例 / example:  wardwatch holds list --institution H99010100001 --all
    """
    from dashboards.api.render import hold_out
    from storage import holds, stops
    from storage.holds import HoldFilter

    narrow = HoldFilter(
        institutions=[institution] if institution else None, statuses=None if every or not status else [status]
    )
    with explained(), opened(settings_of(context)) as store, store.read() as conn:
        found = list(holds.export(conn, narrow))
        on = stops.active(conn)
    if as_json:
        items = [hold_out(hold).model_dump(mode="json") for hold in found]
        say_json({"items": items, "stops": [_stop(stop) for stop in on]})
        return
    for line in _aligned([_LIST_HEADS, *(_list_row(hold) for hold in found)] if found else []):
        say(line)
    hint(f"{len(found)} 条 / holds")
    for stop in on:
        say(f"已停用 / stopped: {stop.kind} {stop.value}（{stop.by}，{stop.at:%Y-%m-%d %H:%M}，{stop.reason or '—'}）")


@app.command("stop")
def stop(
    context: typer.Context,
    rule: Rule = None,
    institution: Institution = None,
    reason: Reason = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """停用一条规则或一家机构的待核：不再新开，10 秒内生效 / stop a rule's or institution's holds.

    研判照常，只提示；已开的待核由经办两人处理。

    Evaluation goes on and is reported; nothing new is marked, within 10 seconds. Holds that are open stay open:
    two reviewers decide them.

    例 / example:  wardwatch holds stop --rule presence.bed_hanging --reason "门槛待复核"
    """
    from storage import stops
    from wardwatch.clock import Clock

    kind, value = _target(rule, institution)
    with explained(), opened(settings_of(context)) as store, store.write() as conn:
        known = any((one.kind, one.value) == (kind, value) for one in stops.active(conn))
        if not known:
            stops.add(conn, kind, value, by=by or _account(), reason=reason, at=Clock().now())
    if as_json:
        say_json({"kind": kind, "value": value, "stopped": True, "already": known})
    elif known:
        say(f"{value} 早已停用 / was stopped already")
    else:
        say(f"{value} 已停用，10 秒内生效；恢复：wardwatch holds lift / stopped, in force within 10 seconds")


@app.command("lift")
def lift(
    context: typer.Context,
    rule: Rule = None,
    institution: Institution = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """恢复已停用的规则或机构 / let a stopped rule or institution hold again.

    例 / example:  wardwatch holds lift --rule presence.bed_hanging
    """
    from storage import stops
    from wardwatch.clock import Clock

    kind, value = _target(rule, institution)
    with explained(), opened(settings_of(context)) as store, store.write() as conn:
        count = stops.lift(conn, kind, value, by=by or _account(), at=Clock().now())
    if not count:
        raise Failed(f"{value} 没有停用 / isn't stopped")
    if as_json:
        say_json({"kind": kind, "value": value, "stopped": False})
    else:
        say(f"{value} 已恢复 / holds again")


@app.command("export")
def export(
    context: typer.Context,
    institution: Institution = None,
    due_from: Day = None,
    due_to: Day = None,
    to: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, metavar="FILE", help="写入文件 / write to a file")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """经办拨付前清单，CSV 或 JSON / the list that the paying side reads, as CSV or JSON.

    与 GET /api/v1/export/holds 相同 / the same as GET /api/v1/export/holds.

    例 / example:  wardwatch holds export --due-to 2026-05-12 --out holds.csv
    """
    import orjson

    from dashboards.api.holds import as_csv
    from dashboards.api.render import export_row
    from storage import holds
    from storage.holds import HoldFilter
    from wardwatch.clock import Clock

    narrow = HoldFilter(
        institutions=[institution] if institution else None,
        due_from=due_from.date() if due_from else None,
        due_to=due_to.date() if due_to else None,
    )
    with explained(), opened(settings_of(context)) as store, store.read() as conn:
        rows = [export_row(hold) for hold in holds.export(conn, narrow)]
    if as_json:
        body = {"generated_at": Clock().now().isoformat(), "items": [row.model_dump(mode="json") for row in rows]}
        content = orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n"
    else:
        content = as_csv(rows)
    if to is None:
        out.out(content.decode("utf-8-sig").rstrip(), highlight=False)
        return
    with explained():
        to.write_bytes(content)
    hint(f"{len(rows)} 条 / holds: {to}")


_LIST_HEADS = ("due", "institution", "stay", "yuan", "status", "why")


def _list_row(hold: Hold) -> tuple[str, ...]:
    stake = str(hold.fund_at_stake) if hold.fund_at_stake is not None else "?"
    why = ", ".join(hold.detectors)
    return (str(hold.payment_due), hold.fixmedins_code, hold.mdtrt_id, stake, hold.status, why)


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns of equal width, nothing cut off: what is listed is copied into other commands."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _target(rule: str | None, institution: str | None) -> tuple[Literal["rule", "institution"], str]:
    if (rule is None) == (institution is None):
        raise Misused("写明 --rule 或 --institution 之一 / state either --rule or --institution")
    if institution is not None:
        return "institution", institution
    assert rule is not None
    return "rule", _known(rule)


def _known(rule: str) -> str:
    from detectors.codes import DETECTOR_CODES, UNVERIFIED
    from detectors.located import closest

    known = sorted({*DETECTOR_CODES, UNVERIFIED})
    if rule not in known:
        meant = closest(rule, known)
        raise Misused(f"没有规则 {rule} / no rule {rule}" + (f"；是否指 / did you mean {meant}?" if meant else ""))
    return rule


def _account() -> str:
    import os
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _stop(one: Stop) -> dict[str, Any]:
    return {"kind": one.kind, "value": one.value, "by": one.by, "reason": one.reason, "at": one.at.isoformat()}
