"""试运行: everything is evaluated, nothing is marked, and the report says what would have been."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient

SOFT = """
[institutions.H99010100001]
name = "示例医院"
soft_launch_until = 2026-07-01
"""

FROM_MONDAY = """
[institutions.H99010100001]
soft = false
[institutions.H99010100001.monitored_from]
"骨科" = 2026-03-09T00:00:00+08:00
"""


def a_suspect_stay(hospital: Hospital) -> Patient:
    ward = hospital.ward("骨科")
    yang = ward.admits("03-02 09:00")
    yang.enrolled("03-02 09:20")
    for day in ("03-03", "03-04", "03-05"):
        check = ward.round(f"{day} 12:00", until=f"{day} 14:00")
        yang.not_found(check, f"{day} 12:10", f"{day} 12:50")
    yang.discharged("03-06 09:00")
    return yang


@pytest.mark.parametrize("infno", ["2303", "2304"])
def test_in_soft_launch_it_is_said_and_not_done(tmp_path: Path, hospital: Hospital, infno: str) -> None:
    yang = a_suspect_stay(hospital)
    settled = yang.settles("03-06 10:00", infno=infno)
    bureau = Bureau(tmp_path, institutions=SOFT).hears(hospital.journal)

    (decision,) = bureau.decisions(yang)
    assert (decision["outcome"], decision["soft"]) == ("hold", True)
    assert bureau.holds() == []
    answer = bureau.said(settled)["wardwatch"]
    assert answer["soft"] is True
    assert "试运行" in answer["outcome_text"]
    assert bureau.alert(yang, "presence.bed_hanging")["severity"] == 2
    bureau.close()


def test_days_before_monitoring_began_are_not_monitored(tmp_path: Path, hospital: Hospital) -> None:
    yang = a_suspect_stay(hospital)
    yang.settles("03-06 10:00")
    bureau = Bureau(tmp_path, institutions=FROM_MONDAY).hears(hospital.journal)

    (decision,) = bureau.decisions(yang)
    assert decision["unverified_days"] == []
    assert decision["outcome"] == "pass"
    assert bureau.detectors(yang) == []
    bureau.close()


def test_a_forecast_marks_nothing_however_grave(bureau: Bureau, hospital: Hospital) -> None:
    yang = a_suspect_stay(hospital)
    asked = yang.settles("03-06 09:30", infno="2303")
    bureau.hears(hospital.journal)

    assert bureau.said(asked)["wardwatch"]["outcome"] == "hold"
    assert bureau.holds() == []
