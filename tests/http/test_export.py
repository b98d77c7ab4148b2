"""The list for the paying side: what still waits, in yuan, and a sheet that runs nothing."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dashboards.api.holds import COLUMNS, as_csv, harmless
from dashboards.api.render import export_row
from schemas.decisions import DayPrice, Hold, Review
from tests.http import said

NOW = datetime.fromisoformat(said.NOW)
DAYS = (date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4))


def hold(**changes: Any) -> Hold:
    whole: dict[str, Any] = {
        "hold_id": "ho-1",
        "decision_id": "de-1",
        "insuplc_admdvs": "990101",
        "psn_no": said.PSN,
        "stay": "st-1",
        "mdtrt_id": said.STAY,
        "setl_id": "S1",
        "fixmedins_code": said.HOSPITAL,
        "hold_type": "A",
        "basis": "条例第二十条",
        "opened_at": NOW,
        "updated_at": NOW,
        "fund_at_stake": Decimal("1500.00"),
        "pay_regime": "by_item",
        "days": tuple(DayPrice(day=day, amount=Decimal("500.00")) for day in DAYS),
        "payment_due": date(2026, 4, 30),
        "expires_at": NOW,
    }
    return Hold(**{**whole, **changes})


@pytest.mark.parametrize(
    ("status", "held"),
    [("open", "1500.00"), ("kept", "1500.00"), ("released", "0"), ("expired", "0"), ("void", "0")],
)
def test_what_waits_is_the_stake_until_it_is_over(status: str, held: str) -> None:
    assert export_row(hold(status=status)).held_amount == Decimal(held)


def test_a_part_release_leaves_the_other_days_waiting() -> None:
    review = Review(reviewer="r-2", action="part_release", days=DAYS[:2], reason="x", at=NOW)
    row = export_row(hold(status="part_released", reviews=(review,)))
    assert row.held_amount == Decimal("500.00")
    assert row.released_days == list(DAYS[:2])


def test_an_unknown_stake_stays_unknown() -> None:
    assert export_row(hold(fund_at_stake=None)).held_amount is None


def test_the_sheet_has_a_column_for_everything_and_a_line_a_hold() -> None:
    sheet = as_csv([export_row(hold()), export_row(hold(hold_id="ho-2"))])
    assert sheet.startswith(b"\xef\xbb\xbf"), "spreadsheets read Chinese only with the mark"
    lines = list(csv.DictReader(io.StringIO(sheet.decode("utf-8-sig"))))
    assert [line["hold_id"] for line in lines] == ["ho-1", "ho-2"]
    assert tuple(lines[0]) == COLUMNS
    assert lines[0]["days"] == "2026-03-02 500.00; 2026-03-03 500.00; 2026-03-04 500.00"
    assert lines[0]["basis"] == "条例第二十条"


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|'/c calc'!A1"])
def test_no_cell_is_a_formula(evil: str) -> None:
    assert harmless(evil) == "'" + evil
    sheet = as_csv([export_row(hold(mdtrt_id=evil))])
    (line,) = csv.DictReader(io.StringIO(sheet.decode("utf-8-sig"), newline=""))
    assert line["mdtrt_id"].startswith("'")


def test_numbers_and_words_stay_as_they_are() -> None:
    assert [harmless(each) for each in ("1500.00", "骨科", None, True, False, "a=b")] == [
        "1500.00",
        "骨科",
        "",
        "true",
        "false",
        "a=b",
    ]
