"""A house for tests: events go in one after the other, what it tells and raises is collected."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from detectors.policy import Institution
from detectors.rulesets.model import RuleSet
from detectors.ward.model import House, dump, load
from detectors.ward.step import step
from schemas.base import Event, derived_id
from schemas.findings import Alert
from schemas.system import FeedHeard, MismatchSeen, MissSeen, RosterChanged, TimerDue
from schemas.ward_check import CheckDelivered, CheckOrdered
from tests.detectors.judging import RULES
from tests.stories import MODEL, Time, at, face

CODE = "H1"


@dataclass
class TestHouse:
    """One institution. Every step's state goes through JSON, as it does between two batches."""

    __test__ = False

    house: House = field(default_factory=lambda: House(key=CODE))
    told: list[Any] = field(default_factory=list)
    alerts: dict[str, Alert] = field(default_factory=dict)
    wake_at: datetime | None = None
    rules: RuleSet = RULES

    def take(self, event: Event) -> list[Any]:
        """One event; returns what it made the house tell."""
        before = dump(self.house)
        done = step(self.house, event, self.rules, Institution(CODE))
        assert dump(self.house) == before, "a step must not change its input"
        self.house = load(dump(done.house))
        assert self.house == done.house
        self.wake_at = done.wake_at
        self.told.extend(done.out)
        self.alerts.update({alert.alert_id: alert for alert in done.alerts})
        return list(done.out)

    def heard_of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.told if isinstance(event, kind)]

    # ── what may happen ──

    def patient(
        self, number: int, ward: str = "W1", since: Time = "03-01 09:00", until: Time | None = None, known: Time = ""
    ) -> list[Any]:
        when = at(known or since)
        return self.take(
            RosterChanged(
                event_id=derived_id("pn", str(number), str(ward), str(since), str(until)),
                at=when,
                arrived_at=when,
                who={"institution": CODE},
                person=f"330100:P{number}",
                stay=f"S{number}",
                ward=ward,
                bed=str(number),
                since=at(since),
                until=None if until is None else at(until),
                known_at=when,
            )
        )

    def ordered(
        self,
        check_id: str = "K1",
        opens: Time = "03-02 08:00",
        due: Time = "03-02 10:00",
        ward: str = "W1",
        roster: tuple[tuple[str, str], ...] = (),
        told: Time = "03-02 07:00",
    ) -> list[Any]:
        return self.take(
            CheckOrdered(
                event_id=derived_id("ev", check_id),
                at=at(told),
                arrived_at=at(told),
                who={"institution": CODE},
                check_id=check_id,
                check_kind="round",
                ward=ward,
                opens_at=at(opens),
                due_by=at(due),
                roster=roster,
            )
        )

    def delivered(self, moment: Time = "03-02 08:01", check_id: str = "K1", ward: str = "W1") -> list[Any]:
        return self.take(
            CheckDelivered(
                event_id=derived_id("rc", check_id, ward, str(moment)),
                at=at(moment),
                arrived_at=at(moment),
                who={"institution": CODE},
                check_id=check_id,
                ward=ward,
                channel="app",
                delivered_at=at(moment),
            )
        )

    def missed(self, number: int, moment: Time = "03-02 10:00", check_id: str = "K1") -> list[Any]:
        return self.take(
            MissSeen(
                event_id=derived_id("ms", check_id, str(number)),
                at=at(moment),
                arrived_at=at(moment),
                who={"institution": CODE},
                person=f"330100:P{number}",
                stay=f"S{number}",
                check_id=check_id,
                ward="W1",
            )
        )

    def mismatch(
        self,
        number: int,
        face_seen: int,
        moment: Time = "03-02 08:10",
        check_id: str = "K1",
        enrolled: int | None = None,
    ) -> list[Any]:
        return self.take(
            MismatchSeen(
                event_id=derived_id("mm", check_id, str(number), str(moment)),
                at=at(moment),
                arrived_at=at(moment),
                who={"institution": CODE},
                person=f"330100:P{number}",
                stay=f"S{number}",
                capture_id=f"C{number}-{moment}",
                check_id=check_id,
                ward="W1",
                model=MODEL,
                probe=face(face_seen, away=0.2),
                enrolled=face(number if enrolled is None else enrolled),
            )
        )

    def heard(self, moment: Time) -> list[Any]:
        return self.take(
            FeedHeard(
                event_id=derived_id("fh", str(moment)),
                at=at(moment),
                arrived_at=at(moment),
                who={"institution": CODE},
            )
        )

    def wakes(self, moment: Time | None = None) -> list[Any]:
        """Its timer fires: at `moment`, else when it asked to be woken."""
        when = self.wake_at if moment is None else at(moment)
        assert when is not None, "nothing to wake up for"
        return self.take(TimerDue(event_id=derived_id("tm", str(when)), at=when, arrived_at=when))
