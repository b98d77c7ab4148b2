"""The one table of who may do what: role × action. A test walks every role over every route with it."""

from __future__ import annotations

from typing import Final, Literal, get_args

Action = Literal[
    "message.send",  # POST /fsi/callService
    "capture.send",
    "capture.read",
    "check.order",
    "check.receipt",
    "check.answer",
    "check.read",
    "whereabouts.report",
    "scene.report",
    "alert.read",
    "stay.read",
    "gate.read",
    "hold.read",
    "hold.review",
    "export.read",
    "live.read",
    "keys.read",
    "operate",  # metrics, dead letters, stopping a rule
]
ACTIONS: Final[frozenset[Action]] = frozenset(get_args(Action))

Role = Literal[
    "institution",  # a hospital's HIS
    "device",  # a face terminal or a registered phone
    "service",  # another system: a tap, a schedule, the paying side
    "supervisor",  # 监管人员
    "dispatcher",  # 稽核调度
    "reviewer",  # 经办审核
    "second_reviewer",  # 经办复核
    "investigator",  # 稽核、执法
    "hospital_office",  # 医院医保办
    "ward_staff",  # 护士
    "auditor",  # 内控
    "administrator",  # 系统管理员: runs the machine, reads no patient
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

_CHECK_DESK: Final[frozenset[Action]] = frozenset({"capture.read", "check.read", "alert.read", "stay.read"})
_WARD: Final[frozenset[Action]] = frozenset(
    {"capture.send", "capture.read", "check.receipt", "check.answer", "check.read", "keys.read"}
)
_CLAIM: Final[frozenset[Action]] = frozenset({"alert.read", "stay.read", "gate.read", "hold.read", "live.read"})

PERMISSIONS: Final[dict[Role, frozenset[Action]]] = {
    "institution": _WARD | _CLAIM | {"message.send", "whereabouts.report", "scene.report"},
    "device": _WARD | {"scene.report"},
    "service": _WARD | {"message.send", "check.order", "whereabouts.report", "scene.report", "export.read", "operate"},
    "supervisor": _CHECK_DESK | _CLAIM | {"check.order", "export.read"},
    "dispatcher": _CHECK_DESK | {"check.order", "live.read"},
    "reviewer": _CHECK_DESK | _CLAIM | {"hold.review", "export.read"},
    "second_reviewer": _CHECK_DESK | _CLAIM | {"hold.review", "export.read"},
    "investigator": _CHECK_DESK | _CLAIM,
    "hospital_office": _CHECK_DESK | _CLAIM | {"whereabouts.report"},
    "ward_staff": _WARD | {"whereabouts.report", "live.read"},
    "auditor": _CHECK_DESK | _CLAIM | {"export.read"},
    "administrator": frozenset({"operate", "keys.read"}),
}
