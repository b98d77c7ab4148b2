"""`wardwatch doctor`: is everything as it should be?"""

from __future__ import annotations

from dataclasses import asdict

import typer

from wardwatch.cli.common import AsJson, Failed, out, say_json, settings_of

MARKS = {
    "ok": ("正常 / ok", "green"),
    "note": ("提示 / note", "cyan"),
    "warning": ("留意 / warning", "yellow"),
    "problem": ("问题 / problem", "red"),
}


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """体检：数据库、密钥、规则、凭证、时钟、磁盘、积压 / look over everything; changes nothing.

    有“问题”时退出码为 1；“留意”和“提示”不影响退出码。

    The database and its migrations, keys and their rights, rule sets, institutions, credentials, clock, disk,
    holiday calendar, timers, dead letters, unjoined events, feeds. The exit code is 1 where there is a problem;
    warnings and notes don't change it.
    """
    from wardwatch.checks import examine
    from wardwatch.clock import Clock

    findings = list(examine(settings_of(context), Clock()))
    bad = sum(finding.state == "problem" for finding in findings)
    if as_json:
        say_json({"ok": not bad, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            mark, style = MARKS[finding.state]
            out.print(f"[{style}]{mark:16}[/] ", end="")
            out.print(f"{finding.zh} / {finding.en}" if finding.zh != finding.en else finding.zh, markup=False)
    if bad:
        raise Failed(f"{bad} 个问题 / {bad} problem(s)")
