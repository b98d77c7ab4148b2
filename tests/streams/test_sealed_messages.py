"""Encrypted and signed messages all the way: what comes of them is what comes of the plain ones."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.national import Keys
from schemas.national.crypto import decrypt, encrypt
from streams.journal import Line, open_journal, read_journal
from streams.replay import Player
from streams.requests import Answer
from tests.journal import Hospital, Patient, Sent
from tests.national.sealing import PUBLIC, SM4_IV, SM4_KEY, sealed, signed
from tests.streams.counter import Counter, opened, request_of

ECB = {"sm4": SM4_KEY, "sm2_public": PUBLIC}
CBC = {**ECB, "sm4_iv": SM4_IV}
HOSPITAL = Hospital().code


class Open:
    """Opens counters, each with its own database and with these keys of the hospital's."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._count = 0

    def __call__(self, **keys: Any) -> Counter:
        return self.with_keys(institutions={HOSPITAL: keys})

    def with_keys(self, **keys: Any) -> Counter:
        self._count += 1
        folder = self._folder / str(self._count)
        folder.mkdir()
        return self._stack.enter_context(opened(folder, keys=keys))


@pytest.fixture
def open_counter(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        yield Open(tmp_path, stack)


@pytest.fixture
def patient() -> Patient:
    """Admitted, and not settled yet."""
    return Hospital().ward("骨科").admits("03-02 09:00")


def keys_of(said: dict[str, str]) -> Keys:
    return Keys.from_text(sm4_key=said["sm4"], sm4_iv=said.get("sm4_iv", ""))


def seal(sent: Sent, keys: dict[str, str] = ECB) -> Sent:
    """The same message as it leaves a hospital that encrypts and signs."""
    return Sent(sent.at, {**sent.row, "json": sealed(sent.row["json"], keys_of(keys))})


def envelope(sent: Sent) -> dict[str, Any]:
    """The request's own fields, to spoil one."""
    document = sent.row["json"]
    found: dict[str, Any] = document.get("request", document)
    return found


def played(counter: Counter, sent: list[Sent], folder: Path) -> list[Answer]:
    """A packed journal through a player; the answers in order."""
    file = folder / "journal.jsonl.gz"
    file.write_bytes(gzip.compress(b"".join(one.bytes + b"\n" for one in sent)))
    answers: list[Answer] = []

    def answered(_line: Line, result: Answer) -> None:
        answers.append(result)

    whole = counter.parts
    player = Player(whole.store, whole.intake, whole.pump, whole.clock, answered)  # type: ignore[arg-type]
    with open_journal(file) as stream:
        player.play(read_journal(stream))
    return answers


def told(counter: Counter) -> list[dict[str, Any]]:
    """What was said of patients, without how it was said."""
    return [event.model_dump(exclude={"flags"}) for event in counter.events()]


# ── taken ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("keys", [ECB, CBC], ids=["ecb", "cbc"])
def test_sealed_messages_become_the_events_of_the_plain_ones(
    open_counter: Open, patient: Patient, tmp_path: Path, keys: dict[str, str]
) -> None:
    plain = [*patient.hospital.journal.lines, patient.settles("03-05 10:00")]
    closed = [seal(sent, keys) for sent in plain]
    one, other = open_counter(), open_counter(**keys)
    played(one, plain, tmp_path)
    played(other, closed, tmp_path)

    assert told(other) == told(one)
    said = [event for event in other.events() if event.msgid]
    assert [event.flags for event in said] == [("encrypted", "signature_ok")] * 2
    assert [decision.model_dump() for decision in other.decisions()] == [d.model_dump() for d in one.decisions()]
    assert [request.body for request in other.raw()] == [orjson.dumps(sent.row["json"]) for sent in closed]
    assert patient.psn_no.encode() not in b"".join(request.body for request in other.raw())


@pytest.mark.parametrize("keys", [ECB, CBC], ids=["ecb", "cbc"])
def test_the_answer_to_an_encrypted_message_is_encrypted_and_that_to_a_plain_one_is_not(
    open_counter: Open, patient: Patient, tmp_path: Path, keys: dict[str, str]
) -> None:
    settled = patient.settles("03-05 10:00", infno="2303", reply_seen=False)
    plain = patient.asks("03-05 10:01")
    admission = patient.hospital.journal.lines[0]
    taken, answer, open_answer = played(
        open_counter(**keys), [seal(admission, keys), seal(settled, keys), plain], tmp_path
    )
    assert [one.body["infcode"] for one in (taken, answer, open_answer)] == [0, 0, 0]
    assert answer.body["enctype"] == "SM4"
    said = orjson.loads(decrypt(answer.body["output"], keys_of(keys)))
    assert said["wardwatch"]["outcome"] == "pass"
    assert open_answer.body["output"] == {"result": []}
    assert open_answer.body["enctype"] == ""


def test_the_same_message_plain_and_sealed_is_one_message(open_counter: Open, patient: Patient) -> None:
    counter = open_counter(**ECB)
    admission = patient.hospital.journal.lines[0]
    counter.takes(admission, seal(admission))
    assert len(counter.events("admitted")) == 1


def test_a_wrapper_is_opened_with_the_key_of_its_app(open_counter: Open, patient: Patient) -> None:
    admission = patient.hospital.journal.lines[0]
    text = orjson.dumps(admission.row["json"]["request"])
    wrapper = {"appId": "tap-1", "encType": "SM4", "encData": encrypt(text, keys_of(ECB)), "signData": ""}
    wrapped = Sent(admission.at, {**admission.row, "json": wrapper})
    counter, stranger = open_counter.with_keys(apps={"tap-1": {"sm4": SM4_KEY}}), open_counter()
    assert body_of(counter, wrapped)["infcode"] == 0
    (event,) = counter.events("admitted")
    assert "wrapped" in event.flags
    assert body_of(stranger, wrapped)["infcode"] == -1


# ── not taken ────────────────────────────────────────────────────────────────────────────────────────────


def body_of(counter: Counter, sent: Sent) -> dict[str, Any]:
    answer = counter.take(sent)
    assert isinstance(answer, Answer)
    return answer.body


@pytest.mark.parametrize(
    ("keys", "code"), [({"sm4": "f" * 32}, "decrypt_failed"), ({"sm2_public": PUBLIC}, "no_key"), ({}, "no_key")]
)
def test_what_cannot_be_opened_is_a_dead_letter_whole_and_answered_in_plain_words(
    open_counter: Open, patient: Patient, keys: dict[str, str], code: str
) -> None:
    counter = open_counter(**keys)
    closed = seal(patient.settles("03-05 10:00"))
    neighbour = patient.hospital.journal.lines[0]
    answer = body_of(counter, closed)
    assert (answer["infcode"], answer["output"], answer["enctype"]) == (-1, None, "")
    assert "SM4" in answer["err_msg"]
    (letter,) = counter.letters()
    assert (letter.code, letter.body) == (code, request_of(closed).body)
    assert counter.raw() == []
    assert body_of(counter, neighbour)["infcode"] == 0
    assert [event.flags for event in counter.events()] == [()]


def test_once_the_key_is_there_the_dead_letter_can_be_sent_again(open_counter: Open, patient: Patient) -> None:
    closed = seal(patient.hospital.journal.lines[0])
    counter = open_counter()
    assert body_of(counter, closed)["infcode"] == -1
    right = open_counter(**ECB)
    (letter,) = counter.letters()
    again = Sent(closed.at, {**closed.row, "json": orjson.loads(letter.body)})
    assert body_of(right, again)["infcode"] == 0


# ── signatures ───────────────────────────────────────────────────────────────────────────────────────────


def forged(sent: Sent) -> Sent:
    """Somebody on the way changed the amount and kept the signature."""
    changed = Sent(sent.at, {**sent.row, "json": signed(sent.row["json"])})
    envelope(changed)["input"] = envelope(changed)["input"].replace("1920.00", "9920.00")
    return changed


def test_a_bad_signature_is_flagged_and_the_message_taken(open_counter: Open, patient: Patient) -> None:
    counter = open_counter(**ECB)
    counter.take(patient.hospital.journal.lines[0])
    assert body_of(counter, forged(patient.settles("03-05 10:00")))["infcode"] == 0
    (event,) = counter.events("settlement_asked")
    assert event.flags == ("signature_bad",)


def test_where_signatures_are_required_a_bad_one_or_none_is_refused_and_kept(
    open_counter: Open, patient: Patient
) -> None:
    counter = open_counter(**ECB, require_signature=True)
    admission, settled = patient.hospital.journal.lines[0], patient.settles("03-05 10:00")
    assert body_of(counter, seal(admission))["infcode"] == 0
    for sent in (forged(settled), settled):
        answer = body_of(counter, sent)
        assert answer["infcode"] == -1
        assert "签名" in answer["err_msg"]
    assert counter.events("settlement_asked") == []
    assert [letter.code for letter in counter.letters()] == ["signature_refused"] * 2
    assert body_of(counter, seal(settled))["infcode"] == 0, "refusing the forged one didn't use up its number"
    assert [event.flags for event in counter.events("settlement_asked")] == [("encrypted", "signature_ok")]


def test_the_signers_id_that_was_agreed_on_is_part_of_the_signature(open_counter: Open, patient: Patient) -> None:
    counter = open_counter(**ECB, sm2_user_id=HOSPITAL)
    admission = patient.hospital.journal.lines[0]
    counter.take(seal(admission))
    (event,) = counter.events("admitted")
    assert event.flags == ("encrypted", "signature_bad"), "it was signed with the standard's id"
