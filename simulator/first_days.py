"""The small journal of the demonstration: ten patients of an invented hospital, and what became of them.

Everybody and everything here is invented: region 990101 is nobody's, names are 示例, faces are random vectors.
The same days give the same bytes. `python -m simulator.first_days` writes the packed file anew.

Two wards over three days and a bit. Nine patients lie where they should: one is operated on, one goes home for
a night with leave, one declines the camera, two have their pictures swapped by a hurried nurse. One bed belongs
to somebody else than the person in it, and one is empty whenever nobody has announced a visit.
"""

from __future__ import annotations

import base64
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import orjson
import zstandard

from schemas.base import CHINA

FIRST_DAY = date(2026, 3, 2)
REGION, HOSPITAL, HOSPITAL_NAME = "990101", "H99010100001", "河州市示例医院"
BONES, REHAB = "骨科一病区", "康复二病区"
DEPARTMENTS = {BONES: "0401", REHAB: "2101"}
MODEL = "dlib-resnet-1"
FACE_SIZE, FACE_SPREAD = 128, 0.1

SHARE = Decimal("0.65")
PRICES = (
    ("001109000010000", "床位费", "01", Decimal("45.00")),
    ("001201000030000", "护理费", "07", Decimal("24.00")),
    ("001101000010000", "诊察费", "02", Decimal("12.00")),
    ("250101015000000", "检验", "04", Decimal("68.50")),
    ("310100000100000", "治疗", "05", Decimal("126.00")),
    ("XC07AAA000000001", "西药", "09", Decimal("83.20")),
)


@dataclass(frozen=True)
class Patient:
    """One insured person. `face` is whose face lies in the bed: another number than their own is a fraud."""

    number: int
    ward: str
    bed: str
    face: int = 0

    @property
    def psn_no(self) -> str:
        return f"{REGION}{self.number:024d}"

    @property
    def mdtrt_id(self) -> str:
        return f"{REGION}G{self.number:08d}"

    @property
    def ipt_no(self) -> str:
        return f"ZY2603{self.number:04d}"

    @property
    def certno(self) -> str:
        return f"{REGION}19{50 + self.number}0101{self.number:03d}X"


IMPOSTOR, EMPTY_BED, OPERATED, ON_LEAVE, DECLINES = 3, 8, 2, 9, 4
SWAPPED = (5, 6)
STAY_ON = (1, 7)
"""Still in hospital when the journal ends."""

PATIENTS = (
    *(Patient(n, BONES, f"{n:02d}", face=90 if n == IMPOSTOR else n) for n in range(1, 7)),
    *(Patient(n, REHAB, f"{n - 6:02d}", face=n) for n in range(7, 11)),
)


@dataclass
class Journal:
    """Lines on their way to a file, told in any order and kept by time."""

    first_day: date
    lines: list[tuple[datetime, dict[str, Any]]] = field(default_factory=list)

    def at(self, day: int, clock: str, minutes: float = 0) -> datetime:
        """`clock` (HH:MM) of the `day`-th day, some minutes later."""
        begins = datetime.combine(self.first_day + timedelta(days=day), time.fromisoformat(clock), CHINA)
        return begins + timedelta(minutes=minutes)

    def post(self, at: datetime, path: str, body: dict[str, Any]) -> None:
        """One request, as on the wire."""
        self.lines.append((at, {"at": at.isoformat(), "path": path, "json": body}))

    def national(self, at: datetime, infno: str, body: dict[str, Any], reply: dict[str, Any] | None = None) -> None:
        """One national message: with its reply as a tap sees both, or as a call to us."""
        request = {
            "infno": infno,
            "msgid": f"{HOSPITAL}{at:%Y%m%d%H%M%S}{len(self.lines) % 10000:04d}",
            "mdtrtarea_admvs": REGION,
            "insuplc_admdvs": REGION,
            "recer_sys_code": "HIS",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0117",
            "opter_name": "示例收费员",
            "inf_time": _national(at),
            "fixmedins_code": HOSPITAL,
            "fixmedins_name": HOSPITAL_NAME,
            "input": body,
        }
        if reply is None:
            self.post(at, "/fsi/callService", request)
            return
        response = {"infcode": 0, "inf_refmsgid": f"{REGION}{at:%Y%m%d%H%M%S}{len(self.lines):010d}", "output": reply}
        self.post(at, "/fsi/callService", {"request": request, "response": response})

    def sorted(self) -> Iterator[dict[str, Any]]:
        """The lines in order of time; those of one moment as they were told."""
        return (line for _, line in sorted(self.lines, key=lambda row: row[0]))


