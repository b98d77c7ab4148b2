"""What every command shares: the two consoles, the settings, and how trouble is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from storage.store import Store
    from wardwatch.settings import Settings

out = Console(highlight=False, soft_wrap=True)
"""Results. Never wrapped, so that they can be piped."""

err = Console(stderr=True, highlight=False, soft_wrap=True)
"""Everything else: progress, hints, complaints."""

AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供脚本使用 / print JSON, for scripts")]


class Failed(Exception):
    """The command found a problem: exit code 1. The message is shown as it is."""


class Misused(Exception):
    """The call or the settings can't be used: exit code 2. The message is shown as it is."""


@dataclass(frozen=True)
class State:
    """What stands before the command's name."""

    config: Path | None = None


def settings_of(context: typer.Context) -> Settings:
    """The settings. Raises `Misused` with all that is wrong with them."""
    from wardwatch.settings import SettingsError, load_settings

    state = context.find_object(State) or State()
    try:
        return load_settings(state.config)
    except SettingsError as error:
        raise Misused(str(error)) from None


def complain(message: str) -> None:
    """A complaint on stderr, as it is: no markup is read in it."""
    err.print(message, style="red", markup=False)


def hint(message: str) -> None:
    """A remark on stderr."""
    err.print(message, style="dim", markup=False)


def say(message: str) -> None:
    """A line of the result."""
    out.print(message, markup=False)


def say_json(value: Any) -> None:
    """The result as JSON, UTF-8, indented."""
    import orjson

    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    out.out(orjson.dumps(value, default=str, option=options).decode(), highlight=False)


@contextmanager
def explained() -> Iterator[None]:
    """Storage, file and configuration errors as `Failed`: their texts say what to do and hold no secret.

    A `ValueError` is one too: that is how rule sets, dialects, credentials and keys say what is wrong with them.
    """
    from storage.errors import StorageError

    try:
        yield
    except (StorageError, ValueError) as error:
        raise Failed(str(error)) from None
    except OSError as error:
        raise Failed(f"{error.filename or ''}: {error.strerror or type(error).__name__}".lstrip(": ")) from None


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """The database of these settings, its schema checked; nothing is made. Raises `Failed`."""
    from storage import migrate
    from storage.store import Store, parse_url

    with explained():
        url = parse_url(settings.database())
        if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
            raise Failed(
                f"{url.database}: 数据库还不存在；先运行 wardwatch serve 或 wardwatch migrate / "
                "no database yet; run wardwatch serve or wardwatch migrate first"
            )
        with Store.unchecked(url) as store:
            with store.read() as conn:
                migrate.check(conn, store.where)
            yield store
