"""冒名: somebody else lies in the bed. How loudly we say it depends on whether the model was ever calibrated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.casebook.bureau import Bureau, codes, national
from tests.journal import Hospital, Patient, Sent

STRANGER = 4711


def a_stranger_in_the_bed(hospital: Hospital) -> tuple[Patient, list[Sent]]:
    """Enrolled with the identity card at admission; on both following days the camera sees another face."""
    ward = hospital.ward("心内科")
    zhao = ward.admits("03-02 09:00", bed="5")
    zhao.enrolled("03-02 09:30")
    seen = []
    for day in ("03-03", "03-04"):
        check = ward.round(f"{day} 10:00", until=f"{day} 12:00")
        seen.append(zhao.photographed(f"{day} 10:20", check, showing=STRANGER))
    zhao.discharged("03-05 09:00")
    return zhao, seen


def test_where_the_model_is_calibrated_the_claim_is_marked(bureau: Bureau, hospital: Hospital) -> None:
    zhao, _ = a_stranger_in_the_bed(hospital)
    zhao.settles("03-05 10:00")
    bureau.hears(hospital.journal)

    alert = bureau.alert(zhao, "identity.mismatch")
    assert alert["severity"] == 2
    assert codes(alert) == ["identity_mismatch_session", "identity_mismatch_session"]
    assert alert["model_version"] == "dlib-resnet-1"
    assert alert["threshold"] == 0.6
    assert bureau.outcomes(zhao, "2304") == ["hold"]
    assert "identity.mismatch" in bureau.hold(zhao).detectors


def test_where_it_is_not_calibrated_it_is_only_observed_and_never_holds(tmp_path: Path, hospital: Hospital) -> None:
    zhao, _ = a_stranger_in_the_bed(hospital)
    zhao.settles("03-05 10:00")
    bureau = Bureau(tmp_path, rules=national()).hears(hospital.journal)

    alert = bureau.alert(zhao, "identity.mismatch")
    assert alert["severity"] == 3
    assert "identity_mismatch_uncalibrated" in codes(alert)
    held_for = {code for hold in bureau.holds(zhao) for code in hold.detectors}
    assert "identity.mismatch" not in held_for
    bureau.close()


def test_the_nurse_is_told_at_the_bedside_what_to_do(bureau: Bureau, hospital: Hospital) -> None:
    _, (first, _) = a_stranger_in_the_bed(hospital)
    bureau.hears(hospital.journal)

    outcome = bureau.capture(first)
    assert (outcome.state, outcome.band) == ("compared", "different")
    assert [dict(reason)["code"] for reason in outcome.reasons] == ["check_identity"]


def test_one_bad_picture_taken_again_at_once_is_no_alarm(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("心内科")
    zhao = ward.admits("03-02 09:00")
    zhao.enrolled("03-02 09:30")
    check = ward.round("03-03 10:00", until="03-03 12:00")
    zhao.photographed("03-03 10:20", check, away=0.9)  # blurred, half turned away
    zhao.photographed("03-03 10:21", check)
    zhao.discharged("03-04 09:00")
    zhao.settles("03-04 10:00")
    bureau.hears(hospital.journal)

    assert bureau.detectors(zhao) == []
    assert bureau.outcomes(zhao) == ["pass"]


def test_a_later_match_takes_nothing_back(bureau: Bureau, hospital: Hospital) -> None:
    """Published frauds had real people in the beds on the day of the inspection."""
    zhao, _ = a_stranger_in_the_bed(hospital)
    hospital.journal.lines = [s for s in hospital.journal.lines if s.at < zhao.journal.lines[-1].at]
    zhao.photographed("03-04 18:00")
    bureau.hears(hospital.journal)

    assert bureau.alert(zhao, "identity.mismatch")["status"] == "open"


@pytest.mark.parametrize("anchor", ["none", "guardian"])
def test_an_enrolment_tied_to_no_document_is_said_to_be_so(bureau: Bureau, hospital: Hospital, anchor: str) -> None:
    ward = hospital.ward("心内科")
    zhao = ward.admits("03-02 09:00")
    zhao.enrolled("03-02 09:30", anchor=anchor, score=None)
    for day in ("03-03", "03-04"):
        zhao.photographed(f"{day} 10:20", showing=STRANGER)
    bureau.hears(hospital.journal)

    told = codes(bureau.alert(zhao, "identity.mismatch"))
    assert ("identity_mismatch_anchor_none" in told) is (anchor == "none")
