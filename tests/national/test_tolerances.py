"""What hospitals really send. Each test is one tolerance, or one thing that is refused, by name."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.national import Unreadable
from tests.national.support import (
    ARRIVED,
    PERSON,
    STAY,
    body,
    china,
    events,
    fingerprint,
    only,
    pair,
    read,
    request,
)


def refusal(document: Any) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        events(document)
    return caught.value


# numbers, blanks, types


def test_amounts_as_text_and_as_numbers_are_the_same_money() -> None:
    document, row = body("2304", "data")
    for written in (4870.3, "4870.30", "4870.3", " 4870.300 ", 4870.300000000001):
        row["medfee_sumamt"] = written
        assert str(only(document).fee_total) == "4870.30"
    row["medfee_sumamt"] = 4870
    assert str(only(document).fee_total) == "4870.00"


def test_identifiers_sent_as_numbers_are_text() -> None:
    document, row = body("2404", "data")
    row["mdtrt_id"] = 990200260410
    document["msgid"] = 20260410001
    assert (only(document).who.mdtrt_id, only(document).msgid) == ("990200260410", "20260410001")


def test_an_identifier_that_lost_digits_as_a_number_is_refused_not_guessed() -> None:
    document, row = body("2404", "data")
    row["psn_no"] = 9.902000000000001e22
    error = refusal(document)
    assert (error.reason_code, error.field) == ("number_not_exact", "data.psn_no")


@pytest.mark.parametrize("blank", ["", None, "  ", "null", "NULL"])
def test_every_kind_of_blank_is_left_out(blank: str | None) -> None:
    document, row = body("2401", "mdtrtinfo")
    row["adm_bed"] = row["ipt_no"] = row["atddr_no"] = blank
    event = only(document)
    assert (event.who.ipt_no, event.doctor) == ("", "")
    row.pop("ipt_no")
    assert only(document).who.ipt_no == ""


def test_two_people_numbered_null_do_not_become_one() -> None:
    document, row = body("2401", "mdtrtinfo")
    row["psn_no"] = "null"
    assert refusal(document).reason_code == "missing"


@pytest.mark.parametrize("node", ["feedetail", "data"])
def test_a_list_may_come_as_one_object_and_an_object_as_a_list(node: str) -> None:
    name = "2301" if node == "feedetail" else "2404"
    document = request(name)
    rows = document["input"][node]
    document["input"][node] = rows[0] if isinstance(rows, list) else [rows]
    assert only(document).who.mdtrt_id == STAY


def test_input_may_be_json_text_and_is_then_kept_byte_by_byte() -> None:
    document = request("2401")
    text = json.dumps(document["input"], ensure_ascii=False, indent=1)
    document["input"] = text
    message = read(document)
    assert message.raw_input == text.encode()
    assert only(document).event_id == only(request("2401")).event_id


def test_input_may_be_json_text_inside_json_text() -> None:
    document = request("2404")
    document["input"] = json.dumps(json.dumps(document["input"]))
    assert only(document).who.mdtrt_id == STAY


def test_a_node_may_be_json_text() -> None:
    document = request("2404")
    document["input"]["data"] = json.dumps(document["input"]["data"])
    assert only(document).who.mdtrt_id == STAY


def test_input_may_be_the_bare_list_of_its_node() -> None:
    document = request("2301")
    document["input"] = document["input"]["feedetail"]
    assert len(only(document).lines) == 3


def test_output_may_be_json_text_and_result_one_object() -> None:
    document = pair("2301")
    document["response"]["output"] = json.dumps({"result": document["response"]["output"]["result"][0]})
    assert [line.item_class for line in only(document).lines] == ["01", "", ""]


def test_unknown_extras_are_kept_in_the_message_and_hurt_nothing() -> None:
    document, row = body("2401", "mdtrtinfo")
    row["ward_color"] = "blue"
    document["serv_code"] = "X1"
    document["input"]["agnterinfo"] = {"agnter_name": "代办"}
    message = read(document)
    assert message.input["mdtrtinfo"]["ward_color"] == "blue"
    assert "agnterinfo" in message.input
    assert len(events(document)) == 1


@pytest.mark.parametrize("slot", [{"a": 1}, '{"a":1}', [1, 2], "文字", None, ""])
def test_the_extension_slot_may_hold_anything_under_either_name(slot: Any) -> None:
    for name in ("exp_content", "expContent"):
        document, row = body("2401", "mdtrtinfo")
        row.pop("exp_content")
        row[name] = slot
        assert len(events(document)) == 1
        assert read(document).input["mdtrtinfo"]["exp_content"] == slot


def test_unpadded_codes_are_padded_where_the_dictionary_pads() -> None:
    document = pair("2304")
    document["request"]["input"]["data"]["mdtrt_cert_type"] = 2
    document["response"]["output"]["setlinfo"]["clr_way"] = "5"
    event = only(document)
    assert (event.cert_type, event.clearing_way) == ("02", "05")
    charges = pair("2301")
    charges["response"]["output"]["result"][0]["med_chrgitm_type"] = 1
    assert only(charges).lines[0].item_class == "01"


def test_infno_may_be_a_number_or_lower_case() -> None:
    document = request("2404")
    document["infno"] = 2404
    assert len(events(document)) == 1
    listing = request("4101A")
    listing["infno"] = "4101a"
    assert read(listing).infno == "4101A"


def test_a_revised_form_of_a_known_transaction_is_read_as_that() -> None:
    document = request("2401")
    document["infno"] = "2401A"
    assert read(document).infno == "2401"
    assert "revised_form" in only(document).flags


# times


@pytest.mark.parametrize(
    "written",
    [
        "2026-04-10 08:50:00",
        "2026-04-10T08:50:00",
        "2026-04-10T08:50:00+08:00",
        "2026-04-10T00:50:00Z",
        "2026-04-10 08:50",
        "2026-04-10 8:50:00",
        "2026-04-10 08:50:00.0",
        "2026/04/10 08:50:00",
        "2026/4/10 8:50",
        "20260410085000",
        "202604100850",
        "20260410085000000",
        20260410085000,
        1775782200000,
        "1775782200000",
        1775782200000.0,
        1775782200,
        " 2026-04-10 08:50:00 ",
    ],
)
def test_a_time_may_be_written_in_any_of_the_forms_met(written: Any) -> None:
    document, row = body("2401", "mdtrtinfo")
    row["begntime"] = document["inf_time"] = written
    assert only(document).began_at == only(document).at == china("2026-04-10 08:50:00")


@pytest.mark.parametrize("written", ["2026-04-18", "2026/4/18", "20260418", 20260418])
def test_a_bare_date_begins_in_the_morning_and_ends_at_night(written: Any) -> None:
    admission, row = body("2401", "mdtrtinfo")
    row["begntime"] = written
    assert only(admission).began_at == china("2026-04-18 00:00:00")
    discharge, row = body("2402", "dscginfo")
    row["endtime"] = written
    assert only(discharge).ended_at == china("2026-04-18 23:59:59")


@pytest.mark.parametrize("said", ["1970-01-01 08:00:00", "2999-01-01 00:00:00", "not a time", 99, "9" * 4000, [1]])
def test_a_message_time_that_cannot_be_right_is_flagged_and_arrival_counts(said: Any) -> None:
    document = request("2404")
    document["inf_time"] = said
    event = only(document)
    assert event.at == ARRIVED
    assert "clock_skew" in event.flags


def test_a_message_without_time_counts_from_its_arrival() -> None:
    document = request("2404")
    document.pop("inf_time")
    assert only(document).at == ARRIVED
    assert read(document).said_at is None


@pytest.mark.parametrize("year", ["1970", "2999"])
@pytest.mark.parametrize(
    ("name", "node", "field"),
    [
        ("2401", "mdtrtinfo", "begntime"),
        ("2402", "dscginfo", "endtime"),
        ("2402", "dscginfo", "die_date"),
        ("2403", "adminfo", "begntime"),
        ("2304", "data", "dscgTime"),
        ("4101A", "setlinfo", "adm_time"),
        ("2201", "data", "begntime"),
    ],
)
def test_business_times_of_1970_and_2999_are_refused_by_name(year: str, name: str, node: str, field: str) -> None:
    document, row = body(name, node)
    row[field] = f"{year}-01-01 00:00:00"
    error = refusal(document)
    assert (error.reason_code, error.field) == ("time_out_of_range", f"{node}.{field}")


def test_a_fee_line_of_2999_is_refused_with_its_place() -> None:
    document = request("2301")
    document["input"]["feedetail"][2]["fee_ocur_time"] = "2999-01-01 00:00:00"
    error = refusal(document)
    assert (error.reason_code, error.field) == ("time_out_of_range", "feedetail[2].fee_ocur_time")


@pytest.mark.parametrize("open_end", ["9999-12-31 00:00:00", "9999-12-31", "9999-12-31 23:59:59", "99991231"])
def test_an_audit_may_call_a_stay_open_by_the_year_9999(open_end: str) -> None:
    document = request("3102")
    document["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][1]["dscg_date"] = open_end
    assert only(document).discharge_said is None


def test_an_audit_while_ordering_says_nothing_of_discharge_even_where_it_sends_the_current_time() -> None:
    document = request("3101")
    document["input"]["data"]["patient_dtos"][0]["fsi_encounter_dtos"][0]["dscg_date"] = "2026-04-13 09:00:00"
    assert only(document).discharge_said is None
    document["input"]["data"]["trig_scen"] = 9
    assert only(document).discharge_said == china("2026-04-13 09:00:00")


def test_a_stretch_of_care_that_ends_before_it_begins_is_none() -> None:
    document = request("4101A")
    document["input"]["icuinfo"][0]["scs_cutd_exit_time"] = "2026-04-10 19:00:00"
    assert [spell.care for spell in only(document).spells] == ["theatre"]


def test_the_blank_dates_of_databases_are_blank_in_optional_fields() -> None:
    for blank in ("1900-01-01", "0001-01-01 00:00:00", "9999-12-31"):
        document, row = body("2402", "dscginfo")
        row["die_date"] = blank
        assert only(document).died_on is None


def test_a_discharge_registered_the_evening_before_is_taken() -> None:
    document, row = body("2402", "dscginfo")
    row["endtime"] = "2026-04-21 09:00:00"
    assert only(document).ended_at == ARRIVED + timedelta(hours=21)


# money


@pytest.mark.parametrize("written", [-1, "-0.01", "-4870.30"])
def test_a_settlement_below_zero_is_refused_by_name(written: Any) -> None:
    document, row = body("2304", "data")
    row["medfee_sumamt"] = written
    error = refusal(document)
    assert (error.reason_code, error.field) == ("negative_amount", "data.medfee_sumamt")


@pytest.mark.parametrize(
    "written",
    ["NaN", "Infinity", "-inf", "1e400", "1E+20", "9" * 4000, float("nan"), float("inf"), 10**15, "四百", [], True],
)
def test_a_sum_that_is_no_sum_is_refused_by_name(written: Any) -> None:
    document, row = body("2304", "data")
    row["medfee_sumamt"] = written
    error = refusal(document)
    assert (error.reason_code, error.field) == ("bad_number", "data.medfee_sumamt")


def test_a_refund_has_both_count_and_amount_below_zero() -> None:
    document = request("2301")
    line = document["input"]["feedetail"][2]
    line["cnt"] = 1
    error = refusal(document)
    assert (error.reason_code, error.field) == ("negative_amount", "feedetail[2].det_item_fee_sumamt")
    line["cnt"], line["det_item_fee_sumamt"] = -1, 35
    assert refusal(document).reason_code == "sign_mismatch"


def test_a_line_without_amount_is_price_times_count() -> None:
    document = request("2301")
    line = document["input"]["feedetail"][0]
    line.pop("det_item_fee_sumamt")
    line["cnt"], line["pric"] = "2.0000", "17.505000"
    assert only(document).lines[0].amount == Decimal("35.01")


def test_a_line_without_count_is_refused() -> None:
    document = request("2301")
    document["input"]["feedetail"][1]["cnt"] = ""
    assert refusal(document).field == "feedetail[1].cnt"


def test_the_reversal_of_a_settlement_may_be_below_zero() -> None:
    assert only(pair("2305")).setl_id


# text


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "'; DROP TABLE stays; --", "骨科\u0000一病区", "a\nb"])
def test_markup_sql_and_control_characters_in_free_text_are_only_text(text: str) -> None:
    document, row = body("2401", "mdtrtinfo")
    row["adm_dept_name"] = row["adm_bed"] = text
    event = only(document)
    assert event.ward == event.bed == text.replace("\u0000", " ").replace("\n", " ")


def test_sql_in_an_identifier_is_only_text() -> None:
    document, row = body("2401", "mdtrtinfo")
    row["ipt_no"] = "1' OR '1'='1"
    assert only(document).who.ipt_no == "1' OR '1'='1"


@pytest.mark.parametrize("field", ["psn_no", "ipt_no", "adm_dept_codg"])
def test_a_nul_in_an_identifier_is_refused(field: str) -> None:
    document, row = body("2401", "mdtrtinfo")
    row[field] = "99\u000001"
    error = refusal(document)
    assert (error.reason_code, error.field) == ("bad_id", f"mdtrtinfo.{field}")


def test_absurdly_long_identifiers_are_refused() -> None:
    document, row = body("2404", "data")
    row["mdtrt_id"] = "9" * 65
    assert refusal(document).reason_code == "too_long"
    document = request("2404")
    document["msgid"] = "m" * 65
    assert refusal(document).field == "msgid"


def test_a_region_that_could_break_a_persons_key_is_refused() -> None:
    document = request("2404")
    document["insuplc_admdvs"] = "9902:02"
    assert refusal(document).field == "insuplc_admdvs"


def test_lone_surrogates_are_refused() -> None:
    document, row = body("2401", "mdtrtinfo")
    row["adm_bed"] = "\ud800"
    assert refusal(document).reason_code == "not_json"


# spellings


@pytest.mark.parametrize(
    ("name", "node", "variant"),
    [
        ("2402", "dscginfo", "mdtrtinfo"),
        ("2403", "adminfo", "mdtrtinfo"),
        ("2404", "data", "mdtrtinfo"),
        ("2405", "data", "mdtrtinfo"),
        ("2304", "data", "mdtrtinfo"),
        ("2303", "data", "mdtrtinfo"),
        ("2305", "data", "mdtrtinfo"),
        ("2201", "data", "mdtrtinfo"),
        ("2207", "data", "mdtrtinfo"),
        ("2302", "data", "feeinfo"),
        ("2203", "mdtrtinfo", "mdtrtInfo"),
        ("2203A", "mdtrtinfo", "mdtrtInfo"),
    ],
)
def test_older_node_names_are_read(name: str, node: str, variant: str) -> None:
    document = request(name)
    wanted = [(type(event), event.who, event.at) for event in events(document)]
    document["input"][variant] = document["input"].pop(node)
    assert [(type(event), event.who, event.at) for event in events(document)] == wanted
    assert node in read(document).input


@pytest.mark.parametrize(
    ("name", "node", "national", "variant"),
    [
        ("2401", "mdtrtinfo", "ipt_no", "ipt_otp_no"),
        ("2401", "mdtrtinfo", "main_cond_dscr", "main_cond_desc"),
        ("2402", "dscginfo", "dscg_dept_codg", "dscg_dept_code"),
        ("2402", "dscginfo", "dise_codg", "dise_no"),
        ("2303", "data", "dscgTime", "dscg_time"),
        ("2304", "data", "dscgTime", "dscg_time"),
    ],
)
def test_other_field_names_are_read_as_the_national_one(name: str, node: str, national: str, variant: str) -> None:
    document, row = body(name, node)
    row[variant] = value = row.pop(national)
    assert read(document).input[node][national] == value
    row[national] = "filled" if national != "dscgTime" else "2026-04-17 10:00:00"
    assert read(document).input[node][national] == row[national]


def test_a_national_name_left_blank_beside_its_variant_takes_the_variants_value() -> None:
    document, row = body("2401", "mdtrtinfo")
    row["ipt_otp_no"], row["ipt_no"] = "KN77", ""
    assert only(document).who.ipt_no == "KN77"


def test_an_intermediate_platform_may_name_the_institution_otherwise() -> None:
    for name in ("medins_code", "insur_code"):
        document = request("2404")
        document[name] = document.pop("fixmedins_code")
        assert only(document).who.institution == "H99020200017"


def test_an_audit_may_put_its_patients_beside_data() -> None:
    document = request("3102")
    patients = document["input"]["data"].pop("patient_dtos")
    encounters = patients[0].pop("fsi_encounter_dtos")
    document["input"] |= {"patient_dtos": patients[0], "fsi_encounter_dtos": encounters, "fsi_diagnose_dtos": []}
    event = only(document)
    assert (event.who.psn_no, str(event.fee_total)) == (PERSON, "4870.30")


def test_an_audit_without_fixmedins_code_is_the_encounters_institution() -> None:
    document = request("3102")
    document.pop("fixmedins_code")
    assert only(document).who.institution == "H99020200017"


def test_an_audit_under_the_hospitals_own_numbers_passes_them_on() -> None:
    document = request("3102")
    patient = document["input"]["data"]["patient_dtos"][0]
    patient["patn_id"], patient["curr_mdtrt_id"] = "P-77", "KN2604100031"
    patient["fsi_encounter_dtos"] = {**patient["fsi_encounter_dtos"][1], "mdtrt_id": "KN2604100031"}
    event = only(document)
    assert (event.who.psn_no, event.who.mdtrt_id, str(event.fee_total)) == ("P-77", "KN2604100031", "4870.30")


def test_an_audit_of_several_patients_is_an_event_each() -> None:
    document = request("3102")
    patients = document["input"]["data"]["patient_dtos"]
    patients.append({**patients[0], "patn_id": "99020000000000000000446602", "curr_mdtrt_id": "990200260410000378"})
    assert [event.who.mdtrt_id for event in events(document)] == [STAY, "990200260410000378"]


def test_out_of_area_persons_name_their_region_in_the_body() -> None:
    document, row = body("2401", "mdtrtinfo")
    document["insuplc_admdvs"] = ""
    row["insuplc_admdvs"] = "990101"
    assert only(document).who.insuplc_admdvs == "990101"


# identity


def test_only_an_identity_card_gives_a_fingerprint_of_the_voucher() -> None:
    document, row = body("2401", "mdtrtinfo")
    row["mdtrt_cert_type"], row["mdtrt_cert_no"] = "01", "990200ecSAMPLESAMPLE"
    assert (only(document).cert_type, only(document).certno_print) == ("01", "")


def test_a_settlement_by_voucher_takes_the_identity_number_of_the_reply() -> None:
    document = pair("2304")
    document["request"]["input"]["data"] |= {"mdtrt_cert_type": "01", "mdtrt_cert_no": "990200ecSAMPLESAMPLE"}
    assert only(document).certno_print == fingerprint("certno", "99020219520317002X")
    assert only({"request": document["request"]}).certno_print == ""


def test_an_identity_number_in_lower_case_is_the_same_person() -> None:
    document, row = body("2401", "mdtrtinfo")
    row["mdtrt_cert_no"] = " 99020219520317002x "
    assert only(document).certno_print == fingerprint("certno", "99020219520317002X")


def test_a_newborn_with_its_mother_needs_the_code_and_the_date_of_birth() -> None:
    document, row = body("2401", "mdtrtinfo")
    row["med_type"] = "9921"
    assert not only(document).newborn_with_mother
    row["birctrl_matn_date"] = "2026-04-09"
    assert only(document).newborn_with_mother
    row["med_type"] = "52"
    assert not only(document).newborn_with_mother


def test_a_birth_date_that_cannot_be_one_is_left_out() -> None:
    document = pair("1101")
    for said, read_as in (("1952-03-17 00:00:00", date(1952, 3, 17)), ("0001-01-01", None), ("2999-01-01", None)):
        document["response"]["output"]["baseinfo"]["brdy"] = said
        assert events(document)[0].birth_date == read_as  # type: ignore[attr-defined]


# what is missing


@pytest.mark.parametrize(
    ("name", "node", "field"),
    [
        ("2401", "mdtrtinfo", "psn_no"),
        ("2401", "mdtrtinfo", "begntime"),
        ("2402", "dscginfo", "endtime"),
        ("2601", "data", "omsgid"),
        ("2302", "data", "feedetl_sn"),
        ("4602", "data", "rcd_time"),
    ],
)
def test_what_an_event_cannot_do_without_is_refused_by_name(name: str, node: str, field: str) -> None:
    document, row = body(name, node)
    row[field] = ""
    error = refusal(document)
    assert error.reason_code == "missing"
    assert error.field.endswith(f".{field}")


def test_a_missing_node_is_named() -> None:
    document = request("2402")
    document["input"].pop("dscginfo")
    assert (refusal(document).reason_code, refusal(document).field) == ("missing_node", "input.dscginfo")


def test_a_row_that_is_no_object_is_refused_not_dropped() -> None:
    document = request("2301")
    document["input"]["feedetail"].append("7004")
    assert refusal(document).reason_code == "not_an_object"


def test_a_stay_named_by_nobody_is_refused() -> None:
    document, row = body("2404", "data")
    row["mdtrt_id"] = row["psn_no"] = ""
    assert refusal(document).reason_code == "missing"
