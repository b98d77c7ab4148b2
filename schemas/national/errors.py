"""Why a national message can't be read. Reasons name fields, never values: a value may be a person."""

from __future__ import annotations

REASONS: dict[str, tuple[str, str]] = {
    "not_utf8": ("报文不是 UTF-8 编码", "the message is not UTF-8"),
    "not_json": ("{field}不是有效的 JSON", "{field} is not valid JSON"),
    "not_an_object": ("{field}应为 JSON 对象", "{field} should be a JSON object"),
    "too_deep": ("{field}嵌套层数过多", "{field} is nested too deeply"),
    "response_only": (
        "只有应答没有请求，且未注明交易编号（infno），无法得知是哪笔交易",
        "a response without its request and without infno: which transaction it was can't be known",
    ),
    "unknown_infno": ("未知的交易编号（infno）{field}", "unknown transaction number (infno) {field}"),
    "no_institution": ("缺少定点医药机构编号（fixmedins_code）", "fixmedins_code is missing"),
    "no_input": ("缺少交易输入（input）", "the transaction has no input"),
    "missing_node": ("缺少节点 {field}", "node {field} is missing"),
    "missing": ("缺少必填项 {field}", "mandatory field {field} is missing"),
    "bad_id": (
        "{field} 不是可用的编号（含控制字符，或不是文本、数字）",
        "{field} is no usable identifier (control characters, or neither text nor number)",
    ),
    "too_long": ("{field} 超长", "{field} is too long"),
    "number_not_exact": (
        "{field} 以超出精度的数字传送，无法还原原编号，请改用字符串",
        "{field} was sent as a number too large to be exact; send it as a string",
    ),
    "bad_number": ("{field} 不是有效数字", "{field} is not a number in range"),
    "negative_amount": ("{field} 不应为负数", "{field} must not be negative"),
    "sign_mismatch": (
        "{field} 与数量正负不一致（退费应数量、金额同时为负）",
        "{field} and the count differ in sign (a refund has both negative)",
    ),
    "bad_time": ("{field} 不是可识别的时间", "{field} is not a time we can read"),
    "time_out_of_range": ("{field} 超出合理时间范围", "{field} is outside the plausible time range"),
    "no_key": (
        "报文已加密，但本机构未配置 SM4 密钥",
        "the message is encrypted and no SM4 key is configured for this institution",
    ),
    "decrypt_failed": (
        "SM4 解密失败，请核对密钥与加密模式",
        "SM4 decryption failed; check the key and the mode",
    ),
    "signature_refused": (
        "数字签名未通过验证，而本机构要求验签",
        "the signature did not verify, and this institution is set to require one",
    ),
}
"""reason code → sentence in Chinese and English; `{field}` is a path of names fixed by us."""


class Unreadable(ValueError):
    """A message, or one of its fields, that can't be read.

    `reason_code` is a key of `REASONS`, `field` the path inside the message (`feedetail[3].cnt`), `zh` and
    `en` what to tell the sender. The caller keeps the message whole in the dead letters.
    """

    def __init__(self, reason_code: str, field: str = "") -> None:
        self.reason_code = reason_code
        self.field = field
        zh, en = REASONS[reason_code]
        self.zh = zh.format(field=field or "报文").strip()
        self.en = en.format(field=field or "the message").strip()
        super().__init__(f"{self.zh} / {self.en}")

    def within(self, place: str) -> Unreadable:
        """The same complaint with its field placed below `place`."""
        return Unreadable(self.reason_code, f"{place}.{self.field}" if self.field else place)
