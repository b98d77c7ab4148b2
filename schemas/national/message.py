"""One decoded message, and how a reader of its body makes events from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.base import CHINA, Who, derived_id
from schemas.national.dialects import PLAIN, Dialect
from schemas.national.errors import Unreadable
from schemas.national.values import AHEAD, PLANNED_AHEAD, Row, code, ident, rows, text

Fingerprint = Callable[[str, str], str]
"""(kind, value) → keyed fingerprint of an identity number; the caller holds the key."""

Wards = Callable[[str, str, str], str]
"""(institution, department code, department name) → ward."""

FLAGS: dict[str, tuple[str, str]] = {
    "clock_skew": ("报文时间不可信，以到达时间为准", "inf_time can't be right; arrival counts instead"),
    "no_msgid": ("没有 msgid", "the message has no msgid"),
    "wrapped": ("整份报文置于加密外壳（encData）中", "the whole message came in an encrypted wrapper (encData)"),
    "encrypted": ("input 经 SM4 加密", "input was SM4-encrypted"),
    "signature_ok": ("验签通过", "the signature or digest was verified"),
    "signature_bad": ("验签未通过", "the signature or digest doesn't match"),
    "signature_unchecked": (
        "有签名，但无从核对（没有被签名的原文）",
        "signed, but the text that was signed isn't in the message",
    ),
    "revised_form": ("按修订版（A）的原交易读取", "an A form, read as the transaction it revises"),
    "response_only": ("只有应答", "only the response was seen"),
    "response_unclear": ("应答无法判定成败，按只见请求处理", "the response says neither success nor failure"),
    "output_missing": (
        "应答成功但缺少应有的输出节点",
        "success without the output the transaction must have",
    ),
    "output_unreadable": ("应答的输出无法读取", "the output of the response can't be read"),
    "business_error_text": ("应答成功但带有错误信息", "success with an error text beside it"),
}
"""What `Message.flags` may hold, beside `dialect:<name>` where a provincial spelling was read."""


@dataclass(frozen=True, slots=True)
class Message:
    """One national message. It holds people's names and numbers: only `events_of` may look inside."""

    infno: str  # the national number, also where a province sent its own
    msgid: str
    institution: str  # fixmedins_code
    insuplc_admdvs: str
    region: str  # mdtrtarea_admvs
    said_at: datetime | None  # inf_time, +08:00; None where it was left out or unreadable
    input: Mapping[str, Any] = field(repr=False)  # nodes and fields in the national spelling, extras kept
    output: Mapping[str, Any] | None = field(repr=False)
    response_code: int | None  # None: only the request was seen; 0 ok; -1 failed at the platform
    input_hash: str  # SHA-256 of infno and the input as sent, whatever is known of the response
    response_hash: str  # "" without a response
    flags: tuple[str, ...]
    raw_input: bytes | None = field(default=None, repr=False)  # plain text of `input`, where it came as text
    dialect: Dialect = field(default=PLAIN, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """A message being turned into events."""

    message: Message
    at: datetime
    arrived_at: datetime
    fingerprint: Fingerprint
    wards: Wards

    @property
    def latest(self) -> datetime:
        """The last moment at which something may have happened."""
        return self.arrived_at.astimezone(CHINA) + AHEAD  # one zone: comparing across zones costs per field

    @property
    def latest_plan(self) -> datetime:
        """The last moment for which something may be planned."""
        return self.arrived_at.astimezone(CHINA) + PLANNED_AHEAD

    def head(self, who: Who, ordinal: int, at: datetime | None = None) -> dict[str, Any]:
        """The fields all events share.

        The id rests on the request alone: a later copy that brings the response has the same one.
        """
        message = self.message
        return {
            "event_id": derived_id(
                "ev", message.institution, message.msgid, message.infno, message.input_hash, str(ordinal)
            ),
            "at": at or self.at,
            "arrived_at": self.arrived_at,
            "who": who,
            "msgid": message.msgid,
            "flags": message.flags,
        }

    def who(self, row: Row, *, ipt: str = "ipt_no", stay: bool = True) -> Who:
        """Whom a row speaks of. With `stay=False` its `mdtrt_id` is no inpatient stay and is left out."""
        return Who(
            institution=self.message.institution,
            insuplc_admdvs=self.message.insuplc_admdvs or region_of(row, "insuplc_admdvs"),
            psn_no=ident(row, "psn_no"),
            mdtrt_id=ident(row, "mdtrt_id") if stay else "",
            ipt_no=ident(row, ipt),
        )

    def someone(self, row: Row, *, ipt: str = "ipt_no") -> Who:
        """`who`, refusing a row that names neither stay nor person."""
        found = self.who(row, ipt=ipt)
        if not (found.mdtrt_id or found.psn_no or found.ipt_no):
            raise Unreadable("missing", "mdtrt_id")
        return found

    def code(self, row: Row, name: str, width: int = 0) -> str:
        """A dictionary code in its national value where the dialect knows it, else as sent."""
        return self.message.dialect.code(name, code(row, name, width))

    def ward(self, row: Row, code_name: str, name_name: str) -> str:
        """The ward of a department; "" where the row names none."""
        department, name = ident(row, code_name), text(row, name_name)
        return self.wards(self.message.institution, department, name) if department or name else ""

    def cert(self, row: Row, answered: Row = {}) -> tuple[str, str]:  # noqa: B006 never written to
        """(`mdtrt_cert_type`, fingerprint of the identity number): presented, else stated, else answered.

        A voucher number is an identity number only with type 02; tokens and card numbers are never kept.
        """
        kind = self.code(row, "mdtrt_cert_type", 2)
        number = ident(row, "mdtrt_cert_no") if kind == "02" else ""
        number = number or ident(row, "certno") or ident(answered, "certno")
        return kind, self.print_of(number)

    def print_of(self, number: str) -> str:
        """The fingerprint of an identity number, the same however it was typed; "" for none."""
        return self.fingerprint("certno", number.upper()) if number else ""


def region_of(row: Row, name: str) -> str:
    """An administrative region code: letters and digits only, for it becomes part of a person's key."""
    found = ident(row, name, 12)
    if found and not (found.isalnum() and found.isascii()):
        raise Unreadable("bad_id", name)
    return found


def input_rows(message: Message, node: str) -> list[dict[str, Any]]:
    """The rows of an input node that must be there; empty only for an empty list."""
    value = message.input.get(node)
    found = rows(value)
    if type(value) is list:
        if len(found) != len(value):
            raise Unreadable("not_an_object", f"input.{node}[]")
    elif not found:
        raise Unreadable("missing_node", f"input.{node}")
    return found


def output_rows(message: Message, node: str) -> list[dict[str, Any]]:
    """The rows of an output node; none where no successful response was seen."""
    return rows(message.output.get(node)) if message.output and message.response_code == 0 else []


def output_row(message: Message, node: str) -> Row:
    """The first row of an output node, or an empty one."""
    found = output_rows(message, node)
    return found[0] if found else {}


def each(message: Message, node: str) -> Iterator[tuple[int, dict[str, Any], Located]]:
    """The rows of an input node with their place: `with place: …` puts it in front of any complaint."""
    found = input_rows(message, node)
    listed = type(message.input.get(node)) is list
    for index, row in enumerate(found):
        yield index, row, Located(node, index if listed else None)


class Located:
    """Says where a complaint arose, at no cost while there is none."""

    __slots__ = ("index", "node")

    def __init__(self, node: str, index: int | None = None) -> None:
        self.node = node
        self.index = index

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Unreadable):
            raise error.within(self.node if self.index is None else f"{self.node}[{self.index}]") from None
