"""拍反了: two patients' pictures swapped in one round. Each face matches the other's enrolment, crosswise."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from detectors.ledger.compare import distance
from detectors.rulesets.model import RuleSet
from detectors.ward.checks import Out, told
from detectors.ward.model import House, Mismatch
from schemas.system import MismatchSeen, MixUpFound

ROUND = timedelta(hours=4)
"""Without a check to tie them, two captures belong to one round when they are this close."""


def mismatched(house: House, event: MismatchSeen, rules: RuleSet, population: str, now: datetime) -> Out:
    """A mismatch: is there another one in the same round whose face is this one's, and the reverse?"""
    new = Mismatch(
        event.capture_id,
        event.person,
        event.stay,
        event.at,
        event.check_id,
        event.ward,
        event.model,
        event.probe,
        event.enrolled,
    )
    if any(m.capture_id == new.capture_id for m in house.mismatches):
        return house, ()
    crossed = [old for old in house.mismatches if _crossed(new, old, rules, population)]
    house = replace(house, mismatches=(*house.mismatches, new))
    out = []
    for old in crossed:
        for one, other in ((new, old), (old, new)):
            out.append(
                told(
                    house,
                    MixUpFound,
                    one.person,
                    one.stay,
                    now,
                    one.capture_id,
                    other.capture_id,
                    at=one.at,
                    capture_id=one.capture_id,
                    other_capture_id=other.capture_id,
                    check_id=one.check_id,
                )
            )
    return house, tuple(out)


def _crossed(one: Mismatch, other: Mismatch, rules: RuleSet, population: str) -> bool:
    if one.person == other.person or one.model != other.model:
        return False
    same_check = bool(one.check_id) and one.check_id == other.check_id
    if not same_check and ((one.check_id and other.check_id) or abs(one.at - other.at) > ROUND):
        return False
    bands = rules.bands(one.model, population)
    if bands is None:
        return False
    there, back = distance(one.probe, other.enrolled), distance(other.probe, one.enrolled)
    return there is not None and back is not None and max(there, back) <= bands.same
