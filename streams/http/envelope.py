"""The national response envelope for requests that never reached the codec: a HIS can show it to a person."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from schemas.base import CHINA

MOST_CHARACTERS = 200  # err_msg is C200
NO_REGION = "000000"


def refusal(reason: str, at: datetime, raw: bytes = b"") -> dict[str, Any]:
    """`infcode` -1 with a reason. The reference number is the same for the same bytes at the same time."""
    moment = at.astimezone(CHINA)
    stamp = moment.strftime("%Y%m%d%H%M%S")
    serial = int.from_bytes(hashlib.sha256(raw).digest()[:4], "big")
    return {
        "infcode": -1,
        "inf_refmsgid": f"{NO_REGION}{stamp}{serial:010d}",
        "refmsg_time": f"{stamp}{moment.microsecond // 1000:03d}",
        "respond_time": f"{stamp}{moment.microsecond // 1000:03d}",
        "err_msg": reason[:MOST_CHARACTERS],
        "output": None,
    }
