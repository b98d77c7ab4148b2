"""service.after_death_or_discharge: care for somebody who is no longer there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from detectors.base import NOTHING, Case, Judgement, why
from detectors.ledger.model import Opinion, Why
from detectors.ledger.view import live_lines, span
from detectors.reading.moments import clock, ends, listed, next_day
from detectors.reading.moments import day as day_of


class End(NamedTuple):
    """The end after which there can be no care: its code, its date, the fact that says so."""

    code: str  # death, discharge
    on: date
    said: str
    over: datetime  # from here on nothing is in order any more


def after_end(case: Case) -> Judgement:
    """身后或出院后收费: fee lines dated after the day of discharge or of death. 2405 takes it back.

    Pictures, orders and vital signs after the end are odd but move no money: alone they only remind.
    """
    end = _end(case)
    if end is None:
        return NOTHING
    billed = _billed(case, end)
    noted = _noted(case, end)
    if not billed and not noted:
        return NOTHING
    return Judgement((Opinion(2 if billed else 3, (*billed, *noted)),))


def _end(case: Case) -> End | None:
    """The earlier of discharge (with its days of grace) and the person's death, whichever stay told of it."""
    ended = list(_deaths(case)) if case.person.died_on is not None else []
    over = case.span.ended_at
    if over is not None:
        said = next((r.id for r in reversed(case.stay.registrations) if r.kind == "discharged"), "")
        last = next_day(day_of(over), case.rules.service_after_end.grace_days)
        ended.append(End("discharge", day_of(over), said, ends(last)))
    return min(ended, key=lambda end: (end.over, end.code, end.said), default=None)


def _deaths(case: Case) -> Iterator[End]:
    """Deaths that discharges state and nothing took back since: 2404, 2405, 2601."""
    for stay in case.person.stays.values():
        stated = case.span if stay.key == case.stay.key else span(stay)
        if stated.died_on is not None and not stated.cancelled:
            said = next((r.id for r in reversed(stay.registrations) if r.died_on == stated.died_on), "")
            yield End("death", stated.died_on, said, ends(stated.died_on))


def _billed(case: Case, end: End) -> tuple[Why, ...]:
    """Fee lines that stand and are dated after the end; medicine to take home is in order."""
    if not any(batch.until and batch.until >= end.over for batch in case.stay.charges):
        return ()
    late = [line for line in live_lines(case.stay) if line.at >= end.over and not line.take_home]
    if not late:
        return ()
    chosen = {id(line) for line in late}
    batches = [b.id for b in case.stay.charges if any(id(line) in chosen for line in b.lines)]
    return (
        why(
            f"service_after_{end.code}_billed",
            end.said,
            *batches,
            end=end.on.isoformat(),
            count=len(late),
            amount=str(sum(line.amount for line in late)),
            dates=listed(day_of(line.at) for line in late),
        ),
    )


def _noted(case: Case, end: End) -> tuple[Why, ...]:
    found = []
    stay = case.stay
    records = [sign.id for sign in stay.signs if sign.at >= end.over]
    if records:
        found.append(
            why(
                f"service_after_{end.code}_recorded",
                end.said,
                *records,
                end=end.on.isoformat(),
                count=len(records),
            )
        )
    faces = [c.id for c in stay.captures if c.at >= end.over and c.capture_id not in stay.mix_ups]
    if faces:
        found.append(
            why(
                f"service_after_{end.code}_captured",
                end.said,
                *faces,
                end=end.on.isoformat(),
                count=len(faces),
            )
        )
    began = case.span.began_at
    if end.code == "death" and began is not None and began >= end.over:
        admitted = [r.id for r in stay.registrations if r.kind == "admitted"]
        found.append(why("service_after_death_admitted", end.said, *admitted, end=end.on.isoformat(), at=clock(began)))
    return tuple(found)
