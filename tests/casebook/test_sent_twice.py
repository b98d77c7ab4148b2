"""Messages sent twice, sent again with another body, and completed by the reply that came later."""

from __future__ import annotations

from storage import log, requests
from storage.store import Store
from streams.processors import PERSON_EVENTS
from tests.casebook.bureau import Bureau
from tests.journal import Hospital, Patient


def in_the_log(store: Store) -> int:
    with store.read() as conn:
        return log.end(conn, PERSON_EVENTS, 0)


def a_stay(hospital: Hospital) -> Patient:
    he = hospital.ward("骨科").admits("03-02 09:00")
    he.enrolled("03-02 09:20")
    return he


def test_the_same_message_again_changes_nothing_and_gets_the_same_answer(bureau: Bureau, hospital: Hospital) -> None:
    he = a_stay(hospital)
    settled = he.settles("03-03 10:00")
    bureau.hears(hospital.journal)
    before, rows = in_the_log(bureau.parts.store), bureau.decisions()

    again = hospital.journal.again("03-03 10:05", settled)
    bureau.hears(hospital.journal)
    assert in_the_log(bureau.parts.store) == before
    assert bureau.decisions() == rows
    assert bureau.said(again)["wardwatch"]["outcome"] == bureau.said(settled)["wardwatch"]["outcome"]
    assert bureau.said(again)["wardwatch"]["decision_id"] == bureau.said(settled)["wardwatch"]["decision_id"]


def test_the_same_id_with_another_body_is_a_new_message_flagged(bureau: Bureau, hospital: Hospital) -> None:
    he = a_stay(hospital)
    first = he.charged("03-03 10:00", "40.00")
    second = he.charged("03-03 10:05", "90.00")
    second.row["json"]["request"]["msgid"] = first.msgid
    bureau.hears(hospital.journal)

    with bureau.parts.store.read() as conn:
        kept = requests.by_msgid(conn, hospital.code, first.msgid)
        records = log.read(conn, PERSON_EVENTS, 0, 0, 1000)
    assert len({known.body_hash for known in kept}) == 2
    flagged = [r.value for r in records if b"duplicate_id" in r.value]
    assert len(flagged) == 1
    assert b'"F2"' in flagged[0]


def test_a_reply_that_comes_later_completes_what_was_known_without_it(bureau: Bureau, hospital: Hospital) -> None:
    """The tap sends the request at once and both sides a second later: one settlement, no second decision."""
    he = a_stay(hospital)
    he.discharged("03-03 09:00")
    settled = he.settles("03-03 10:00", total="1000.00", fund="700.00")
    whole = settled.row["json"]
    settled.row["json"] = whole["request"]
    hospital.journal.post("03-03 10:01", "/fsi/callService", whole)
    bureau.hears(hospital.journal)

    claims = bureau.decisions(he, "2304")
    assert {row["outcome"] for row in claims} == {"pass"}
    assert claims[0]["fund_at_stake"] == "650.00"
    assert claims[-1]["fund_at_stake"] == "700.00"
    assert claims[-1]["stake_estimated"] is False
    assert claims[-1]["supersedes"] == claims[-2]["decision_id"]


def test_a_repeated_capture_with_the_same_key_is_one_capture(bureau: Bureau, hospital: Hospital) -> None:
    he = a_stay(hospital)
    first = he.photographed("03-03 10:00")
    first.row["idempotency_key"] = "phone-1-77"
    again = hospital.journal.again("03-03 10:30", first)
    bureau.hears(hospital.journal)

    assert bureau.answer(again).body == bureau.answer(first).body
    with bureau.parts.store.read() as conn:
        records = log.read(conn, PERSON_EVENTS, 0, 0, 1000)
    assert sum(b"capture_assessed" in r.value and b'"round"' in r.value for r in records) == 1


def test_what_cannot_be_read_is_kept_whole_and_its_neighbours_go_on(bureau: Bureau, hospital: Hospital) -> None:
    he = a_stay(hospital)
    odd = he.charged("03-03 10:00")
    odd.row["json"]["request"]["infno"] = "8888"
    after = he.charged("03-03 10:05")
    bureau.hears(hospital.journal)

    answer = bureau.answer(odd).body
    assert answer["infcode"] == -1
    assert answer["err_msg"]
    assert bureau.answer(after).body["infcode"] == 0
    (letter,) = bureau.dead_letters()
    assert letter["json"] == odd.row["json"]
    assert letter["path"] == "/fsi/callService"


def test_the_same_words_at_the_same_moment_are_said_once(bureau: Bureau, hospital: Hospital) -> None:
    """A phone without ids of its own sends its queue twice in one second."""
    ward = hospital.ward("骨科")
    he = ward.admits("03-02 09:00")
    he.enrolled("03-02 09:20")
    check = ward.round("03-03 10:00", until="03-03 12:00")
    answer = he.answered("03-03 10:10", check, "not_found")
    hospital.journal.again("03-03 10:10", answer)
    picture = he.photographed("03-03 10:20", capture_id=None)
    again = hospital.journal.again("03-03 10:20", picture)
    bureau.hears(hospital.journal)

    assert bureau.answer(again).body["capture_id"] == bureau.answer(picture).body["capture_id"]
    with bureau.parts.store.read() as conn:
        records = log.read(conn, PERSON_EVENTS, 0, 0, 1000)
    assert sum(b'"check_answered"' in r.value for r in records) == 1