def journal(first_day: date = FIRST_DAY) -> bytes:
    """The whole journal as JSON Lines."""
    told = Journal(first_day)
    for patient in PATIENTS:
        _admission(told, patient)
        _care(told, patient)
        if patient.number not in STAY_ON:
            _settlement(told, patient)
    _excuses(told)
    for day in range(4):
        for ward in (BONES, REHAB):
            if day > 0:
                _check(told, ward, day, "round", "09:00", 120)
            if day < 3:
                _check(told, ward, day, "round", "20:30", 120)
    _check(told, REHAB, 2, "spot", "15:00", 90)
    told.lines.append((end := told.at(3, "13:00"), {"at": end.isoformat(), "path": "/clock"}))
    return b"".join(orjson.dumps(line) + b"\n" for line in told.sorted())


# ── a stay ───────────────────────────────────────────────────────────────────────────────────────────────


def _admission(told: Journal, patient: Patient) -> None:
    """The card is read, the stay registered, the face enrolled against the chip of the identity card."""
    n = patient.number
    came = told.at(0, "08:10", 22 * n)
    card = {"mdtrt_cert_type": "02", "mdtrt_cert_no": patient.certno, "begntime": _national(came)}
    told.national(
        came,
        "1101",
        {"data": card},
        {
            "baseinfo": {
                "psn_no": patient.psn_no,
                "psn_cert_type": "01",
                "certno": patient.certno,
                "psn_name": f"示例{n}",
                "gend": str(1 + n % 2),
                "brdy": f"19{50 + n}-01-01",
            },
            "insuinfo": [{"insutype": "390", "psn_type": "11", "insuplc_admdvs": REGION, "balc": "0"}],
        },
    )
    begins = came + timedelta(minutes=4)
    told.national(
        begins,
        "2401",
        {
            "mdtrtinfo": {
                "psn_no": patient.psn_no,
                "insutype": "390",
                "begntime": _national(begins),
                "mdtrt_cert_type": "02",
                "mdtrt_cert_no": patient.certno,
                "med_type": "21",
                "ipt_no": patient.ipt_no,
                "atddr_no": "D990101000012",
                "adm_dept_codg": DEPARTMENTS[patient.ward],
                "adm_dept_name": patient.ward,
                "adm_bed": patient.bed,
                "dscg_maindiag_code": "M51.202",
            },
            "diseinfo": [{"diag_type": "1", "maindiag_flag": "1", "diag_code": "M51.202", "diag_name": "腰椎间盘突出"}],
        },
        {"result": {"mdtrt_id": patient.mdtrt_id}},
    )
    if n != DECLINES:
        anchor = {"kind": "id_chip", "score": 0.31, "metric": "distance"}
        _capture(told, begins + timedelta(minutes=11), patient, n, "enrolment", anchor=anchor)


def _care(told: Journal, patient: Patient) -> None:
    """Orders in the morning, vital signs at noon, the day's fee lines at night."""
    for day in range(4):
        ward = {"mdtrt_id": patient.mdtrt_id, "psn_no": patient.psn_no}
        if day > 0 and patient.number != EMPTY_BED:
            at = told.at(day, "08:20", patient.number)
            order = {
                **ward,
                "drord_no": f"YZ{day}{patient.number:03d}",
                "drord_isu_no": _national(at),
                "vali_flag": "1",
            }
            told.national(at, "4402", {"data": [{**order, "ipt_bedno": patient.bed}]})
        if 0 < day < 3 and patient.number != EMPTY_BED:
            at = told.at(day, "14:00", patient.number)
            pulse = 66 + (7 * day + 3 * patient.number) % 18
            signs = {**ward, "rcd_time": _national(at), "tprt": "36.6", "pule": str(pulse), "bedno": patient.bed}
            told.national(at, "4602", {"data": [{**signs, "dept_name": patient.ward, "vali_flag": "1"}]})
        if day < 3:
            _charges(told, patient, day)


def _charges(told: Journal, patient: Patient, day: int) -> None:
    at = told.at(day, "23:05", patient.number)
    lines, answers = [], []
    for number, (item, name, item_class, price) in enumerate(PRICES):
        sn = f"{patient.number:03d}{day}{number:02d}"
        lines.append(
            {
                "feedetl_sn": sn,
                "mdtrt_id": patient.mdtrt_id,
                "psn_no": patient.psn_no,
                "med_type": "21",
                "fee_ocur_time": _national(told.at(day, "16:00")),
                "med_list_codg": item,
                "medins_list_codg": f"L{number:04d}",
                "medins_list_name": name,
                "det_item_fee_sumamt": str(price),
                "cnt": "1",
                "pric": str(price),
            }
        )
        answers.append({"feedetl_sn": sn, "det_item_fee_sumamt": str(price), "med_chrgitm_type": item_class})
    told.national(at, "2301", {"feedetail": lines}, {"result": answers})


