"""The page about the interface says all there is: every transaction, event, reason and flag, and its own example."""

from __future__ import annotations

import re
from pathlib import Path

from schemas.national import FLAGS, INFNOS, REASONS, Dialects
from schemas.national.dialects import packaged_files

PAGE = (Path(__file__).parents[2] / "docs" / "national-interface.md").read_text("utf-8")


def test_every_transaction_and_what_it_becomes_is_on_the_page() -> None:
    for infno, row in INFNOS.items():
        if not row.events:
            assert re.search(rf"\b{infno}\b", PAGE), infno
            continue
        line = next((line for line in PAGE.splitlines() if line.startswith(f"| {infno} |")), "")
        assert row.zh in line, infno
        assert all(f"`{kind}`" in line for kind in row.events), infno


def test_every_reason_and_flag_is_on_the_page() -> None:
    missing = [word for word in (*REASONS, *FLAGS) if f"| `{word}` |" not in PAGE]
    assert missing == []


def test_the_dialect_shown_on_the_page_can_be_used() -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert Dialects.parse({**packaged_files(), "shown.toml": shown}).choose("990202", "", "").name == "sample"
