"""The journal that is measured: hospitals in steady state, request by request, the same bytes every time.

Every bed is always taken: a patient stays `STAY_DAYS` days, is discharged and settles, and the next one comes
the same day. So a day of the journal costs the same whichever day it is, and holds, per stay-day, what `MIX`
says. Times are the requests' arrival; a day's requests come in the order in which they arrive.
"""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from struct import pack
from typing import Any, NamedTuple

import orjson

from schemas.base import CHINA

FIRST_DAY = date(2026, 3, 2)
STAY_DAYS = 8
BEDS = 500
"""Beds of one institution."""
WARDS = 14
"""Wards of one institution: 35 or 36 beds each."""
CHECKS = (time(7, 20), time(14, 0))
"""When the day's two rounds begin on the first ward; the others follow, `WARD_LATER` apart."""
WARD_LATER = timedelta(minutes=7)
LINES = 12
MISSED = 200
"""One capture in so many is never taken: a missed check."""
SWAPPED = 2000
"""One template in so many is another person's."""
MODEL = "dlib-resnet-1"
REGION = "990101"

MIX = f"""\
per stay-day      2 checks, each with 1 capture: the first compared by the terminal, the second a template
                  1 charge message (2301, request only) of {LINES} lines with 25 fields each
per stay          {STAY_DAYS} days, so 1 in {STAY_DAYS} stay-days has each of:
                  admission (2401 with reply), enrolment capture, discharge (2402), settlement (2304 with reply)
per ward and day  2 checks issued, 2 receipts ({WARDS} wards an institution of {BEDS} beds)
oddities          1 capture in {MISSED} is missing, 1 template in {SWAPPED} is another person's"""


class Sent(NamedTuple):
    """One request: when it arrived, where it was posted, its body as sent."""

    at: datetime
    path: str
    body: bytes


@dataclass(frozen=True)
class Ward:
    """One ward of one institution, `house` and `number` from 0. `beds` are its beds.

    From the day `closes` on nobody is admitted any more.
    """

    house: int
    number: int
    beds: range
    closes: int = 1_000_000

    @property
    def name(self) -> str:
        return f"病区{self.number + 1:02d}"

    @property
    def institution(self) -> str:
        return f"H9901{mark(self.house)}"


def mark(house: int) -> str:
    """Stands in every id of an institution, and nowhere else: another one's ids are made by replacing it."""
    return f"{house:05d}Q"


