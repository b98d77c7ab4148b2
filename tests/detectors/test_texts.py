"""Whatever a detector says can be read by a person, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from detectors.codes import DETECTOR_CODES
from detectors.registry import DETECTORS
from schemas.texts import LANGUAGES, Language, known, text
from schemas.texts.catalogue import _texts

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*(ROOT / "detectors").glob("*.py"), *(ROOT / "detectors" / "ward").glob("*.py")]
REASONS = {key.removeprefix("reasons.") for key in known() if key.startswith("reasons.")}


def codes_in_sources() -> Iterator[str]:
    """What is said by `why(code, …)` and `Reason(code=…)`, as patterns: parts filled in later match anything."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "why" and node.args:
                yield from _patterns(node.args[0])
            if node.func.id == "Reason":
                yield from (p for k in node.keywords if k.arg == "code" for p in _patterns(k.value))


def _patterns(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield re.escape(str(node.value))
    elif isinstance(node, ast.IfExp):
        yield from (*_patterns(node.body), *_patterns(node.orelse))
    elif isinstance(node, ast.JoinedStr):
        yield "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else "[a-z_]+" for p in node.values)


@pytest.mark.parametrize("code", sorted(DETECTOR_CODES))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_detector_code_has_a_title_and_a_line(code: str, language: Language) -> None:
    assert text(f"detectors.{code}", language)
    assert text(f"detectors.about.{code}", language)


def test_every_registered_detector_is_of_the_contract() -> None:
    assert {d.code for d in DETECTORS} <= DETECTOR_CODES
    assert len({d.code for d in DETECTORS}) == len(DETECTORS)


def test_every_reason_in_the_sources_has_its_sentence_and_no_sentence_is_left_over() -> None:
    said = set(codes_in_sources())
    assert len(said) > 20
    for pattern in said:
        assert any(re.fullmatch(pattern, code) for code in REASONS), pattern
    for code in REASONS:
        assert any(re.fullmatch(pattern, code) for pattern in said), code


def test_both_languages_want_the_same_parameters() -> None:
    def wanted(sentence: str) -> set[str]:
        return {name.split(":")[0] for name in re.findall(r"{([^}]+)}", sentence)}

    for key, row in _texts().items():
        if key.startswith(("reasons.", "detectors.")):
            assert wanted(row["zh"]) == wanted(row["en"]), key


def test_every_reason_and_detector_is_documented() -> None:
    page = (ROOT / "docs" / "detectors.md").read_text(encoding="utf-8")
    assert {code for code in REASONS if f"`{code}`" not in page} == set()
    assert {d.code for d in DETECTORS if f"`{d.code}`" not in page} == set()
