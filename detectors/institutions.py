"""The institutions' configuration: TOML text, one table an institution; docs/examples/institutions.toml shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, ValidationError

from detectors.located import ConfigurationError, Document, Problem, closest, moment_of, parse
from detectors.policy import Institution
from detectors.rulesets.model import Region
from schemas.base import Model
from schemas.settlement import PayRegime

_REMEMBERED = 10_000
"""Institutions without configuration that are kept: the same object every time, as the configured ones are."""

CHECK_KINDS = ("round", "spot", "onsite")

Start = datetime | date
"""A date begins at 00:00, and what has no offset is China time."""


class InstitutionRow(Model):
    """One table `[institutions.<fixmedins_code>]`."""

    name: str = Field("", description="名称，仅供查看 / name, for people only")
    region: Region = Field("", description="六位区划代码，决定规则集 / six-digit region: picks the rule set")
    population: Annotated[str, Field(min_length=1)] = Field(
        "default", description="人脸校准人群 / population for which the face model is calibrated"
    )
    pay_regime: PayRegime | None = Field(None, description="支付方式 / how its stays are paid")
    soft: bool | None = Field(None, description="试运行：只提示，不待核 / soft launch: reported only, nothing held")
    soft_launch_until: Start | None = Field(None, description="试运行到何时 / soft launch ends then")
    monitored_from: dict[str, Start] = Field(
        {},
        description="何时纳入监测：“*”、病区、或“病区/round|spot|onsite” / "
        "monitoring begins: “*”, a ward, or “ward/round|spot|onsite”",
    )
    wards: dict[str, str] = Field({}, description="科室编码或名称 → 病区 / department code or name → ward")


class InstitutionBook:
    """All configured institutions, and what holds for the others."""

    def __init__(self, rows: Mapping[str, Institution] | None = None, *, default_soft: bool) -> None:
        """`default_soft`: is an institution that doesn't say in soft launch? Live yes, in a replay no."""
        self._rows = dict(rows or {})
        self._default_soft = default_soft
        self._unknown: dict[str, Institution] = {}

    @classmethod
    def from_text(cls, text: str, file: str, *, default_soft: bool) -> InstitutionBook:
        """The institutions in `text`. Raises `ConfigurationError` naming file, line and key."""
        document = parse(text, file)
        problems = [document.problem((key,), *_unknown_table(key)) for key in document.data if key != "institutions"]
        table = document.data.get("institutions", {})
        if not isinstance(table, dict):
            table = {}
            problems.append(document.problem(("institutions",), "应为表", "should be a table"))
        rows: dict[str, Institution] = {}
        for code, said in table.items():
            try:
                rows[code] = _institution(document, code, said, default_soft)
            except ConfigurationError as error:
                problems.extend(error.problems)
        if problems:
            raise ConfigurationError(problems)
        return cls(rows, default_soft=default_soft)

    def institution(self, code: str) -> Institution:
        """The configuration of `code`; an unknown one is monitored from its first message."""
        known = self._rows.get(code) or self._unknown.get(code)
        if known is None:
            if len(self._unknown) >= _REMEMBERED:
                self._unknown.clear()
            known = self._unknown[code] = Institution(code=code, soft=self._default_soft)
        return known

    @property
    def codes(self) -> tuple[str, ...]:
        """Every configured `fixmedins_code`."""
        return tuple(sorted(self._rows))


def _unknown_table(key: str) -> tuple[str, str]:
    meant = closest(key, ("institutions",))
    hint = (f"，是否指 {meant}", f"; did you mean {meant}?") if meant else ("", "")
    return f"没有这个表{hint[0]}", f"there is no such table{hint[1]}"


def _institution(document: Document, code: str, said: Any, default_soft: bool) -> Institution:
    try:
        row = InstitutionRow.model_validate(said, strict=False)
    except ValidationError as error:
        raise ConfigurationError(document.problems(error, InstitutionRow, ("institutions", code))) from None
    problems = list(_contradictions(document, code, row))
    if problems:
        raise ConfigurationError(problems)
    until = moment_of(row.soft_launch_until)
    return Institution(
        code=code,
        region=row.region,
        population=row.population,
        pay_regime=row.pay_regime,
        soft=row.soft if row.soft is not None else default_soft and until is None,
        soft_until=until,
        monitored_from={place: begin for place, said in row.monitored_from.items() if (begin := moment_of(said))},
        wards=dict(row.wards),
        name=row.name,
    )


def _contradictions(document: Document, code: str, row: InstitutionRow) -> list[Problem]:
    path = ("institutions", code)
    found = []
    if row.soft is not None and row.soft_launch_until is not None:
        found.append(
            document.problem(
                (*path, "soft"),
                "soft 与 soft_launch_until 只写一个",
                "state either soft or soft_launch_until, not both",
            )
        )
    for place in row.monitored_from:
        kind = place.rpartition("/")[2] if "/" in place else "round"
        if kind not in CHECK_KINDS:
            found.append(
                document.problem(
                    (*path, "monitored_from", place),
                    f"“/”后应为 {'、'.join(CHECK_KINDS)}",
                    f"after “/” should stand one of {', '.join(CHECK_KINDS)}",
                )
            )
    return found
