"""docs/one-event.md tells the truth: each function it names exists, and they are called in that order.

The case of the page is played through the real system, the settlement over HTTP, with every call written down.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest

from access.credentials import Credentials
from dashboards.api.app import create_server
from streams.embedded import Embedded
from streams.http.options import GatewayOptions
from streams.metrics import Metrics
from streams.queries import StoredQueries
from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient, Sent

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "one-event.md"
REFERENCE = re.compile(r"\[`([\w.]+)`\]\(\.\./([\w/]+\.py)\)")

Call = tuple[str, str]
"""(file, qualified name)"""


def references() -> list[Call]:
    """The functions that the page names, in its order."""
    return [(file, name) for name, file in REFERENCE.findall(PAGE.read_text("utf-8"))]


# ── the case of the page ─────────────────────────────────────────────────────────────────────────────────


def an_absent_patient(hospital: Hospital) -> tuple[Patient, Sent]:
    """Three days of looking for him, and on the fourth the claim."""
    ward = hospital.ward("骨科")
    li = ward.admits("03-02 09:00", bed="12")
    li.enrolled("03-02 09:20")
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 12:00", until=f"{day} 14:00")
        li.not_found(check, f"{day} 12:10", f"{day} 12:50")
    li.discharged("03-06 09:00")
    return li, li.settles("03-06 09:30", fund="1200.00")


@contextmanager
def written_down(calls: list[Call]) -> Iterator[None]:
    """Every call of a function of ours, in every thread that begins meanwhile, in order."""
    names: dict[Any, Call | None] = {}

    def note(frame: FrameType, what: str, _: Any) -> None:
        if what != "call":
            return
        code = frame.f_code
        if code not in names:
            file = Path(code.co_filename)
            ours = file.is_relative_to(ROOT) and ".venv" not in file.parts
            names[code] = (file.relative_to(ROOT).as_posix(), code.co_qualname) if ours else None
        found = names[code]
        if found is not None:
            calls.append(found)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """What the case calls, from the first line of the journal to the paying side's list."""
    hospital, found = Hospital(), list[Call]()
    li, settlement = an_absent_patient(hospital)
    hospital.journal.lines.remove(settlement)
    bureau = Bureau(tmp_path_factory.mktemp("one-event"))
    bureau.parts  # noqa: B018 put together before anything is written down
    with written_down(found):
        bureau.hears(hospital.journal)
        listed = asyncio.run(over_http(bureau, settlement))
    bureau.close()
    assert [row["mdtrt_id"] for row in listed] == [li.mdtrt_id]
    return found


async def over_http(bureau: Bureau, settlement: Sent) -> list[dict[str, Any]]:
    """Posts the settlement, lets the engines come to rest, and reads the list of holds."""
    whole = bureau.parts
    whole.clock.set(settlement.at)  # type: ignore[attr-defined]
    node = Embedded(whole.store, whole.intake, whole.pump, whole.clock)
    queries = StoredQueries(whole.store, whole.policies, whole.clock.now)
    app = create_server(node, queries, GatewayOptions(), Credentials(()), Metrics(), "test")
    node.start()
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 1))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            answer = await client.post(settlement.row["path"], json=settlement.row["json"])
            assert answer.json()["output"]["wardwatch"]["outcome"] == "hold"
            deadline = time.monotonic() + 20
            while whole.pump.backlog:
                assert time.monotonic() < deadline, "the engines did not come to rest"
                await asyncio.sleep(0.01)
            listed = await client.get("/api/v1/export/holds")
            rows: list[dict[str, Any]] = listed.json()["items"]
            return rows
    finally:
        node.stop()


# ── the page ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_names_enough_to_follow() -> None:
    assert len(references()) >= 40
    packages = {file.partition("/")[0] for file, _ in references()}
    assert packages >= {"streams", "schemas", "detectors", "storage", "dashboards"}


@pytest.mark.parametrize("called", references(), ids="{0[0]}:{0[1]}".format)
def test_each_function_it_names_is_called_in_this_case(called: Call, calls: list[Call]) -> None:
    assert called in calls


def test_they_are_called_in_the_order_of_the_page(calls: list[Call]) -> None:
    at = 0
    for called in references():
        assert called in calls[at:], f"{called[0]}:{called[1]} comes too late on the page"
        at = calls.index(called, at) + 1
