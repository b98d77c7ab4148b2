"""The bureau's side of a case: what it makes of a journal, in the rows that the contract promises."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from detectors.gate.stops import NO_STOPS
from detectors.institutions import InstitutionBook
from detectors.rulesets.book import RuleBook, RulesAndInstitutions
from schemas.decisions import Hold
from storage import captures, unjoined
from storage import holds as kept_holds
from storage.captures import CaptureRow
from storage.store import Store
from streams.embedded import reviewed
from streams.journal import Line, parse_line
from streams.outputs import write_outputs
from streams.replay import Player
from streams.requests import Answer, Rejected
from tests.journal import Journal, Patient, Sent
from wardwatch.clock import ManualClock
from wardwatch.keys import REPLAY_KEYS
from wardwatch.settings import load_settings
from wardwatch.wiring import BEFORE_ALL_JOURNALS, Parts, parts

Row = dict[str, Any]

CALIBRATED = """
name = "casebook"
version = "1"
extends = "national"
effective_from = 2026-01-01

[calibration."dlib-resnet-1".default]
calibrated = true

[calibration."dlib-resnet-1".default.source]

[anchor.distance]
calibrated = true
"""
"""The national rules in a city that has calibrated its face model."""


def calibrated() -> RuleBook:
    return RuleBook.single_text(CALIBRATED, "casebook.toml")


def national() -> RuleBook:
    """What applies where nothing is said: the built-in model's bands, which only observe."""
    builtin = RuleBook.builtin()
    return RuleBook.single(next(rules for rules in reversed(builtin.sets) if rules.region == ""))


@dataclass
class Bureau:
    """Plays what is new in a journal, as often as it is asked to, and shows what came of all of it."""

    folder: Path
    rules: RuleBook = field(default_factory=calibrated)
    institutions: str = ""
    _parts: Parts | None = None
    _heard: set[int] = field(default_factory=set)
    _answers: dict[int, Answer | Rejected] = field(default_factory=dict)

    def hears(self, journal: Journal) -> Bureau:
        """Plays the lines of the journal that it hasn't heard yet."""
        new = [sent for sent in journal.in_order() if id(sent) not in self._heard]
        self._heard.update(id(sent) for sent in new)
        whole = self.parts
        numbered = dict(enumerate(new, 1))

        def answered(line: Line, result: Answer | Rejected) -> None:
            self._answers[id(numbered[line.number])] = result

        player = Player(whole.store, whole.intake, whole.pump, whole.clock, answered)  # type: ignore[arg-type]
        player.play(parse_line(sent.bytes, number) for number, sent in numbered.items())
        return self

    @property
    def parts(self) -> Parts:
        if self._parts is None:
            houses = InstitutionBook.from_text(self.institutions, "institutions.toml", default_soft=False)
            self._parts = parts(
                Store.open(f"sqlite:///{self.folder / 'case.sqlite'}", durable=False),
                RulesAndInstitutions(self.rules, houses),
                ManualClock(BEFORE_ALL_JOURNALS),
                REPLAY_KEYS,
                load_settings(None),
                stops=lambda: NO_STOPS,
            )
        return self._parts

    def close(self) -> None:
        if self._parts is not None:
            self._parts.store.close()

    # ── what came of it ─────────────────────────────────────────────────────────────────────────────────

    def answer(self, sent: Sent) -> Answer:
        """The answer to one line, which was taken. A reviewer's word is answered by what came of it."""
        found = self._answers[id(sent)]
        assert isinstance(found, Answer), f"turned down: {found}"
        result = self.parts.pump.reviews.get(found.awaits)
        return reviewed(found, result) if result else found

    def refusal(self, sent: Sent) -> Rejected:
        """Why one line was turned down."""
        found = self._answers[id(sent)]
        assert isinstance(found, Rejected), "it was taken"
        return found

    def said(self, sent: Sent) -> Row:
        """`output` of the answer to a national message that was taken."""
        body = self.answer(sent).body
        assert body["infcode"] == 0, body["err_msg"]
        return body["output"] or {}

    def alerts(self, of: Patient | None = None, detector: str = "") -> list[Row]:
        """Final rows of alerts.jsonl, as far as they are about this patient's stay and by this detector."""
        return [row for row in self._rows("alerts") if _about(row, of) and detector in ("", row["detector"])]

    def alert(self, of: Patient | None, detector: str) -> Row:
        """The only such alert."""
        found = self.alerts(of, detector)
        assert len(found) == 1, f"{len(found)} alerts of {detector}; there are: {self.detectors(of)}"
        return found[0]

    def detectors(self, of: Patient | None = None) -> list[str]:
        """Detectors with an alert that stands, sorted."""
        return sorted(row["detector"] for row in self.alerts(of) if row["status"] != "withdrawn")

    def decisions(self, of: Patient | None = None, infno: str = "") -> list[Row]:
        """Rows of decisions.jsonl in order."""
        return [row for row in self._rows("decisions") if _about(row, of) and infno in ("", row["infno"])]

    def outcomes(self, of: Patient | None = None, infno: str = "") -> list[str]:
        return [row["outcome"] for row in self.decisions(of, infno)]

    def dead_letters(self) -> list[Row]:
        return list(self._rows("dead_letters"))

    def holds(self, of: Patient | None = None) -> list[Hold]:
        """Holds as they stand."""
        with self.parts.store.read() as conn:
            found = list(kept_holds.export(conn))
        return [hold for hold in found if of is None or hold.mdtrt_id == of.mdtrt_id]

    def hold(self, of: Patient) -> Hold:
        (found,) = self.holds(of)
        return found

    def capture(self, sent: Sent) -> CaptureRow:
        """What came of a capture, as `GET /api/v1/captures/{id}` tells it."""
        with self.parts.store.read() as conn:
            found = captures.get(conn, sent.row["json"]["meta"]["capture_id"])
        assert found is not None
        return found

    @property
    def waiting(self) -> int:
        """How many events wait for the message that says whose they are."""
        with self.parts.store.read() as conn:
            return unjoined.count(conn)

    def _rows(self, name: str) -> Iterator[Row]:
        folder = self.folder / "out"
        write_outputs(self.parts.store, folder)
        for line in (folder / f"{name}.jsonl").read_bytes().splitlines():
            yield orjson.loads(line)


def codes(row: Row) -> list[str]:
    """The reason codes of an alert or decision, in order."""
    return [reason["code"] for reason in row["reasons"]]


def _about(row: Row, patient: Patient | None) -> bool:
    return patient is None or row["mdtrt_id"] == patient.mdtrt_id
