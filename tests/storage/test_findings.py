"""Alerts, decisions and holds: kept as said, found by who may see them, paged without gaps."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest

from schemas.base import Model
from schemas.decisions import Hold
from schemas.findings import Alert
from storage import alerts, bodies, decisions, holds, paging
from storage.alerts import AlertFilter
from storage.errors import BadCursor, StorageError
from storage.holds import HoldFilter
from storage.store import Store
from tests.storage.samples import HOUSE, NOON, OTHER_HOUSE, alert, decision, hold, later


@pytest.fixture
def some(store: Store) -> Store:
    """Thirty alerts over two houses, with equal times among them."""
    chance = random.Random(4)
    made = [
        alert(
            f"al-{n:02d}",
            fixmedins_code=chance.choice([HOUSE, OTHER_HOUSE]),
            severity=chance.choice([2, 3]),
            status=chance.choice(["open", "withdrawn"]),
            detector=chance.choice(["identity.mismatch", "check.missed"]),
            raised_at=later(hours=n // 4),
            updated_at=later(hours=n // 3),
        )
        for n in range(30)
    ]
    with store.write() as conn:
        alerts.upsert(conn, made)
    return store


def walk(store: Store, narrow: AlertFilter = alerts.ANY, limit: int = 7, **more: Any) -> list[Alert]:
    found: list[Alert] = []
    cursor = None
    with store.read() as conn:
        while True:
            page = alerts.find(conn, narrow, cursor=cursor, limit=limit, **more)
            found += page.items
            cursor = page.cursor
            if cursor is None:
                return found


def test_what_is_stored_comes_back_equal(store: Store) -> None:
    bare = alert("al-2", insuplc_admdvs=None, psn_no=None, mdtrt_id=None, stay=None, ward=None, score=None)
    with store.write() as conn:
        alerts.upsert(conn, [alert(), bare])
        decisions.insert(conn, [decision()])
        holds.upsert(conn, [hold()])
    with store.read() as conn:
        assert alerts.get(conn, "al-1") == alert()
        assert alerts.get_many(conn, ["al-1", "al-2", "none"]) == {"al-1": alert(), "al-2": bare}
        assert decisions.get(conn, "de-1") == decision()
        assert holds.get(conn, "ho-1") == hold()
        assert alerts.get(conn, "x") is None
        assert decisions.get(conn, "x") is None
        assert holds.get(conn, "x") is None


def test_paging_gives_every_alert_once_newest_first(some: Store) -> None:
    whole = walk(some, limit=1000)
    assert len(whole) == 30
    assert whole == sorted(whole, key=lambda one: (one.raised_at, one.alert_id), reverse=True)
    assert walk(some, limit=7) == whole
    assert walk(some, limit=1) == whole
    assert walk(some, limit=30) == whole


def test_an_alert_raised_while_somebody_pages_moves_no_page(some: Store) -> None:
    with some.read() as conn:
        first = alerts.find(conn, limit=10)
    with some.write() as conn:
        alerts.upsert(conn, [alert("al-new", raised_at=later(days=2))])
    with some.read() as conn:
        second = alerts.find(conn, limit=10, cursor=first.cursor)
    seen = [one.alert_id for one in first.items + second.items]
    assert seen == [f"al-{n:02d}" for n in range(29, 9, -1)]


def test_following_changes_shows_each_changed_alert_again(some: Store) -> None:
    seen = walk(some, order="changed")
    assert [one.updated_at for one in seen] == sorted(one.updated_at for one in seen)
    with some.write() as conn:
        alerts.upsert(conn, [seen[3].model_copy(update={"status": "excluded", "updated_at": later(days=9)})])
    changed = walk(some, AlertFilter(updated_since=later(days=9)), order="changed")
    assert [(one.alert_id, one.status) for one in changed] == [(seen[3].alert_id, "excluded")]


@pytest.mark.parametrize(
    ("narrow", "holds_for"),
    [
        (AlertFilter(institutions=[HOUSE]), lambda a: a.fixmedins_code == HOUSE),
        (AlertFilter(institutions=[HOUSE, OTHER_HOUSE]), lambda a: True),
        (AlertFilter(institutions=[]), lambda a: False),
        (AlertFilter(statuses=["open"]), lambda a: a.status == "open"),
        (AlertFilter(severity=2, detector="check.missed"), lambda a: (a.severity, a.detector) == (2, "check.missed")),
        (AlertFilter(mdtrt_id="M1"), lambda a: True),
        (AlertFilter(mdtrt_id="M2"), lambda a: False),
        (AlertFilter(stay="st-1", person="990101:P1", ward="骨科一病区"), lambda a: True),
        (AlertFilter(raised_from=later(hours=2), raised_before=later(hours=4)),
         lambda a: later(hours=2) <= a.raised_at < later(hours=4)),
    ],
)  # fmt: skip
def test_a_filter_lets_through_exactly_what_it_says(
    some: Store, narrow: AlertFilter, holds_for: Callable[[Alert], bool]
) -> None:
    expected = [one for one in walk(some, limit=1000) if holds_for(one)]
    assert walk(some, narrow, limit=4) == expected


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "!!!!",
        "bnVsbA",
        "中文",
        paging.encode([1]),
        paging.encode([1, "a", 2]),
        paging.encode(["text", "for a number"]),
        paging.encode([1, "nul \0 inside"]),
        paging.encode([1 << 63, "too large"]),
    ],
)
def test_a_cursor_that_is_none_of_ours_is_refused(store: Store, cursor: str) -> None:
    with store.read() as conn, pytest.raises(BadCursor):
        alerts.find(conn, cursor=cursor)


def test_decisions_keep_the_order_in_which_they_were_given(store: Store) -> None:
    with store.write() as conn:
        decisions.insert(conn, [decision("de-b"), decision("de-a", stay="st-2", mdtrt_id="M2")])
        decisions.insert(conn, [decision("de-b", outcome="pass"), decision("de-0", supersedes="de-b")])
    with store.read() as conn:
        assert [one.decision_id for one in decisions.each(conn, page=1)] == ["de-b", "de-a", "de-0"]
        assert [one.decision_id for one in decisions.for_stay(conn, "st-1")] == ["de-b", "de-0"]
        assert [one.decision_id for one in decisions.for_mdtrt(conn, "M2")] == ["de-a"]
        kept = decisions.get(conn, "de-b")
        assert kept is not None
        assert kept.outcome == "hold", "a decision is never changed"


def test_the_paying_side_reads_holds_by_institution_and_pay_day(store: Store) -> None:
    made = [
        hold("ho-1", fixmedins_code=OTHER_HOUSE, payment_due=date(2026, 4, 15)),
        hold("ho-2", payment_due=date(2026, 5, 15)),
        hold("ho-3", payment_due=date(2026, 4, 15)),
        hold("ho-4", payment_due=date(2026, 4, 15), status="released"),
    ]
    with store.write() as conn:
        holds.upsert(conn, made)

    def exported(narrow: HoldFilter) -> list[str]:
        with store.read() as conn:
            return [one.hold_id for one in holds.export(conn, narrow, page=1)]

    assert exported(holds.ANY) == ["ho-3", "ho-4", "ho-2", "ho-1"]
    assert exported(HoldFilter(statuses=["open", "kept"])) == ["ho-3", "ho-2", "ho-1"]
    assert exported(HoldFilter(institutions=[HOUSE], due_to=date(2026, 4, 15))) == ["ho-3", "ho-4"]
    assert exported(HoldFilter(due_from=date(2026, 4, 16), due_to=date(2026, 5, 15))) == ["ho-2"]
    assert exported(HoldFilter(institutions=[])) == []


def test_holds_are_paged_and_found_by_stay(store: Store) -> None:
    with store.write() as conn:
        holds.upsert(conn, [hold(f"ho-{n}", opened_at=later(hours=n % 3), stay=f"st-{n % 2}") for n in range(7)])
    with store.read() as conn:
        seen: list[Hold] = []
        page = holds.find(conn, limit=3)
        seen += page.items
        while page.cursor is not None:
            page = holds.find(conn, limit=3, cursor=page.cursor)
            seen += page.items
        assert [one.hold_id for one in seen] == ["ho-5", "ho-2", "ho-4", "ho-1", "ho-6", "ho-3", "ho-0"]
        assert [one.hold_id for one in holds.for_stay(conn, "st-1")] == ["ho-3", "ho-1", "ho-5"]


def test_only_open_holds_whose_time_is_up_expire(store: Store) -> None:
    with store.write() as conn:
        holds.upsert(
            conn,
            [
                hold("ho-late", expires_at=later(days=-2)),
                hold("ho-now", expires_at=NOON),
                hold("ho-later", expires_at=later(seconds=1)),
                hold("ho-kept", expires_at=later(days=-3), status="kept"),
            ],
        )
    with store.read() as conn:
        assert [one.hold_id for one in holds.due_to_expire(conn, NOON, 10)] == ["ho-late", "ho-now"]
        assert [one.hold_id for one in holds.due_to_expire(conn, NOON, 1)] == ["ho-late"]


# -- old bodies -------------------------------------------------------------------------------------------


class Note(Model):
    """A stored model in its third version."""

    v: int = 3
    words: str
    loud: bool = False


def test_an_old_body_is_brought_up_to_date_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bodies.UPCASTS, ("Note", 1), lambda old: {"text": old["t"]})
    monkeypatch.setitem(bodies.UPCASTS, ("Note", 2), lambda old: {"words": old["text"], "loud": True})
    assert bodies.load(Note, b'{"v":1,"t":"a"}') == Note(words="a", loud=True)
    assert bodies.load(Note, b'{"v":2,"text":"a"}') == Note(words="a", loud=True)
    assert bodies.load(Note, bodies.dump(Note(words="a"))) == Note(words="a")


def test_every_stored_body_says_its_version_first() -> None:
    assert orjson.loads(bodies.dump(Note(words="a"))) == {"v": 3, "words": "a"}
    assert bodies.dump(alert()).startswith(b'{"v":1,')


def test_a_body_of_a_newer_version_is_refused_and_a_broken_one_names_fields_only() -> None:
    with pytest.raises(StorageError, match="newer wardwatch"):
        bodies.load(Note, b'{"v":4,"words":"a"}')
    with pytest.raises(StorageError, match="loud") as caught:
        bodies.load(Note, b'{"v":3,"words":"a","loud":"330102196001010011"}')
    assert "330102" not in str(caught.value)
