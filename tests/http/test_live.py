"""The live feed: what happens is told, in order, once, to those who may know, also after a break."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import orjson

from access.scopes import ALL
from storage import feed
from tests.http import said
from tests.http.conftest import LIMITS, House, Opened
from tests.http.test_reach import credential

Event = dict[str, str]


class Listener:
    """One console: reads events as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        self.comments = 0

    def position(self) -> str:
        """The id that comes before any event: a browser keeps it for when it comes back."""
        return next(line for line in self._lines if line.startswith("id: ")).removeprefix("id: ")

    def events(self) -> Iterator[Event]:
        """Every event, comments left out."""
        event: Event = {}
        for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                event[name] = value
            elif event:
                if "data" in event:
                    yield event
                event = {}

    def take(self, count: int) -> list[Event]:
        """The next events; the client's timeout ends a wait in vain."""
        events = self.events()
        return [next(events) for _ in range(count)]


@contextmanager
def listening(house: House, token: str = "", after: str = "", **params: str) -> Iterator[Listener]:
    headers = {"Last-Event-ID": after} if after else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    client = httpx.Client(base_url=house.url, timeout=10)
    with client, client.stream("GET", "/api/v1/live", headers=headers, params=params) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Listener(answer)


def tell(house: House, *rows: tuple[str, str, dict[str, Any]]) -> None:
    """Lines of the feed as the engine writes them."""
    with house.store.write() as conn:
        feed.append(conn, [(kind, place, orjson.dumps(body)) for kind, place, body in rows], at=house.clock.now())


def check_line(number: int, institution: str = said.HOSPITAL, ward: str = said.WARD) -> tuple[str, str, dict[str, Any]]:
    return "check", institution, {"check_id": f"ck-{number}", "check_kind": "spot", "ward": ward}


def test_a_check_and_an_alert_reach_whoever_listens(house: House) -> None:
    with listening(house) as console, house.client() as caller:
        caller.post("/fsi/callService", json=said.admission())
        caller.post("/api/v1/checks", json=said.check(kind="round"))
        (told,) = console.take(1)
        assert told["event"] == "check"
        body = orjson.loads(told["data"])
        assert (body["check_id"], body["fixmedins_code"]) == ("ck-1", said.HOSPITAL)
        assert "nonce" not in body, "whoever sees the feed must not learn it"
        caller.post("/api/v1/checks/ck-1/receipts", json=said.receipt())
        house.settle()
        house.pass_time(hours=2)
        (told,) = console.take(1)
        assert told["event"] == "alert"
        alert = orjson.loads(told["data"])
        assert alert == caller.get(f"/api/v1/alerts/{alert['alert_id']}").json()


def test_coming_back_with_the_last_id_misses_nothing_and_repeats_nothing(house: House) -> None:
    with listening(house) as console:
        tell(house, check_line(1), check_line(2))
        first = console.take(2)
    tell(house, *(check_line(n) for n in range(3, 1200)))
    with listening(house, after=first[-1]["id"]) as console:
        rest = console.take(1197)
        tell(house, check_line(1200))
        rest += console.take(1)
    ids = [int(event["id"]) for event in first + rest]
    assert ids == list(range(1, 1201))


def test_a_console_that_saw_nothing_yet_still_resumes_where_it_began(house: House) -> None:
    tell(house, check_line(1))
    with listening(house) as console:
        assert console.position() == "1"
    tell(house, check_line(2))
    with listening(house, after="1") as console:
        assert [event["id"] for event in console.take(1)] == ["2"]


def test_a_console_may_begin_some_lines_ago_whatever_was_swept_since(house: House) -> None:
    tell(house, *(check_line(n) for n in range(1, 11)))
    with listening(house, recent="3") as console:
        assert [event["id"] for event in console.take(3)] == ["8", "9", "10"]
    with house.store.write() as conn:
        conn.exec_driver_sql("DELETE FROM feed WHERE id <= 9")
    with listening(house, recent="500") as console:
        assert [event["id"] for event in console.take(1)] == ["10"]


