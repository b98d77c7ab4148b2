"""Every detector there is, in the order in which they are asked. To add one: docs/adding-a-detector.md."""

from __future__ import annotations

from detectors.admission import overlap
from detectors.base import Detector
from detectors.bed_hanging import bed_hanging
from detectors.checks import missed, spot_conflict
from detectors.identity import document_mismatch, mismatch, not_enrolled
from detectors.presence import elsewhere, night_absence
from detectors.service import after_end

BOOKS = frozenset(
    {"admitted", "stay_changed", "discharged", "admission_cancelled", "discharge_cancelled", "message_voided"}
)
"""When a stay was, where, and under which rules: whatever a detector says may hang on these."""

FACES = frozenset({"capture_assessed", "mix_up_found"})
EXCUSES = frozenset({"whereabouts_reported", "settlement_listed", "feed_silent"})
ANSWERS = frozenset({"check_answered", "check_assigned"})
CHARGES = frozenset({"charges_posted", "charges_withdrawn"})
RECORDS = frozenset({"order_recorded", "vitals_recorded"})
DELIVERY = frozenset({"check_delivered"})
TIME = frozenset({"timer_due"})

CALM = FACES | DELIVERY | {"check_assigned"}
"""A check is ordered, reaches the ward, and the patient is there: nothing that any of these would speak up at."""

DETECTORS: tuple[Detector, ...] = (
    Detector("identity.mismatch", mismatch, BOOKS | FACES | {"check_answered"}, spared=CALM),
    Detector("identity.document_mismatch", document_mismatch, BOOKS | FACES, spared=CALM),
    Detector(
        "identity.not_enrolled",
        not_enrolled,
        BOOKS | FACES | EXCUSES | TIME | {"check_answered"},
        spared=CALM,
    ),
    Detector(
        "check.missed",
        missed,
        BOOKS | FACES | EXCUSES | ANSWERS | DELIVERY | TIME | {"ward_wide_miss"},
        spared=CALM,
    ),
    Detector(
        "check.spot_conflict",
        spot_conflict,
        BOOKS | FACES | EXCUSES | ANSWERS | DELIVERY | TIME | {"ward_wide_miss"},
        spared=CALM,
    ),
    Detector(
        "presence.bed_hanging",
        bed_hanging,
        BOOKS | FACES | EXCUSES | ANSWERS | DELIVERY | CHARGES | RECORDS | TIME | {"ward_wide_miss"},
        spared=CALM,
    ),
    Detector("presence.night_absence", night_absence, BOOKS | FACES | EXCUSES | ANSWERS, spared=CALM),
    Detector(
        "presence.elsewhere",
        elsewhere,
        BOOKS | FACES | EXCUSES | CHARGES | TIME | {"scene_reported"},
        person_wide=True,
        spared=CALM,
    ),
    Detector("admission.overlap", overlap, BOOKS | FACES | EXCUSES | CHARGES | TIME, person_wide=True, spared=CALM),
    Detector(
        "service.after_death_or_discharge",
        after_end,
        BOOKS | FACES | CHARGES | RECORDS,
        person_wide=True,
        spared=CALM,
    ),
)
"""`feed.silent` is judged of institutions, in the ward step: `detectors/feed.py`."""
