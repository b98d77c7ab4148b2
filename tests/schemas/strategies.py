"""Hypothesis strategies for any of our models, from its annotations."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel
from pydantic.fields import FieldInfo

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31), timezones=OFFSETS)  # noqa: DTZ001 zones beside
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12)
BOUNDED = {"lat": st.floats(-90, 90), "lon": st.floats(-180, 180), "accuracy_m": st.floats(0, 1e6)}
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
PARAMS = st.dictionaries(TEXT, TEXT | NUMBERS, max_size=3)


def instances(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Instances of a model, each field left out or filled."""
    needed: dict[str, st.SearchStrategy[Any]] = {}
    free: dict[str, st.SearchStrategy[Any]] = {}
    for name, field in model.model_fields.items():
        if name in ("v", "kind"):
            continue
        (needed if field.is_required() else free)[name] = _field(name, field)
    return st.fixed_dictionaries(needed, optional=free).map(model.model_validate)


def _field(name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    if name in BOUNDED:
        return st.none() | BOUNDED[name]
    return _of(field.annotation)


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    Decimal: DECIMALS,
    date: st.dates(),
    datetime: MOMENTS,
    AwareDatetime: MOMENTS,
    type(None): st.none(),
}


def _of(kind: Any) -> st.SearchStrategy[Any]:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _of(inner[0])
    if origin in (Union, UnionType):
        return st.one_of(*map(_of, inner))
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is tuple and inner[-1] is Ellipsis:
        return st.lists(_of(inner[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(_of, inner))
    if origin is dict:
        return PARAMS
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return instances(kind)
    return _PLAIN[kind]
