"""The one table of national transactions: what each is called, where its body is, what it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.base import Event
from schemas.national import admission, audit, charges, nursing, outpatient, settlement
from schemas.national.message import Reading

Reader = Callable[[Reading], list[Event]]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One row. Without a `reader` the message is taken and answered, and says nothing about presence.

    `input_node` and `output_node` are the nodes that must be there. `chain` leads to rows inside rows whose
    fields a dialect may spell differently. `institution` finds the institution in the body where the envelope
    names none.
    """

    infno: str
    zh: str
    en: str
    input_node: str = ""
    output_node: str = ""
    events: tuple[str, ...] = ()
    reader: Reader | None = None
    chain: tuple[str, ...] = ()
    institution: Callable[[Mapping[str, Any]], str] | None = None


_PATIENTS = ("patient_dtos", "fsi_encounter_dtos")

_READ = (
    Transaction(
        "1101", "人员信息获取", "read a credential", "data", "baseinfo", ("identity_read",), admission.identity_read
    ),
    Transaction("2401", "入院办理", "admission", "mdtrtinfo", "result", ("admitted",), admission.admitted),
    Transaction("2402", "出院办理", "discharge", "dscginfo", "", ("discharged",), admission.discharged),
    Transaction(
        "2403", "住院信息变更", "registration restated", "adminfo", "", ("stay_changed",), admission.stay_changed
    ),
    Transaction(
        "2404", "入院撤销", "admission cancelled", "data", "", ("admission_cancelled",), admission.admission_cancelled
    ),
    Transaction(
        "2405", "出院撤销", "discharge cancelled", "data", "", ("discharge_cancelled",), admission.discharge_cancelled
    ),
    Transaction(
        "2406", "就医特殊属性上传", "special attribute of a stay", "data", "", ("stay_flagged",), admission.stay_flagged
    ),
    Transaction("2601", "冲正交易", "a message is void", "data", "", ("message_voided",), admission.message_voided),
    Transaction(
        "2301", "住院费用明细上传", "fee lines", "feedetail", "result", ("charges_posted",), charges.charges_posted
    ),
    Transaction(
        "2302", "住院费用明细撤销", "fee lines withdrawn", "data", "", ("charges_withdrawn",), charges.charges_withdrawn
    ),
    Transaction(
        "2303",
        "住院预结算",
        "settlement on trial",
        "data",
        "setlinfo",
        ("settlement_asked",),
        settlement.settlement_asked,
    ),
    Transaction(
        "2304", "住院结算", "settlement", "data", "setlinfo", ("settlement_asked",), settlement.settlement_asked
    ),
    Transaction(
        "2305",
        "住院结算撤销",
        "settlement called back",
        "data",
        "setlinfo",
        ("settlement_cancelled",),
        settlement.settlement_cancelled,
    ),
    Transaction(
        "2201", "门诊挂号", "outpatient registration", "data", "data", ("outpatient_recorded",), outpatient.registered
    ),
    Transaction(
        "2202", "门诊挂号撤销", "registration cancelled", "data", "", ("outpatient_recorded",), outpatient.cancelled
    ),
    Transaction(
        "2203", "门诊就诊信息上传", "outpatient visit", "mdtrtinfo", "", ("outpatient_recorded",), outpatient.seen
    ),
    Transaction(
        "2203A",
        "门诊就诊信息上传A",
        "outpatient visit, revised",
        "mdtrtinfo",
        "",
        ("outpatient_recorded",),
        outpatient.seen,
    ),
    Transaction(
        "2204",
        "门诊费用明细信息上传",
        "outpatient fee lines",
        "feedetail",
        "result",
        ("outpatient_recorded",),
        outpatient.charged,
    ),
    Transaction(
        "2205",
        "门诊费用明细信息撤销",
        "outpatient fee lines withdrawn",
        "data",
        "",
        ("outpatient_recorded",),
        outpatient.cancelled,
    ),
    Transaction("2206", "门诊预结算", "outpatient settlement on trial", "data", "setlinfo"),
    Transaction(
        "2207", "门诊结算", "outpatient settlement", "data", "setlinfo", ("outpatient_recorded",), outpatient.settled
    ),
    Transaction(
        "2208",
        "门诊结算撤销",
        "outpatient settlement called back",
        "data",
        "setlinfo",
        ("outpatient_recorded",),
        outpatient.cancelled,
    ),
    Transaction(
        "3101",
        "明细审核事前分析",
        "audit before the event",
        "data",
        "result",
        ("settlement_asked",),
        audit.audit_asked,
        _PATIENTS,
        audit.audited_institution,
    ),
    Transaction(
        "3102",
        "明细审核事中分析",
        "audit during the event",
        "data",
        "result",
        ("settlement_asked",),
        audit.audit_asked,
        _PATIENTS,
        audit.audited_institution,
    ),
    Transaction(
        "3103",
        "事前事中服务反馈",
        "answer to a finding",
        "data",
        "",
        ("hospital_answered",),
        audit.hospital_answered,
        ("warns",),
    ),
    Transaction(
        "4101",
        "医疗保障基金结算清单信息上传",
        "settlement list",
        "setlinfo",
        "",
        ("settlement_listed",),
        settlement.settlement_listed,
        (),
        settlement.listed_institution,
    ),
    Transaction(
        "4101A",
        "医疗保障基金结算清单信息上传A",
        "settlement list, revised",
        "setlinfo",
        "",
        ("settlement_listed",),
        settlement.settlement_listed,
        (),
        settlement.listed_institution,
    ),
    Transaction("4402", "住院医嘱记录", "doctors' orders", "data", "", ("order_recorded",), nursing.orders_recorded),
    Transaction(
        "4602", "护理操作生命体征测量记录", "vital signs", "data", "", ("vitals_recorded",), nursing.vitals_recorded
    ),
)

