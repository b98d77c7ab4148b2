"""What `doctor` looks at: one function a matter, each gives findings in both languages.

Nothing here changes anything, and no finding names a person.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from access.credentials import CredentialsError, load_credentials
from detectors.gate.calendar import is_published
from detectors.located import ConfigurationError
from schemas.topics import INTAKE_TOPICS
from storage import dead_letters, directory, migrate, offsets, sizes, stops, timers, unjoined
from storage import log as logs
from storage.errors import StorageError
from storage.store import Store, parse_url
from wardwatch.clock import Clock
from wardwatch.keys import KEY_FILES, key_folder, open_to_others
from wardwatch.server import is_loopback
from wardwatch.settings import Settings
from wardwatch.wiring import dialects, institution_book, keyring, rule_book

State = Literal["ok", "note", "warning", "problem"]

LEAST_DISK, LITTLE_DISK = 1 << 30, 10 << 30
OVERDUE = timedelta(minutes=5)
SILENT = timedelta(hours=24)
RECENT = timedelta(hours=24)
WAITS_LONG = timedelta(hours=24)
SKEW = timedelta(minutes=5)
CALENDAR_DUE_MONTH = 12
"""The State Council publishes the next year's holidays in November: from December on they should be known."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    matter: str
    state: State
    zh: str
    en: str


def configuration_problems(settings: Settings) -> list[str]:
    """Everything that is wrong with what the settings name, with file and line where there is one."""
    problems: list[str] = []
    readings: tuple[Callable[[], object], ...] = (
        lambda: rule_book(settings),
        lambda: institution_book(settings.institutions_file, soft=True),
        lambda: load_credentials(settings.credentials_file),
        lambda: dialects(settings),
        lambda: keyring(settings),
        lambda: parse_url(settings.database()),
    )
    for read in readings:
        try:
            read()
        except OSError as error:
            problems.append(f"{error.filename}: 无法读取 / can't be read: {error.strerror}")
        except (ConfigurationError, CredentialsError, StorageError, ValueError) as error:
            problems += str(error).splitlines()
    return problems


