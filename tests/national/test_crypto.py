"""国密: encrypted input, digests and signatures, against the standards' own vectors and our own round trips."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from gmssl import sm2

from schemas.national import Keyring, Keys, Unreadable, reply_ok
from schemas.national.crypto import STANDARD_USER_ID, decrypt, encrypt, signature_matches, sm3
from tests.national.sealing import PUBLIC, SM4_KEY, der, sign
from tests.national.support import ARRIVED, HOSPITAL, STAY, events, only, pair, read, request


def ring(**keys: Any) -> Keyring:
    return Keyring(institutions={HOSPITAL: Keys.from_text(**keys)})


def signed(cainfo: str, kind: str = "SM2", *, as_text: bool = True) -> dict[str, Any]:
    document = request("2404")
    if as_text:
        document["input"] = text_of("2404").decode()
    return {**document, "cainfo": cainfo, "signtype": kind}


def text_of(name: str) -> bytes:
    return orjson.dumps(request(name)["input"])


# the standards' vectors


def test_sm3_of_abc_is_the_standards() -> None:
    assert sm3(b"a", b"bc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_sm4_of_the_standards_block_is_the_standards() -> None:
    sealed = base64.b64decode(encrypt(bytes.fromhex(SM4_KEY), Keys.from_text(sm4_key=SM4_KEY)))
    assert sealed[:16].hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm2_verifies_the_standards_signature_and_no_other() -> None:
    keys = Keys.from_text(sm2_public_key=PUBLIC)
    good = (
        "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
        "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
    )
    assert signature_matches(good, b"message digest", keys)
    assert signature_matches(der(good), b"message digest", keys)
    assert not signature_matches(good, b"message digesT", keys)
    assert not signature_matches(good[:-1] + "b", b"message digest", keys)


# encrypted input


@pytest.mark.parametrize("iv", ["", "00112233445566778899aabbccddeeff"])
def test_encrypted_input_is_opened_with_the_institutions_key(iv: str) -> None:
    keyring = ring(sm4_key=SM4_KEY, sm4_iv=iv)
    keys = keyring.of(HOSPITAL)
    assert keys is not None
    document = {**request("2401"), "enc_type": "SM4", "input": encrypt(text_of("2401"), keys)}
    message = read(document, keys=keyring)
    assert "encrypted" in message.flags
    assert message.raw_input == text_of("2401")
    assert message.input_hash == read(request("2401")).input_hash
    hexed = {**document, "input": base64.b64decode(document["input"]).hex()}
    assert read(hexed, keys=keyring).input_hash == message.input_hash


def test_an_encrypted_output_is_opened_too() -> None:
    keyring = ring(sm4_key=SM4_KEY)
    document = pair("2401")
    keys = keyring.of(HOSPITAL)
    assert keys is not None
    document["response"]["output"] = encrypt(orjson.dumps(document["response"]["output"]), keys)
    assert only(document, keys=keyring).who.mdtrt_id == STAY


def test_without_a_key_an_encrypted_message_waits_in_the_dead_letters() -> None:
    sealed = encrypt(text_of("2401"), Keys.from_text(sm4_key=SM4_KEY))
    with pytest.raises(Unreadable) as caught:
        read({**request("2401"), "input": sealed})
    assert caught.value.reason_code == "no_key"


@pytest.mark.parametrize("damage", ["wrong key", "cut", "not Base64"])
def test_what_does_not_decrypt_says_so(damage: str) -> None:
    sealed = encrypt(text_of("2401"), Keys.from_text(sm4_key=SM4_KEY))
    keyring = ring(sm4_key="f" * 32 if damage == "wrong key" else SM4_KEY)
    text = {"wrong key": sealed, "cut": sealed[:-8], "not Base64": "机密"}[damage]
    with pytest.raises(Unreadable) as caught:
        read({**request("2401"), "input": text}, keys=keyring)
    assert caught.value.reason_code in ("decrypt_failed", "not_utf8", "not_json")


def test_a_whole_message_may_come_in_an_encrypted_wrapper() -> None:
    keys = Keys.from_text(sm4_key=SM4_KEY)
    wrapper = {"appId": "A1", "encType": "SM4", "encData": encrypt(orjson.dumps(request("2401")), keys), "signData": ""}
    message = read(wrapper, keys=Keyring(apps={"A1": keys}))
    assert "wrapped" in message.flags
    assert message.input_hash == read(request("2401")).input_hash


def test_the_answer_to_an_encrypted_message_is_encrypted() -> None:
    keyring = ring(sm4_key=SM4_KEY)
    keys = keyring.of(HOSPITAL)
    assert keys is not None
    message = read({**request("3102"), "input": encrypt(text_of("3102"), keys)}, keys=keyring)
    reply = reply_ok(message, output={"result": []}, received_at=ARRIVED, responded_at=ARRIVED, serial=1, keys=keys)
    assert orjson.loads(decrypt(reply["output"], keys)) == {"result": []}
    assert reply["enctype"] == "SM4"


# digests and signatures


def test_a_digest_is_checked_in_hex_and_base64() -> None:
    right = sm3(text_of("2404"))
    for cainfo in (right.hex(), right.hex().upper(), base64.b64encode(right).decode()):
        assert read(signed(cainfo, "SM3")).flags == ("signature_ok",)
    assert read(signed(sm3(b"else").hex(), "SM3")).flags == ("signature_bad",)


def test_a_signature_over_the_text_of_input_is_verified() -> None:
    keyring = ring(sm2_public_key=PUBLIC)
    signature = sign(text_of("2404"))
    for cainfo in (signature, der(signature), base64.b64encode(bytes.fromhex(signature)).decode()):
        assert read(signed(cainfo), keys=keyring).flags == ("signature_ok",)


def test_a_signature_is_made_before_encrypting_and_checked_after() -> None:
    keyring = ring(sm2_public_key=PUBLIC, sm4_key=SM4_KEY)
    keys = keyring.of(HOSPITAL)
    assert keys is not None
    document = {**signed(sign(text_of("2404"))), "input": encrypt(text_of("2404"), keys)}
    assert read(document, keys=keyring).flags == ("encrypted", "signature_ok")


def test_another_user_id_makes_another_signature() -> None:
    cainfo = sign(text_of("2404"), b"HOSPITAL-17")
    assert read(signed(cainfo), keys=ring(sm2_public_key=PUBLIC)).flags == ("signature_bad",)
    assert read(signed(cainfo), keys=ring(sm2_public_key=PUBLIC, sm2_user_id="HOSPITAL-17")).flags == ("signature_ok",)


@pytest.mark.parametrize("cainfo", ["00", "zz", "机", "0" * 128, "f" * 128, "MEUCIQ=="])
def test_a_bad_signature_is_flagged_and_the_message_taken(cainfo: str) -> None:
    assert read(signed(cainfo), keys=ring(sm2_public_key=PUBLIC)).flags == ("signature_bad",)
    assert len(events(signed(cainfo), keys=ring(sm2_public_key=PUBLIC))) == 1


def test_where_signatures_are_required_anything_else_is_refused() -> None:
    keyring = ring(sm2_public_key=PUBLIC, require_signature=True)
    assert read(signed(sign(text_of("2404"))), keys=keyring).flags == ("signature_ok",)
    for document in (signed("00"), signed(""), signed(sm3(text_of("2404")).hex(), "SM3"), request("2404")):
        with pytest.raises(Unreadable) as caught:
            read(document, keys=keyring)
        assert caught.value.reason_code == "signature_refused"


def test_a_signed_object_whose_text_is_gone_is_tried_compactly_and_else_unchecked() -> None:
    keyring = ring(sm2_public_key=PUBLIC)
    assert read(signed(sign(text_of("2404")), as_text=False), keys=keyring).flags == ("signature_ok",)
    spaced = sign(text_of("2404").replace(b":", b": "))
    assert read(signed(spaced, as_text=False), keys=keyring).flags == ("signature_unchecked",)


def test_a_signature_nobody_gave_us_a_key_for_is_no_news() -> None:
    assert read(signed(sign(text_of("2404")))).flags == ()


# keys


def test_keys_are_read_in_every_form_they_are_handed_over() -> None:
    point = bytes.fromhex(PUBLIC)
    spki = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200") + b"\x04" + point
    for text in (PUBLIC, f"04{PUBLIC}", base64.b64encode(point).decode(), base64.b64encode(spki).decode(), spki.hex()):
        assert Keys.from_text(sm2_public_key=text).sm2_public_key == point
    for text in (SM4_KEY, base64.b64encode(bytes.fromhex(SM4_KEY)).decode()):
        assert Keys.from_text(sm4_key=text).sm4_key == bytes.fromhex(SM4_KEY)
    assert Keys.from_text(sm4_key="sixteen letters!").sm4_key == b"sixteen letters!"


def test_a_key_whose_digits_begin_with_04_is_used_whole() -> None:
    """The library strips leading zeros and fours where it is handed such a key."""
    secret, number = 0, 0
    while True:
        number += 1
        maker = sm2.CryptSM2(private_key="", public_key="")
        point = str(maker._kg(number, sm2.default_ecc_table["g"]))
        if point.startswith("04"):
            secret = number
            break
    keys = Keys.from_text(sm2_public_key=point)
    signer = sm2.CryptSM2(private_key=f"{secret:064x}", public_key="")
    curve = bytes.fromhex("".join(sm2.default_ecc_table[name] for name in "abg"))
    z = sm3(b"\x00\x80", STANDARD_USER_ID, curve, bytes.fromhex(point))
    assert signature_matches(str(signer.sign(sm3(z, b"text"), "5b" * 32)), b"text", keys)


@pytest.mark.parametrize(
    "wrong",
    [{"sm4_key": "abcd"}, {"sm4_key": SM4_KEY, "sm4_iv": "00"}, {"sm2_public_key": "11" * 64}, {"sm4_key": "?"}],
)
def test_a_wrong_key_is_refused_without_being_shown(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError) as caught:
        Keys.from_text(**wrong)  # type: ignore[arg-type]
    assert not any(len(value) > 1 and value in str(caught.value) for value in wrong.values())


def test_secrets_do_not_show_in_repr() -> None:
    keyring = ring(sm4_key=SM4_KEY, sm2_public_key=PUBLIC)
    keys = keyring.of(HOSPITAL)
    assert keys is not None
    assert keys.sm4_key is not None
    for shown in (repr(keyring), repr(keys)):
        assert SM4_KEY not in shown
        assert repr(keys.sm4_key) not in shown
