"""Every setting of the system, read in one place: nothing else reads the environment.

A setting comes, strongest first, from an environment variable `WARDWATCH_…` (groups joined by two
underscores: `WARDWATCH_HTTP__PORT`), from the settings file (TOML: the path in `WARDWATCH_CONFIG`, else
`wardwatch.toml` in the working directory when there is one), or from the default in `settings_model`.
A name that nobody knows is an error wherever it stands: a misspelt setting must not silently leave the
default in force.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError as SourceError

from wardwatch.settings_model import ENV_NESTING, ENV_PREFIX, Settings

__all__ = ["Setting", "Settings", "SettingsError", "all_settings", "load_settings", "shown"]

ENV_CONFIG = "WARDWATCH_CONFIG"
ENV_TESTS = "WARDWATCH_TEST_"  # what tests are told about their surroundings: no settings
DEFAULT_FILE = Path("wardwatch.toml")
ANY_CODE = "<code>"  # stands for the key of a mapping, e.g. an institution's code
HIDDEN = "已设置（不显示） / set (hidden)"


class SettingsError(ValueError):
    """The settings can't be used. The message names file or variable and key, and holds no secret."""


@dataclass(frozen=True)
class Setting:
    """One setting as people see it."""

    key: str
    """Dotted name, as in the settings file: `http.port`. A mapping's key is `<code>`."""
    description: str
    """Chinese / English."""
    default: str
    """Default as TOML text, empty when there is none."""
    secret: bool
    """Never shown."""

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return _variable(self.key.split("."))


def load_settings(file: Path | None = None) -> Settings:
    """Read the settings from the environment and the settings file.

    `file` goes before `WARDWATCH_CONFIG`. Paths written in the file are relative to the file; paths from the
    environment and defaults are relative to the working directory. Raises SettingsError.
    """
    source = _settings_file(file)
    _refuse_unknown_variables()
    written = _read_toml(source) if source else {}
    try:
        return Settings(**written)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        raise SettingsError("\n".join(_explain(problem, source, written) for problem in problems)) from None
    except SourceError as error:
        # A variable for a group, list or mapping that is no JSON. The cause would quote it, so it is dropped.
        raise SettingsError(f"环境变量应为 JSON / an environment variable should be JSON: {error}") from None


def all_settings(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Setting]:
    """Every setting in order of declaration, groups opened."""
    for name, field in model.model_fields.items():
        key = prefix + name
        group = _group_in(field)
        if group is None:
            secret = SecretStr in _types_in(field.annotation)
            yield Setting(key, field.description or "", _as_toml(field.default), secret)
        elif _is_mapping(field):
            yield from all_settings(group, f"{key}.{ANY_CODE}.")
        else:
            yield from all_settings(group, f"{key}.")


