"""Texts by key from the TOML files beside this one, filled with parameters."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, Language] = ("zh", "en")
FILES = ("reasons", "detectors", "errors", "gate", "nurse", "pages")
"""Each `<name>.toml` holds `[key]` tables with `zh` and `en`; the key is `<name>.<key>`."""


@cache
def _texts() -> dict[str, dict[str, str]]:
    folder = resources.files(__package__)
    found: dict[str, dict[str, str]] = {}
    for name in FILES:
        rows = tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
        found.update({f"{name}.{key}": row for key, row in rows.items()})
    return found


def known() -> frozenset[str]:
    """Every key of the catalogue."""
    return frozenset(_texts())


def text(key: str, language: Language, /, **params: Any) -> str:
    """The sentence for `key`, e.g. `text("reasons.check_missed", "zh", days=2)`.

    Raises `KeyError` for an unknown key or a parameter that the sentence wants and didn't get.
    """
    return _texts()[key][language].format_map(params)


def zh(key: str, /, **params: Any) -> str:
    """`text` in Chinese, the first language of every user."""
    return text(key, "zh", **params)
