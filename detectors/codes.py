"""Every detector code there is, as the outside contract lists them; `registry.py` says which are built."""

from __future__ import annotations

DETECTOR_CODES: frozenset[str] = frozenset(
    {
        "identity.mismatch",
        "identity.document_mismatch",
        "identity.collision",
        "identity.stand_in",
        "identity.replayed_photo",
        "identity.not_enrolled",
        "presence.bed_hanging",
        "presence.night_absence",
        "presence.elsewhere",
        "presence.leave_pattern",
        "presence.late_discharge",
        "presence.staff_patient",
        "check.missed",
        "check.spot_conflict",
        "check.switched_off",
        "check.batch_anomaly",
        "admission.overlap",
        "admission.split_stay",
        "admission.rotation",
        "admission.checkup_style",
        "admission.low_need",
        "admission.burst",
        "admission.over_capacity",
        "service.without_presence",
        "service.over_capacity",
        "service.copied_record",
        "service.after_death_or_discharge",
        "scene.unverified_session",
        "scene.card_gathering",
        "scene.impostor_purchase",
        "billing.ungrounded_days",
        "billing.trace_code_reused",
        "billing.upcoding",
        "feed.silent",
    }
)

RECORD_ONLY: frozenset[str] = frozenset({"admission.checkup_style", "admission.low_need", "billing.upcoding"})
"""They judge care, not presence: they are written down for people and never hold."""

UNVERIFIED = "gate.unverified_days"
"""The gate's own rule beside the detectors': enough unverified days hold by themselves."""
