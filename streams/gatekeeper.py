"""The gate's answer at once: the same pure step as the engine's, on the person's last committed state."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from detectors.base import Case
from detectors.gate.evaluate import evaluate
from detectors.gate.rows import decision_of
from detectors.gate.rulings import provisional_of
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger.model import Person, Stay
from detectors.ledger.parts import join
from detectors.ledger.view import placement, span
from detectors.policy import Policies
from detectors.reading.days import unverified_days
from detectors.step import step
from schemas.decisions import Decision
from schemas.settlement import Provisional, SettlementAsked
from storage import log as logs
from storage import offsets, states
from streams.processors import PERSON_ENGINE, PERSON_EVENTS

log = logging.getLogger("wardwatch.gate")

NOT_EVALUATED = Provisional(outcome="not_evaluated")


@dataclass(frozen=True)
class GateAnswer:
    """What the gate says now, and the case it says it of (None where it could not be evaluated)."""

    provisional: Provisional
    decision: Decision | None = None
    case: Case | None = None


@dataclass(frozen=True)
class Gatekeeper:
    """Evaluates; writes nothing. The engine confirms or amends what it said."""

    policies: Policies
    stops: Callable[[], Stops] = lambda: NO_STOPS

    def answer(self, conn: Connection, event: SettlementAsked) -> GateAnswer:
        """The gate's answer to a joined settlement event. Whatever fails inside is `not_evaluated`:
        a discharge never waits for us."""
        try:
            return self._evaluated(conn, event)
        except Exception as error:  # noqa: BLE001 whatever it is, the patient goes home
            log.error("gate not evaluated: %s", type(error).__name__)
            return GateAnswer(NOT_EVALUATED)

    def _evaluated(self, conn: Connection, event: SettlementAsked) -> GateAnswer:
        row = states.load(conn, "person", [event.person]).get(event.person)
        person = join(row.body, row.parts) if row else Person(key=event.person)
        version = row.version if row else 0
        waiting = logs.end(conn, PERSON_EVENTS, 0) - offsets.reached(conn, PERSON_ENGINE, PERSON_EVENTS, 0)
        done = step(person, event, self.policies, stops=self.stops(), version=version, backlog=waiting)
        stay = done.person.stays[event.stay]
        provisional = provisional_of(stay, event.event_id, version, waiting)
        if provisional is None:
            return GateAnswer(NOT_EVALUATED)
        case = case_of(done.person, stay, self.policies, event.arrived_at)
        return GateAnswer(provisional, standing_decision(case, event.event_id, self.stops()), case)


def case_of(person: Person, stay: Stay, policies: Policies, now: datetime) -> Case:
    """A stay as its detectors and its gate see it: under the rules in force when it began."""
    rules = policies.rules(placement(stay).region, span(stay).began_at or now)
    return Case(person, stay, rules, policies.institution(stay.institution), now)


def standing_decision(case: Case, settlement: str, stops: Stops = NO_STOPS) -> Decision | None:
    """The gate's word on a settlement now: a claim's last ruling, a forecast made anew; None where there is none."""
    stay = case.stay
    ruling = next((r for r in stay.rulings if r.settlement == settlement), None)
    asked = next((s for s in stay.settlements if s.id == settlement), None)
    if ruling is None or asked is None:
        return None
    view = ruling.view or evaluate(case, asked, unverified_days=unverified_days(case), stops=stops)
    return decision_of(case, asked, view, row_id=ruling.decision_id)
