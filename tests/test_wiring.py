"""What the settings become: the keys of the national interface, and how messages may be spelled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.national import Dialects, Keyring
from schemas.national.crypto import STANDARD_USER_ID
from wardwatch.checks import configuration_problems
from wardwatch.settings import Settings
from wardwatch.wiring import dialects, keyring

SM4, OTHER_SM4, IV = "0123456789abcdeffedcba9876543210", "f" * 32, "00112233445566778899aabbccddeeff"
HOSPITAL, OTHER_HOSPITAL = "H99010100001", "H99010100002"
POINT = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
DIALECT = """
name = "sample"
title_zh = "示例"
title_en = "Sample"
regions = ["99"]
[infno]
8801 = "2304"
"""


def ring(**keys: Any) -> Keyring:
    return keyring(Settings.model_validate({"keys": keys}))


# Keys


def test_an_institution_without_keys_of_its_own_uses_the_platforms() -> None:
    keys = ring(platform={"sm4": SM4}, institutions={HOSPITAL: {"sm4": OTHER_SM4}, OTHER_HOSPITAL: {}})
    own, other = keys.of(HOSPITAL), keys.of(OTHER_HOSPITAL)
    assert own is not None
    assert other is not None
    assert own.sm4_key == bytes.fromhex(OTHER_SM4)
    assert other.sm4_key == bytes.fromhex(SM4)


def test_without_keys_there_are_none() -> None:
    assert ring().of(HOSPITAL) is None


def test_everything_that_was_agreed_on_reaches_the_codec() -> None:
    said = {"sm4": SM4, "sm4_iv": IV, "sm2_public": POINT, "sm2_user_id": "HOSPITAL-17", "require_signature": True}
    found = ring(institutions={HOSPITAL: said}).of(HOSPITAL)
    assert found is not None
    assert (found.sm4_key, found.sm4_mode, found.sm4_iv) == (bytes.fromhex(SM4), "cbc", bytes.fromhex(IV))
    assert found.sm2_public_key == bytes.fromhex(POINT)
    assert (found.sm2_user_id, found.require_signature) == (b"HOSPITAL-17", True)


def test_without_an_iv_the_mode_is_ecb_and_without_an_id_the_signer_has_the_standards() -> None:
    found = ring(platform={"sm4": SM4, "sm2_public": POINT}).of(HOSPITAL)
    assert found is not None
    assert (found.sm4_mode, found.sm2_user_id, found.require_signature) == ("ecb", STANDARD_USER_ID, False)


def test_a_wrapper_is_opened_with_its_apps_key_or_the_platforms() -> None:
    keys = ring(platform={"sm4": SM4}, apps={"tap": {"sm4": OTHER_SM4}})
    own, other = keys.of_app("tap"), keys.of_app("unknown")
    assert own is not None
    assert other is not None
    assert own.sm4_key == bytes.fromhex(OTHER_SM4)
    assert other.sm4_key == bytes.fromhex(SM4)


@pytest.mark.parametrize(
    "said",
    [{"sm2_public": "11" * 64}, {"sm4_iv": IV}, {"require_signature": True}, {"sm4": SM4, "require_signature": True}],
)
def test_keys_that_cannot_work_are_refused_with_the_place_where_they_stand(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"^keys\.institutions\.{HOSPITAL}: ") as refused:
        ring(institutions={HOSPITAL: said})
    assert not any(str(value) in str(refused.value) for value in said.values() if isinstance(value, str))


# Dialects


def spelled(folder: Path | None) -> Dialects:
    return dialects(_with(folder))


def _with(folder: Path | None) -> Settings:
    return Settings.model_validate({"rules": {"dialects": folder}})


def test_without_a_directory_the_builtin_dialects_are_in_force() -> None:
    assert spelled(None).choose("460100", "", "3101").name == "hainan"


def test_a_site_adds_its_own_dialect_beside_the_builtin_ones(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(DIALECT, "utf-8")
    (tmp_path / "notes.txt").write_text("not a dialect", "utf-8")
    found = spelled(tmp_path)
    assert found.choose("990101", "", "8801").infno == {"8801": "2304"}
    assert found.choose("460100", "", "3101").name == "hainan"
    assert found.spelt({"2304"}) == {"2304", "8801"}


def test_a_file_of_the_same_name_takes_the_place_of_a_builtin_one(tmp_path: Path) -> None:
    (tmp_path / "hainan.toml").write_text(DIALECT.replace('"99"', '"46"'), "utf-8")
    assert spelled(tmp_path).choose("460100", "", "3101").name == "sample"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (DIALECT.encode() + b"colour = 1", "colour"),
        (b"name = \n", "line 1"),
        (DIALECT.replace('"99"', '"46"').encode(), "hainan"),
        (DIALECT.encode("gb18030"), "UTF-8"),
    ],
)
def test_a_dialect_that_cannot_be_used_is_named_with_its_file_also_by_the_doctor(
    wrong: bytes, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "ours.toml"
    file.write_bytes(wrong)
    with pytest.raises(ValueError, match=told) as refused:
        spelled(tmp_path)
    assert str(refused.value).startswith(f"{file}: ")
    assert str(refused.value) in configuration_problems(_with(tmp_path))


def test_a_directory_that_is_not_there_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(FileNotFoundError):
        spelled(gone)
    assert any(problem.startswith(f"{gone}: ") for problem in configuration_problems(_with(gone)))
