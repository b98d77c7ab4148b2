"""A hospital falls silent: that is a question about data. Nobody counts as absent in the dark."""

from __future__ import annotations

from tests.casebook.bureau import Bureau, codes
from tests.journal import Hospital


def test_the_silence_is_reported_once_and_nobody_in_it_missed_anything(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("内科")
    zhu = ward.admits("03-02 09:00")
    zhu.enrolled("03-02 09:30")
    # Another system orders the round of the 4th two days ahead; after the 2nd nothing is heard any more.
    check = ward.check("round", "03-04 10:00", until="03-04 12:00", issued="03-02 12:00", delivered=None)
    check.received("03-02 12:05")
    hospital.spoke("03-06 08:00")
    zhu.discharged("03-06 09:00")
    zhu.settles("03-06 10:00")
    bureau.hears(hospital.journal)

    (silence,) = bureau.alerts(detector="feed.silent")
    assert (silence["severity"], silence["mdtrt_id"], silence["psn_no"]) == (3, None, None)
    assert silence["raised_at"] == "2026-03-03T13:00:00+08:00"
    assert codes(silence) == ["feed_resumed"]
    # Heard last in the hour after noon on the 2nd, and again in the hour from eight on the 6th.
    assert "92" in silence["reasons"][0]["text"]
    assert bureau.detectors(zhu) == []
    (decision,) = bureau.decisions(zhu)
    assert (decision["outcome"], decision["unverified_days"]) == ("pass", [])


def test_a_hospital_with_nobody_in_bed_owes_no_messages(bureau: Bureau, hospital: Hospital) -> None:
    zhu = hospital.ward("内科").admits("03-02 09:00")
    zhu.enrolled("03-02 09:30")
    zhu.discharged("03-02 18:00")
    hospital.journal.clock("03-09 09:00")
    bureau.hears(hospital.journal)

    assert bureau.alerts() == []


def test_a_quiet_night_is_no_silence(bureau: Bureau, hospital: Hospital) -> None:
    zhu = hospital.ward("内科").admits("03-02 09:00")
    zhu.enrolled("03-02 09:30")
    hospital.spoke("03-02 18:00")
    hospital.spoke("03-03 08:00")
    hospital.journal.clock("03-03 20:00")
    bureau.hears(hospital.journal)

    assert bureau.alerts() == []
