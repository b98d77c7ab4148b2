"""What hospitals, terminals and people of these tests say."""

from __future__ import annotations

import base64
import struct
from datetime import datetime, timedelta
from typing import Any

NOW = "2026-03-02T10:00:00+08:00"
HOSPITAL = "H99010100001"
OTHER_HOSPITAL = "H99010100002"
WARD = "骨科一病区"
PSN = "99010000000000000012345678"
STAY = "990100260302000815"


def at(minutes: float = 0) -> str:
    """A time that many minutes from the tests' noon, as callers write it."""
    return (datetime.fromisoformat(NOW) + timedelta(minutes=minutes)).isoformat()


def vector(place: int = 0) -> str:
    """A template: one unit vector a person."""
    return base64.b64encode(struct.pack("<128f", *(1.0 if n == place else 0.0 for n in range(128)))).decode()


def capture(**changes: Any) -> dict[str, Any]:
    """A capture that a terminal compared by itself."""
    meta = {
        "capture_id": "cp-1",
        "purpose": "round",
        "fixmedins_code": HOSPITAL,
        "mdtrt_id": STAY,
        "ward": WARD,
        "bed": "3-12",
        "taken_at": at(-1),
        "device_id": "term-7",
        "operator": "n-01",
        "template": {"model": "dlib-resnet-1", "vector": vector()},
    }
    return {"meta": {**meta, **changes}}


def check(**changes: Any) -> dict[str, Any]:
    """A spot check over one ward."""
    order = {
        "check_id": "ck-1",
        "kind": "spot",
        "fixmedins_code": HOSPITAL,
        "ward": WARD,
        "opens_at": at(-5),
        "due_by": at(40),
    }
    return {**order, **changes}


def receipt(**changes: Any) -> dict[str, Any]:
    """Proof that it reached the ward."""
    return {"ward": WARD, "channel": "app", "delivered_at": at(-4), "seen_at": at(-3), **changes}


def answer(**changes: Any) -> dict[str, Any]:
    """An answer without a face."""
    return {"mdtrt_id": STAY, "result": "not_found", "answered_at": at(-2), "operator": "n-01", **changes}


def whereabouts(**changes: Any) -> dict[str, Any]:
    """Leave over noon."""
    entry = {
        "whereabouts_id": "wb-1",
        "fixmedins_code": HOSPITAL,
        "mdtrt_id": STAY,
        "kind": "leave",
        "from": at(60),
        "to": at(180),
        "entered_at": at(-1),
        "entered_by": "n-01",
        "approved_by": "d-01",
    }
    return {**entry, **changes}


def scene(**changes: Any) -> dict[str, Any]:
    """The beginning of a dialysis session."""
    said = {
        "scene": "dialysis",
        "phase": "start",
        "fixmedins_code": HOSPITAL,
        "psn_no": PSN,
        "at": at(-10),
        "staff": "n-09",
        "room": "血透室",
        "weights": {"before_kg": "61.5"},
    }
    return {**said, **changes}


def message(infno: str, body: dict[str, Any], number: int = 1, **changes: Any) -> dict[str, Any]:
    """One national message of the hospital."""
    envelope = {
        "infno": infno,
        "msgid": f"{HOSPITAL}20260302100000{number:04d}",
        "mdtrtarea_admvs": "990101",
        "insuplc_admdvs": "990101",
        "recer_sys_code": "HIS",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "op1",
        "opter_name": "操作员",
        "inf_time": "2026-03-02 10:00:00",
        "fixmedins_code": HOSPITAL,
        "fixmedins_name": "示例医院",
        "input": body,
    }
    return {**envelope, **changes}


def admission(number: int = 1, **changes: Any) -> dict[str, Any]:
    """2401 with the platform's reply, as a tap sees it: the patient of these tests is on the books."""
    info = {
        "psn_no": PSN,
        "insutype": "390",
        "begntime": "2026-03-01 09:00:00",
        "mdtrt_cert_type": "02",
        "med_type": "21",
        "ipt_no": "Z20260301",
        "adm_dept_codg": "0301",
        "adm_dept_name": WARD,
        "adm_bed": "3-12",
        "dscg_maindiag_code": "M51.202",
    }
    return {
        "request": message("2401", {"mdtrtinfo": {**info, **changes}, "diseinfo": []}, number),
        "response": {"infcode": 0, "err_msg": "", "output": {"result": {"mdtrt_id": STAY}}},
    }
