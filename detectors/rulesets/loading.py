"""From TOML text to `RuleSet`. Every error names file, line and key; all of them are found before any is told.

A set states only what it changes: the rest comes from the set that it `extends` (`national` where it doesn't
say). Each number that it does state needs its source beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time
from importlib import resources
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from detectors.codes import DETECTOR_CODES, RECORD_ONLY
from detectors.located import ConfigurationError, Document, Path, Problem, closest, parse
from detectors.rulesets.model import Bands, RuleSet, Section

NATIONAL = "national"
OWN_KEYS = frozenset({"name", "version", "region", "extends", "effective_from", "effective_to"})
"""What a set never takes over from the one it extends."""

METRICS = {"dlib-resnet-1": "distance"}
"""Models whose comparison is fixed by what they are."""

LARGEST_DISTANCE = 2.0
"""Two unit vectors are never further apart; built-in models give unit vectors."""


class RuleSetError(ConfigurationError):
    """Rule sets that can't be used."""


def builtin_texts() -> dict[str, str]:
    """The rule sets that come with the program: file name → text."""
    folder = resources.files(__package__)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return {name: (folder / name).read_text("utf-8") for name in names}


def load_all(texts: Mapping[str, str]) -> tuple[RuleSet, ...]:
    """All sets of `texts` (file name → text), by region and date.

    Raises `RuleSetError` with every problem of every file.
    """
    shelf, problems = _shelf(texts)
    sets: list[tuple[Document, RuleSet]] = []
    for document in shelf:
        try:
            sets.append((document, _build(document, shelf)))
        except ConfigurationError as error:
            problems.extend(error.problems)
    problems.extend(_overlaps(sets))
    if problems:
        raise RuleSetError(problems)
    return tuple(sorted((r for _, r in sets), key=lambda r: (r.region, r.effective_from)))


def load_one(text: str, file: str, beside: Mapping[str, str] | None = None) -> RuleSet:
    """The one set in `text`; `beside` are the texts that it may extend (built in, unless given).

    Raises `RuleSetError`.
    """
    others = {k: v for k, v in (builtin_texts() if beside is None else beside).items() if k != file}
    try:
        document = parse(text, file)
        shelf, _ = _shelf(others)
        return _build(document, [document, *shelf])
    except ConfigurationError as error:
        raise RuleSetError(error.problems) from None


def _shelf(texts: Mapping[str, str]) -> tuple[list[Document], list[Problem]]:
    documents: list[Document] = []
    problems: list[Problem] = []
    for file, text in sorted(texts.items()):
        try:
            documents.append(parse(text, file))
        except ConfigurationError as error:
            problems.extend(error.problems)
    return documents, problems


# ── one file ─────────────────────────────────────────────────────────────────────────────────────────────


def _build(document: Document, shelf: list[Document]) -> RuleSet:
    merged = _merged(document, shelf)
    try:
        rules = RuleSet.model_validate(merged)
    except ValidationError as error:
        raise ConfigurationError(document.problems(error, RuleSet)) from None
    problems = [*_without_source(document, document.data, ()), *_contradictions(document, rules)]
    if problems:
        raise ConfigurationError(problems)
    return rules


