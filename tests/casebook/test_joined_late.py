"""Messages that come before the one that says whose they are. They wait; nothing is lost, nothing is guessed."""

from __future__ import annotations

from tests.casebook.bureau import Bureau
from tests.journal import Hospital


def test_captures_that_come_before_the_admission_message_wait_and_then_count(
    bureau: Bureau, hospital: Hospital
) -> None:
    """The ward photographs at once; the clerk sends the 2401 in the evening."""
    ward = hospital.ward("外科")
    chen = ward.admits("03-02 18:00", began="03-02 09:00")
    enrolment = chen.enrolled("03-02 09:30")
    chen.photographed("03-02 10:00")
    chen.photographed("03-02 18:30")
    bureau.hears(hospital.journal)

    assert bureau.waiting == 0
    assert bureau.capture(enrolment).state == "enrolled"
    assert bureau.detectors(chen) == []
    assert bureau.dead_letters() == []


def test_while_they_wait_the_caller_is_told_so(bureau: Bureau, hospital: Hospital) -> None:
    chen = hospital.ward("外科").admits("03-02 18:00", began="03-02 09:00")
    enrolment = chen.enrolled("03-02 09:30")
    (admission,) = [sent for sent in hospital.journal.lines if sent is chen.admission]
    hospital.journal.lines.remove(admission)
    bureau.hears(hospital.journal)

    assert bureau.answer(enrolment).status == 202
    assert bureau.capture(enrolment).state == "waiting"
    assert bureau.waiting == 1


def test_the_platforms_number_is_learned_from_a_later_message(bureau: Bureau, hospital: Hospital) -> None:
    """A tap that sees requests only: the 2401 without its reply knows no mdtrt_id; the 2301 brings it."""
    ward = hospital.ward("外科")
    chu = ward.admits("03-02 09:00", reply_seen=False)
    early = chu.enrolled("03-02 09:30", score=None)  # names the mdtrt_id that nobody has told us yet
    chu.charged("03-02 17:00")
    check = ward.round("03-03 10:00", until="03-03 12:00")
    chu.photographed("03-03 10:30", check)
    chu.discharged("03-04 09:00")
    settled = chu.settles("03-04 10:00", reply_seen=False)
    bureau.hears(hospital.journal)

    assert bureau.waiting == 0
    assert bureau.capture(early).state == "enrolled"
    assert bureau.said(settled)["wardwatch"]["outcome"] == "pass"
    (decision,) = bureau.decisions(chu)
    assert decision["mdtrt_id"] == chu.mdtrt_id
    assert bureau.detectors(chu) == []


def test_the_ward_may_use_the_hospitals_own_number_all_along(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("外科")
    wei = ward.admits("03-02 09:00", reply_seen=False)
    enrolment = wei.enrolled("03-02 09:30")
    enrolment.row["json"]["meta"] |= {"ipt_no": wei.ipt_no, "mdtrt_id": ""}
    bureau.hears(hospital.journal)

    assert bureau.waiting == 0
    assert bureau.capture(enrolment).state == "enrolled"


def test_an_alert_raised_before_the_number_is_known_carries_it_in_the_end(bureau: Bureau, hospital: Hospital) -> None:
    ward = hospital.ward("外科")
    jiang = ward.admits("03-02 09:00", reply_seen=False)
    hospital.spoke("03-03 08:00")
    hospital.journal.clock("03-03 12:00")  # 24 hours, and no face enrolled
    bureau.hears(hospital.journal)
    (nameless,) = bureau.alerts(detector="identity.not_enrolled")
    assert nameless["mdtrt_id"] is None

    jiang.charged("03-03 15:00")
    bureau.hears(hospital.journal)
    (named,) = bureau.alerts(detector="identity.not_enrolled")
    assert (named["alert_id"], named["mdtrt_id"]) == (nameless["alert_id"], jiang.mdtrt_id)
