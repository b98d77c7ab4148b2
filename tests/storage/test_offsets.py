"""The offset row: epochs rise, and nobody else's row moves."""

from __future__ import annotations

import threading

import pytest

from storage import offsets
from storage.errors import Fenced
from storage.store import Store


def test_each_claim_raises_the_epoch_and_keeps_the_offset(store: Store) -> None:
    with store.write() as conn:
        first = offsets.claim(conn, "engine", "t", 3)
        assert (first.epoch, first.next_offset) == (1, 0)
        offsets.advance(conn, "engine", "t", 3, epoch=1, expected=0, next_offset=17)
        second = offsets.claim(conn, "engine", "t", 3)
        assert (second.epoch, second.next_offset) == (2, 17)
        assert offsets.reached(conn, "engine", "t", 3) == 17


def test_an_advance_moves_only_its_own_row(store: Store) -> None:
    with store.write() as conn:
        for consumer, topic, partition in (("a", "t", 0), ("b", "t", 0), ("a", "u", 0), ("a", "t", 1)):
            offsets.claim(conn, consumer, topic, partition)
        offsets.advance(conn, "a", "t", 0, epoch=1, expected=0, next_offset=5)
        rows = [offsets.reached(conn, *row) for row in (("b", "t", 0), ("a", "u", 0), ("a", "t", 1))]
    assert rows == [0, 0, 0]


def test_who_never_claimed_has_reached_nothing_and_can_not_advance(store: Store) -> None:
    with store.write() as conn:
        assert offsets.reached(conn, "engine", "t") == 0
        with pytest.raises(Fenced):
            offsets.advance(conn, "engine", "t", 0, epoch=1, expected=0, next_offset=1)


def test_claims_that_race_get_different_epochs(store: Store) -> None:
    epochs: list[int] = []

    def take() -> None:
        with store.write() as conn:
            epochs.append(offsets.claim(conn, "engine", "t").epoch)

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(epochs) == [1, 2, 3, 4, 5, 6]


def test_a_consumer_that_is_gone_no_longer_holds_the_log_back(store: Store) -> None:
    with store.write() as conn:
        offsets.claim(conn, "old", "t")
        offsets.claim(conn, "new", "t")
        assert offsets.forget(conn, "old") == 1
        assert offsets.claim(conn, "old", "t").epoch == 1
