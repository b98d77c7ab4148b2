"""A small town in a busy week: two hospitals, honest patients and others, messages late, twice and taken back."""

from __future__ import annotations

import random

from tests.journal import Check, Hospital, Journal, Patient, Ward

DAYS = ("03-03", "03-04", "03-05", "03-06", "03-07")


def town(seed: int = 1, patients: int = 4) -> Journal:
    """The same journal for the same seed; `patients` honest ones beside the eleven with a story."""
    chance = random.Random(seed)
    east = Hospital("H99010100001")
    west = Hospital("H99010100002", east.journal)
    bone, heart = east.ward("骨科"), east.ward("心内科")
    rehab = west.ward("康复科")
    folk = _Folk(chance, [bone, heart, rehab])
    honest = [folk.arrives(ward) for ward in (bone, heart, rehab) for _ in range(max(1, patients // 3))]
    hanger, stranger = folk.arrives(bone), folk.arrives(heart)
    one, other = folk.arrives(bone), folk.arrives(bone)
    surgical, dialysed, moving = folk.arrives(heart), folk.arrives(rehab), folk.arrives(east.ward("外科"))
    nameless = folk.arrives(heart, reply_seen=False)
    for day in DAYS:
        checks = {ward.name: ward.round(f"{day} 10:00", until=f"{day} 12:00") for ward in folk.wards}
        for patient in honest:
            folk.lies_in_bed(patient, day, checks[patient.ward.name])
        hanger.not_found(checks["骨科"], f"{day} 10:10", f"{day} 10:50")
        stranger.photographed(f"{day} 10:20", checks["心内科"], showing=4711)
        one.photographed(f"{day} 10:31", checks["骨科"], showing=other)
        other.photographed(f"{day} 10:32", checks["骨科"], showing=one)
        surgical.away("theatre", f"{day} 09:00", f"{day} 11:30", entered=f"{day} 08:00")
        nameless.witnessed(f"{day} 10:45", checks["心内科"])
        for patient in (*honest, hanger, stranger, one, other, surgical, dialysed, nameless):
            folk.is_charged(patient, day)
    dialysed.turns_up("03-04 14:00", east, "dialysis", phase="start")
    dialysed.turns_up("03-04 18:00", east, "dialysis", phase="end")
    there = rehab.admits("03-05 15:00", knows=moving)
    there.enrolled("03-05 15:30")
    moving.discharged("03-05 13:00", told="03-06 18:00")
    moving.moved("03-04 09:00", bone, bed="30")
    surgical.listed("03-08 12:00", icu=[("03-03 12:00", "03-04 08:00")])
    _leave(folk, [*honest, hanger, stranger, one, other, surgical, dialysed, nameless, there])
    _afterthoughts(east, honest[0], hanger, stranger)
    return east.journal


class _Folk:
    """What everybody does, at times that chance chooses."""

    def __init__(self, chance: random.Random, wards: list[Ward]) -> None:
        self.chance = chance
        self.wards = wards
        self.bed = 0

    def arrives(self, ward: Ward, *, reply_seen: bool = True) -> Patient:
        self.bed += 1
        hour = self.chance.randrange(8, 18)
        patient = ward.admits(f"03-02 {hour:02}:{self.bed:02}", bed=str(self.bed), reply_seen=reply_seen)
        if self.chance.random() < 0.9:
            patient.enrolled(f"03-02 {hour:02}:{self.bed + 20:02}")
        return patient

    def lies_in_bed(self, patient: Patient, day: str, check: Check) -> None:
        minute, luck = self.chance.randrange(5, 55), self.chance.random()
        if luck < 0.7:
            patient.photographed(f"{day} 10:{minute:02}", check, away=0.25)
        elif luck < 0.8:
            patient.photographed(f"{day} 10:{minute:02}", check, told=f"{day} 19:{minute:02}")  # bad Wi-Fi
        elif luck < 0.9:
            patient.away("imaging", f"{day} 09:30", f"{day} 12:30", entered=f"{day} 09:40")
        # else: nobody got to this bed

    def is_charged(self, patient: Patient, day: str) -> None:
        minute = self.chance.randrange(60)
        sent = patient.charged(f"{day} 16:{minute:02}", "120.00", "45.50")
        if self.chance.random() < 0.2:
            patient.journal.again(f"{day} 17:{minute:02}", sent)


def _leave(folk: _Folk, patients: list[Patient]) -> None:
    for number, patient in enumerate(patients):
        minute = f"{number * 2:02}"
        patient.discharged(f"03-08 09:{minute}")
        if folk.chance.random() < 0.5:
            patient.asks(f"03-08 10:{minute}")
        patient.settles(f"03-08 11:{minute}", total="827.50", fund="537.88", reply_seen=folk.chance.random() < 0.8)


def _afterthoughts(house: Hospital, honest: Patient, hanger: Patient, stranger: Patient) -> None:
    """The days after: a claim called back and sent again, a stay voided, a fee withdrawn, a week in silence."""
    hanger.calls_back("03-09 09:00")
    hanger.settles("03-09 15:00", setl_id="AGAIN", fund="400.00")
    stranger.discharge_cancelled("03-09 09:30")
    honest.charged("03-09 10:00", "99.00")
    honest.uncharged("03-09 11:00", f"F{honest.lines}")
    voided = house.ward("骨科").admits("03-09 12:00")
    assert voided.admission is not None
    house.voids("03-09 13:00", voided.admission, voided)
    house.journal.clock("06-20 09:00")
