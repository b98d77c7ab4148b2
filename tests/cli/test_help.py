"""Help that is worth reading, in both languages, at once; and every command has its section in the docs."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tests.cli.conftest import Shell
from wardwatch import __version__
from wardwatch.cli import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "commands.md"


def commands() -> dict[str, Any]:
    """Every command by its full name: `holds stop`."""
    found: dict[str, Any] = {}

    def walk(group: Any, name: str) -> None:
        for part, command in group.commands.items():
            if hasattr(command, "commands"):
                walk(command, f"{name}{part} ")
            else:
                found[f"{name}{part}"] = command

    walk(typer.main.get_command(app), "")
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_help_of_every_command_is_in_both_languages(name: str) -> None:
    text = commands()[name].help
    assert re.search("[一-鿿]{2}", text.splitlines()[0]), "Chinese first"
    assert re.search("[a-z]{3} [a-z]{2}", text), "English beside it"


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_says_what_it_is_for_in_both_languages(name: str) -> None:
    for option in commands()[name].params:
        text = getattr(option, "help", None)
        assert text, option.name
        if option.name == "help":
            continue
        assert re.search("[一-鿿]", text), option.name
        assert " / " in text, option.name


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_and_each_of_its_options_is_documented(name: str) -> None:
    page = PAGE.read_text("utf-8")
    (section,) = re.findall(rf"^#+ `wardwatch {name}`.*?$(.*?)(?=^#+ |\Z)", page, re.MULTILINE | re.DOTALL)
    for option in commands()[name].params:
        if option.name == "help":
            continue
        shown = option.opts[0] if option.opts[0].startswith("--") else option.metavar or option.name.upper()
        assert f"`{shown}" in section or f" {shown}" in section, shown


def test_no_command_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^#+ `wardwatch ([a-z ]+)`", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(documented) == sorted(commands())


def test_the_program_without_a_command_shows_its_help(shell: Shell) -> None:
    done = shell()
    assert "replay" in done.out + done.err
    assert "Traceback" not in done.err


def test_help_answers_at_once(shell: Shell) -> None:
    done = shell("--help")
    assert done.code == 0
    assert "退出码" in done.out

    def seconds() -> float:
        began = time.perf_counter()
        shell("--help")
        return time.perf_counter() - began

    assert min(seconds() for _ in range(3)) < 0.5, "a command's imports belong inside it"


def test_the_version_is_told(shell: Shell) -> None:
    assert shell("--version").out == f"wardwatch {__version__}\n"


@pytest.mark.parametrize("args", [("fly",), ("replay",), ("serve", "--port", "high"), ("config", "guess")])
def test_a_wrong_call_ends_with_2_and_no_traceback(shell: Shell, args: tuple[str, ...]) -> None:
    done = shell(*args)
    assert done.code == 2
    assert "Traceback" not in done.err
