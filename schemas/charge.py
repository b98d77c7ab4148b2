"""Events about services and money before settlement: 2301, 2302, 4402, 4602, 2201–2208."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from schemas.base import Event, Model, Moment, Money


class ChargeLine(Model):
    """One fee line. A refund is a line of its own with negative `count` naming `refunds`."""

    sn: str  # feedetl_sn, unique only inside one stay
    refunds: str = ""  # init_feedetl_sn
    occurred_at: Moment
    item: str = ""  # med_list_codg
    item_class: str = ""  # med_chrgitm_type 01 bed, 07 nursing …; empty when only the request was seen
    amount: Money
    count: Decimal
    take_home: bool = False  # 出院带药
    outside_exam: bool = False  # 外检


class ChargesPosted(Event):
    """2301 住院费用明细上传."""

    kind: Literal["charges_posted"] = "charges_posted"
    lines: tuple[ChargeLine, ...]


class ChargesWithdrawn(Event):
    """2302 住院费用明细撤销. Empty `lines` with `everything` means each line not yet settled (`0000`)."""

    kind: Literal["charges_withdrawn"] = "charges_withdrawn"
    lines: tuple[str, ...] = ()
    everything: bool = False


class OrderRecorded(Event):
    """4402 住院医嘱记录: an order given or carried out; supporting evidence of presence, never proof."""

    kind: Literal["order_recorded"] = "order_recorded"
    order_no: str = ""
    bed: str = ""
    ended_at: Moment | None = None


class VitalsRecorded(Event):
    """4602 护理操作生命体征测量记录. `print` fingerprints the measured values, to find copied records."""

    kind: Literal["vitals_recorded"] = "vitals_recorded"
    ward: str = ""
    bed: str = ""
    print: str = ""


class OutpatientRecorded(Event):
    """2201–2208: an outpatient act at an institution. Alone it never proves where a body was."""

    kind: Literal["outpatient_recorded"] = "outpatient_recorded"
    infno: str
    visit: str = ""  # the outpatient mdtrt_id
    setl_id: str = ""
    amount: Money | None = None
    days: tuple[date, ...] = ()
    cancelled: bool = False  # 2205, 2208
