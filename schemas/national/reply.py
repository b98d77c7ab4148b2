"""What we answer: the national response envelope, and audit findings in the form a HIS shows to its doctor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import orjson

from schemas.base import CHINA
from schemas.national.crypto import Keys, encrypt
from schemas.national.message import Message

_NOWHERE = "000000"


class AuditDetail(NamedTuple):
    """An order or fee line that a finding names."""

    rx_id: str
    vola_amt: Decimal = Decimal()


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One finding for the answer to 3101 or 3102.

    `patn_id` and `mdtrt_id` repeat what the caller sent. `vola_amt` is yuan; `sev_deg` 2 可疑 or 3 提醒.
    """

    jr_id: str
    rule_id: str
    rule_name: str
    vola_cont: str
    patn_id: str
    mdtrt_id: str
    sev_deg: Literal["2", "3"]
    vola_amt: Decimal = Decimal()
    vola_evid: str = ""
    task_id: str = ""
    details: tuple[AuditDetail, ...] = ()


def audit_result(rows: Sequence[AuditRow]) -> list[dict[str, Any]]:
    """`output.result` of 3101 and 3102. A finding that names no order has itself as its only detail."""
    return [_audit_row(row) for row in rows]


def _audit_row(row: AuditRow) -> dict[str, Any]:
    details = row.details or (AuditDetail("", row.vola_amt),)
    return {
        "jr_id": row.jr_id,
        "rule_id": row.rule_id,
        "rule_name": row.rule_name[:200],
        "vola_cont": row.vola_cont[:500],
        "patn_id": row.patn_id,
        "mdtrt_id": row.mdtrt_id,
        "judge_result_detail_dtos": [
            {
                "jrd_id": f"{row.jr_id}-{number}",
                "patn_id": row.patn_id,
                "mdtrt_id": row.mdtrt_id,
                "rx_id": detail.rx_id,
                "vola_item_type": "1",
                "vola_amt": _yuan(detail.vola_amt),
            }
            for number, detail in enumerate(details, 1)
        ],
        "vola_amt": _yuan(row.vola_amt),
        "vola_amt_stas": "",
        "sev_deg": row.sev_deg,
        "vola_evid": row.vola_evid[:500],
        "vola_bhvr_type": "",
        "task_id": row.task_id,
    }


def _yuan(amount: Decimal) -> float:
    """N16,2 is a JSON number on this wire. Two decimals survive the way through a double; nothing is summed
    here.
    """
    return float(round(amount, 2))


def reply_ok(
    message: Message,
    *,
    output: Mapping[str, Any] | None = None,
    received_at: datetime,
    responded_at: datetime,
    serial: int,
    keys: Keys | None = None,
) -> dict[str, Any]:
    """The envelope of a message that was taken (`infcode` 0).

    With `keys`, the output of an encrypted message is encrypted too. `serial` numbers our replies.
    """
    body: Any = output
    sealed = keys is not None and keys.sm4_key is not None and "encrypted" in message.flags
    if sealed and output is not None and keys is not None:
        body = encrypt(orjson.dumps(output), keys)
    envelope = _envelope(message.region or message.institution[1:7], received_at, responded_at, serial)
    return envelope | {"infcode": 0, "output": body, "enctype": "SM4" if sealed else ""}


def reply_failed(
    document: Mapping[str, Any] | None,
    reason_zh: str,
    *,
    received_at: datetime,
    responded_at: datetime,
    serial: int,
) -> dict[str, Any]:
    """The envelope of a message that couldn't be taken (`infcode` -1), with the reason in Chinese."""
    request: Any = document
    if isinstance(document, Mapping) and isinstance(document.get("request"), Mapping):
        request = document["request"]
    region = request.get("mdtrtarea_admvs") if isinstance(request, Mapping) else None
    envelope = _envelope(region, received_at, responded_at, serial)
    return envelope | {"infcode": -1, "err_msg": reason_zh[:200], "output": None}


def _envelope(region: object, received_at: datetime, responded_at: datetime, serial: int) -> dict[str, Any]:
    place = (
        region if isinstance(region, str) and len(region) == 6 and region.isascii() and region.isdigit() else _NOWHERE
    )
    second = responded_at.astimezone(CHINA).strftime("%Y%m%d%H%M%S")
    return {
        "infcode": 0,
        "inf_refmsgid": f"{place}{second}{serial % 10**10:010d}",
        "refmsg_time": _milliseconds(received_at),
        "respond_time": _milliseconds(responded_at),
        "err_msg": "",
        "warn_msg": "",
        "output": None,
        "signtype": "",
        "cainfo": "",
        "enctype": "",
    }


def _milliseconds(moment: datetime) -> str:
    local = moment.astimezone(CHINA)
    return f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}"
