"""A hospital as it looks on the wire: patients, wards and their messages as journal lines (contract §2).

    hospital = Hospital()
    ward = hospital.ward("骨科")
    li = ward.admits("03-02 09:00", bed="12")
    li.enrolled("03-02 09:20")
    check = ward.round("03-03 10:00", until="03-03 12:00")
    li.photographed("03-03 10:15", check)
    li.settles("03-05 10:00", total="1920.00", fund="1200.50")

    hospital.journal.write(file)             # what `wardwatch replay` reads

Times are `MM-DD HH:MM` of 2026, China time. Nothing is random: the same calls write the same bytes. Each call
returns the line it wrote, whose answer a player may look up; hospitals of one city share one `Journal`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from tests.stories import MODEL, Time, at, face

REGION = "990101"
"""Where the hospitals of these journals stand, and where their patients are insured unless said otherwise."""

NATIONAL = "/fsi/callService"
Row = dict[str, Any]


def wire(moment: datetime) -> str:
    """A time as a HIS writes it: naive, China time."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


@dataclass(eq=False)
class Sent:
    """One line of a journal."""

    at: datetime
    row: Row

    @property
    def msgid(self) -> str:
        """Of a national message."""
        document = self.row["json"]
        return str(document.get("request", document)["msgid"])

    @property
    def bytes(self) -> bytes:
        return orjson.dumps(self.row)


@dataclass
class Journal:
    """Everything that was sent, by whomever."""

    lines: list[Sent] = field(default_factory=list)

    def post(self, moment: Time, path: str, body: Any, *, key: str = "", by: str = "") -> Sent:
        """One request. `key` is its Idempotency-Key, `by` the person and role that sent it (`R1 reviewer`)."""
        row: Row = {"at": at(moment).isoformat(), "path": path, "json": body}
        if key:
            row["idempotency_key"] = key
        if by:
            row["as"] = by
        return self._add(moment, row)

    def again(self, moment: Time, sent: Sent) -> Sent:
        """The very same request once more."""
        return self._add(moment, {**sent.row, "at": at(moment).isoformat()})

    def clock(self, moment: Time) -> Sent:
        """Nothing but time passes."""
        return self._add(moment, {"at": at(moment).isoformat(), "path": "/clock"})

    def _add(self, moment: Time, row: Row) -> Sent:
        sent = Sent(at(moment), row)
        self.lines.append(sent)
        return sent

    def in_order(self) -> list[Sent]:
        """By arrival; what arrives at the same moment in the order in which it was written."""
        return sorted(self.lines, key=lambda sent: sent.at)

    def write(self, file: Path) -> Path:
        file.write_bytes(b"".join(sent.bytes + b"\n" for sent in self.in_order()))
        return file


@dataclass
class Hospital:
    """One 定点医药机构 and its HIS, whose messages a tap copies to us together with the platform's replies."""

    code: str = "H99010100001"
    journal: Journal = field(default_factory=Journal)
    region: str = REGION
    patients: int = 0

    def ward(self, name: str = "骨科") -> Ward:
        return Ward(self, name)

    def sends(
        self,
        moment: Time,
        infno: str,
        body: Row,
        reply: Row | None = None,
        *,
        insured: str = "",
        msgid: str = "",
        failed: str = "",
    ) -> Sent:
        """A national message. `reply` is the platform's output (None: the reply was not seen), `failed` its
        complaint where it refused."""
        when = at(moment)
        request = {
            "infno": infno,
            "msgid": msgid or f"{self.code}{when:%Y%m%d%H%M%S}{len(self.journal.lines):04d}",
            "mdtrtarea_admvs": self.region,
            "insuplc_admdvs": insured or self.region,
            "recer_sys_code": "HIS",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0001",
            "opter_name": "自助机",
            "inf_time": wire(when),
            "fixmedins_code": self.code,
            "fixmedins_name": "示例医院",
            "input": body,
        }
        if failed:
            return self.journal.post(
                moment, NATIONAL, {"request": request, "response": {"infcode": -1, "err_msg": failed}}
            )
        if reply is None:
            return self.journal.post(moment, NATIONAL, request)
        return self.journal.post(moment, NATIONAL, {"request": request, "response": {"infcode": 0, "output": reply}})

    def voids(self, moment: Time, sent: Sent, patient: Patient) -> Sent:
        """2601 冲正: that message must count as never sent."""
        document = sent.row["json"]
        original = document.get("request", document)["infno"]
        body = {"data": {"psn_no": patient.psn_no, "omsgid": sent.msgid, "oinfno": original}}
        return self.sends(moment, "2601", body, {}, insured=patient.insured)

    def spoke(self, moment: Time) -> Sent:
        """Any message that says nothing about a patient: the feed is alive."""
        return self.sends(moment, "9001", {"signIn": {"opter_no": "0001"}}, {})


