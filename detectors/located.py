"""Configuration as TOML text whose errors name file, line and key.

`tomllib` gives values without their places, so a second, simpler pass over the lines finds where each key
stands. It only has to be right for text that `tomllib` has already accepted.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.base import CHINA

Path = tuple[str, ...]

_HEADER = re.compile(r"^\s*\[\[?(?P<path>[^\]]+?)\]\]?\s*(#.*)?$")
_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*(\.|=|$)""")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a file. `line` counts from 1; 0: the file as a whole."""

    file: str
    line: int
    key: str
    zh: str
    en: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.zh} / {self.en}" if self.key else f"{place}: {self.zh} / {self.en}"


class ConfigurationError(ValueError):
    """A file can't be used. `problems` are all that was found, in the order of their lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Document:
    """Parsed text with the line of every key."""

    file: str
    data: dict[str, Any]
    lines: Mapping[Path, int]

    def line(self, path: Sequence[str]) -> int:
        """Line of `path`, or of the closest thing around it; 0 where there is none."""
        for end in range(len(path), 0, -1):
            if tuple(path[:end]) in self.lines:
                return self.lines[tuple(path[:end])]
        return 0

    def problem(self, path: Sequence[str], zh: str, en: str) -> Problem:
        """A problem with the value at `path`."""
        return Problem(self.file, self.line(path), ".".join(path), zh, en)

    def problems(self, error: ValidationError, model: type[BaseModel], under: Path = ()) -> list[Problem]:
        """What pydantic found wrong with `model`, which stands at `under`, each at its line."""
        found = []
        for row in error.errors(include_url=False):
            path = tuple(str(part) for part in row["loc"] if part != "[key]")
            zh, en = _said(row)
            if row["type"] == "extra_forbidden" and (meant := closest(path[-1], _names(model, path[:-1]))):
                zh, en = f"{zh}，是否指 {meant}", f"{en}; did you mean {meant}?"
            found.append(self.problem((*under, *path), zh, en))
        return found


def parse(text: str, file: str) -> Document:
    """The document in `text`. Raises `ConfigurationError` naming the line where it isn't TOML."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line = int(found[1]) if found else len(text.splitlines())
        said = re.sub(r"\s*\(at [^)]*\)$", "", str(error))
        raise ConfigurationError([Problem(file, line, "", "不是有效的 TOML", f"not TOML: {said}")]) from None
    return Document(file, data, _locate(text))


def closest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` was probably meant to be, or ""."""
    return next(iter(difflib.get_close_matches(word, list(known), 1, 0.75)), "")


def moment_of(value: object) -> datetime | None:
    """An aware moment from a TOML date or date-time; without an offset it is China time. None: neither."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=CHINA) if value.tzinfo is None else value
    if isinstance(value, date):
        return datetime.combine(value, time(), CHINA)
    return None


def _names(model: type[BaseModel], path: Path) -> Iterable[str]:
    """Names of the fields of the model that `path` leads to."""
    inner: Any = model
    for part in path:
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            field = inner.model_fields.get(part)
            inner = field.annotation if field else None
        else:  # a mapping: its values' type
            inner = get_args(inner)[1] if len(get_args(inner)) == 2 else None
    return inner.model_fields if isinstance(inner, type) and issubclass(inner, BaseModel) else ()


# ── where keys stand ─────────────────────────────────────────────────────────────────────────────────────


def _locate(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    table: Path = ()
    ends: str | None = None  # what ends the value that goes on over several lines
    depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        if ends is not None:
            if ends in line:
                ends = None
            continue
        if depth > 0:
            depth += _opened(line)
            continue
        header = _HEADER.match(line)
        if header is not None and "=" not in header["path"].split('"')[0]:
            table = _parts(header["path"])[0]
            _note(lines, table, number)
            continue
        key, value = _parts(line)
        if not key or value is None:
            continue
        _note(lines, (*table, *key), number)
        ends = _still_open(value)
        if ends is None:
            depth = _opened(value)
    return lines


def _note(lines: dict[Path, int], path: Path, number: int) -> None:
    for end in range(1, len(path) + 1):
        lines.setdefault(path[:end], number)


def _parts(line: str) -> tuple[Path, str | None]:
    """The dotted key that `line` begins with, and what follows its `=`; None where there is no `=`."""
    parts: list[str] = []
    at = 0
    while found := _PART.match(line, at):
        parts.append(next(text for text in found.groups()[:3] if text is not None))
        at = found.end()
        if found[4] == "=":
            return tuple(parts), line[at:]
        if not found[4]:
            return tuple(parts), None
    return (), None


def _still_open(value: str) -> str | None:
    for quotes in ('"""', "'''"):
        if value.lstrip().startswith(quotes) and value.count(quotes) == 1:
            return quotes
    return None


def _opened(line: str) -> int:
    """Brackets opened minus closed, outside strings and comments."""
    bare = re.sub(r"""\"(?:[^\"\\]|\\.)*\"|'[^']*'|#.*$""", "", line)
    return bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")


# ── what pydantic says, in both languages ────────────────────────────────────────────────────────────────


def _said(row: ErrorDetails) -> tuple[str, str]:
    context = row.get("ctx", {})
    match row["type"]:
        case "extra_forbidden":
            return "没有这个参数", "there is no such parameter"
        case "missing":
            return "缺少这个参数", "this parameter is missing"
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than":
            sign = {"greater_than_equal": "≥", "greater_than": ">", "less_than_equal": "≤", "less_than": "<"}
            limit = f"{sign[row['type']]} {next(iter(context.values()))}"
            return f"超出范围，应 {limit}", f"out of range: should be {limit}"
        case "literal_error":
            wanted = context.get("expected", "")
            return f"应为 {wanted} 之一", f"should be one of {wanted}"
        case "string_pattern_mismatch":
            wanted = context.get("pattern", "")
            return f"格式应为 {wanted}", f"should look like {wanted}"
        case _:
            return f"值不符合要求（{row['type']}）", f"wrong value: {row['msg']}"
