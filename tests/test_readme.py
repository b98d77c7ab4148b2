"""What the two READMEs show works as it stands: their commands, their rule set, their detector."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from detectors.rulesets.loading import load_one
from tests.http.conftest import House, started, stopped
from wardwatch.clock import Clock

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "README.zh-CN.md")
ADDRESS = "http://127.0.0.1:8800"


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of one language."""
    text = (ROOT / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def answers(script: str, house: House) -> list[dict[str, Any]]:
    """What each curl of a block prints, with the test's server in place of the address shown."""
    done = subprocess.run(
        ["sh", "-eu", "-c", script.replace(ADDRESS, house.url).replace("curl -s", "curl -s -w '\\n'")],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl isn't installed")
@pytest.mark.parametrize("page", PAGES)
def test_the_curl_commands_work_as_they_stand(page: str, tmp_path: Path) -> None:
    admission, question = [script for script in blocks(page, "sh") if "curl" in script]
    house = started(tmp_path / "house")
    house.clock.set(Clock().now())
    try:
        taken, stay = answers(admission, house)
        assert (taken["infcode"], taken["err_msg"]) == (0, "")
        assert (stay["mdtrt_id"], stay["ward"], stay["state"]) == ("M100001", "骨科", "open")
        (asked,) = answers(question, house)
        assert (asked["infcode"], asked["output"]["result"]) == (0, [])
        assert house.letters() == []
    finally:
        stopped(house)


@pytest.mark.parametrize("page", PAGES)
def test_the_rule_set_shown_can_be_loaded(page: str) -> None:
    (text,) = blocks(page, "toml")
    assert load_one(text, "990300.toml").presence_bed_hanging.no_service_hours == 72


def test_the_detector_shown_is_that_of_the_guide() -> None:
    (shown,) = blocks("README.md", "python")
    assert blocks("README.zh-CN.md", "python") == [shown]
    assert shown in (ROOT / "docs" / "adding-a-detector.md").read_text("utf-8")


def test_both_languages_have_the_same_parts() -> None:
    def outline(page: str) -> list[int]:
        text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        return [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]

    assert outline("README.md") == outline("README.zh-CN.md")
    assert [len(blocks("README.md", kind)) for kind in ("sh", "toml", "python")] == [
        len(blocks("README.zh-CN.md", kind)) for kind in ("sh", "toml", "python")
    ]
