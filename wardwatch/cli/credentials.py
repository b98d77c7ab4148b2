"""`wardwatch credentials`: who may call."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from wardwatch.cli.common import AsJson, Misused, explained, hint, say, say_json, settings_of

app = typer.Typer(help="访问凭证：新增、查看 / credentials: who may call.", no_args_is_help=True)


@app.command("new")
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID", help="编号，如 his-H99010100001 / a name for it")],
    role: Annotated[
        str,
        typer.Option(
            help="角色 / role: institution, device, service, supervisor, dispatcher, reviewer, second_reviewer, "
            "investigator, hospital_office, ward_staff, auditor, administrator"
        ),
    ],
    institution: Annotated[
        list[str] | None,
        typer.Option("--institution", "-i", metavar="CODE", help="机构，可多次；不写为全部 / repeatable; none: all"),
    ] = None,
    ward: Annotated[
        list[str] | None,
        typer.Option("--ward", "-w", metavar="NAME", help="病区，可多次；不写为全部 / repeatable; none: all"),
    ] = None,
    expires: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="有效期至（含） / last day it is good"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """新增一个凭证，令牌只显示这一次 / add a credential; its token is shown this once.

    文件里只留指纹。服务在下次启动时生效。

    The file keeps only a fingerprint. The server reads it when it starts.

    例 / example:  wardwatch credentials new his-H99010100001 --role institution -i H99010100001
    """
    from access.credentials import load_credentials, new_credential
    from access.permissions import ROLES

    if role not in ROLES:
        raise Misused(f"没有角色 {role} / no role {role}; {', '.join(ROLES)}")
    file = settings_of(context).credentials_file
    with explained():
        before = file.read_text("utf-8") if file.exists() else ""
        load_credentials(file)
        token, entry = new_credential(
            name, role, institution or None, ward or None, expires.date() if expires else None
        )
        _write(file, f"{before.rstrip()}\n\n{entry}".lstrip())
    if as_json:
        say_json({"id": name, "role": role, "token": token, "file": str(file)})
        return
    say(token)
    hint(f"已写入 {file}，重启服务后生效；令牌不会再显示 / written to {file}, in force when the server is")
    hint("restarted; the token won't be shown again. Authorization: Bearer …")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """列出凭证（不含令牌） / list credentials, without tokens."""
    from access.credentials import load_credentials

    file = settings_of(context).credentials_file
    with explained():
        rows = [_row(one) for one in load_credentials(file).entries]
    if as_json:
        say_json({"file": str(file), "items": rows})
        return
    for row in rows:
        until = row["expires"] or "—"
        say(f"{row['id']:32} {row['role']:16} {', '.join(row['institutions'])}  {until}")
    hint(f"{len(rows)} 个凭证 / credentials: {file}")


def _row(one: Any) -> dict[str, Any]:
    scope = one.caller.scope
    return {
        "id": one.caller.id,
        "role": one.caller.role,
        "institutions": sorted(scope.institutions),
        "wards": sorted(scope.wards),
        "expires": one.expires.isoformat() if one.expires else None,
    }


def _write(file: Path, text: str) -> None:
    """Checked before it takes the old one's place, and never readable by others."""
    import os

    from access.credentials import load_credentials

    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        load_credentials(draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