@dataclass
class Ward:
    """One 病区."""

    hospital: Hospital
    name: str

    def admits(
        self,
        moment: Time,
        *,
        bed: str = "1",
        psn_no: str = "",
        insured: str = "",
        began: Time | None = None,
        reply_seen: bool = True,
        knows: Patient | None = None,
        **what: Any,
    ) -> Patient:
        """2401 入院办理 of a new patient, or of one who `knows` another hospital's bed.

        Without its reply seen, the platform's `mdtrt_id` is not known from this message.
        """
        house = self.hospital
        house.patients += 1
        number = house.patients
        patient = Patient(
            ward=self,
            psn_no=psn_no or (knows.psn_no if knows else f"{house.code[-4:]}P{number}"),
            insured=insured or (knows.insured if knows else house.region),
            mdtrt_id=f"{house.code[-4:]}M{number}",
            ipt_no=f"ZY{number:06d}",
            face=knows.face if knows else int(house.code[-4:]) * 1000 + number,
        )
        began_at = at(moment if began is None else began)
        info = {
            "psn_no": patient.psn_no,
            "insutype": "390",
            "begntime": wire(began_at),
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": "",
            "med_type": "21",
            "ipt_no": patient.ipt_no,
            "adm_dept_codg": "01",
            "adm_dept_name": self.name,
            "adm_bed": bed,
            "dscg_maindiag_code": "M51.2",
            **what,
        }
        reply = {"result": {"mdtrt_id": patient.mdtrt_id}} if reply_seen else None
        body = {"mdtrtinfo": info, "diseinfo": []}
        patient.admission = house.sends(moment, "2401", body, reply, insured=patient.insured)
        return patient

    def round(self, opens: Time, *, until: Time, delivered: Time | None = "at once") -> Check:
        """日常任务 over the ward's books."""
        return self.check("round", opens, until=until, delivered=delivered)

    def spot(self, opens: Time, *, until: Time, delivered: Time | None = "at once", **what: Any) -> Check:
        """远程抽查 over the ward's books."""
        return self.check("spot", opens, until=until, delivered=delivered, **what)

    def check(
        self,
        kind: str,
        opens: Time,
        *,
        until: Time,
        delivered: Time | None = "at once",
        roster: Sequence[Patient] = (),
        issued: Time | None = None,
    ) -> Check:
        """A check is issued a minute before it opens, and its receipt comes in where it is `delivered`."""
        journal, opens_at = self.hospital.journal, at(opens)
        check = Check(f"CK-{self.hospital.code[-4:]}-{len(journal.lines)}", opens_at, at(until), self)
        body = {
            "check_id": check.check_id,
            "kind": kind,
            "fixmedins_code": self.hospital.code,
            "ward": self.name,
            "opens_at": opens_at.isoformat(),
            "due_by": check.due_by.isoformat(),
        }
        if roster:
            body["roster"] = [patient.mdtrt_id for patient in roster]  # type: ignore[assignment]
        check.issued = journal.post(opens_at - timedelta(minutes=1) if issued is None else issued, CHECKS, body)
        if delivered is not None:
            check.received(opens_at if delivered == "at once" else delivered)
        return check


CHECKS = "/api/v1/checks"


@dataclass
class Check:
    """A check that was issued to a ward."""

    check_id: str
    opens_at: datetime
    due_by: datetime
    ward: Ward
    issued: Sent | None = None

    def received(self, moment: Time) -> Sent:
        """The ward's phone shows that it came."""
        body = {"ward": self.ward.name, "channel": "app", "delivered_at": at(moment).isoformat()}
        return self.ward.hospital.journal.post(moment, f"{CHECKS}/{self.check_id}/receipts", body)


