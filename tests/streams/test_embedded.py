"""The node under a crowd: who waits for whom, and what becomes of those that leave before their answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from access.callers import LOCAL
from streams.embedded import GATE_INFNOS, Embedded, asks_the_gate, is_slow_to_read
from streams.requests import Answer, Request, Unavailable
from tests.journal import Hospital, Patient, Sent
from tests.national.sealing import PUBLIC, signed
from tests.streams.counter import Counter, opened, request_of
from wardwatch.clock import Clock

CROWD = 100
"""Signed messages at once. Read by the writer, they would keep it busy for longer than any deadline here."""


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    keys = {"institutions": {Hospital().code: {"sm2_public": PUBLIC}}}
    with opened(tmp_path, clock=Clock(), keys=keys) as made:
        yield made


@pytest.fixture
def patient() -> Patient:
    return Hospital().ward("骨科").admits("03-02 09:00")


def node_of(counter: Counter, deadline: float = 0.8) -> Embedded:
    whole = counter.parts
    return Embedded(whole.store, whole.intake, whole.pump, whole.clock, deadline=deadline)


def now(node: Embedded, sent: Sent) -> Request:
    """The request, as it arrives at this moment."""
    return replace(request_of(sent), at=node.now())


def taken(counter: Counter, kind: str) -> None:
    """Waits until the log holds such an event."""
    while not counter.events(kind):
        time.sleep(0.01)


def crowd(patient: Patient) -> list[Sent]:
    """Many signed messages of one text: signing is as slow as verifying."""
    charged = patient.charged("03-03 10:00")
    document = signed(charged.row["json"])
    request = document["request"]
    return [
        Sent(charged.at, {**charged.row, "json": {**document, "request": {**request, "msgid": f"crowd-{number}"}}})
        for number in range(CROWD)
    ]


def outcome(answer: Answer) -> tuple[int, str]:
    return answer.body["infcode"], answer.body["output"]["wardwatch"]["outcome"]


# ── who waits for whom ───────────────────────────────────────────────────────────────────────────────────


def test_a_crowd_of_signed_messages_does_not_delay_a_settlement(counter: Counter, patient: Patient) -> None:
    node = node_of(counter, deadline=0.5)
    settled = patient.settles("03-05 10:00")

    async def story() -> tuple[Answer, int]:
        assert patient.admission is not None
        await node.submit(now(node, patient.admission))
        waiting = [asyncio.ensure_future(node.submit(now(node, sent))) for sent in crowd(patient)]
        await asyncio.sleep(0)
        answer = await node.submit(now(node, settled))
        still_reading = sum(not one.done() for one in waiting)
        for each in await asyncio.gather(*waiting):
            assert each.body["infcode"] == 0
        return answer, still_reading

    node.start()
    try:
        answer, still_reading = asyncio.run(story())
    finally:
        node.stop()
    assert outcome(answer) == (0, "pass")
    assert still_reading > CROWD / 2, "the settlement went by, it didn't wait for the crowd"
    assert [event.flags for event in counter.events("charges_posted")] == [("signature_ok",)] * CROWD


def test_a_settlement_late_for_its_signature_is_told_so_and_taken_all_the_same(
    counter: Counter, patient: Patient
) -> None:
    node = node_of(counter, deadline=0.05)
    settled = patient.settles("03-05 10:00")
    settled.row["json"] = signed(settled.row["json"])

    async def story() -> tuple[Answer, Answer]:
        assert patient.admission is not None
        await node.submit(now(node, patient.admission))
        waiting = [asyncio.ensure_future(node.submit(now(node, sent))) for sent in crowd(patient)]
        await asyncio.sleep(0)
        late = await node.submit(now(node, settled))
        await asyncio.gather(*waiting)
        await asyncio.to_thread(taken, counter, "settlement_asked")
        node.deadline = 5.0
        return late, await node.submit(now(node, settled))

    node.start()
    try:
        late, again = asyncio.run(story())
    finally:
        node.stop()
    assert outcome(late) == (-1, "not_evaluated")
    assert outcome(again) == (0, "pass")
    (event,) = counter.events("settlement_asked")
    assert event.provisional.outcome == "not_evaluated"  # type: ignore[attr-defined]


# ── those that leave ─────────────────────────────────────────────────────────────────────────────────────


def test_a_sender_that_leaves_before_its_answer_stops_nothing_and_loses_nothing(
    counter: Counter, patient: Patient
) -> None:
    node = node_of(counter)

    async def story() -> None:
        assert patient.admission is not None
        gone = asyncio.ensure_future(node.submit(now(node, patient.admission)))
        await asyncio.sleep(0.01)  # it is in the queue: the node doesn't run yet
        gone.cancel()
        await asyncio.sleep(0)
        node.start()
        assert (await node.submit(now(node, patient.charged("03-03 10:00")))).body["infcode"] == 0

    try:
        asyncio.run(story())
        assert node.readiness().ready
    finally:
        node.stop()
    assert [len(counter.events(kind)) for kind in ("admitted", "charges_posted")] == [1, 1]


def test_a_stopped_node_refuses_at_once_whatever_waits_to_be_read(counter: Counter, patient: Patient) -> None:
    node = node_of(counter)

    async def story() -> None:
        waiting = [asyncio.ensure_future(node.submit(now(node, sent))) for sent in crowd(patient)]
        await asyncio.sleep(0)
        await asyncio.to_thread(node.stop)
        began = time.monotonic()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert time.monotonic() - began < 0.5
        assert sum(isinstance(result, Unavailable) for result in results) > CROWD / 2
        with pytest.raises(Unavailable):
            await node.submit(now(node, crowd(patient)[0]))

    node.start()
    asyncio.run(story())


# ── what can be seen from outside ────────────────────────────────────────────────────────────────────────


def message(document: Any) -> Request:
    return Request("/fsi/callService", b"", Clock().now(), LOCAL, document=document)


@pytest.mark.parametrize(
    ("document", "waits"),
    [
        ({"infno": "2304", "input": {}}, True),
        ({"infno": 3101}, True),
        ({"request": {"infno": "2303"}, "response": {}}, True),
        ({"infno": "3661"}, True),
        ({"appId": "A", "encData": "…"}, True),
        ({"infno": "2401"}, False),
        ({"infno": "2305"}, False),
        ([], False),
        (None, False),
    ],
)
def test_who_may_stand_at_a_counter(counter: Counter, document: Any, waits: bool) -> None:
    numbers = counter.parts.intake.reading.dialects.spelt(GATE_INFNOS)
    assert asks_the_gate(message(document), numbers) is waits


@pytest.mark.parametrize(
    ("document", "slow"),
    [
        ({"infno": "2401", "signtype": "SM2"}, True),
        ({"infno": "2401", "qmlx": " sm2 "}, True),
        ({"request": {"infno": "2401", "signType": "SM2"}, "response": {}}, True),
        ({"appId": "A", "encData": "…"}, True),
        ({"infno": "2401", "signtype": "SM3", "cainfo": "…"}, False),
        ({"infno": "2401", "signtype": "", "input": "SM2"[::-1]}, False),
        (None, False),
    ],
)
def test_what_is_slow_to_read_shows_from_outside(document: Any, slow: bool) -> None:
    assert is_slow_to_read(message(document)) is slow
