"""The one table of topics: what travels where, under which key, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.events import PERSON_KINDS, WARD_KINDS

KeyKind = Literal["person", "institution", "any"]


@dataclass(frozen=True)
class Topic:
    """One row. `key` is what orders its records; `retention_days` how long a record is kept once consumed."""

    name: str
    key: KeyKind
    carries: frozenset[str]  # event kinds; empty: journal lines or dead letters
    partitions: int
    retention_days: int
    meaning_zh: str
    meaning_en: str


INTAKE_TOPICS = ("admission", "ward-check", "settlement", "charge", "scene")

TOPICS: dict[str, Topic] = {
    row.name: row
    for row in (
        Topic(
            "person-events",
            "person",
            PERSON_KINDS,
            12,
            30,
            "一个人的全部事件，按到达先后",
            "all about one person, in order of arrival",
        ),
        Topic(
            "ward-events",
            "institution",
            WARD_KINDS,
            12,
            30,
            "一家机构各病区的事件",
            "what concerns an institution and its wards",
        ),
        Topic(
            "admission",
            "any",
            frozenset(),
            6,
            7,
            "其他系统写入：入出院",
            "from other systems: admission and discharge",
        ),
        Topic(
            "ward-check",
            "any",
            frozenset(),
            6,
            7,
            "其他系统写入：查房与采集",
            "from other systems: checks and captures",
        ),
        Topic("settlement", "any", frozenset(), 6, 7, "其他系统写入：结算", "from other systems: settlement"),
        Topic("charge", "any", frozenset(), 6, 7, "其他系统写入：费用明细", "from other systems: charges"),
        Topic("scene", "any", frozenset(), 6, 7, "其他系统写入：场景", "from other systems: scenes"),
        Topic(
            "dead-letters",
            "any",
            frozenset(),
            1,
            365,
            "读不了的，原样保存",
            "what could not be read, kept whole",
        ),
    )
}
