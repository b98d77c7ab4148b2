"""The end of a stay in the ledger: past payment and objection, its facts go and its outline stays.

What was found and decided lives in the alerts, decisions and holds; the ledger is what is needed to judge on.
Faces of patients go with it (templates end with settlement and objection period, design §4.11).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from detectors.gate.calendar import expiry
from detectors.ledger.model import Ruling, Stay
from detectors.ledger.view import span


def closes_at(stay: Stay, keep: timedelta) -> datetime | None:
    """When the stay may be closed: `keep` after its end and the payment line of its last claim.

    None while it is open, and while people still have a hold of it in hand.
    """
    said = span(stay)
    ended = said.first_told_at if said.cancelled else said.ended_at
    if ended is None or any(ruling.hold_status == "open" for ruling in stay.rulings):
        return None
    return max([ended, *(line for ruling in stay.rulings if (line := _line(ruling)) is not None)]) + keep


def _line(ruling: Ruling) -> datetime | None:
    due = ruling.view.payment_due if ruling.view else None
    return None if due is None else expiry(due)


def closed(stay: Stay, now: datetime) -> Stay:
    """The outline of a stay: when it was and where. Other stays are still compared with it."""
    return Stay(
        key=stay.key,
        institution=stay.institution,
        mdtrt_id=stay.mdtrt_id,
        ipt_no=stay.ipt_no,
        registrations=stay.registrations,
        on_roster=stay.on_roster,
        closed_at=now,
    )