@dataclass
class Patient:
    """Someone in a bed, or who should be. `face` is what a camera sees of them."""

    ward: Ward
    psn_no: str
    insured: str
    mdtrt_id: str
    ipt_no: str
    face: int
    admission: Sent | None = None
    lines: int = 0
    captures: int = 0

    @property
    def hospital(self) -> Hospital:
        return self.ward.hospital

    @property
    def journal(self) -> Journal:
        return self.ward.hospital.journal

    @property
    def named(self) -> Row:
        """How messages after the admission name the stay."""
        return {"mdtrt_id": self.mdtrt_id, "psn_no": self.psn_no}

    def _sends(self, moment: Time, infno: str, body: Row, reply: Row | None = None, **how: Any) -> Sent:
        return self.hospital.sends(moment, infno, body, reply, insured=self.insured, **how)

    # ── faces ───────────────────────────────────────────────────────────────────────────────────────────

    def enrolled(
        self,
        moment: Time,
        *,
        showing: Patient | int | None = None,
        anchor: str = "id_chip",
        score: float | None = 0.2,
    ) -> Sent:
        """入院人像建模, compared with the document by the terminal; `score` is that distance."""
        told: Row = {"kind": anchor}
        if score is not None:
            told |= {"score": score, "metric": "distance"}
        return self._captured(moment, "enrolment", self._template(showing, 0.0), anchor=told)

    def photographed(
        self,
        moment: Time,
        check: Check | None = None,
        *,
        showing: Patient | int | None = None,
        away: float = 0.2,
        purpose: str = "round",
        told: Time | None = None,
        **meta: Any,
    ) -> Sent:
        """A photo at the bedside, made into a template by the terminal; `showing` somebody else, if so."""
        return self._captured(moment, purpose, self._template(showing, away), check, told, **meta)

    def compared(self, moment: Time, score: float, check: Check | None = None, *, purpose: str = "round") -> Sent:
        """A terminal compared by itself with a model of its own (边缘比对); smaller is more alike."""
        own = {"score": score, "metric": "distance", "model": "edge-1", "threshold": 0.5}
        return self._captured(moment, purpose, {"comparison": own}, check)

    def _template(self, showing: Patient | int | None, away: float) -> Row:
        who = showing.face if isinstance(showing, Patient) else self.face if showing is None else showing
        return {"template": {"model": MODEL, "vector": face(who, away)}}

    def _captured(
        self, moment: Time, purpose: str, seen: Row, check: Check | None = None, told: Time | None = None, **meta: Any
    ) -> Sent:
        self.captures += 1
        said = {
            "capture_id": f"{self.mdtrt_id}-C{self.captures}",
            "purpose": purpose,
            "fixmedins_code": self.hospital.code,
            "mdtrt_id": self.mdtrt_id,
            "ward": self.ward.name,
            "taken_at": at(moment).isoformat(),
            "device_id": "phone-1",
            "operator": "nurse-1",
            "photo_sha256": "0" * 64,
            **({"check_id": check.check_id} if check else {}),
            **seen,
            **meta,
        }
        body = {"meta": {name: value for name, value in said.items() if value is not None}}
        return self.journal.post(moment if told is None else told, "/api/v1/captures", body)

    # ── answers without a face ──────────────────────────────────────────────────────────────────────────

    def answered(self, moment: Time, check: Check, result: str, *, told: Time | None = None, **what: Any) -> Sent:
        body = {
            "mdtrt_id": self.mdtrt_id,
            "result": result,
            "answered_at": at(moment).isoformat(),
            "operator": "nurse-1",
            **what,
        }
        path = f"{CHECKS}/{check.check_id}/answers"
        return self.journal.post(moment if told is None else told, path, body)

    def not_found(self, check: Check, *moments: Time) -> None:
        """未见本人, at each of these moments."""
        for moment in moments:
            self.answered(moment, check, "not_found")

    def witnessed(self, moment: Time, check: Check) -> Sent:
        """人工核验 by two of the staff."""
        return self.answered(moment, check, "witnessed", witnesses=["nurse-1", "nurse-2"])

    def away(
        self, kind: str, starts: Time, ends: Time | None, *, entered: Time | None = None, name: str = "", **what: Any
    ) -> Sent:
        """Whereabouts (去向), entered as they begin unless said otherwise."""
        entered = starts if entered is None else entered
        body = {
            "fixmedins_code": self.hospital.code,
            "mdtrt_id": self.mdtrt_id,
            "kind": kind,
            "from": at(starts).isoformat(),
            "to": None if ends is None else at(ends).isoformat(),
            "entered_at": at(entered).isoformat(),
            "entered_by": "nurse-1",
            "approved_by": "doctor-1",
            **({"whereabouts_id": name} if name else {}),
            **what,
        }
        return self.journal.post(entered, "/api/v1/whereabouts", body)

    # ── the books ───────────────────────────────────────────────────────────────────────────────────────

    def moved(self, moment: Time, ward: Ward, bed: str) -> Sent:
        """2403 住院信息变更: another ward, another bed."""
        self.ward = ward
        info = {**self.named, "ipt_otp_no": self.ipt_no, "adm_dept_codg": "02", "adm_dept_name": ward.name}
        return self._sends(moment, "2403", {"adminfo": {**info, "adm_bed": bed}}, {})

    def discharged(self, moment: Time, *, told: Time | None = None, died: bool = False) -> Sent:
        """2402 出院办理; `told` is when the message was sent, where that was later."""
        when = at(moment)
        info = {**self.named, "endtime": wire(when), "dscg_way": "5" if died else "1", "dscg_dept_name": self.ward.name}
        if died:
            info["die_date"] = f"{when:%Y-%m-%d}"
        return self._sends(moment if told is None else told, "2402", {"dscginfo": info, "diseinfo": []}, {})

    def discharge_cancelled(self, moment: Time) -> Sent:
        """2405 出院撤销."""
        return self._sends(moment, "2405", {"data": self.named}, {})

    # ── services and money ──────────────────────────────────────────────────────────────────────────────

    def charged(self, moment: Time, *amounts: str, told: Time | None = None, item_class: str = "05") -> Sent:
        """2301: a fee line of treatment for each amount."""
        when, rows, answers = at(moment), [], []
        for amount in amounts or ("40.00",):
            self.lines += 1
            sn = f"F{self.lines}"
            rows.append(
                {
                    "feedetl_sn": sn,
                    **self.named,
                    "med_type": "21",
                    "fee_ocur_time": wire(when),
                    "med_list_codg": "003306000010000-330601",
                    "medins_list_codg": "330601",
                    "det_item_fee_sumamt": amount,
                    "cnt": "1",
                    "pric": amount,
                }
            )
            answers.append({"feedetl_sn": sn, "det_item_fee_sumamt": amount, "med_chrgitm_type": item_class})
        return self._sends(moment if told is None else told, "2301", {"feedetail": rows}, {"result": answers})

    def uncharged(self, moment: Time, *sns: str) -> Sent:
        """2302 住院费用明细撤销; without numbers, every line not yet settled (`0000`)."""
        rows = [{"feedetl_sn": sn, **self.named} for sn in sns or ("0000",)]
        return self._sends(moment, "2302", {"data": rows}, {})

    def settles(
        self,
        moment: Time,
        *,
        infno: str = "2304",
        total: str = "1920.00",
        fund: str | None = "1200.00",
        setl_id: str = "",
        interim: bool = False,
        reply_seen: bool = True,
        msgid: str = "",
    ) -> Sent:
        """2304 住院结算 (or 2303 预结算) with the platform's reply, in yuan."""
        data = {**self.named, "medfee_sumamt": total, "mid_setl_flag": "1" if interim else "0", "mdtrt_cert_type": "02"}
        reply = None
        if reply_seen:
            said = {**self.named, "medfee_sumamt": total, "fund_pay_sumamt": fund}
            reply = {"setlinfo": said | ({"setl_id": setl_id or f"{self.mdtrt_id}S"} if infno == "2304" else {})}
        return self._sends(moment, infno, {"data": data}, reply, msgid=msgid)

    def calls_back(self, moment: Time, *, setl_id: str = "") -> Sent:
        """2305 住院结算撤销."""
        setl = setl_id or f"{self.mdtrt_id}S"
        return self._sends(
            moment, "2305", {"data": {**self.named, "setl_id": setl}}, {"setlinfo": {"setl_id": f"{setl}R"}}
        )

    def asks(self, moment: Time, infno: str = "3102", *, total: str = "1920.00", scene: str = "8") -> Sent:
        """3101 or 3102: the HIS asks before it settles."""
        visit = {"mdtrt_id": self.mdtrt_id, "medins_id": self.hospital.code, "medfee_sumamt": total}
        patient = {"patn_id": self.psn_no, "curr_mdtrt_id": self.mdtrt_id, "fsi_encounter_dtos": [visit]}
        return self._sends(moment, infno, {"data": {"trig_scen": scene, "task_id": "T1", "patient_dtos": [patient]}})

    def explains(self, moment: Time, finding: str, reason: str) -> Sent:
        """3103: what the hospital says to a finding."""
        warn = {"warn_rslt_id": finding, "dspo_way": "1", "dspo_way_rea": reason}
        return self._sends(moment, "3103", {"data": {"warns": [warn]}})

    def listed(self, moment: Time, *, icu: Iterable[tuple[Time, Time]] = ()) -> Sent:
        """4101A 结算清单, with its stretches of ICU care."""
        spells = [
            {"scs_cutd_ward_type": "1", "scs_cutd_inpool_time": wire(at(s)), "scs_cutd_exit_time": wire(at(e))}
            for s, e in icu
        ]
        return self._sends(moment, "4101A", {"setlinfo": self.named, "icuinfo": spells}, {})

    # ── elsewhere ───────────────────────────────────────────────────────────────────────────────────────

    def turns_up(self, moment: Time, house: Hospital, scene: str, **what: Any) -> Sent:
        """A session or purchase outside the ward: `dialysis`, `rehab`, `pharmacy`, `outpatient`."""
        body = {
            "scene": scene,
            "phase": "once",
            "fixmedins_code": house.code,
            "psn_no": self.psn_no,
            "insuplc_admdvs": self.insured,
            "at": at(moment).isoformat(),
            "staff": "S1",
            "room": "R1",
            "terminal": "T1",
            **what,
        }
        return self.journal.post(moment, "/api/v1/scenes", body)


def yuan(amount: str) -> Decimal:
    """An amount as the contract writes it, for comparing."""
    return Decimal(amount)
