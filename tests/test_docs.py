"""The documentation holds what it promises: links lead somewhere, every setting and command is there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from wardwatch.settings import Setting, all_settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {".venv", ".git", ".hypothesis", ".pytest_cache", "data", "node_modules", "build", "dist"}

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s+<?(\S+?)>?\s*$", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)
SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
MAKE_TARGET = re.compile(r"^([a-z][a-z-]*):.*## ", re.MULTILINE)


def pages() -> list[Path]:
    found = [page for page in ROOT.rglob("*.md") if not NOT_OURS & set(page.relative_to(ROOT).parts)]
    return sorted(page for page in found if not page.relative_to(ROOT).parts[0].startswith(".venv"))


def without_code(text: str) -> str:
    return INLINE_CODE.sub("", FENCE.sub("", text))


def links(text: str) -> Iterator[str]:
    prose = without_code(text)
    yield from LINK.findall(prose)
    yield from REFERENCE.findall(prose)


def anchors(text: str) -> set[str]:
    """The names by which headings can be linked, as code hosts make them: `## 3. How far?` is `3-how-far`."""
    names: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        kept = (c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LNM")
        name = "".join(kept).replace(" ", "-")
        again = 1
        base = name
        while name in names:
            name = f"{base}-{again}"
            again += 1
        names.add(name)
    return names


def broken_links(page: Path) -> list[str]:
    return [link for link in links(page.read_text(encoding="utf-8")) if not leads_somewhere(page, link)]


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a relative link finds its file, inside the repository, and its heading. The web isn't asked."""
    if SCHEME.match(link) or link.startswith("//"):
        return True
    path, _, anchor = unquote(link).partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(home_of(page)):
        return False
    if not anchor or target.suffix != ".md":
        return True
    return anchor in anchors(target.read_text(encoding="utf-8"))


def home_of(page: Path) -> Path:
    """Links must stay in the repository; a page that a test makes elsewhere has its own folder."""
    return ROOT if page.is_relative_to(ROOT) else page.parent


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_between_our_pages_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


@pytest.mark.parametrize("link", ["missing.md", "../outside.md", "page.md#no-such-heading", "#nowhere", "<a%20b.md>"])
def test_a_link_that_leads_nowhere_is_found(link: str, tmp_path: Path) -> None:
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    (tmp_path / "outside.md").touch()
    page.write_text(f"# 标题 Title\n\nSee [this]({link}) and [that](#标题-title).\n", encoding="utf-8")
    assert broken_links(page) == [link.strip("<>")]


def test_code_and_the_web_are_no_links_of_ours(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("`[a](b.md)`\n\n```\n[a](b.md)\n```\n\n[web](https://example.org/x.md)\n", encoding="utf-8")
    assert broken_links(page) == []


def setting_row(setting: Setting) -> str:
    """The line docs/settings.md should hold."""
    variable = "JSON" if "<code>" in setting.key else f"`{setting.variable}`"
    default = f"`{setting.default}`" if setting.default else ""
    return f"| `{setting.key}` | {variable} | {default} | {setting.description} |"


@pytest.mark.parametrize("setting", list(all_settings()), ids=lambda setting: setting.key)
def test_every_setting_is_documented_as_it_is(setting: Setting) -> None:
    lines = (ROOT / "docs/settings.md").read_text(encoding="utf-8").splitlines()
    assert setting_row(setting) in lines


def test_no_setting_is_documented_that_does_not_exist() -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert documented == [setting.key for setting in all_settings()], "the same ones, in the same order"


def test_the_settings_file_shown_as_an_example_can_be_read(tmp_path: Path) -> None:
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    file = tmp_path / "wardwatch.toml"
    file.write_text(example, encoding="utf-8")
    load_settings(file)


def test_every_make_command_in_the_pages_exists() -> None:
    targets = set(MAKE_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    assert {"setup", "run", "test", "bench", "help"} <= targets
    for page in pages():
        # Only code counts: "make" is a word of the language too.
        text = page.read_text(encoding="utf-8")
        code = "\n".join(match.group() for match in [*FENCE.finditer(text), *INLINE_CODE.finditer(text)])
        named = set(re.findall(r"(?:^|[`\s;&])make ([a-z][a-z-]*)", code))
        assert named <= targets, page.relative_to(ROOT)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_the_commands_that_set_up_and_check(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for command in ("make setup", "make run", "make test", "make bench"):
        assert command in text