def _merged(document: Document, shelf: list[Document], seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """The file's values over those of the set it extends, down to the set that extends none."""
    own = document.data
    wanted = own.get("extends") or (NATIONAL if own.get("name") != NATIONAL else "")
    if not wanted or not isinstance(wanted, str):
        return own
    if document.file in seen:
        raise ConfigurationError([document.problem(("extends",), "循环引用", "these sets extend each other")])
    base = _base(document, wanted, shelf)
    inherited = _merged(base, shelf, (*seen, document.file))
    values = {key: value for key, value in inherited.items() if key not in OWN_KEYS}
    return {**_over(values, own), "extends": wanted}


def _base(document: Document, wanted: str, shelf: list[Document]) -> Document:
    """The file that `wanted` names: a version of its own, else the one in force when this set begins."""
    name, _, version = wanted.partition("/")
    found = [d for d in shelf if d.data.get("name") == name and d.file != document.file]
    if version:
        found = [d for d in found if d.data.get("version") == version]
    if not found:
        known = ", ".join(sorted({str(d.data.get("name")) for d in shelf}))
        raise ConfigurationError(
            [
                document.problem(
                    ("extends",), f"没有规则集 {wanted}，已有 {known}", f"no rule set {wanted}; there are: {known}"
                )
            ]
        )
    begins = document.data.get("effective_from")
    dated = sorted((d for d in found if _is_day(_from(d))), key=_from)
    earlier = [d for d in dated if _is_day(begins) and _from(d) <= begins]
    return earlier[-1] if earlier else (dated or found)[0]


def _from(document: Document) -> Any:
    return document.data.get("effective_from")


def _is_day(value: object) -> bool:
    return type(value) is date


def _over(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _without_source(document: Document, table: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """Numbers of this very file that have no source beside them, and sources of nothing."""
    source = table.get("source", {})
    for key, value in table.items():
        if isinstance(value, dict):
            if key != "source":
                yield from _without_source(document, value, (*path, key))
        elif path and _is_number(value) and not str(source.get(key, "")).strip():
            where = ".".join((*path, "source"))
            yield document.problem(
                (*path, key), f"缺少依据，请在 [{where}] 中写明", f"its source is missing: state it in [{where}]"
            )
    for key in source:
        if key not in table:
            yield document.problem(
                (*path, "source", key), "这里没有这个参数", "it is the source of a parameter that isn't stated here"
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | time) and not isinstance(value, bool)


# ── what the parts say together ──────────────────────────────────────────────────────────────────────────


def _contradictions(document: Document, rules: RuleSet) -> Iterator[Problem]:
    yield from _codes(document, rules)
    for model, populations in rules.calibration.items():
        for population, bands in populations.items():
            yield from _bands(document, ("calibration", model, population), bands, METRICS.get(model))
    for metric, bands in rules.anchor.items():
        if metric not in ("distance", "similarity"):
            yield document.problem(
                ("anchor", metric), "应为 distance 或 similarity", "should be distance or similarity"
            )
        else:
            yield from _bands(document, ("anchor", metric), bands, metric)
    if rules.effective_to is not None and rules.effective_to <= rules.effective_from:
        yield document.problem(("effective_to",), "应晚于 effective_from", "should be after effective_from")
    for section, low, high in ORDERED:
        table: Section = getattr(rules, section)
        if getattr(table, low) > getattr(table, high):
            at = high if document.line((section, high)) != document.line((section,)) else low
            yield document.problem((section, at), f"{low} 不应大于 {high}", f"{low} should not exceed {high}")


ORDERED = (
    ("ledger", "confirm_after_minutes", "confirm_within_minutes"),
    ("presence_bed_hanging", "notice", "alarm"),
    ("admission_overlap", "grace_hours", "firm_hours"),
)
"""(section, smaller, larger)"""


def _codes(document: Document, rules: RuleSet) -> Iterator[Problem]:
    for code in rules.gate.hold_detectors:
        if code in RECORD_ONLY:
            yield document.problem(
                ("gate", "hold_detectors"), f"{code} 只作记录，不能待核", f"{code} only records: it can't hold"
            )
        elif code not in DETECTOR_CODES:
            meant = closest(code, DETECTOR_CODES)
            yield document.problem(
                ("gate", "hold_detectors"),
                f"没有检测 {code}" + (f"，是否指 {meant}" if meant else ""),
                f"there is no detector {code}" + (f"; did you mean {meant}?" if meant else ""),
            )


def _bands(document: Document, path: Path, bands: Bands, fixed: str | None) -> Iterator[Problem]:
    if fixed is not None and bands.metric != fixed:
        yield document.problem((*path, "metric"), f"这里应为 {fixed}", f"should be {fixed} here")
        return
    distance = bands.metric == "distance"
    if distance and not 0 <= bands.same < bands.different:
        yield document.problem((*path, "same"), "应满足 0 ≤ same < different", "should be 0 ≤ same < different")
    if not distance and bands.same <= bands.different:
        yield document.problem((*path, "same"), "应大于 different", "should be larger than different")
    if path[1] in METRICS and bands.different > LARGEST_DISTANCE:
        yield document.problem((*path, "different"), f"应 ≤ {LARGEST_DISTANCE}", f"should be ≤ {LARGEST_DISTANCE}")


def _overlaps(sets: list[tuple[Document, RuleSet]]) -> Iterator[Problem]:
    """Two sets in force for one region on one day, and one name and version used twice."""
    ordered = sorted(sets, key=lambda row: (row[1].region, row[1].effective_from, row[0].file))
    for (one, earlier), (two, later) in pairwise(ordered):
        if earlier.region != later.region:
            continue
        if earlier.effective_to is None or later.effective_from < earlier.effective_to:
            yield two.problem(
                ("effective_from",),
                f"与 {one.file} 的生效期重叠（同一地区同一天只能有一个）",
                f"overlaps with {one.file}: one region has one rule set a day",
            )
    labels: dict[str, Document] = {}
    for document, rules in sets:
        first = labels.setdefault(rules.label, document)
        if first is not document:
            yield document.problem(
                ("version",),
                f"{rules.label} 已在 {first.file} 中用过",
                f"{rules.label} is already used in {first.file}",
            )
