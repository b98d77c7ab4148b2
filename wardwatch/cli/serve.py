"""`wardwatch serve`: the server, and the demonstration that feeds itself."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wardwatch.cli.common import Failed, Misused, err, explained, say, settings_of

if TYPE_CHECKING:
    from wardwatch.feeding import Feed
    from wardwatch.settings import Settings
    from wardwatch.wiring import Serving


def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="监听地址，默认见设置 / address; by default as set")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="端口，0 为任选 / port; 0 takes any free one")
    ] = None,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo",
            help="演示：全新的数据目录 demo，自行送入一份小样本，几天在一分钟内过完 / "
            "a demonstration in a fresh data directory, fed by a small journal: days pass within a minute",
        ),
    ] = False,
    feed: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            metavar="JOURNAL",
            help="送入这份日志（数据库须为空） / feed this journal (the database must be empty)",
        ),
    ] = None,
    pace: Annotated[
        float | None,
        typer.Option(
            min=2,
            max=1e6,
            metavar="X",
            help="日志时间的倍速，默认一分钟内送完 / how many times as fast the journal's time passes; "
            "by default it is over within a minute",
        ),
    ] = None,
) -> None:
    """启动服务，Ctrl-C 结束 / run the server; Ctrl-C ends it.

    没有凭证文件时只监听本机。未配置的机构处于试运行：只提示，不待核。

    Without a credentials file it listens on this machine only. Institutions that aren't configured are in soft
    launch: reported, nothing held.

    例 / examples:  wardwatch serve --port 8800 · wardwatch serve --demo
    """
    settings = _with_address(settings_of(context), host, port)
    if pace is not None and not (demo or feed):
        raise Misused("--pace 只与 --demo 或 --feed 连用 / --pace goes with --demo or --feed")
    # Once it serves, Ctrl-C is the server's affair; one that comes while it starts ends it just as quietly.
    with suppress(KeyboardInterrupt), explained(), ExitStack() as held:
        feeding = None
        if demo or feed:
            settings, feeding = _with_feed(settings, feed, pace, demo=demo)
        _serve(settings, feeding, held, demo=demo)
    err.print("已停止 / stopped", style="dim")


def _with_address(settings: Settings, host: str | None, port: int | None) -> Settings:
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    return settings.model_copy(update={"http": settings.http.model_copy(update=given)})


def _with_feed(settings: Settings, journal: Path | None, pace: float | None, *, demo: bool) -> tuple[Settings, Feed]:
    from simulator.first_days import FILES, packaged
    from streams.journal import JournalError
    from wardwatch.clock import Clock
    from wardwatch.demo import demo_settings
    from wardwatch.feeding import plan

    if demo:
        settings = demo_settings(settings)
    elif not _is_fresh(settings):
        raise Misused("--feed 会拨动时钟，只能用于空的数据目录 / --feed moves the clock: it needs an empty data_dir")
    file = journal or packaged(FILES[0])
    try:
        return settings, plan(file, Clock().now(), pace)
    except JournalError as error:
        raise Failed(f"{file}: {error}") from None


def _is_fresh(settings: Settings) -> bool:
    from storage.store import parse_url

    url = parse_url(settings.database())
    return url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists()


def _serve(settings: Settings, feed: Feed | None, held: ExitStack, *, demo: bool) -> None:
    from access.credentials import must_bind_loopback
    from wardwatch.clock import Clock
    from wardwatch.memory import collect_rarely
    from wardwatch.server import AddressInUse, bind, is_loopback, only_one, run
    from wardwatch.wiring import serving

    held.enter_context(only_one(settings.data_dir))
    server = serving(settings, feed.clock if feed else Clock(), soft=not demo)
    held.callback(server.stop)
    host = settings.http.host
    if must_bind_loopback(server.credentials) and not is_loopback(host):
        raise Misused(
            f"没有凭证文件（{settings.credentials_file}），只能监听本机，不能监听 {host}；"
            "用 wardwatch credentials new 添加凭证 / "
            f"without credentials ({settings.credentials_file}) only this machine may be listened on, "
            f"not {host}; add one with wardwatch credentials new"
        )
    try:
        listener = held.enter_context(bind(host, settings.http.port))
    except AddressInUse as error:
        raise Failed(str(error)) from None
    address = _address(host, listener.getsockname()[1])
    collect_rarely()
    server.start()
    _banner(settings, server, address, demo=demo)
    if feed is not None:
        from wardwatch.narration import Narrator

        held.callback(feed.stop)
        feed.start(address, say, Narrator(server.parts.store, say).look)
    run(server.app, listener, settings.log_level)


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _banner(settings: Settings, server: Serving, address: str, *, demo: bool) -> None:
    from wardwatch import __version__

    count = len(server.institutions.codes)
    say(f"wardwatch {__version__}  {address}")
    say(f"  数据 / data          {settings.data_dir.resolve()}")
    if demo:
        say("  演示 / demo          虚构数据，几天在一分钟内过完 / invented data, days pass within a minute")
    else:
        unknown = "其余试运行：只提示，不待核 / all others in soft launch: reported, nothing held"
        say(f"  机构 / institutions  {count} 家已配置，{unknown} ({count} configured)")
    if len(server.credentials) == 0:
        say("  访问 / access        未配置凭证，只接受本机 / no credentials: this machine only")
    else:
        say(f"  访问 / access        {len(server.credentials)} 个凭证 / credentials")
    say("  Ctrl-C 结束 / ends it")
