"""What the facts of a stay come to: when it began and ended, where it lies, which claims are live."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from detectors.ledger.model import Charges, Line, Settlement, Stay
from schemas.base import CHINA


class Span(NamedTuple):
    """The stay in time. `began_at` None: its admission was never seen (monitoring began later)."""

    began_at: datetime | None
    ended_at: datetime | None
    died_on: date | None
    cancelled: bool  # 2404: it never happened
    first_told_at: datetime | None  # arrival of the first admission message: monitoring starts there

    def holds(self, moment: datetime) -> bool:
        """Was the patient on the books at `moment`?"""
        if self.cancelled or (self.began_at is not None and moment < self.began_at):
            return False
        return self.ended_at is None or moment < self.ended_at


class Placement(NamedTuple):
    """Where the books put the patient now."""

    ward: str
    bed: str
    region: str
    med_type: str
    department: str
    newborn: bool


def span(stay: Stay) -> Span:
    """Fold the registrations in the order in which the sender stated them."""
    began = ended = None
    died: date | None = None
    cancelled = False
    told: datetime | None = None
    for said in stay.registrations:
        match said.kind:
            case "admitted" | "stay_changed":
                began = said.began_at or began
                if said.kind == "admitted":
                    cancelled = False
                    told = said.known_at if told is None else min(told, said.known_at)
            case "discharged":
                ended, died = said.ended_at, said.died_on
            case "discharge_cancelled":
                ended = died = None
            case "admission_cancelled":
                cancelled = True
    return Span(began, ended, died, cancelled, told)


def placement(stay: Stay) -> Placement:
    """The last ward, bed, region and type that any registration stated."""
    ward = bed = region = med_type = department = ""
    newborn = False
    for said in stay.registrations:
        if said.ward and said.ward != ward:
            ward, bed = said.ward, said.bed
        bed = said.bed or bed
        region = said.region or region
        med_type = said.med_type or med_type
        department = said.department or department
        newborn = newborn or said.newborn_with_mother
    return Placement(ward, bed, region, med_type, department, newborn)


def live_lines(stay: Stay) -> Iterator[Line]:
    """Fee lines that still stand: not withdrawn (2302), not refunded, refunds themselves left out."""
    refunded = {line.refunds for batch in stay.charges for line in batch.lines if line.refunds}
    for batch in stay.charges:
        for line in batch.lines:
            if not line.refunds and line.sn not in refunded and not _withdrawn(stay, batch, line):
                yield line


def _withdrawn(stay: Stay, batch: Charges, line: Line) -> bool:
    return any(taken.at >= batch.at and (taken.everything or line.sn in taken.sns) for taken in stay.withdrawals)


def live_settlements(stay: Stay, infno: str = "2304") -> tuple[Settlement, ...]:
    """Settlements that no 2305 has taken back, oldest first."""
    asked = [s for s in stay.settlements if s.infno == infno]
    if not stay.cancellations:
        return tuple(asked)
    gone: set[str] = set()
    for undo in stay.cancellations:
        named = [s for s in asked if undo.setl_id and s.setl_id == undo.setl_id]
        before = [s for s in asked if s.at <= undo.at and s.id not in gone and not (undo.setl_id and s.setl_id)]
        if named:
            gone.update(s.id for s in named)
        elif before:
            gone.add(before[-1].id)
    return tuple(s for s in asked if s.id not in gone)


def day(moment: datetime) -> date:
    """The +08:00 date of a moment."""
    return moment.astimezone(CHINA).date()
