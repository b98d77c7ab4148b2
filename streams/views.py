"""What is shown of states: an open check with its roster, a stay with its days and intervals. Pure.

No name, no vector: a ward knows its patients by bed, a supervisor by number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson

from detectors.base import Case
from detectors.gate.stake import live_claims, stake_of_stay
from detectors.ledger.model import Answer, Capture, Check, Stay
from detectors.reading.absence import absences
from detectors.reading.checks import missed
from detectors.reading.days import day_states
from detectors.reading.faces import band, looks, witnesses
from detectors.reading.moments import holds
from detectors.ward.model import WardCheck
from schemas.base import split_person_key
from schemas.views import Day, OpenCheck, RosterRow, RosterState, Span, StayRecord
from storage.checks import CheckRow
from storage.directory import Stay as KnownStay

# ── an open check ────────────────────────────────────────────────────────────────────────────────────────


def open_check(row: CheckRow, ward_check: WardCheck | None, ward: str | None, roster: Sequence[RosterRow]) -> OpenCheck:
    """A check as its ward sees it; `ward` narrows the receipts to that ward's."""
    said: dict[str, Any] = orjson.loads(row.body)
    receipts = ward_check.receipts if ward_check else ()
    delivered = [r.delivered_at for r in receipts if ward is None or r.ward in ("", ward)]
    return OpenCheck(
        check_id=row.check_id,
        kind=row.kind,
        fixmedins_code=row.institution,
        ward=row.ward,
        opens_at=row.opens_at,
        due_by=row.due_by,
        mode=said.get("mode", "photo"),
        purpose=said.get("purpose", "daily"),
        acting_body=said.get("acting_body", "agency"),
        basis=said.get("basis", ""),
        officers=tuple(said.get("officers", ())),
        nonce=row.nonce,
        challenge=said.get("challenge", ""),
        delivered_at=min(delivered, default=None),
        roster=tuple(sorted(roster, key=lambda r: (r.bed, r.mdtrt_id))),
    )


def roster_row(known: KnownStay, case: Case | None, check_id: str, opens_at: datetime, due_by: datetime) -> RosterRow:
    """Where one patient of a check stands. `case` None: nothing about them has been worked through yet."""
    if case is None:
        return RosterRow(mdtrt_id=known.mdtrt_id, ipt_no=known.ipt_no, bed=known.bed)
    check = next((c for c in case.stay.checks if c.check_id == check_id), None)
    check = check or Check(check_id=check_id, opens_at=opens_at, due_by=due_by)
    taken = [c for c in case.stay.captures if _answers(c, check)]
    said = [a for a in case.stay.answers if a.check_id == check_id]
    state, result = _standing(case, check, taken, said)
    return RosterRow(
        mdtrt_id=case.stay.mdtrt_id or known.mdtrt_id,
        ipt_no=case.stay.ipt_no or known.ipt_no,
        bed=case.placement.bed or known.bed,
        state=state,
        result=result,
        enrolled=_is_enrolled(case.stay),
        last_at=max([*(c.at for c in taken), *(a.at for a in said)], default=None),
    )


def _answers(capture: Capture, check: Check) -> bool:
    """A capture that names no check answers every open one whose window holds it (contract §1)."""
    if capture.check_id:
        return capture.check_id == check.check_id
    return capture.purpose != "enrolment" and holds((check.opens_at or capture.at, check.due_by), capture.at)


def _standing(case: Case, check: Check, taken: Sequence[Capture], said: Sequence[Answer]) -> tuple[RosterState, str]:
    """A match settles it, whatever else came; otherwise the newest word counts."""
    bands = [(c.at, band(case, c)) for c in taken]
    if any(found == "same" for _, found in bands):
        return "same", ""
    if said and (not taken or said[-1].at >= taken[-1].at):
        return "answered", said[-1].result
    if bands:
        return bands[-1][1] or "received", ""
    if check.due_by and any(
        w.entered_at <= check.due_by and holds((w.starts, w.ends), check.due_by) for w in case.stay.whereabouts
    ):
        return "excused", ""
    if any(one.check.check_id == check.check_id for one in missed(case)):
        return "missed", ""
    return "waiting", ""


# ── a stay ───────────────────────────────────────────────────────────────────────────────────────────────


def stay_unseen(known: KnownStay) -> StayRecord:
    """A stay that the directory knows and the engine hasn't reached yet."""
    region, number = split_person_key(known.person)
    return StayRecord(
        mdtrt_id=known.mdtrt_id,
        stay=known.stay,
        insuplc_admdvs=region,
        psn_no=number,
        ipt_no=known.ipt_no,
        fixmedins_code=known.institution,
        ward=known.ward,
        bed=known.bed,
    )


def stay_record(case: Case, version: int) -> StayRecord:
    """A stay with what is known of it at `case.now`."""
    stay = case.stay
    region, number = split_person_key(case.person.key)
    stake = stake_of_stay(case)
    claims = [claim for claim in live_claims(stay) if not claim.interim]
    scores = [opinion.score for opinion in stay.opinions.get("presence.bed_hanging", ())]
    return StayRecord(
        mdtrt_id=stay.mdtrt_id,
        stay=stay.key,
        insuplc_admdvs=region,
        psn_no=number,
        ipt_no=stay.ipt_no,
        fixmedins_code=stay.institution,
        ward=case.placement.ward,
        bed=case.placement.bed,
        state=_state(case, settled=bool(claims)),
        admitted_at=case.span.began_at,
        discharged_at=case.span.ended_at,
        settled_at=claims[-1].at if claims else None,
        enrolled=_is_enrolled(stay),
        anchor=next((c.anchor_kind for c in reversed(stay.captures) if c.purpose == "enrolment"), ""),
        pay_regime=stake.regime,
        fee_total=stake.fee_total,
        score=next((score for score in scores if score is not None), None),
        days=tuple(Day(day=on, state=state) for on, state in sorted(day_states(case).items())),
        spans=tuple(sorted(_spans(case), key=lambda s: (s.starts, s.state))),
        alerts=tuple(sorted(stay.alerts)),
        holds=tuple(ruling.hold_id for ruling in stay.rulings if ruling.hold_id),
        state_version=version,
    )


def _state(case: Case, *, settled: bool) -> Any:
    if case.span.cancelled:
        return "cancelled"
    if settled:
        return "settled"
    return "open" if case.span.ended_at is None else "discharged"


def _is_enrolled(stay: Stay) -> bool:
    return any(c.purpose == "enrolment" for c in stay.captures)


def _spans(case: Case) -> Iterator[Span]:
    """Meetings with the patient (a moment each), where they lawfully were, confirmed absences, the dark."""
    for seen in looks(case):
        if seen.band == "same":
            yield _span("in_bed", seen.capture.at, seen.capture.at, [seen.capture.id])
    for answer in witnesses(case):
        yield _span("in_bed", answer.at, answer.at, [answer.id])
    for stated in case.stay.whereabouts:
        yield _span(stated.kind, stated.starts, stated.ends, [stated.id])
    for absence in absences(case):
        for starts, ends in absence.left:
            yield _span("absent", starts, ends, absence.evidence)
    for silence in case.stay.silences:
        yield _span("unknown", silence.since, silence.until, ["feed.silent"])


def _span(state: str, starts: datetime, ends: datetime | None, sources: Iterable[str]) -> Span:
    return Span(state=state, starts=starts, ends=ends, sources=tuple(sources))
