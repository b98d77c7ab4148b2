"""The state of one person, as frozen structs.

Facts are kept as they were told, sorted by the time they happened (ties by id), never as running
conclusions: so what is concluded is a function of the set of facts, whatever order they arrived in.
Many small facts are written as JSON arrays (`array_like`): only ever append fields, with defaults. They hold
nothing that could hold them, so the garbage collector needn't look at them (`gc=False`).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from msgspec import Raw, Struct
from msgspec.json import Decoder, Encoder

STATE_VERSION = 1


class Registration(Struct, frozen=True, gc=False, omit_defaults=True):
    """What one 24xx message said about the stay. `at` orders them: the sender's own statement time."""

    id: str
    at: datetime
    kind: str  # admitted, stay_changed, discharged, admission_cancelled, discharge_cancelled
    known_at: datetime
    msgid: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    died_on: date | None = None
    way: str = ""
    ward: str = ""
    bed: str = ""
    region: str = ""
    department: str = ""
    med_type: str = ""
    insutype: str = ""
    doctor: str = ""
    diagnosis: str = ""
    cert_type: str = ""
    certno_print: str = ""
    newborn_with_mother: bool = False


class Capture(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """One face, enrolled or compared. `score` is against enrolment `against`, or the terminal's own.

    `vector` (base64 float32) of a probe is dropped once no late enrolment can change what it means.
    """

    id: str
    at: datetime
    known_at: datetime
    capture_id: str
    purpose: str
    check_id: str = ""
    ward: str = ""
    bed: str = ""
    device_id: str = ""
    model: str = ""
    vector: str = ""
    score: float | None = None
    metric: str = "distance"
    against: str = ""  # capture_id of the enrolment; "edge" when the terminal compared
    threshold: float | None = None  # the terminal's own
    anchor_kind: str = ""
    anchor_score: float | None = None
    anchor_metric: str = ""
    operator: str = ""


class Check(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """A check as far as it concerns this patient. Not `assigned`: only its receipt has come so far."""

    check_id: str
    opens_at: datetime | None = None
    due_by: datetime | None = None
    kind: str = "round"
    ward: str = ""
    assigned: bool = False
    delivered_at: datetime | None = None  # the earliest receipt


class Answer(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """An answer without a face."""

    id: str
    at: datetime
    known_at: datetime
    check_id: str
    result: str
    treatment: str = ""
    operator: str = ""


class Whereabouts(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """Where the patient lawfully was; open-ended while `ends` is None."""

    id: str
    kind: str
    starts: datetime
    ends: datetime | None
    entered_at: datetime
    known_at: datetime
    approved_by: str = ""
    msgid: str = ""  # set where a settlement list (4101A) stated it after the fact


class Line(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """One fee line; amounts in exact yuan."""

    sn: str
    at: datetime
    amount: Decimal
    count: Decimal
    item: str = ""
    item_class: str = ""
    refunds: str = ""
    take_home: bool = False
    outside_exam: bool = False


class Services(Struct, frozen=True, gc=False, array_like=True):
    """The lines of one 2301 that are services: from the first to the end of the last, and their dates in order.

    `pause` is the longest stretch in between without one, in seconds.
    """

    first: datetime
    last: datetime
    pause: float
    days: tuple[date, ...]


class Charges(Struct, frozen=True, array_like=True, omit_defaults=True, dict=True):
    """One 2301; `charges_of` makes it. Its lines stay packed until somebody reads them: few events make
    anybody do so, and they are most of a state's bytes. What follows them is what they come to.
    """

    id: str
    at: datetime
    known_at: datetime
    msgid: str
    packed: Raw  # the lines as JSON
    until: datetime | None = None  # the time of the latest line
    refunds: bool = False  # one of them takes another back
    services: Services | None = None

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The fee lines as they were posted; the same objects every time."""
        return _LINES.decode(self.packed)


class Withdrawal(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """One 2302: lines named by `sns`, or every line posted before it and not yet settled."""

    id: str
    at: datetime
    msgid: str
    sns: tuple[str, ...] = ()
    everything: bool = False


class Sign(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """An order or a vital-signs record: supporting evidence that someone was cared for."""

    id: str
    at: datetime
    kind: str  # order, vitals
    msgid: str = ""
    print: str = ""


class Settlement(Struct, frozen=True, gc=False, omit_defaults=True):
    """A 2303, 2304, 3101 or 3102 as asked; `fund_pay` and `setl_id` once the platform's reply was seen."""

    id: str
    at: datetime
    known_at: datetime
    infno: str
    msgid: str = ""
    setl_id: str = ""
    interim: bool = False
    fee_total: Decimal | None = None
    fund_pay: Decimal | None = None
    clearing_way: str = ""
    cert_type: str = ""
    certno_print: str = ""
    trigger: str = ""


class Cancellation(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """A 2305: settlement `setl_id`, or the latest before it where none is named."""

    id: str
    at: datetime
    msgid: str = ""
    setl_id: str = ""


class Silence(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """A time in which the institution's feed is known to have been silent: unknown, never absent."""

    since: datetime
    until: datetime | None = None


class Why(Struct, frozen=True, omit_defaults=True):
    """A reason of a finding or decision: a code of the catalogue with its parameters."""

    code: str
    params: dict[str, str | int | float] = {}
    weight: float = 0.0
    evidence: tuple[str, ...] = ()


class Opinion(Struct, frozen=True, omit_defaults=True):
    """What one detector now holds about one stay. The engine turns it into an alert.

    `occasion` separates several acts within one stay; most detectors have one and leave it empty.
    """

    severity: int
    reasons: tuple[Why, ...]
    occasion: str = ""
    score: float | None = None
    model: str = ""
    threshold: float | None = None


class Raised(Struct, frozen=True, omit_defaults=True):
    """An alert that exists: when it was raised, and what it said last (None: withdrawn)."""

    detector: str
    raised_at: datetime
    opinion: Opinion | None = None
    answered: bool = False  # the hospital has answered (3103)
    rule_version: str = ""


class ReviewNote(Struct, frozen=True, gc=False, omit_defaults=True):
    """One reviewer's word on a hold."""

    reviewer: str
    action: str
    at: datetime
    days: tuple[date, ...] = ()
    reason: str = ""


class PricedDay(Struct, frozen=True, gc=False, array_like=True):
    """An unverified day and what the fund would pay for it, in yuan."""

    day: date
    amount: Decimal


class GateView(Struct, frozen=True, omit_defaults=True):
    """What the gate holds of one settlement: everything that a decision says but its ids and times.

    `grounds` names what the hold rests on, finding by finding and day by day, so that news can be told from
    what reviewers have seen; `detectors` whose findings those are.
    """

    infno: str
    outcome: str
    rule_version: str = ""
    basis: str = ""
    reasons: tuple[Why, ...] = ()
    alerts: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    unverified_days: tuple[date, ...] = ()
    days: tuple[PricedDay, ...] = ()
    fund_at_stake: Decimal | None = None
    stake_estimated: bool = False
    fee_total: Decimal | None = None
    pay_regime: str = "other"
    payment_due: date | None = None  # 2304 only
    calendar_assumed: bool = False  # payment_due counts days of a year whose holidays aren't published
    soft: bool = False


class Ruling(Struct, frozen=True, omit_defaults=True):
    """The gate's last word on one settlement, and the hold it opened, if any.

    `digest` covers everything a person could read in the decision: equal digests mean no new row.
    """

    settlement: str  # id of the Settlement fact
    decision_id: str
    outcome: str
    digest: str
    count: int = 1  # rows written for it so far: makes the next decision's id
    hold_id: str = ""
    hold_status: str = ""
    opened_at: datetime | None = None
    expires_at: datetime | None = None
    reviews: tuple[ReviewNote, ...] = ()
    reviewed: tuple[str, ...] = ()  # `GateView.grounds` that the reviewers saw when they ruled
    round_from: int = 0  # reviews from here on belong to the present round; earlier ones to a closed one
    view: GateView | None = None  # 2304 only: what its hold says, without a hold what was last written
    setl_id: str = ""


class Stay(Struct, frozen=True, omit_defaults=True, dict=True):
    """One stay (就诊): facts first, then what has been concluded and told so far."""

    key: str
    institution: str
    mdtrt_id: str = ""
    ipt_no: str = ""
    registrations: tuple[Registration, ...] = ()
    captures: tuple[Capture, ...] = ()
    checks: tuple[Check, ...] = ()
    answers: tuple[Answer, ...] = ()
    whereabouts: tuple[Whereabouts, ...] = ()
    charges: tuple[Charges, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    signs: tuple[Sign, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    cancellations: tuple[Cancellation, ...] = ()
    silences: tuple[Silence, ...] = ()
    ward_wide: tuple[str, ...] = ()  # check_ids that most of the ward missed at once
    mix_ups: tuple[str, ...] = ()  # capture_ids that belong to a neighbour (拍反了)
    opinions: dict[str, tuple[Opinion, ...]] = {}
    wakes: dict[str, datetime] = {}
    alerts: dict[str, Raised] = {}
    rulings: tuple[Ruling, ...] = ()
    on_roster: str = ""  # digest of what the ward step was last told
    misses_told: tuple[str, ...] = ()  # check_ids whose miss the ward step was told
    mismatches_told: tuple[str, ...] = ()  # capture_ids whose mismatch the ward step was told
    closed_at: datetime | None = None  # past payment and objection: only its outline is left, nothing is judged


class Scene(Struct, frozen=True, gc=False, omit_defaults=True):
    """A session or purchase outside a ward, with the band of its capture once compared."""

    id: str
    at: datetime
    institution: str
    scene: str
    phase: str = "once"
    capture_id: str = ""
    by_agent: bool = False
    room: str = ""
    staff: str = ""


class Outpatient(Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """An outpatient act: counts nothing about a body's place."""

    id: str
    at: datetime
    institution: str
    infno: str
    msgid: str = ""
    cancelled: bool = False


class Person(Struct, frozen=True, omit_defaults=True):
    """Everything that the engine keeps about one person."""

    key: str
    v: int = STATE_VERSION
    stays: dict[str, Stay] = {}
    scenes: tuple[Scene, ...] = ()
    scene_captures: tuple[Capture, ...] = ()
    outpatient: tuple[Outpatient, ...] = ()
    silences: dict[str, tuple[Silence, ...]] = {}  # institution → when it was silent, also for stays yet to be told
    voided: tuple[str, ...] = ()  # "institution\x1fmsgid" of messages that a 2601 took back
    died_on: date | None = None  # the earliest date of death that any discharge states
    clock: datetime | None = None  # the latest arrival seen: time never runs back for a person


ENCODER = Encoder(decimal_format="string")
_DECODER = Decoder(Person)
_LINES = Decoder(tuple[Line, ...])


def dump(person: Person) -> bytes:
    """The state as JSON bytes."""
    return ENCODER.encode(person)


def load(raw: bytes) -> Person:
    """The state in `raw`. Older state versions are brought up to date here."""
    return _DECODER.decode(raw)