def examine(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Every matter in turn: what stands in files first, then the machine, then the database."""
    yield from _configuration(settings)
    yield from _access(settings)
    yield from _keys(settings)
    yield from _machine(settings, clock)
    yield from _database(settings, clock)
    yield Finding(
        "later",
        "note",
        "案件（/api/v1/cases…）与反向代理接入由后续版本提供，目前应答 404",
        "cases (/api/v1/cases…) and the reverse proxy come with later versions; until then they answer 404",
    )


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────


def _configuration(settings: Settings) -> Iterator[Finding]:
    problems = configuration_problems(settings)
    for problem in problems:
        zh, _, en = problem.partition(" / ")
        yield Finding("configuration", "problem", zh, en or zh)
    if problems:
        return
    labels = ", ".join(rules.label for rules in rule_book(settings).sets)
    yield Finding("rules", "ok", f"规则集 {labels}", f"rule sets {labels}")
    spellings = ", ".join(sorted({one.name for one in dialects(settings).by_region.values()}))
    yield Finding("dialects", "ok", f"报文方言 {spellings}", f"message dialects {spellings}")
    count = len(institution_book(settings.institutions_file, soft=True).codes)
    if settings.institutions_file.exists():
        yield Finding("institutions", "ok", f"已配置 {count} 家机构", f"{count} institutions configured")
    else:
        yield Finding(
            "institutions",
            "note",
            f"没有 {settings.institutions_file}：所有机构处于试运行，只提示，不待核",
            f"no {settings.institutions_file}: every institution is in soft launch, reported, nothing held",
        )


def _access(settings: Settings) -> Iterator[Finding]:
    try:
        count = len(load_credentials(settings.credentials_file))
    except CredentialsError:
        return  # told with the configuration
    host = settings.http.host
    if count and settings.credentials_file.stat().st_mode & 0o077:
        file = settings.credentials_file
        yield Finding(
            "access", "warning", f"{file} 其他账户可读：chmod 600", f"{file} can be read by others: chmod 600"
        )
    if count:
        yield Finding("access", "ok", f"{count} 个凭证", f"{count} credentials")
    elif is_loopback(host):
        yield Finding("access", "note", "未配置凭证，只接受本机", "no credentials: this machine only")
    else:
        yield Finding(
            "access",
            "problem",
            f"未配置凭证却要监听 {host}，serve 会拒绝启动；wardwatch credentials new",
            f"no credentials, yet {host} is to be listened on: serve will refuse; wardwatch credentials new",
        )


def _keys(settings: Settings) -> Iterator[Finding]:
    folder = key_folder(settings)
    wanted = [name for name in KEY_FILES if name != "pseudonym.key" or settings.keys.pseudonym is None]
    there = [folder / name for name in wanted if (folder / name).exists()]
    for file in there:
        if open_to_others(file):
            yield Finding(
                "keys", "problem", f"{file} 其他账户可读：chmod 600", f"{file} can be read by others: chmod 600"
            )
    if len(there) == len(wanted):
        yield Finding(
            "keys", "ok", f"密钥文件在 {folder}，请与数据库一同备份", f"key files in {folder}: back them up too"
        )
    elif there:
        missing = ", ".join(sorted(set(wanted) - {file.name for file in there}))
        yield Finding("keys", "warning", f"缺少 {missing}，启动时会新建", f"{missing} missing: made at the next start")
    else:
        yield Finding("keys", "note", "首次启动时生成密钥", "keys are made at the first start")


def _readable(matter: str, state: State, file: Path) -> Finding:
    return Finding(matter, state, f"{file} 其他账户可读：chmod 600", f"{file} can be read by others: chmod 600")


# ── the machine ──────────────────────────────────────────────────────────────────────────────────────────


def _machine(settings: Settings, clock: Clock) -> Iterator[Finding]:
    yield from _disk(settings.data_dir)
    now = clock.now()
    if is_published(now.year):
        yield Finding("calendar", "ok", f"已有 {now.year} 年放假安排", f"the holidays of {now.year} are known")
    else:
        yield _calendar_missing(now.year, "problem")
    if now.month >= CALENDAR_DUE_MONTH and not is_published(now.year + 1):
        yield _calendar_missing(now.year + 1, "warning")


def _calendar_missing(year: int, state: State) -> Finding:
    return Finding(
        "calendar",
        state,
        f"没有 {year} 年放假安排，应拨付日按周一至周五推算；请升级 chinesecalendar",
        f"the holidays of {year} are unknown, so payment lines assume Monday to Friday; upgrade chinesecalendar",
    )


def _disk(folder: Path) -> Iterator[Finding]:
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    gigabytes = f"{free / (1 << 30):.1f} GB"
    state: State = "problem" if free < LEAST_DISK else "warning" if free < LITTLE_DISK else "ok"
    yield Finding("disk", state, f"{folder} 所在磁盘剩余 {gigabytes}", f"{gigabytes} free on the disk of {folder}")


# ── the database ─────────────────────────────────────────────────────────────────────────────────────────


def _database(settings: Settings, clock: Clock) -> Iterator[Finding]:
    try:
        url = parse_url(settings.database())
        if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
            yield Finding(
                "database", "note", "数据库尚未建立，首次启动时建立", "no database yet: made at the first start"
            )
            return
        with Store.unchecked(url) as store, store.read() as conn:
            found = migrate.current(conn)
            if found != migrate.head():
                yield Finding(
                    "database",
                    "problem",
                    f"表结构 {found or '空'}，本版本需要 {migrate.head()}：wardwatch migrate",
                    f"schema {found or 'empty'}, this version needs {migrate.head()}: wardwatch migrate",
                )
                return
            size = f"{sizes.total(conn) / (1 << 20):.0f} MB"
            yield Finding("database", "ok", f"{store.where}，{size}", f"{store.where}, {size}")
            yield from _flow(conn, clock.now())
    except StorageError as error:
        yield Finding("database", "problem", str(error), str(error))


def _flow(conn: Connection, now: datetime) -> Iterator[Finding]:
    yield from _backlog(conn)
    yield from _timers(conn, now)
    dead = dead_letters.count_since(conn, now - RECENT)
    state: State = "warning" if dead else "ok"
    yield Finding("dead_letters", state, f"24 小时内死信 {dead} 条", f"{dead} dead letters within 24 hours")
    yield from _unjoined(conn, now)
    yield from _feeds(conn, now)
    for stop in stops.active(conn):
        yield Finding("stops", "note", f"已停用待核：{stop.value}", f"holds stopped: {stop.value}")


def _backlog(conn: Connection) -> Iterator[Finding]:
    waiting = sum(
        logs.end(conn, topic, 0) - offsets.reached(conn, consumer, topic)
        for consumer, topic in (("person-engine", "person-events"), ("ward-engine", "ward-events"))
    )
    waiting += sum(logs.end(conn, topic, 0) - offsets.reached(conn, "router", topic) for topic in INTAKE_TOPICS)
    yield Finding("backlog", "ok", f"待处理事件 {waiting} 条", f"{waiting} events waiting")


def _timers(conn: Connection, now: datetime) -> Iterator[Finding]:
    due = timers.next_due(conn)
    if due is not None and due < now - OVERDUE:
        yield Finding(
            "timers",
            "warning",
            f"有定时自 {due:%Y-%m-%d %H:%M} 起未触发：服务没有运行或已停住",
            f"a timer has been due since {due:%Y-%m-%d %H:%M}: the server isn't running, or has stopped working",
        )
    else:
        yield Finding("timers", "ok", "定时正常", "timers are on time")


def _unjoined(conn: Connection, now: datetime) -> Iterator[Finding]:
    count, oldest = unjoined.count(conn), unjoined.oldest(conn)
    state: State = "warning" if oldest is not None and oldest < now - WAITS_LONG else "ok"
    since = f"，最早 {oldest:%Y-%m-%d %H:%M}" if oldest else ""
    since_en = f", the oldest since {oldest:%Y-%m-%d %H:%M}" if oldest else ""
    yield Finding("unjoined", state, f"待关联 {count} 条{since}", f"{count} events wait to be joined{since_en}")


def _feeds(conn: Connection, now: datetime) -> Iterator[Finding]:
    heard = directory.institutions_all(conn)
    ahead = [code for code, one in heard.items() if one.last_heard_at > now + SKEW]
    if ahead:
        yield Finding(
            "clock",
            "problem",
            f"本机时钟早于已收到的报文（{', '.join(ahead[:5])}），请校时",
            f"this machine's clock is behind what was received ({', '.join(ahead[:5])}): set it right",
        )
    else:
        yield Finding("clock", "ok", f"本机时间 {now:%Y-%m-%d %H:%M}", f"this machine says {now:%Y-%m-%d %H:%M}")
    silent = sorted(code for code, one in heard.items() if one.last_heard_at < now - SILENT)
    if silent:
        named = ", ".join(silent[:5]) + (" …" if len(silent) > 5 else "")
        yield Finding(
            "feeds",
            "warning",
            f"{len(heard)} 家机构中 {len(silent)} 家 24 小时无报文：{named}",
            f"{len(silent)} of {len(heard)} institutions sent nothing for 24 hours: {named}",
        )
    else:
        yield Finding("feeds", "ok", f"{len(heard)} 家机构有报文", f"{len(heard)} institutions are heard")
