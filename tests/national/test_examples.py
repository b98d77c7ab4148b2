"""Each transaction of the national interface, both sides seen, becomes what it should."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas.admission import (
    AdmissionCancelled,
    Admitted,
    DischargeCancelled,
    Discharged,
    IdentityRead,
    MessageVoided,
    StayChanged,
    StayFlagged,
)
from schemas.base import Who
from schemas.charge import ChargesPosted, ChargesWithdrawn, OrderRecorded, OutpatientRecorded, VitalsRecorded
from schemas.codec import decode, encode
from schemas.national import INFNOS, failed_at_platform, voids
from schemas.settlement import HospitalAnswered, SettlementAsked, SettlementCancelled, SettlementListed
from tests.national.support import (
    ARRIVED,
    HOSPITAL,
    IDENTITY_NUMBER,
    NAMES,
    PERSON,
    PRIVATE,
    REGION,
    STAY,
    VISIT,
    china,
    events,
    fingerprint,
    only,
    pair,
    read,
    request,
)

STAYING = Who(institution=HOSPITAL, insuplc_admdvs=REGION, psn_no=PERSON, mdtrt_id=STAY)


def test_every_transaction_that_is_read_has_an_example() -> None:
    assert {infno for infno, row in INFNOS.items() if row.reader} <= {name.split("-")[0] for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_becomes_the_kinds_its_row_of_the_table_names(name: str) -> None:
    found = events(pair(name))
    assert {event.kind for event in found} == set(INFNOS[read(pair(name)).infno].events)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", NAMES)
def test_the_request_alone_has_the_same_event_ids_as_the_pair(name: str) -> None:
    seen_first = {event.event_id for event in events(request(name))}
    assert seen_first <= {event.event_id for event in events(pair(name))}
    assert name == "1101" or seen_first or not events(pair(name))
    assert read(request(name)).input_hash == read(pair(name)).input_hash


@pytest.mark.parametrize("name", NAMES)
def test_an_event_survives_its_way_through_the_log_and_names_nobody(name: str) -> None:
    for event in events(pair(name)):
        raw = encode(event)
        assert decode(raw) == event
        assert not [word for word in PRIVATE if word.encode() in raw]


@pytest.mark.parametrize("name", NAMES)
def test_a_transaction_refused_by_the_platform_did_not_happen(name: str) -> None:
    document = pair(name)
    document["response"] = {"infcode": "-1", "err_msg": "医保状态异常", "output": None}
    message = read(document)
    assert message.response_code == -1
    assert failed_at_platform(message)
    assert events(document) == ()


@pytest.mark.parametrize("name", NAMES)
def test_who_said_it_and_when_stands_in_every_event(name: str) -> None:
    said = request(name)
    for event in events(pair(name)):
        assert event.who.institution == HOSPITAL
        assert event.msgid == said["msgid"]
        assert event.arrived_at == ARRIVED
        assert (event.person, event.stay) == ("", "")


def test_1101_tells_whom_a_credential_belongs_to_in_each_place_of_insurance() -> None:
    here, elsewhere = events(pair("1101"))
    assert isinstance(here, IdentityRead)
    assert here.who == Who(institution=HOSPITAL, insuplc_admdvs=REGION, psn_no=PERSON)
    assert elsewhere.who.insuplc_admdvs == "990101"
    assert (here.cert_type, here.certno_print) == ("02", fingerprint("certno", IDENTITY_NUMBER))
    assert (here.birth_date, here.gender) == (date(1952, 3, 17), "2")
    assert events(request("1101")) == ()


def test_2401_admits_and_learns_the_stay_from_the_reply() -> None:
    event = only(pair("2401"))
    assert isinstance(event, Admitted)
    assert event.who == STAYING.model_copy(update={"ipt_no": "KN2604100031"})
    assert event.at == china("2026-04-10 08:52:10")
    assert event.began_at == china("2026-04-10 08:50:00")
    assert (event.region, event.department, event.ward, event.bed) == (REGION, "0203", "呼吸内科二病区", "18+")
    assert (event.med_type, event.insutype, event.diagnosis) == ("21", "390", "J44.100")
    assert (event.cert_type, event.certno_print) == ("02", fingerprint("certno", IDENTITY_NUMBER))
    assert only(request("2401")).who == event.who.model_copy(update={"mdtrt_id": ""})


def test_2403_restates_the_registration_and_shows_the_new_bed() -> None:
    event = only(pair("2403"))
    assert isinstance(event, StayChanged)
    assert event.who == STAYING.model_copy(update={"ipt_no": "KN2604100031"})
    assert (event.bed, event.ward, event.began_at) == ("6", "呼吸内科二病区", china("2026-04-10 08:50:00"))


def test_2402_discharges() -> None:
    event = only(pair("2402"))
    assert isinstance(event, Discharged)
    assert (event.who, event.ended_at) == (STAYING, china("2026-04-18 09:20:00"))
    assert (event.way, event.died_on) == ("1", None)


def test_2402_by_death_dates_the_death_even_where_the_date_is_left_out() -> None:
    document = request("2402")
    document["input"]["dscginfo"]["dscg_way"] = "5"
    assert only(document).died_on == date(2026, 4, 18)
    document["input"]["dscginfo"]["die_date"] = "2026-04-17"
    assert only(document).died_on == date(2026, 4, 17)


@pytest.mark.parametrize(("name", "kind"), [("2404", AdmissionCancelled), ("2405", DischargeCancelled)])
def test_2404_and_2405_undo_admission_and_discharge(name: str, kind: type[Any]) -> None:
    event = only(pair(name))
    assert isinstance(event, kind)
    assert event.who == STAYING


def test_2406_keeps_the_special_attribute_as_it_came() -> None:
    event = only(pair("2406"))
    assert isinstance(event, StayFlagged)
    assert (event.flag_type, event.flag) == ("01", "1")


def test_2601_names_the_message_that_must_count_as_never_sent() -> None:
    event = only(pair("2601"))
    assert isinstance(event, MessageVoided)
    assert (event.voids, event.oinfno) == (f"{HOSPITAL}202604180955000023", "2304")
    assert voids(read(pair("2601"))) == (event.voids, event.oinfno)
    assert voids(read(pair("2304"))) is None


def test_2301_takes_charge_class_from_the_reply_and_keeps_the_refund_as_a_line() -> None:
    event = only(pair("2301"))
    assert isinstance(event, ChargesPosted)
    bed, drug, refund = event.lines
    assert (bed.item_class, drug.item_class, refund.item_class) == ("01", "09", "01")
    assert (str(drug.amount), drug.count, drug.take_home) == ("48.60", Decimal(2), True)
    assert (refund.refunds, refund.amount, refund.count) == ("7001", Decimal(-35), Decimal(-1))
    assert bed.occurred_at == china("2026-04-11 23:58:00")
    assert [line.item_class for line in only(request("2301")).lines] == ["", "", ""]


def test_2301_of_two_stays_becomes_one_event_each() -> None:
    document = request("2301")
    document["input"]["feedetail"][1]["mdtrt_id"] = "990200260410000999"
    found = events(document)
    assert [(event.who.mdtrt_id, len(event.lines)) for event in found] == [(STAY, 2), ("990200260410000999", 1)]  # type: ignore[attr-defined]
    assert len({event.event_id for event in found}) == 2


def test_2302_withdraws_lines_or_with_0000_everything() -> None:
    event = only(pair("2302"))
    assert isinstance(event, ChargesWithdrawn)
    assert (event.lines, event.everything) == (("7002", "7001"), False)
    document = request("2302")
    document["input"]["data"] = {"feedetl_sn": "0000", "mdtrt_id": STAY, "psn_no": PERSON}
    assert (only(document).lines, only(document).everything) == ((), True)


@pytest.mark.parametrize("name", ["2303", "2304"])
def test_a_settlement_knows_its_money_from_the_reply(name: str) -> None:
    event = only(pair(name))
    assert isinstance(event, SettlementAsked)
    assert (event.infno, event.who) == (name, STAYING)
    assert (str(event.fee_total), str(event.fund_pay)) == ("4870.30", "3010.11")
    assert (event.clearing_way, event.interim) == ("05", False)
    assert event.setl_id == ("990200260418000051" if name == "2304" else "")
    assert event.certno_print == fingerprint("certno", IDENTITY_NUMBER)
    assert event.discharge_said == china("2026-04-18 09:20:00")


def test_a_settlement_seen_without_its_reply_knows_what_was_asked() -> None:
    event = only(request("2304"))
    assert (str(event.fee_total), event.fund_pay, event.setl_id) == ("4870.30", None, "")


def test_2305_calls_the_settlement_back_by_its_own_id() -> None:
    event = only(pair("2305"))
    assert isinstance(event, SettlementCancelled)
    assert event.setl_id == "990200260418000051"


def test_3102_asks_about_the_current_encounter_not_an_earlier_one() -> None:
    event = only(pair("3102"))
    assert isinstance(event, SettlementAsked)
    assert (event.infno, event.trigger, str(event.fee_total)) == ("3102", "9", "4870.30")
    assert event.who == STAYING
    assert event.discharge_said == china("2026-04-18 09:20:00")


def test_3101_of_an_open_stay_says_nothing_of_discharge() -> None:
    assert only(pair("3101")).discharge_said is None


def test_3103_answers_a_finding() -> None:
    event = only(pair("3103"))
    assert isinstance(event, HospitalAnswered)
    assert (event.alert_id, event.way) == ("al-0123456789abcdef01234567", "1")
    assert event.reason == "患者当日外出行放疗，已补登去向"


def test_4101a_lists_the_stay_with_intensive_care_and_theatre() -> None:
    event = only(pair("4101A"))
    assert isinstance(event, SettlementListed)
    assert (event.days_in_hospital, event.nursing_days, event.way, event.pay_method) == (8, 8, "1", "05")
    assert [(spell.care, spell.starts) for spell in event.spells] == [
        ("icu", china("2026-04-10 20:00:00")),
        ("theatre", china("2026-04-12 10:00:00")),
    ]


def test_4101_gives_an_operation_only_a_date_so_no_stretch_of_theatre() -> None:
    assert [spell.care for spell in only(pair("4101")).spells] == ["icu"]


def test_4402_tells_orders_at_their_own_time_and_leaves_cancelled_ones_out() -> None:
    event = only(pair("4402"))
    assert isinstance(event, OrderRecorded)
    assert (event.order_no, event.bed, event.at) == ("YZ9001", "6", china("2026-04-10 09:00:00"))


def test_4602_tells_measurements_and_finds_equal_ones_however_they_were_typed() -> None:
    morning, afternoon = events(pair("4602"))
    assert isinstance(morning, VitalsRecorded)
    assert isinstance(afternoon, VitalsRecorded)
    assert (morning.at, morning.ward, morning.bed) == (china("2026-04-11 08:00:00"), "呼吸内科二病区", "6")
    assert morning.print == afternoon.print != ""
    document = pair("4602")
    document["request"]["input"]["data"][1]["tprt"] = 36.8
    again, warmer = events(document)
    assert again.print != warmer.print  # type: ignore[attr-defined]


def test_outpatient_acts_carry_the_visit_and_no_stay() -> None:
    for name in ("2201", "2202", "2203", "2203A", "2204", "2205", "2207", "2208"):
        event = only(pair(name))
        assert isinstance(event, OutpatientRecorded)
        assert (event.infno, event.visit, event.who.mdtrt_id) == (name, VISIT, "")
        assert event.who.psn_no == PERSON
        assert event.cancelled == (name in ("2202", "2205", "2208"))


def test_outpatient_money_and_days_are_told() -> None:
    lines, paid = only(pair("2204")), only(pair("2207"))
    assert (str(lines.amount), lines.days) == ("86.50", (date(2026, 4, 11),))
    assert (str(paid.amount), paid.setl_id, paid.days) == ("86.50", "990200260411000088", (date(2026, 4, 11),))


def test_a_trial_settlement_of_an_outpatient_is_no_act() -> None:
    assert events(pair("2206")) == ()


def test_hainan_asks_under_its_own_number_and_names() -> None:
    message = read(pair("3661-hainan"))
    assert message.infno == "3102"
    assert "dialect:hainan" in message.flags
    event = only(pair("3661-hainan"))
    assert (event.infno, event.trigger, str(event.fee_total)) == ("3102", "9", "4870.30")
    assert event.who == STAYING
