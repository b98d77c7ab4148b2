"""The command line, `wardwatch`. One module a command; what a command needs is imported when it runs, so that
`--help` answers at once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from wardwatch import __version__
from wardwatch.cli import config, credentials, doctor, holds, migrate, replay, schemas, serve
from wardwatch.cli.common import Failed, Misused, State, complain

PROBLEM, USAGE = 1, 2
"""Exit codes: a problem was found; the call or the settings can't be used. Ctrl-C ends with 130, `serve` with 0."""

app = typer.Typer(
    name="wardwatch",
    help="医保智能场景监控系统：人在床、床有人、人证相符，在拨付之前查清。\n\n"
    "Scene monitoring for a medical-insurance bureau: the person the fund pays for is the person in the bed, "
    "found out before the money leaves.\n\n"
    "退出码 / exit codes: 0 正常 / done; 1 发现问题 / a problem was found; 2 用法或设置有误 / wrong call or settings.",
    epilog="每个命令都有 --help，文档见 docs/commands.md / every command has --help; documented in docs/commands.md",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)

app.command("serve")(serve.serve)
app.command("replay")(replay.replay)
app.command("config")(config.config)
app.command("migrate")(migrate.migrate)
app.command("schemas")(schemas.schemas)
app.command("doctor")(doctor.doctor)
app.add_typer(holds.app, name="holds")
app.add_typer(credentials.app, name="credentials")


def _version(wanted: bool) -> None:
    if wanted:
        from wardwatch.cli.common import out

        out.out(f"wardwatch {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _before(
    context: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="设置文件，优先于 WARDWATCH_CONFIG / settings file, before WARDWATCH_CONFIG",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本 / the version")
    ] = False,
) -> None:
    context.obj = State(settings)


def main() -> None:
    """The program. Every expected trouble ends in one clear sentence and an exit code, never in a traceback."""
    try:
        app()
    except Failed as error:
        complain(str(error))
        sys.exit(PROBLEM)
    except Misused as error:
        complain(str(error))
        sys.exit(USAGE)
