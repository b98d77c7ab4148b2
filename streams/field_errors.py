"""What pydantic found wrong, as rows that a person can act on, in the words of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.texts import known
from streams.requests import FieldError

MOST_ERRORS = 20
"""More than this helps nobody."""

KEYS: dict[str, tuple[str, str]] = {
    "missing": ("field_missing", ""),
    "extra_forbidden": ("field_unknown", ""),
    "literal_error": ("field_choice", "expected"),
    "string_type": ("field_text", ""),
    "string_too_long": ("field_too_long", "max_length"),
    "string_too_short": ("field_empty", ""),
    "string_pattern_mismatch": ("field_pattern", "pattern"),
    "string_unicode": ("field_text", ""),
    "timezone_aware": ("field_time_offset", ""),
    "datetime_parsing": ("field_time_format", ""),
    "datetime_from_date_parsing": ("field_time_format", ""),
    "datetime_type": ("field_time_format", ""),
    "date_parsing": ("field_date", ""),
    "date_from_datetime_parsing": ("field_date", ""),
    "date_type": ("field_date", ""),
    "finite_number": ("field_number", ""),
    "float_type": ("field_number", ""),
    "float_parsing": ("field_number", ""),
    "decimal_type": ("field_number", ""),
    "decimal_parsing": ("field_number", ""),
    "decimal_max_digits": ("field_digits", "max_digits"),
    "decimal_max_places": ("field_places", "decimal_places"),
    "decimal_whole_digits": ("field_digits", "whole_digits"),
    "greater_than": ("field_above", "gt"),
    "greater_than_equal": ("field_at_least", "ge"),
    "less_than": ("field_at_most", "lt"),
    "less_than_equal": ("field_at_most", "le"),
    "bool_type": ("field_bool", ""),
    "bool_parsing": ("field_bool", ""),
    "tuple_type": ("field_list", ""),
    "list_type": ("field_list", ""),
    "too_long": ("field_too_many", "max_length"),
    "model_type": ("field_object", ""),
    "model_attributes_type": ("field_object", ""),
    "dict_type": ("field_object", ""),
}
"""pydantic's error type → key of the catalogue, and which of its parameters the sentence calls `limit`."""


def field_errors(error: ValidationError, inside: str = "") -> tuple[FieldError, ...]:
    """One row a field. `inside` is the path of the validated part within the document. Never a value."""
    rows = error.errors(include_url=False, include_input=False)
    return tuple(row_of(row, inside) for row in rows[:MOST_ERRORS])


def row_of(row: ErrorDetails | Mapping[str, Any], inside: str = "") -> FieldError:
    """One complaint of pydantic (or of FastAPI, which passes them on) as a row of ours."""
    path = ".".join([inside] * bool(inside) + [_step(step) for step in row["loc"]])
    context: dict[str, Any] = row.get("ctx", {})
    if row["type"] in KEYS:
        key, limit = KEYS[row["type"]]
        return FieldError(path, key, {"limit": _plain(context[limit])} if limit in context else {})
    if f"errors.{row['type']}" in known():
        return FieldError(path, row["type"], {name: str(value) for name, value in context.items()})
    return FieldError(path, "field_wrong", {})


def _plain(limit: object) -> str:
    """A limit without pydantic's own words: `'a', 'b' or 'c'` becomes `a, b, c`."""
    return str(limit).replace("'", "").replace(" or ", ", ")


def _step(step: int | str) -> str:
    """A field's name may come from the request: bounded and printable, whatever was sent."""
    return "".join(letter for letter in str(step)[:64] if letter.isprintable())