def shown(group: BaseModel, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The values in force by dotted name, safe to print: a secret only says whether it is set."""
    for name in type(group).model_fields:
        value, key = getattr(group, name), prefix + name
        if isinstance(value, BaseModel):
            yield from shown(value, f"{key}.")
        elif isinstance(value, dict):
            for code, entry in value.items():
                yield from shown(entry, f"{key}.{code}.")
        else:
            yield key, HIDDEN if isinstance(value, SecretStr) else _as_toml(value)


# Reading ----------------------------------------------------------------------------------------------------


def _settings_file(given: Path | None) -> Path | None:
    named = given or (Path(os.environ[ENV_CONFIG]) if os.environ.get(ENV_CONFIG) else None)
    if named is None:
        return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    if not named.is_file():
        raise SettingsError(f"{named}: 找不到设置文件 / no such settings file")
    return named


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        written = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: 不是有效的 TOML / not valid TOML: {error}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: 应为 UTF-8 / should be UTF-8: byte {error.start}") from None
    except OSError as error:
        raise SettingsError(f"{file}: 无法读取 / can't be read: {error.strerror}") from None
    return _with_paths_from(file.absolute().parent, Settings, written)


def _with_paths_from(folder: Path, model: type[BaseModel], written: Mapping[str, Any]) -> dict[str, Any]:
    """The same, relative paths made relative to `folder`. Values of a wrong type are left to validation."""
    placed = dict(written)
    for name in model.model_fields.keys() & placed.keys():
        field, value = model.model_fields[name], placed[name]
        group = _group_in(field)
        if group is not None and isinstance(value, dict):
            placed[name] = _with_paths_from(folder, group, value)
        elif Path in _types_in(field.annotation):
            if isinstance(value, str) and value:
                placed[name] = folder / value
            elif isinstance(value, list):
                placed[name] = [folder / one if isinstance(one, str) and one else one for one in value]
    return placed


def _refuse_unknown_variables() -> None:
    known = {setting.variable for setting in all_settings() if ANY_CODE not in setting.key}
    for variable in sorted(name.upper() for name in os.environ):
        if not variable.startswith(ENV_PREFIX) or variable == ENV_CONFIG or variable.startswith(ENV_TESTS):
            continue
        if variable not in known | set(_group_variables(Settings, ())):
            raise SettingsError(
                f"{variable}: 未知的环境变量 / unknown environment variable{_did_you_mean(variable, known)}"
            )


def _group_variables(model: type[BaseModel], place: tuple[str, ...]) -> Iterator[str]:
    """Variables that set a whole group or mapping as JSON."""
    for name, field in model.model_fields.items():
        group = _group_in(field)
        if group is not None:
            yield _variable((*place, name))
            if not _is_mapping(field):
                yield from _group_variables(group, (*place, name))


# Explaining -------------------------------------------------------------------------------------------------


def _explain(problem: ErrorDetails, file: Path | None, written: Mapping[str, Any]) -> str:
    place = [str(part) for part in problem["loc"]]
    key = ".".join(place)
    hint = ""
    if problem["type"] == "extra_forbidden":
        hint = _did_you_mean(key, {setting.key for setting in all_settings()})
    return f"{_origin(place, file, written)}: {key}: {_in_both_languages(problem)}{hint}"


def _origin(place: list[str], file: Path | None, written: Mapping[str, Any]) -> str:
    """The variable that set this, or the file. The most specific variable wins, as it does when reading."""
    present = {name.upper() for name in os.environ}
    for length in range(len(place), 0, -1):
        variable = _variable(place[:length])
        if variable in present:
            return variable
        if file is not None and _holds(written, place[:length]):
            return str(file)
    return str(file) if file is not None else "settings"


def _holds(written: object, place: list[str]) -> bool:
    for part in place:
        if not isinstance(written, Mapping) or part not in written:
            return False
        written = written[part]
    return True


def _in_both_languages(problem: ErrorDetails) -> str:
    """Our own messages are in both languages; pydantic's are English, so the usual ones get Chinese."""
    text = problem["msg"].removeprefix("Value error, ")
    kind = problem["type"]
    if kind == "value_error":
        return text
    if kind == "extra_forbidden":
        return "没有这个设置 / no such setting"
    chinese = "超出范围" if kind.startswith(("greater", "less")) else "取值不正确"
    return f"{chinese} / {text}"


def _did_you_mean(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"；是否为 / did you mean {near[0]}?" if near else ""


# What a field is --------------------------------------------------------------------------------------------


def _variable(place: list[str] | tuple[str, ...]) -> str:
    return ENV_PREFIX + ENV_NESTING.join(place).upper()


def _types_in(annotation: Any) -> Iterator[type]:
    """The plain types an annotation is made of: `dict[str, Keys] | None` gives str, Keys, NoneType."""
    inner = get_args(annotation)
    if not inner and isinstance(annotation, type):
        yield annotation
    for each in inner:
        yield from _types_in(each)


def _group_in(field: FieldInfo) -> type[BaseModel] | None:
    return next((each for each in _types_in(field.annotation) if issubclass(each, BaseModel)), None)


def _is_mapping(field: FieldInfo) -> bool:
    return isinstance(field.default, dict)


def _as_toml(value: object) -> str:
    """A setting's value as it would stand in the settings file; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_as_toml(each) for each in value) + "]"
    if isinstance(value, (int, float)):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
