"""Provincial spellings: chosen by region, added as data, and refused with file and key where they can't be used."""

from __future__ import annotations

import pytest

from schemas.national import DialectError, Dialects
from schemas.national.dialects import packaged_files
from schemas.national.registry import INFNOS
from tests.national.support import body, only, pair, read, request

SAMPLE = """
name = "sample"
title_zh = "示例省"
title_en = "Sample"
regions = ["99"]

[infno]
8801 = "2404"

[envelope]
yljgbm = "fixmedins_code"

[messages.2401.nodes]
ruyuan = "mdtrtinfo"
[messages.2401.fields]
chuangwei = "adm_bed"
[messages."*".fields]
ren = "psn_no"

[codes.med_type]
7001 = "21"
"""


def with_sample(text: str = SAMPLE) -> Dialects:
    return Dialects.parse({**packaged_files(), "sample.toml": text})


def test_the_packaged_dialects_name_only_transactions_of_the_table() -> None:
    dialects = Dialects.load()
    for dialect in (dialects.default, *dialects.by_region.values()):
        assert set(dialect.messages) <= {*INFNOS, "*"}
        assert set(dialect.infno.values()) <= set(INFNOS)


@pytest.mark.parametrize(
    ("region", "institution", "name"),
    [
        ("440106", "", "guangdong"),
        ("460100", "", "hainan"),
        ("", "H43010200001", "hunan"),
        ("220000", "", "jilin"),
        ("990202", "H44010100001", "default"),
        ("", "X", "default"),
    ],
)
def test_a_dialect_is_chosen_by_region_or_by_the_institutions_own(region: str, institution: str, name: str) -> None:
    assert Dialects.load().choose(region, institution, "2401").name == name


def test_a_number_only_one_province_has_chooses_it_where_the_region_does_not() -> None:
    document = pair("3661-hainan")
    document["request"]["mdtrtarea_admvs"] = ""
    document["request"]["fixmedins_code"] = "H99020200017"
    assert read(document).infno == "3102"


def test_the_longer_prefix_wins() -> None:
    city = SAMPLE.replace('"sample"', '"city"').replace('["99"]', '["9902"]')
    dialects = Dialects.parse({**packaged_files(), "a.toml": SAMPLE, "b.toml": city})
    assert dialects.choose("990202", "", "").name == "city"
    assert dialects.choose("990101", "", "").name == "sample"


def test_hunans_codes_become_national_and_stay_raw_in_the_message() -> None:
    document, row = body("2401", "mdtrtinfo")
    document["mdtrtarea_admvs"] = "430102"
    for raw, national in (("2101", "21"), ("2107", "52"), (2102, "26"), ("21", "21")):
        row["med_type"] = raw
        assert only(document).med_type == national
        assert read(document).input["mdtrtinfo"]["med_type"] == raw


def test_a_site_adds_its_own_province_as_a_file() -> None:
    document, row = body("2401", "mdtrtinfo")
    row["chuangwei"], row["ren"], row["med_type"] = row.pop("adm_bed"), row.pop("psn_no"), "7001"
    document["input"]["ruyuan"] = document["input"].pop("mdtrtinfo")
    document["yljgbm"] = document.pop("fixmedins_code")
    event = only(document, dialects=with_sample())
    assert (event.bed, event.med_type, event.who) == ("18+", "21", only(request("2401")).who)
    assert event.flags == ("dialect:sample",)
    assert only({**request("2404"), "infno": "8801"}, dialects=with_sample()).kind == "admission_cancelled"


def test_a_dialect_that_changed_nothing_leaves_no_flag() -> None:
    assert only(request("2401"), dialects=with_sample()).flags == ()


def test_the_harmless_variants_hold_in_every_province() -> None:
    document, row = body("2401", "mdtrtinfo")
    document["mdtrtarea_admvs"] = "460100"
    row["ipt_otp_no"] = row.pop("ipt_no")
    assert only(document).who.ipt_no == "KN2604100031"
    assert only(document).flags == ()


def test_a_province_may_take_an_error_text_for_a_failure() -> None:
    document = pair("2401")
    document["response"]["err_msg"] = "重复入院"
    strict = with_sample(SAMPLE.replace("\n[infno]", "\nerror_text_is_failure = true\n[infno]"))
    assert read(document).response_code == 0
    assert read(document, dialects=strict).response_code == -1


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (("[infno]", "[infno"), "line"),
        (("[envelope]", "[envelop]"), "envelop"),
        (('regions = ["99"]', 'regions = ["9x"]'), "regions"),
        (('regions = ["99"]', ""), "regions"),
        (('regions = ["99"]', 'regions = ["44"]'), "guangdong"),
        (('8801 = "2404"', '8801 = "x"'), "infno"),
        (("[messages.2401.nodes]", "[messages.admission.nodes]"), "admission"),
        (('chuangwei = "adm_bed"', 'a = "b"\nb = "c"'), "b is renamed"),
        (('name = "sample"', 'name = "Sample!"'), "name"),
    ],
)
def test_a_dialect_that_cannot_be_used_names_file_and_place(damage: tuple[str, str], complaint: str) -> None:
    with pytest.raises(DialectError) as caught:
        with_sample(SAMPLE.replace(*damage))
    assert "sample.toml" in str(caught.value)
    assert complaint in str(caught.value)


def test_without_a_default_there_are_no_dialects() -> None:
    with pytest.raises(DialectError):
        Dialects.parse({"sample.toml": SAMPLE})
