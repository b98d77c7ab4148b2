"""`wardwatch schemas`: JSON Schema of everything that comes in, goes out or is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wardwatch.cli.common import explained, say, say_json


def schemas(
    to: Annotated[
        Path | None,
        typer.Option(
            "--out", file_okay=False, metavar="DIR", help="每个写成一个文件 / write each into a file of its own"
        ),
    ] = None,
) -> None:
    """导出 JSON Schema：事件、疑点、研判、待核、接口、规则集、日志行 / export JSON Schema.

    Of every event, alert, decision, hold, API body, rule set and journal line (draft 2020-12). Without --out all
    of them are printed as one object.
    """
    import orjson

    from wardwatch.exports import all_schemas

    found = all_schemas()
    if to is None:
        say_json(found)
        return
    with explained():
        for name, schema in found.items():
            file = to / f"{name}.schema.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(orjson.dumps(schema, option=orjson.OPT_INDENT_2) + b"\n")
    say(f"{len(found)} 个 / schemas: {to}")
