"""Keeping facts: each once, sorted by when they happened, the fuller telling winning whichever came first."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from detectors.ledger.facts import drop, put
from detectors.ledger.model import Answer
from tests.stories import at

T0 = at("03-02 09:00")


def answer(number: int, minutes: int = 0, **what: str) -> Answer:
    moment = T0 + timedelta(minutes=minutes)
    return Answer(
        id=f"a{number}", at=moment, known_at=moment, check_id="K1", result=what.pop("result", "witnessed"), **what
    )


def kept(*facts: Answer) -> tuple[Answer, ...]:
    held: tuple[Answer, ...] = ()
    for fact in facts:
        held = put(held, fact)
    return held


def test_facts_stand_in_the_order_in_which_they_happened_ties_by_id() -> None:
    first, second, tied = answer(2, 1), answer(3, 5), answer(1, 5)
    for order in permutations((first, second, tied)):
        assert kept(*order) == (first, tied, second)


def test_a_repeat_changes_nothing_not_even_the_object() -> None:
    held = kept(answer(1), answer(2, 5))
    assert put(held, answer(1)) is held


def test_the_fuller_telling_of_the_same_fact_wins_whichever_came_first() -> None:
    poor, rich = answer(1), answer(1, treatment="imaging", operator="n1")
    assert kept(poor, rich) == kept(rich, poor) == (rich,)


def test_a_fuller_telling_with_another_time_moves_to_its_place() -> None:
    poor, rich, other = answer(1, 0), answer(1, 9, operator="n1"), answer(2, 5)
    assert kept(poor, other, rich) == kept(rich, other, poor) == (other, rich)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 30), st.sampled_from(["", "n1", "n22"])), max_size=12),
    st.randoms(),
)
def test_any_order_of_any_tellings_comes_to_the_same(said: list[tuple[int, int, str]], chance: object) -> None:
    facts = [answer(number, minutes, operator=operator) for number, minutes, operator in said]
    shuffled = list(facts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert kept(*facts) == kept(*shuffled)


def test_dropping_nothing_gives_the_same_object_back() -> None:
    held = kept(answer(1), answer(2, 5))
    assert drop(held, lambda fact: False) is held
    assert drop(held, lambda fact: fact.id == "a1") == (answer(2, 5),)
