"""Events about the stay itself: admission, changes, discharge, and their undoing (24xx, 1101, 2601)."""

from __future__ import annotations

from datetime import date
from typing import Literal

from schemas.base import Event, Moment


class IdentityRead(Event):
    """1101 with its reply: a hospital read a credential and learned who it belongs to."""

    kind: Literal["identity_read"] = "identity_read"
    cert_type: str = ""  # mdtrt_cert_type, raw
    certno_print: str = ""  # keyed fingerprint of the identity number, never the number
    birth_date: date | None = None
    gender: str = ""


class Admitted(Event):
    """2401 入院办理. `began_at` is the admission time that enrolment is anchored on."""

    kind: Literal["admitted"] = "admitted"
    began_at: Moment
    region: str = ""  # mdtrtarea_admvs: where the care is given
    department: str = ""  # adm_dept_codg
    ward: str = ""
    bed: str = ""
    med_type: str = ""
    insutype: str = ""
    doctor: str = ""
    diagnosis: str = ""  # dscg_maindiag_code
    cert_type: str = ""
    certno_print: str = ""
    newborn_with_mother: bool = False


class StayChanged(Event):
    """2403 住院信息变更: restates the whole registration; a changed bed is the only bed-move signal."""

    kind: Literal["stay_changed"] = "stay_changed"
    began_at: Moment | None = None
    region: str = ""
    department: str = ""
    ward: str = ""
    bed: str = ""
    med_type: str = ""
    doctor: str = ""
    diagnosis: str = ""


class Discharged(Event):
    """2402 出院办理. `ended_at` is the discharge time; `died_on` when 离院方式 is death (5)."""

    kind: Literal["discharged"] = "discharged"
    ended_at: Moment
    way: str = ""  # dscg_way: 1 to 5, 9
    died_on: date | None = None
    department: str = ""
    ward: str = ""
    bed: str = ""


class AdmissionCancelled(Event):
    """2404 入院撤销: the stay never happened."""

    kind: Literal["admission_cancelled"] = "admission_cancelled"


class DischargeCancelled(Event):
    """2405 出院撤销: a closed stay is open again."""

    kind: Literal["discharge_cancelled"] = "discharge_cancelled"


class StayIdentified(Event):
    """The platform's `mdtrt_id` of a stay known so far only by its hospital number: learned late."""

    kind: Literal["stay_identified"] = "stay_identified"


class StayFlagged(Event):
    """2406 就医特殊属性上传: kept as it came; its values are not established nationally."""

    kind: Literal["stay_flagged"] = "stay_flagged"
    flag_type: str = ""
    flag: str = ""


class MessageVoided(Event):
    """2601 冲正: the message `voids` (its `msgid`) of the same institution must count as never sent.

    `oinfno` narrows it where a sender reuses a msgid. A void may arrive before what it voids.
    """

    kind: Literal["message_voided"] = "message_voided"
    voids: str
    oinfno: str = ""
