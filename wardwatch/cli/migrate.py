"""`wardwatch migrate`: the database brought to this version's tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from wardwatch.cli.common import AsJson, Failed, explained, say, say_json, settings_of


def migrate(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="只查看，不改动 / only look, change nothing")] = False,
    as_json: AsJson = False,
) -> None:
    """升级数据库表结构；升级前先停服务并备份 / bring the database to this version's tables.

    新数据库会直接建好。--check 在需要升级时退出码为 1。

    Stop the server and make a backup first. A new database gets its tables. With --check the exit code is 1
    where an upgrade is due.
    """
    from storage import migrate as migrations
    from storage.store import Store, parse_url
    from wardwatch.server import only_one

    settings = settings_of(context)
    found: dict[str, Any] = {"needs": migrations.head()}
    with explained():
        url = parse_url(settings.database())
        exists = url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()
        if exists:
            with Store.unchecked(url) as store, store.read() as conn:
                found["before"] = migrations.current(conn)
        else:
            found["before"] = None
        if check:
            found["after"] = found["before"]
        else:
            with only_one(settings.data_dir):
                found["after"] = migrations.upgrade(settings.database())
    if as_json:
        say_json(found)
    else:
        before = found["before"] or "空 / empty"
        say(f"表结构 / schema: {before} → {found['after'] or '空 / empty'}（本版本 / this version: {found['needs']}）")
    if found["after"] != found["needs"]:
        raise Failed("需要升级：wardwatch migrate / an upgrade is due: wardwatch migrate")