_TAKEN = (
    ("1201", "医药机构信息获取", "institution query"),
    ("1301", "西药中成药目录下载", "catalogue download"),
    ("1302", "中药饮片目录下载", "catalogue download"),
    ("1303", "医疗机构自制剂目录下载", "catalogue download"),
    ("1304", "民族药品目录查询", "catalogue query"),
    ("1305", "医疗服务项目目录下载", "catalogue download"),
    ("1306", "医用耗材目录下载", "catalogue download"),
    ("1307", "疾病与诊断目录下载", "catalogue download"),
    ("1308", "手术操作目录下载", "catalogue download"),
    ("1309", "门诊慢特病种目录下载", "catalogue download"),
    ("1310", "按病种付费病种目录下载", "catalogue download"),
    ("1311", "日间手术治疗病种目录下载", "catalogue download"),
    ("1312", "医保目录信息查询", "catalogue query"),
    ("1313", "肿瘤形态学目录下载", "catalogue download"),
    ("1314", "中医疾病目录下载", "catalogue download"),
    ("1315", "中医证候目录下载", "catalogue download"),
    ("1316", "医疗目录与医保目录匹配信息查询", "catalogue query"),
    ("1317", "医药机构目录匹配信息查询", "catalogue query"),
    ("1318", "医保目录限价信息查询", "catalogue query"),
    ("1319", "医保目录先自付比例信息查询", "catalogue query"),
    ("1901", "字典表查询", "dictionary query"),
    ("2101", "药店预结算", "pharmacy settlement on trial"),
    ("2102", "药店结算", "pharmacy settlement"),
    ("2103", "药店结算撤销", "pharmacy settlement called back"),
    ("2407", "就医特殊属性查询", "special attribute query"),
    ("2501", "转院备案", "referral registered"),
    ("2502", "转院备案撤销", "referral cancelled"),
    ("2503", "人员慢特病备案", "chronic disease registered"),
    ("2504", "人员慢特病备案撤销", "chronic disease cancelled"),
    ("2505", "人员定点备案", "designated institution registered"),
    ("2506", "人员定点备案撤销", "designated institution cancelled"),
    ("3201", "医药机构费用结算对总账", "reconciliation of totals"),
    ("3202", "医药机构费用结算对明细账", "reconciliation of details"),
    ("3301", "目录对照上传", "catalogue mapping upload"),
    ("3302", "目录对照撤销", "catalogue mapping cancelled"),
    ("3401", "科室信息上传", "department upload"),
    ("3401A", "批量科室信息上传", "department upload, batch"),
    ("3402", "科室信息变更", "department change"),
    ("3403", "科室信息撤销", "department cancelled"),
    ("3501", "商品盘存上传", "stock upload"),
    ("3502", "商品库存变更", "stock change"),
    ("3503", "商品采购", "purchase"),
    ("3504", "商品采购退货", "purchase returned"),
    ("3505", "商品销售", "sale"),
    ("3506", "商品销售退货", "sale returned"),
    ("3507", "商品信息删除", "stock record deleted"),
    ("4102", "结算清单状态修改", "settlement list status"),
    ("4103", "结算清单信息查询", "settlement list query"),
    ("4104", "结算清单质控结果查询", "settlement list quality check"),
    ("4105", "结算清单数量统计查询", "settlement list count"),
    ("4301", "门急诊诊疗记录", "outpatient record"),
    ("4302", "急诊留观手术及抢救信息", "emergency observation record"),
    ("4401", "住院病案首页信息", "inpatient record front page"),
    ("4501", "临床检查报告记录", "examination report"),
    ("4502", "临床检验报告记录", "laboratory report"),
    ("4503", "细菌培养报告记录", "culture report"),
    ("4504", "药敏记录报告记录", "susceptibility report"),
    ("4505", "病理检查报告记录", "pathology report"),
    ("4601", "输血信息", "transfusion"),
    ("4701", "电子病历上传", "electronic record"),
    ("5101", "科室信息查询", "department query"),
    ("5102", "医执人员信息查询", "staff query"),
    ("5201", "就诊信息查询", "visit query"),
    ("5202", "诊断信息查询", "diagnosis query"),
    ("5203", "结算信息查询", "settlement query"),
    ("5204", "费用明细查询", "fee line query"),
    ("5205", "人员慢特病用药记录查询", "medication query"),
    ("5206", "人员累计信息查询", "accumulated payments query"),
    ("5301", "人员慢特病备案查询", "chronic disease query"),
    ("5302", "人员定点信息查询", "designated institution query"),
    ("5303", "在院信息查询", "inpatient query"),
    ("5304", "转院信息查询", "referral query"),
    ("5401", "项目互认信息查询", "mutual recognition query"),
    ("5402", "报告明细信息查询", "report detail query"),
    ("9001", "签到", "sign in"),
    ("9002", "签退", "sign out"),
    ("9101", "文件上传", "file upload"),
    ("9102", "文件下载", "file download"),
)
"""Known, and saying nothing that presence needs: taken and answered, so that a tap may send everything."""

INFNOS: dict[str, Transaction] = {
    row.infno: row for row in (*_READ, *(Transaction(infno, zh, en) for infno, zh, en in _TAKEN))
}
"""infno → transaction. A new one is a row here, its reader beside the others, and an example in the tests."""
