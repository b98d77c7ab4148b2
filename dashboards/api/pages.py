"""Our own pages: the live list, the interface document, what a problem means. Nothing is loaded from elsewhere."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib import resources

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest

from schemas.texts import LANGUAGES, Language, known, text
from streams.http.problems import language_for
from streams.requests import NotFound

router = APIRouter(include_in_schema=False)

HTML = "text/html; charset=utf-8"
ASSETS = {
    "style.css": "text/css; charset=utf-8",
    "common.js": "text/javascript; charset=utf-8",
    "live.js": "text/javascript; charset=utf-8",
    "docs.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""Every file that pages may load, and nothing else in that folder."""
CATALOGUES = ("errors", "gate")
"""Where the sentence of a problem may stand."""
FRESH = {"Cache-Control": "no-cache"}


@router.get("/")
async def index() -> Response:
    """The live list."""
    return Response(_file("index.html"), media_type=HTML, headers=FRESH)


@router.get("/docs")
async def docs() -> Response:
    """The interface document, drawn from /openapi.json."""
    return Response(_file("docs.html"), media_type=HTML, headers=FRESH)


@router.get("/assets/texts.json")
async def texts() -> dict[str, dict[str, str]]:
    """What our pages say, by language and key."""
    return _page_texts()


@router.get("/assets/{name}")
async def asset(name: str) -> Response:
    """One file of a page."""
    if name not in ASSETS:
        raise NotFound("no_such_thing")
    return Response(_file(name), media_type=ASSETS[name], headers=FRESH)


@router.get("/favicon.ico")
async def favicon() -> Response:
    """The same icon for browsers that ask for it by this name."""
    return Response(_file("icon.svg"), media_type=ASSETS["icon.svg"], headers=FRESH)


@router.get("/problems/{name}")
async def problem(name: str, request: HttpRequest) -> Response:
    """What a problem `type` means, in both languages, the reader's first."""
    found = [f"{place}.{name.replace('-', '_')}" for place in CATALOGUES]
    key = next((each for each in found if each in known() and "title" not in each), None)
    if key is None:
        raise NotFound("no_such_thing")
    first = language_for(request)
    order: list[Language] = [first, *(language for language in LANGUAGES if language != first)]
    paragraphs = "".join(f'<p lang="{_tag(each)}">{escape(_explained(key, each))}</p>' for each in order)
    page = _file("problem.html").decode().replace("{{name}}", escape(name)).replace("{{body}}", paragraphs)
    return Response(page.replace("{{lang}}", _tag(first)), media_type=HTML, headers=FRESH)


@cache
def _file(name: str) -> bytes:
    return (resources.files("dashboards") / "pages" / name).read_bytes()


@cache
def _page_texts() -> dict[str, dict[str, str]]:
    keys = sorted(key for key in known() if key.startswith("pages."))
    return {
        each: {key.removeprefix("pages."): _explained(key, each, "{{{name}}}") for key in keys} for each in LANGUAGES
    }


def _explained(key: str, language: Language, blank: str = "…") -> str:
    """A sentence with its parameters left open; `blank` may name them, as `{name}` does."""
    given: dict[str, str] = {}
    while True:
        try:
            return text(key, language, **given)
        except KeyError as missing:
            name = str(missing.args[0])
            if name in given:
                raise
            given[name] = blank.format(name=name)


def _tag(language: Language) -> str:
    return "zh-CN" if language == "zh" else "en"
