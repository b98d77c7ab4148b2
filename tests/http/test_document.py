"""The interface document and our pages: true, complete, and nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

import dashboards
from schemas.texts import known
from tests.http import said
from tests.http.conftest import House

PAGES = Path(dashboards.__file__).parent / "pages"
EXAMPLES: dict[str, Any] = {
    "/api/v1/captures": said.capture(),
    "/api/v1/checks": said.check(),
    "/api/v1/checks/{check_id}/receipts": said.receipt(),
    "/api/v1/checks/{check_id}/answers": said.answer(),
    "/api/v1/whereabouts": said.whereabouts(),
    "/api/v1/scenes": said.scene(agent={"name": "x"}, items=[{"code": "a", "amount": "1.50", "count": 2}]),
    "/api/v1/holds/{hold_id}/release": {"action": "part_release", "days": ["2026-03-02"], "reason": "x"},
    "/fsi/callService": said.admission()["request"],
}


@pytest.fixture
def house(common_house: House) -> House:
    return common_house


def test_the_document_is_openapi_with_every_reference_in_it(house: House) -> None:
    spec = house.document.spec
    assert spec["openapi"].startswith("3.1")
    for name in re.findall(r'"#/components/schemas/([^"]+)"', httpx.get(f"{house.url}/openapi.json").text):
        assert name in spec["components"]["schemas"], name


def test_every_call_says_what_it_takes_and_who_may(house: House) -> None:
    for path, verbs in house.document.spec["paths"].items():
        for verb, operation in verbs.items():
            assert operation["summary"], path
            assert ("x-action" in operation) == (path not in ("/healthz", "/readyz")), path
            if verb == "post":
                assert operation["requestBody"]["required"] is True, path
                assert operation["responses"].keys() & {"200", "201", "202"}, path


@pytest.mark.parametrize("path", EXAMPLES)
def test_what_callers_really_send_fits_the_documented_body(house: House, path: str) -> None:
    content = house.document.spec["paths"][path]["post"]["requestBody"]["content"]
    house.document.validate(content["application/json"]["schema"], EXAMPLES[path], path)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/api/v1/checks", said.check(colour="red")),
        ("/api/v1/checks", said.check(kind="raid")),
        ("/api/v1/captures", {}),
        ("/api/v1/scenes", said.scene(phase="never")),
    ],
)
def test_what_is_refused_doesn_t_fit_the_document_either(house: House, path: str, wrong: Any) -> None:
    content = house.document.spec["paths"][path]["post"]["requestBody"]["content"]
    with pytest.raises(AssertionError):
        house.document.validate(content["application/json"]["schema"], wrong, path)


def test_no_page_loads_anything_from_elsewhere() -> None:
    files = sorted(PAGES.iterdir())
    assert len(files) >= 7
    for file in files:
        addresses = re.findall(r"https?://[^\s\"'<>)]+", file.read_text("utf-8"))
        assert [one for one in addresses if one != "http://www.w3.org/2000/svg"] == [], file.name
        assert not re.search(r"(?i)innerHTML|outerHTML|document\.write|eval\(", file.read_text("utf-8")), file.name
        assert not re.search(r"(?i)<script(?![^>]+src=)|\son\w+=|style=\"", file.read_text("utf-8")), file.name


def test_every_file_a_page_names_is_served(house: House) -> None:
    for page in ("/", "/docs"):
        html = httpx.get(house.url + page)
        assert html.headers["content-type"].startswith("text/html")
        for address in re.findall(r'(?:src|href)="(/[^"]*)"', html.text):
            assert httpx.get(house.url + address).status_code == 200, address
    for script in PAGES.glob("*.js"):
        for address in re.findall(r'from "\./([^"]+)"', script.read_text("utf-8")):
            assert httpx.get(f"{house.url}/assets/{address}").status_code == 200, address
    assert httpx.get(f"{house.url}/assets/../api/app.py").status_code == 404
    assert httpx.get(f"{house.url}/favicon.ico").status_code == 200


def test_every_word_of_the_pages_is_in_the_catalogue_in_both_languages(house: House) -> None:
    texts = httpx.get(f"{house.url}/assets/texts.json").json()
    assert texts["zh"].keys() == texts["en"].keys()
    used = set[str]()
    for file in PAGES.iterdir():
        source = file.read_text("utf-8")
        used |= set(re.findall(r'data-t(?:-label)?="(\w+)"', source)) | set(re.findall(r'\bt\("(\w+)"', source))
    assert used
    assert used <= texts["zh"].keys()
    families = {"severity": "23", "live": ("on", "off", "wait")}
    assert all(f"{name}_{one}" in texts["zh"] for name, ones in families.items() for one in ones)
    assert texts["en"]["stake"] == "¥{amount} at stake"


def test_every_problem_explains_itself_in_the_reader_s_language_first(house: House) -> None:
    names = [key.removeprefix("errors.") for key in known() if key.startswith("errors.")]
    names = [name for name in names if not name.startswith(("title_", "field_"))]
    assert len(names) > 30
    for name in names:
        page = httpx.get(f"{house.url}/problems/{name.replace('_', '-')}", headers={"Accept-Language": "en"})
        assert page.status_code == 200, name
        assert page.text.index('lang="en"') < page.text.index('lang="zh-CN"')
        assert "{" not in re.sub(r"(?s)<script.*?</script>", "", page.text), name
    assert httpx.get(f"{house.url}/problems/none").status_code == 404
    assert httpx.get(f"{house.url}/problems/<b>").status_code == 404


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("zh-TW,en;q=0.5", "zh-CN"),
        ("fr, en;q=0.4", "en"),
        ("en;q=0", "zh-CN"),
        ("*", "zh-CN"),
        (";;;,q=,", "zh-CN"),
        ("en;q=x, zh;q=0.1", "zh-CN"),
    ],
)
def test_problems_come_in_the_language_liked_best_and_chinese_otherwise(house: House, header: str, tag: str) -> None:
    answer = httpx.get(f"{house.url}/api/v1/alerts/none", headers={"Accept-Language": header})
    assert answer.headers["content-language"] == tag