def wards(stays: int, closes: int = 1_000_000) -> list[Ward]:
    """The wards of as many institutions as `stays` beds need; the last institution may be smaller."""
    found = []
    for house in range((stays + BEDS - 1) // BEDS):
        beds = min(BEDS, stays - house * BEDS)
        edges = [beds * n // WARDS for n in range(WARDS + 1)]
        full = [n for n in range(WARDS) if edges[n] < edges[n + 1]]
        found += [Ward(house, n, range(edges[n], edges[n + 1]), closes) for n in full]
    return found


def requests(places: list[Ward], day: int, seed: int = 1) -> list[Sent]:
    """All requests of day `day` (from 0) on these wards, in the order in which they arrive."""
    found = [sent for ward in places for sent in _ward_day(ward, day, seed)]
    found.sort(key=lambda sent: sent.at)
    return found


def settlements(places: list[Ward], day: int, seed: int = 1) -> list[Sent]:
    """An interim settlement (2304 with reply) of everyone who lies there on that day and stays."""
    at = _moment(day, time(12))
    chance = random.Random(f"{seed}/settlements/{day}")
    beds = [(ward, bed) for ward in places for bed in ward.beds]
    stays = [stay for ward, bed in beds for stay in _stays_on(ward, bed, day) if stay.begins < day < stay.begins + 8]
    found = [_settlement(stay, at + timedelta(seconds=n), interim=True) for n, stay in enumerate(stays)]
    chance.shuffle(found)
    return found


# ── a day on a ward ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Stay:
    """One patient: `begins` is the day of admission. Discharged in the morning of the last day."""

    ward: Ward
    bed: int
    begins: int

    @property
    def tag(self) -> str:
        return f"{mark(self.ward.house)}{self.bed:04d}{self.begins + STAY_DAYS:04d}"


def _stays_on(ward: Ward, bed: int, day: int) -> Iterator[_Stay]:
    """Who lies in the bed on that day: one patient, or the one who leaves and the one who comes."""
    phase = (bed * 5 + ward.house) % STAY_DAYS
    since = day - (day - phase) % STAY_DAYS
    if since == day and 0 <= since - STAY_DAYS < ward.closes:
        yield _Stay(ward, bed, since - STAY_DAYS)
    if 0 <= since < ward.closes:
        yield _Stay(ward, bed, since)


def _ward_day(ward: Ward, day: int, seed: int) -> Iterator[Sent]:
    chance = random.Random(f"{seed}/{ward.house}/{ward.number}/{day}")
    present = [stay for bed in ward.beds for stay in _stays_on(ward, bed, day)]
    for number, begins in enumerate(CHECKS):
        opens = _moment(day, begins) + WARD_LATER * ward.number + timedelta(seconds=11 * (ward.house % 40))
        yield from _check(ward, day, number, opens)
        for stay in present:
            # who leaves today is seen in the morning, who comes today in the afternoon
            here = stay.begins < day if number == 0 else stay.begins + STAY_DAYS > day
            if here and chance.randrange(MISSED):
                yield _capture(stay, day, number, opens + timedelta(minutes=5 + 55 * chance.random()), chance)
    for stay in present:
        if stay.begins + STAY_DAYS == day:
            yield from _leaving(stay, day, chance)
            continue
        if stay.begins == day:
            yield from _coming(stay, day, chance)
        yield _charges(stay, day, chance)


def _moment(day: int, hour: time) -> datetime:
    return datetime.combine(FIRST_DAY + timedelta(days=day), hour, CHINA)


def _between(day: int, first: int, last: int, chance: random.Random) -> datetime:
    """A moment between two hours of a day."""
    return _moment(day, time(first)) + timedelta(seconds=chance.randrange((last - first) * 3600))


def _check_id(ward: Ward, day: int, number: int) -> str:
    return f"ck-{mark(ward.house)}-{ward.number:02d}-{day:04d}-{number}"


def _check(ward: Ward, day: int, number: int, opens: datetime) -> Iterator[Sent]:
    check = _check_id(ward, day, number)
    order = {
        "check_id": check,
        "kind": "round",
        "fixmedins_code": ward.institution,
        "ward": ward.name,
        "opens_at": opens.isoformat(),
        "due_by": (opens + timedelta(hours=2)).isoformat(),
        "purpose": "daily",
        "issued_by": "schedule",
    }
    at = opens - timedelta(minutes=2)
    yield Sent(at, "/api/v1/checks", orjson.dumps(order))
    receipt = {"ward": ward.name, "channel": "app", "delivered_at": (opens + timedelta(minutes=1)).isoformat()}
    yield Sent(opens + timedelta(minutes=2), f"/api/v1/checks/{check}/receipts", orjson.dumps(receipt))


# ── faces ────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def _face(number: int) -> tuple[float, ...]:
    chance = random.Random(f"face {number}")
    found = [chance.gauss(0, 1) for _ in range(128)]
    length = sum(x * x for x in found) ** 0.5
    return tuple(x / length for x in found)


def _template(stay: _Stay, chance: random.Random, away: float = 0.25) -> dict[str, str]:
    """The patient's face as one picture shows it, `away` from its centre in one direction of its own."""
    face = list(_face((stay.ward.house * BEDS + stay.bed) * 31 % 997))
    for place in chance.sample(range(128), 4):
        face[place] += away / 2
    return {"model": MODEL, "vector": b64encode(pack("<128f", *face)).decode()}


def _capture(stay: _Stay, day: int, number: int, at: datetime, chance: random.Random) -> Sent:
    meta = {
        **_taken(stay, "round", f"{day:04d}{number}", at, chance),
        "check_id": _check_id(stay.ward, day, number),
    }
    if number == 0:
        score = round(0.78 + 0.2 * chance.random(), 4)
        meta["comparison"] = {"score": score, "metric": "similarity", "model": "edge-1", "threshold": 0.6}
    else:
        other = _Stay(stay.ward, stay.bed + 1, stay.begins) if chance.randrange(SWAPPED) == 0 else stay
        meta["template"] = _template(other, chance)
    return Sent(at, "/api/v1/captures", orjson.dumps({"meta": meta}))


def _taken(stay: _Stay, purpose: str, number: str, at: datetime, chance: random.Random) -> dict[str, Any]:
    return {
        "capture_id": f"cp-{stay.tag}-{number}",
        "purpose": purpose,
        "fixmedins_code": stay.ward.institution,
        "mdtrt_id": f"M{stay.tag}",
        "ward": stay.ward.name,
        "bed": f"{stay.bed:03d}",
        "taken_at": (at - timedelta(seconds=4)).isoformat(timespec="seconds"),
        "device_id": f"T{mark(stay.ward.house)}{stay.ward.number:02d}",
        "operator": f"N{stay.ward.number:02d}{chance.randrange(9)}",
        "place": {"lat": 30.2741, "lon": 120.1551, "accuracy_m": 12.0, "mock": False},
        "liveness": {"challenge": "turn_left", "passed": True, "score": 0.98},
        "quality": round(0.7 + 0.3 * chance.random(), 3),
        "photo_sha256": f"{chance.getrandbits(256):064x}",
    }


# ── the national interface ───────────────────────────────────────────────────────────────────────────────


def _message(stay: _Stay, infno: str, at: datetime, body: dict[str, Any], reply: dict[str, Any] | None = None) -> Sent:
    institution = stay.ward.institution
    request = {
        "infno": infno,
        "msgid": f"{institution}{at:%Y%m%d%H%M%S}{stay.bed:04d}{infno[-1]}",
        "mdtrtarea_admvs": REGION,
        "insuplc_admdvs": REGION,
        "recer_sys_code": "HIS",
        "dev_no": "",
        "dev_safe_info": "",
        "cainfo": "",
        "signtype": "",
        "infver": "V1.0",
        "opter_type": "1",
        "opter": "0312",
        "opter_name": "示例",
        "inf_time": f"{at:%Y-%m-%d %H:%M:%S}",
        "fixmedins_code": institution,
        "fixmedins_name": "示例医院",
        "sign_no": "",
        "input": body,
    }
    if reply is None:
        return Sent(at, "/fsi/callService", orjson.dumps(request))
    response = {
        "infcode": 0,
        "inf_refmsgid": request["msgid"],
        "refmsg_time": f"{at:%Y%m%d%H%M%S}000",
        "respond_time": f"{at:%Y%m%d%H%M%S}120",
        "err_msg": "",
        "output": reply,
    }
    return Sent(at, "/fsi/callService", orjson.dumps({"request": request, "response": response}))


def _coming(stay: _Stay, day: int, chance: random.Random) -> Iterator[Sent]:
    at = _between(day, 11, 13, chance)
    admission = {
        "psn_no": f"P{stay.tag}",
        "insutype": "390",
        "begntime": f"{at:%Y-%m-%d %H:%M:%S}",
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": f"{chance.randrange(10**17):017d}X",
        "med_type": "21",
        "ipt_no": f"Z{stay.tag}",
        "atddr_no": f"D{stay.ward.number:02d}",
        "chfpdr_name": "示例",
        "adm_diag_dscr": "示例诊断",
        "adm_dept_codg": f"{stay.ward.number:03d}",
        "adm_dept_name": stay.ward.name,
        "adm_bed": f"{stay.bed:03d}",
        "dscg_maindiag_code": "M51.202",
        "dscg_maindiag_name": "示例诊断",
    }
    diagnosis = {"diag_type": "1", "maindiag_flag": "1", "diag_srt_no": 1, "diag_code": "M51.202"}
    yield _message(
        stay,
        "2401",
        at,
        {"mdtrtinfo": admission, "diseinfo": [diagnosis]},
        {"result": {"mdtrt_id": f"M{stay.tag}"}},
    )
    taken = at + timedelta(minutes=8)
    meta = {
        **_taken(stay, "enrolment", "e", taken, chance),
        "template": _template(stay, chance, 0.0),
        "anchor": {"kind": "id_chip", "score": round(0.2 + 0.1 * chance.random(), 4), "metric": "distance"},
    }
    yield Sent(taken, "/api/v1/captures", orjson.dumps({"meta": meta}))


def _leaving(stay: _Stay, day: int, chance: random.Random) -> Iterator[Sent]:
    at = _between(day, 10, 11, chance)
    tag, when = stay.tag, f"{at:%Y-%m-%d %H:%M:%S}"
    discharge = {
        "mdtrt_id": f"M{tag}",
        "psn_no": f"P{tag}",
        "insutype": "390",
        "endtime": when,
        "dise_codg": "",
        "dscg_dept_codg": f"{stay.ward.number:03d}",
        "dscg_dept_name": stay.ward.name,
        "dscg_bed": f"{stay.bed:03d}",
        "dscg_way": "1",
    }
    yield _message(stay, "2402", at, {"dscginfo": discharge, "diseinfo": []})
    yield _settlement(stay, at + timedelta(minutes=10 + chance.randrange(30)))


def _settlement(stay: _Stay, at: datetime, *, interim: bool = False) -> Sent:
    tag, when, total = stay.tag, f"{at:%Y-%m-%d %H:%M:%S}", STAY_DAYS * LINES * 40
    claim = {
        "psn_no": f"P{tag}",
        "mdtrt_cert_type": "02",
        "mdtrt_cert_no": "0",
        "medfee_sumamt": f"{total}.00",
        "psn_setlway": "01",
        "mdtrt_id": f"M{tag}",
        "insutype": "390",
        "acct_used_flag": "0",
        "invono": "",
        "mid_setl_flag": "1" if interim else "0",
        "dscgTime": when,
    }
    paid = {
        "mdtrt_id": f"M{tag}",
        "setl_id": f"{'I' if interim else 'S'}{tag}",
        "psn_no": f"P{tag}",
        "setl_time": when,
        "med_type": "21",
        "medfee_sumamt": total,
        "fund_pay_sumamt": round(total * 0.65, 2),
        "psn_part_amt": round(total * 0.35, 2),
        "acct_pay": 0,
        "hosp_part_amt": 0,
        "clr_optins": REGION,
        "clr_way": "1",
        "clr_type": "21",
    }
    return _message(stay, "2304", at, {"data": claim}, {"setlinfo": paid, "setldetail": []})


_CODES = ("001201000010000", "001109000010000", "110200005-1", "XN02BEA073A012010103155", "250101015")


def _charges(stay: _Stay, day: int, chance: random.Random) -> Sent:
    at = _between(day, 17, 23, chance)
    lines = [_line(stay, day, number, at, chance) for number in range(LINES)]
    return _message(stay, "2301", at, {"feedetail": lines})


def _line(stay: _Stay, day: int, number: int, at: datetime, chance: random.Random) -> dict[str, Any]:
    price, count = 4 + chance.randrange(7200) / 100, 1 + chance.randrange(3)
    occurred = at - timedelta(minutes=40 * number + 1)
    return {
        "feedetl_sn": f"{day:03d}{number:03d}",
        "init_feedetl_sn": "",
        "drord_no": f"Y{day:03d}{number:03d}",
        "mdtrt_id": f"M{stay.tag}",
        "psn_no": f"P{stay.tag}",
        "med_type": "21",
        "fee_ocur_time": f"{occurred:%Y-%m-%d %H:%M:%S}",
        "med_list_codg": _CODES[number % len(_CODES)],
        "medins_list_codg": f"LOCAL{number:05d}",
        "medins_list_name": "示例收费项目",
        "det_item_fee_sumamt": f"{price * count:.2f}",
        "cnt": count,
        "pric": round(price, 2),
        "bilg_dept_codg": f"{stay.ward.number:03d}",
        "bilg_dept_name": stay.ward.name,
        "bilg_dr_codg": f"D{stay.ward.number:02d}",
        "bilg_dr_name": "示例",
        "acord_dept_codg": f"{stay.ward.number:03d}",
        "acord_dept_name": stay.ward.name,
        "orders_dr_code": f"D{stay.ward.number:02d}",
        "orders_dr_name": "示例",
        "hosp_appr_flag": "0",
        "etip_flag": "0",
        "dscg_tkdrug_flag": "0",
        "memo": "",
    }
