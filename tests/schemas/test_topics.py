"""The one table of topics: everything travels somewhere, under the key that orders it, and is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.events import EVENTS, PERSON_KINDS, WARD_KINDS
from schemas.topics import INTAKE_TOPICS, TOPICS
from streams.processors import PERSON_EVENTS, WARD_EVENTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "topics.md"


@pytest.mark.parametrize("kind", list(EVENTS))
def test_every_kind_of_event_travels_in_a_topic(kind: str) -> None:
    assert any(kind in topic.carries for topic in TOPICS.values())


def test_no_topic_carries_what_does_not_exist() -> None:
    for topic in TOPICS.values():
        assert topic.carries <= EVENTS.keys()


def test_a_persons_events_are_ordered_by_person_and_a_wards_by_institution() -> None:
    assert (TOPICS[PERSON_EVENTS].key, TOPICS[PERSON_EVENTS].carries) == ("person", PERSON_KINDS)
    assert (TOPICS[WARD_EVENTS].key, TOPICS[WARD_EVENTS].carries) == ("institution", WARD_KINDS)


def test_the_intake_topics_are_those_of_the_contract() -> None:
    assert INTAKE_TOPICS == ("admission", "ward-check", "settlement", "charge", "scene")
    for name in INTAKE_TOPICS:
        assert (TOPICS[name].key, TOPICS[name].carries) == ("any", frozenset())


def test_names_can_be_topics_of_kafka() -> None:
    assert all(re.fullmatch(r"[a-z][a-z-]{0,60}", name) and TOPICS[name].name == name for name in TOPICS)


def test_dead_letters_are_kept_longest() -> None:
    assert TOPICS["dead-letters"].retention_days == max(topic.retention_days for topic in TOPICS.values())


@pytest.mark.parametrize("name", list(TOPICS))
def test_every_topic_is_documented_as_it_is(name: str) -> None:
    topic = TOPICS[name]
    row = (
        f"| `{name}` | {topic.key} | {topic.partitions} | {topic.retention_days} | "
        f"{topic.meaning_zh} / {topic.meaning_en} |"
    )
    assert row in PAGE.read_text("utf-8").splitlines()


def test_no_topic_is_documented_that_does_not_exist() -> None:
    documented = re.findall(r"^\| `([^`]+)` \| (?:person|institution|any) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert documented == list(TOPICS)


@pytest.mark.parametrize("kind", list(EVENTS))
def test_every_kind_of_event_is_documented_with_its_topics(kind: str) -> None:
    topics = ", ".join(f"`{name}`" for name, topic in TOPICS.items() if kind in topic.carries)
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| `{kind}` | {topics} | ")]
    assert len(rows) == 1