def test_many_changes_of_one_thing_become_its_last_word(house: House) -> None:
    tell(house, *(check_line(7) for _ in range(300)), check_line(8))
    with listening(house, after="0") as console:
        told = console.take(2)
    assert [orjson.loads(event["data"])["check_id"] for event in told] == ["ck-7", "ck-8"]
    assert [event["id"] for event in told] == ["300", "301"]


def test_deltas_come_at_most_twice_a_second(opened: Opened) -> None:
    house = opened()
    house.app.state.live._interval = 0.5
    arrivals: list[float] = []
    with listening(house) as console:
        stop = threading.Event()

        def talk() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                tell(house, check_line(7))
                time.sleep(0.02)

        speaker = threading.Thread(target=talk)
        speaker.start()
        began = time.monotonic()
        for _ in console.events():
            arrivals.append(time.monotonic() - began)
            if arrivals[-1] > 2.2:
                break
        stop.set()
        speaker.join()
    assert 2 <= len(arrivals) <= 6


def test_each_is_told_only_what_he_may_know(opened: Opened) -> None:
    mine = frozenset({said.HOSPITAL})
    house = opened(
        [
            credential("bureau", "supervisor", ALL),
            credential("office", "hospital_office", mine),
            credential("ward", "ward_staff", mine, frozenset({said.WARD})),
        ]
    )
    alert = {
        "alert_id": "al-1",
        "detector": "check.missed",
        "rule_version": "national/1",
        "raised_at": said.at(),
        "updated_at": said.at(),
        "severity": 3,
        "fixmedins_code": said.HOSPITAL,
        "ward": said.WARD,
    }
    tell(
        house,
        check_line(1, said.OTHER_HOSPITAL),
        check_line(2, ward="内科"),
        ("alert", said.HOSPITAL, alert),
        check_line(3),
    )
    seen = {}
    for token, count in (("bureau", 4), ("office", 3), ("ward", 1)):
        with listening(house, token, after="0") as console:
            seen[token] = [event["id"] for event in console.take(count)]
    assert seen == {"bureau": ["1", "2", "3", "4"], "office": ["2", "3", "4"], "ward": ["4"]}


def test_a_position_that_never_was_asks_to_read_anew(house: House) -> None:
    tell(house, check_line(1))
    with listening(house, after="999") as console:
        (told,) = console.take(1)
    assert (told["event"], told["id"]) == ("reset", "1")


def test_a_position_that_was_swept_away_asks_to_read_anew(house: House) -> None:
    tell(house, *(check_line(n) for n in range(10)))
    with house.store.write() as conn:
        conn.exec_driver_sql("DELETE FROM feed WHERE id <= 5")
    with listening(house, after="2") as console:
        assert console.take(1)[0]["event"] == "reset"


def test_a_quiet_line_is_kept_alive(house: House) -> None:
    with listening(house) as console:
        threading.Timer(1.6, tell, (house, check_line(1))).start()
        console.take(1)
        assert console.comments >= 1


def test_who_leaves_is_forgotten_and_too_many_are_told(house: House) -> None:
    hub = house.app.state.live
    with listening(house), listening(house), listening(house):
        deadline = time.monotonic() + 5
        while hub.listeners < LIMITS.max_listeners and time.monotonic() < deadline:
            time.sleep(0.02)
        with house.client() as fourth:
            refused = fourth.get("/api/v1/live")
            assert refused.status_code == 503
            assert refused.headers["retry-after"]
    deadline = time.monotonic() + 5
    while hub.listeners and time.monotonic() < deadline:
        time.sleep(0.02)
    assert hub.listeners == 0
    assert hub._reader is None


def test_the_server_stops_though_somebody_listens(house: House) -> None:
    with listening(house) as console:
        tell(house, check_line(1))
        console.take(1)
        house.app.state.live.close_soon()
        house.server.should_exit = True
        house.thread.join(timeout=5)
        assert not house.thread.is_alive()
