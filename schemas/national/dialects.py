"""Provincial spellings as data: which node, field, number or code a province writes for which national one.

`dialects/default.toml` holds the variants that are harmless everywhere; a province's file adds its own. The
province is found by the first digits of the region where the care is given.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Name = Annotated[str, Field(min_length=1, max_length=64)]
Infno = Annotated[str, Field(pattern=r"^(\d{4}[A-Z]?|\*)$")]


class DialectError(ValueError):
    """A dialect file that can't be used. The message names file and key, and the line where TOML breaks."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class _Renames(_Strict):
    nodes: dict[Name, Name] = {}  # at the top of input or output
    fields: dict[Name, Name] = {}  # in any row we read

    @model_validator(mode="after")
    def _one_step(self) -> _Renames:
        for table in (self.nodes, self.fields):
            both = set(table) & set(table.values())
            if both:
                raise ValueError(f"{sorted(both)[0]} is renamed and is the name of another")
        return self


class DialectFile(_Strict):
    """What a dialect file may hold. Keys are the province's spelling, values the national one."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]
    title_zh: str
    title_en: str
    regions: tuple[Annotated[str, Field(pattern=r"^\d{2,6}$")], ...] = ()
    source: str = ""
    infno: dict[Annotated[str, Field(pattern=r"^[0-9A-Z]{4,6}$")], Annotated[str, Field(pattern=r"^\d{4}[A-Z]?$")]] = {}
    envelope: dict[Name, Name] = {}
    response: dict[Name, Name] = {}
    messages: dict[Infno, _Renames] = {}
    codes: dict[Name, dict[str, str]] = {}
    newborn_med_types: tuple[str, ...] = ()
    newborn_needs_birth_date: bool = True
    error_text_is_failure: bool = False


@dataclass(frozen=True, slots=True)
class Renames:
    """The spellings of one transaction, national ones included; `own` are those that only the province has."""

    nodes: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dialect:
    """One province's spellings over the default ones, ready for use."""

    name: str
    title_zh: str = ""
    title_en: str = ""
    infno: Mapping[str, str] = field(default_factory=dict)
    envelope: Mapping[str, str] = field(default_factory=dict)
    response: Mapping[str, str] = field(default_factory=dict)
    messages: Mapping[str, Renames] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    newborn_med_types: frozenset[str] = frozenset()
    newborn_needs_birth_date: bool = True
    error_text_is_failure: bool = False

    def renames(self, infno: str) -> Renames:
        """The spellings of a transaction (by its national number)."""
        return self.messages.get(infno) or self.messages.get("*") or _NONE

    def code(self, name: str, raw: str) -> str:
        """The national value of a code, or the code itself."""
        table = self.codes.get(name)
        return table.get(raw, raw) if table else raw


_NONE = Renames()
PLAIN = Dialect("plain")
"""No variant at all: the national form to the letter."""


@dataclass(frozen=True, slots=True)
class Dialects:
    """All dialects, and the choice among them."""

    default: Dialect
    by_region: Mapping[str, Dialect]
    by_infno: Mapping[str, Dialect]  # numbers that only one province has

    @staticmethod
    def load() -> Dialects:
        """The dialects that come with this package."""
        return _packaged()

    @staticmethod
    def parse(files: Mapping[str, str]) -> Dialects:
        """Dialects from TOML texts by file name; one must be named `default`.

        A site adds its own province with `parse({**packaged_files(), "mine.toml": text})`.
        Raises `DialectError` naming the file and the key; of two that contradict each other, the later one.
        """
        read = [(name, _read(name, text)) for name, text in files.items()]
        base = next((one for _, one in read if one.name == "default"), None)
        if base is None:
            raise DialectError("没有 default 方言 / there is no dialect named default")
        default = _compile(base, None)
        by_region: dict[str, Dialect] = {}
        numbers: dict[str, list[Dialect]] = {}
        for file, one in read:
            if one is base:
                continue
            if not one.regions:
                raise DialectError(f"{file}: regions: 方言必须写明医保区划前缀 / a dialect needs its regions")
            dialect = _compile(one, base)
            for region in one.regions:
                if region in by_region:
                    raise DialectError(
                        f"{file}: regions: {region} 已属于 / already belongs to {by_region[region].name}"
                    )
                by_region[region] = dialect
            for number in one.infno:
                numbers.setdefault(number, []).append(dialect)
        return Dialects(default, by_region, {n: found[0] for n, found in numbers.items() if len(found) == 1})

    def choose(self, region: str, institution: str, infno: str) -> Dialect:
        """The dialect for a message: by region, else by the region inside `fixmedins_code`, else by a number
        that only one province uses, else the default."""
        code = region or institution[1:7]
        for length in (6, 5, 4, 3, 2):
            found = self.by_region.get(code[:length])
            if found is not None:
                return found
        return self.by_infno.get(infno, self.default)

    def spelt(self, infnos: Collection[str]) -> frozenset[str]:
        """Every number under which one of these transactions may come, the national ones included."""
        every = (self.default, *self.by_region.values())
        return frozenset(infnos) | {n for one in every for n, national in one.infno.items() if national in infnos}


def packaged_files() -> dict[str, str]:
    """The TOML texts that come with this package, by file name."""
    folder = resources.files(__package__) / "dialects"
    return {f.name: f.read_text("utf-8") for f in folder.iterdir() if f.name.endswith(".toml")}


@cache
def _packaged() -> Dialects:
    return Dialects.parse(packaged_files())


def _read(file: str, text: str) -> DialectFile:
    try:
        return DialectFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise DialectError(f"{file}: TOML 有误 / not TOML: {error}") from None
    except ValidationError as error:
        raise DialectError(f"{file}: {_complaint(error)}") from None


def _complaint(error: ValidationError) -> str:
    complaints = error.errors(include_url=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, row['loc'])) or 'file'}: {row['msg']}" for row in complaints[:5])


def _compile(own: DialectFile, base: DialectFile | None) -> Dialect:
    def merged(name: str) -> dict[str, Any]:
        mine: dict[str, Any] = getattr(own, name)
        common: dict[str, Any] = getattr(base, name) if base else {}
        return mine | {key: value for key, value in common.items() if key not in mine}

    layers = [own, base] if base else [own]
    numbers = {infno for layer in layers for infno in layer.messages}
    return Dialect(
        name=own.name,
        title_zh=own.title_zh,
        title_en=own.title_en,
        infno=merged("infno"),
        envelope=merged("envelope"),
        response=merged("response"),
        messages={infno: _renames(infno, own, base) for infno in numbers},
        codes={name: (base.codes.get(name, {}) if base else {}) | rows for name, rows in merged("codes").items()},
        newborn_med_types=frozenset(own.newborn_med_types or (base.newborn_med_types if base else ())),
        newborn_needs_birth_date=own.newborn_needs_birth_date,
        error_text_is_failure=own.error_text_is_failure,
    )


def _renames(infno: str, own: DialectFile, base: DialectFile | None) -> Renames:
    """The most particular row first: the province's, then the default's; the transaction's, then everyone's."""
    nodes: dict[str, str] = {}
    fields: dict[str, str] = {}
    provincial: set[str] = set()
    for layer in (own, base) if base else (own,):
        for key in dict.fromkeys((infno, "*")):
            row = layer.messages.get(key)
            if row is None:
                continue
            if base and layer is own:
                provincial |= row.nodes.keys() | row.fields.keys()
            for into, source in ((nodes, row.nodes), (fields, row.fields)):
                for variant, national in source.items():
                    into.setdefault(variant, national)
    return Renames(nodes, fields, frozenset(provincial))
