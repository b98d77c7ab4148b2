"""`wardwatch config`: the settings in force, and whether everything they name can be used."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from wardwatch.cli.common import AsJson, Failed, Misused, hint, say, say_json, settings_of


class What(StrEnum):
    """What to do with the settings."""

    show = "show"
    check = "check"


def config(
    context: typer.Context,
    what: Annotated[
        What, typer.Argument(help="show 显示，check 检查 / show the values, or check all that they name")
    ] = What.show,
    as_json: AsJson = False,
) -> None:
    """显示或检查设置，密钥从不显示 / show or check the settings; secrets are never shown.

    check 还检查规则集、机构、凭证和密钥文件，逐条指出文件和行号。

    check also reads rule sets, institutions, credentials and keys, and names file and line of every problem.

    例 / example:  wardwatch config check
    """
    if what is What.show:
        _show(context, as_json=as_json)
    else:
        _check(context, as_json=as_json)


def _show(context: typer.Context, *, as_json: bool) -> None:
    from wardwatch.settings import all_settings, shown

    values = dict(shown(settings_of(context)))
    if as_json:
        say_json(values)
        return
    told = {setting.key: setting.description for setting in all_settings()}
    width = max(map(len, values))
    for key, value in values.items():
        say(f"{key:{width}} = {value or '—'}")
    hint(f"共 {len(told)} 项，含义见 docs/settings.md / what they mean: docs/settings.md")


def _check(context: typer.Context, *, as_json: bool) -> None:
    problems: list[str] = []
    try:
        settings = settings_of(context)
    except Misused as error:
        problems += str(error).splitlines()
    else:
        from wardwatch.checks import configuration_problems

        problems += configuration_problems(settings)
    if as_json:
        say_json({"ok": not problems, "problems": problems})
    else:
        for problem in problems:
            say(problem)
    if problems:
        raise Failed(f"{len(problems)} 处有误 / {len(problems)} problem(s)")
    if not as_json:
        say("设置、规则集、机构、凭证均可用 / settings, rule sets, institutions and credentials can be used")