def _settlement(told: Journal, patient: Patient) -> None:
    """On the fourth morning: the hospital asks us first (3102), discharges, settles on trial, settles."""
    at = told.at(3, "10:30", 12 * patient.number)
    fees = 3 * sum((price for *_, price in PRICES), Decimal(0))
    fund = (fees * SHARE).quantize(Decimal("0.01"), ROUND_HALF_UP)
    stay = {"mdtrt_id": patient.mdtrt_id, "psn_no": patient.psn_no}
    visit = {
        "mdtrt_id": patient.mdtrt_id,
        "medins_id": HOSPITAL,
        "medfee_sumamt": str(fees),
        "dscg_date": _national(at),
    }
    asked = {"patn_id": patient.psn_no, "curr_mdtrt_id": patient.mdtrt_id, "fsi_encounter_dtos": [visit]}
    task = f"T{patient.number:04d}"
    told.national(at, "3102", {"data": {"syscode": "HIS", "task_id": task, "trig_scen": "8", "patient_dtos": [asked]}})
    leaves = at + timedelta(minutes=2)
    told.national(
        leaves,
        "2402",
        {
            "dscginfo": {
                **stay,
                "insutype": "390",
                "endtime": _national(leaves),
                "dscg_dept_codg": DEPARTMENTS[patient.ward],
                "dscg_dept_name": patient.ward,
                "dscg_bed": patient.bed,
                "dscg_way": "1",
            },
            "diseinfo": [],
        },
        {},
    )
    bill = {**stay, "medfee_sumamt": str(fees), "mid_setl_flag": "0", "mdtrt_cert_type": "02"}
    bill |= {"mdtrt_cert_no": patient.certno, "insutype": "390", "psn_setlway": "01"}
    answer = {**stay, "medfee_sumamt": str(fees), "fund_pay_sumamt": str(fund), "clr_way": "1", "setl_id": ""}
    told.national(at + timedelta(minutes=4), "2303", {"data": bill}, {"setlinfo": answer})
    settled = {**answer, "setl_id": f"{REGION}J{patient.number:08d}", "setl_time": _national(at)}
    told.national(at + timedelta(minutes=6), "2304", {"data": bill}, {"setlinfo": settled})


def _excuses(told: Journal) -> None:
    """Whereabouts entered by the ward before they begin."""
    for number, kind, begins, ends, proof in (
        (OPERATED, "theatre", told.at(1, "08:00"), told.at(1, "12:30"), "手术通知单 / operation notice"),
        (ON_LEAVE, "leave", told.at(1, "17:00"), told.at(2, "07:30"), "请假条，医师签字 / leave slip, signed"),
    ):
        entered = begins - timedelta(minutes=20)
        told.post(
            entered,
            "/api/v1/whereabouts",
            {
                "whereabouts_id": f"wb-{number}",
                "fixmedins_code": HOSPITAL,
                "mdtrt_id": PATIENTS[number - 1].mdtrt_id,
                "kind": kind,
                "from": begins.isoformat(),
                "to": ends.isoformat(),
                "entered_at": entered.isoformat(),
                "entered_by": "N0032",
                "approved_by": "D0012",
                "proof": proof,
            },
        )


# ── checks ───────────────────────────────────────────────────────────────────────────────────────────────


def _check(told: Journal, ward: str, day: int, kind: str, opens: str, minutes: int) -> None:
    """A check of a ward, its receipt, and what each patient's bed shows."""
    begins = told.at(day, opens)
    check_id = f"{kind}-{DEPARTMENTS[ward]}-{begins:%m%d%H%M}"
    ordered = begins - timedelta(minutes=2 if kind == "spot" else 60)
    told.post(
        ordered,
        "/api/v1/checks",
        {
            "check_id": check_id,
            "kind": kind,
            "fixmedins_code": HOSPITAL,
            "ward": ward,
            "opens_at": begins.isoformat(),
            "due_by": (begins + timedelta(minutes=minutes)).isoformat(),
            "purpose": "random" if kind == "spot" else "daily",
            "issued_by": "示例稽核 / dispatcher" if kind == "spot" else "schedule",
        },
    )
    seen = begins + timedelta(minutes=2)
    receipt = {"ward": ward, "channel": "app", "delivered_at": begins.isoformat(), "seen_at": seen.isoformat()}
    told.post(seen, f"/api/v1/checks/{check_id}/receipts", receipt)
    for place, patient in enumerate(p for p in PATIENTS if p.ward == ward):
        at = begins + timedelta(minutes=12 + 3 * place)
        _at_the_bed(told, at, patient, kind, check_id, announced=kind == "round" and opens < "12:00")


