"""Invented rows for the tests: no person, institution or number in them exists."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from schemas.base import CHINA
from schemas.decisions import Decision, Hold
from schemas.findings import Alert, Reason
from storage.captures import CaptureRow
from storage.checks import CheckRow
from storage.commit import Commit
from storage.dead_letters import DeadLetter
from storage.states import StateRow
from storage.tables import metadata

NOON = datetime(2026, 3, 2, 12, tzinfo=CHINA)
HOUSE = "H99010100001"
OTHER_HOUSE = "H99010100002"


def later(**gap: float) -> datetime:
    """Noon and a bit."""
    return NOON + timedelta(**gap)


def alert(name: str = "al-1", **changes: Any) -> Alert:
    given: dict[str, Any] = {
        "alert_id": name,
        "detector": "presence.bed_hanging",
        "rule_version": "national-1",
        "raised_at": NOON,
        "updated_at": NOON,
        "severity": 2,
        "score": 7.25,
        "insuplc_admdvs": "990101",
        "psn_no": "P1",
        "mdtrt_id": "M1",
        "stay": "st-1",
        "fixmedins_code": HOUSE,
        "ward": "骨科一病区",
        "fund_at_stake": Decimal("3960.38"),
        "reasons": (Reason(code="absent_nights", params={"nights": 3}, weight=2.5, evidence=("ev-1",)),),
    }
    return Alert(**{**given, **changes})


def decision(name: str = "de-1", **changes: Any) -> Decision:
    given: dict[str, Any] = {
        "decision_id": name,
        "fixmedins_code": HOUSE,
        "stay": "st-1",
        "mdtrt_id": "M1",
        "infno": "2304",
        "decided_at": NOON,
        "outcome": "hold",
        "hold_type": "A",
        "unverified_days": (date(2026, 2, 27), date(2026, 2, 28)),
        "fund_at_stake": Decimal("120.00"),
    }
    return Decision(**{**given, **changes})


def hold(name: str = "ho-1", **changes: Any) -> Hold:
    given: dict[str, Any] = {
        "hold_id": name,
        "decision_id": "de-1",
        "insuplc_admdvs": "990101",
        "psn_no": "P1",
        "stay": "st-1",
        "mdtrt_id": "M1",
        "setl_id": "S1",
        "fixmedins_code": HOUSE,
        "hold_type": "A",
        "basis": "agreement",
        "opened_at": NOON,
        "updated_at": NOON,
        "pay_regime": "by_item",
        "payment_due": date(2026, 4, 15),
        "expires_at": later(days=20),
    }
    return Hold(**{**given, **changes})


def check(name: str = "ck-1", **changes: Any) -> CheckRow:
    given = CheckRow(name, HOUSE, "骨科一病区", "spot", NOON, later(minutes=30), "n-1", b"{}")
    return given._replace(**changes)


def capture(name: str = "cp-1", **changes: Any) -> CaptureRow:
    given = CaptureRow(name, "990101:P1", HOUSE, "骨科一病区", "compared", "same", [{"code": "dark"}], NOON)
    return given._replace(**changes)


def letter(offset: int | None = 0, **changes: Any) -> DeadLetter:
    given: dict[str, Any] = {
        "source": "person-events",
        "arrived_at": NOON,
        "code": "unreadable",
        "reason": "not JSON",
        "body": b"\xff\x00",
        "partition": None if offset is None else 0,
        "offset": offset,
    }
    return DeadLetter(**{**given, **changes})


def full_commit(expected: int, next_offset: int, *, epoch: int = 1, seed: int = 7) -> Commit:
    """A batch that writes every kind of row; what it holds depends on its place and `seed` only."""
    chance = random.Random(seed * 1_000_003 + expected)
    tag = f"{expected}"
    keys = [f"990101:P{chance.randrange(20)}" for _ in range(8)]
    return Commit(
        consumer="person-engine",
        topic="person-events",
        partition=0,
        epoch=epoch,
        expected=expected,
        next_offset=next_offset,
        at=NOON + timedelta(seconds=expected),
        space="person",
        states={key: StateRow(expected + 1, chance.randbytes(50), {"faces": chance.randbytes(20)}) for key in keys},
        timers={key: later(minutes=chance.randrange(999)) if chance.random() < 0.7 else None for key in keys},
        outbox=[("ward-events", HOUSE, f"out {tag} {n}".encode()) for n in range(5)],
        alerts=[alert(f"al-{chance.randrange(6)}", updated_at=later(seconds=expected)) for _ in range(3)],
        decisions=[decision(f"de-{tag}-{n}") for n in range(2)],
        holds=[hold(f"ho-{chance.randrange(3)}", updated_at=later(seconds=expected))],
        captures=[capture(f"cp-{chance.randrange(9)}", updated_at=later(seconds=expected)) for _ in range(3)],
        checks=[check(f"ck-{tag}")],
        feed=[("check", HOUSE, f"ck-{tag}".encode())],
        dead_letters=[letter(expected)],
    )


NUMBERS = {"offsets.epoch", "decisions.seq", "outbox.id", "dead_letters.id"}
"""What may differ between two runs with the same outcome: PostgreSQL's sequences skip after a rollback."""


def contents(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in the order of its key: what two databases are compared by."""
    everything = {}
    for table in metadata.sorted_tables:
        columns = [column for column in table.columns if f"{table.name}.{column.name}" not in NUMBERS]
        rows = conn.execute(select(*columns).order_by(*table.primary_key.columns))
        everything[table.name] = [tuple(row) for row in rows]
    return everything