def _at_the_bed(told: Journal, at: datetime, patient: Patient, kind: str, check_id: str, *, announced: bool) -> None:
    n = patient.number
    excused = {
        OPERATED: ("in_treatment", "theatre", told.at(1, "08:00"), told.at(1, "12:30")),
        ON_LEAVE: ("on_leave", "leave", told.at(1, "17:00"), told.at(2, "07:30")),
    }.get(n)
    if excused and excused[2] <= at <= excused[3]:
        _answer(told, at, patient, check_id, excused[0], kind=excused[1])
    elif n == EMPTY_BED and not announced:
        _answer(told, at, patient, check_id, "not_found", reason="床空 / the bed is empty")
        _answer(told, at + timedelta(minutes=35), patient, check_id, "not_found", reason="仍未见 / still not here")
    elif n == DECLINES:
        _answer(told, at, patient, check_id, "face_declined")
        witnesses = {"witnesses": ["N0032", "N0047"], "proof": "腕带和身份证 / wristband and identity card"}
        _answer(told, at + timedelta(minutes=3), patient, check_id, "witnessed", **witnesses)
    else:
        face = patient.face
        if n in SWAPPED and check_id == _swapped_round(told):
            face = SWAPPED[1] if n == SWAPPED[0] else SWAPPED[0]
        _capture(told, at, patient, face, kind, check_id=check_id)


def _swapped_round(told: Journal) -> str:
    """The second day's morning round in the first ward: two pictures go to each other's bed."""
    return f"round-{DEPARTMENTS[BONES]}-{told.at(1, '09:00'):%m%d%H%M}"


def _answer(told: Journal, at: datetime, patient: Patient, check_id: str, result: str, **more: Any) -> None:
    body = {"mdtrt_id": patient.mdtrt_id, "result": result, "answered_at": at.isoformat(), "operator": "N0032"}
    told.post(at, f"/api/v1/checks/{check_id}/answers", {**body, **more})


def _capture(told: Journal, at: datetime, patient: Patient, face: int, purpose: str, **more: Any) -> None:
    shot = f"{patient.number:02d}-{at:%m%d%H%M}"
    meta = {
        "capture_id": f"cap-{shot}",
        "purpose": purpose,
        "fixmedins_code": HOSPITAL,
        "mdtrt_id": patient.mdtrt_id,
        "ward": patient.ward,
        "bed": patient.bed,
        "taken_at": at.isoformat(),
        "device_id": f"PAD-{DEPARTMENTS[patient.ward]}",
        "operator": "N0032",
        "template": {"model": MODEL, "vector": _face(face, "" if purpose == "enrolment" else shot)},
        **more,
    }
    told.post(at + timedelta(seconds=20), "/api/v1/captures", {"meta": meta})


def _face(number: int, shot: str) -> str:
    """The template of a face, a little different in every picture. Rounded, so that every machine agrees."""
    chance = random.Random(f"face {number}")
    numbers = [chance.gauss(0, FACE_SPREAD) for _ in range(FACE_SIZE)]
    if shot:
        light = random.Random(f"shot {shot}")
        numbers = [value + light.gauss(0, FACE_SPREAD / 5) for value in numbers]
    return base64.b64encode(struct.pack(f"<{FACE_SIZE}f", *(round(value, 4) for value in numbers))).decode()


def _national(at: datetime) -> str:
    """Times as national messages carry them: China time without offset."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


# ── the files beside this module ─────────────────────────────────────────────────────────────────────────

FILES = ("first-days.jsonl.zst", "rules.toml", "institutions.toml")
"""The journal, the rule set that calibrates its faces (population `drawn`), and its institution."""


def packaged(name: str) -> Path:
    """One of `FILES`, as a file of the installed package."""
    return Path(str(resources.files(__package__) / "journals" / name))


if __name__ == "__main__":
    packaged(FILES[0]).write_bytes(zstandard.ZstdCompressor(level=19).compress(journal()))
