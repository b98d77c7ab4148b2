"""A rule set: every number that a detector or the gate rests on, with its source. Thresholds are data.

One file per region and version (`*.toml` beside this one). Sections below are its tables; each number's
source stands in the table's `source` sub-table under the same name. Descriptions are Chinese first, then
English after " / "; docs/rules.md lists them all.
"""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.base import Model
from schemas.settlement import PayRegime
from schemas.ward_check import Metric

# Strict: a number written as text, or true for 1, is a mistake in a rule set.
Hours = Annotated[float, Field(ge=0, le=24 * 60, strict=True)]
Minutes = Annotated[float, Field(ge=0, le=24 * 60, strict=True)]
Days = Annotated[int, Field(ge=0, le=3660, strict=True)]
Count = Annotated[int, Field(ge=0, le=10_000, strict=True)]
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
Nats = Annotated[float, Field(ge=-20, le=20, strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Region = Annotated[str, Field(pattern=r"^(\d{6})?$")]


class Section(Model):
    """A table of parameters."""

    source: dict[str, str] = Field(
        {},
        description="每个数值的依据和确定程度 / where each number comes from, with its certainty",
    )


class Bands(Section):
    """Three bands of a comparison: up to `same` it is the same face, from `different` on it is another.

    For `similarity` the order is reversed. `calibrated` False: only observes (severity 3, never holds).
    """

    metric: Metric = Field(
        description="distance 越小越像，similarity 越大越像 / "
        "distance: smaller is more alike; similarity: larger is more alike"
    )
    same: float = Field(
        allow_inf_nan=False,
        strict=True,
        description="到此为同一人 / up to here it is the same face (similarity: from here on)",
    )
    different: float = Field(
        allow_inf_nan=False,
        strict=True,
        description="从此起为不同人，两者之间须人工判断 / "
        "from here on it is another face (similarity: down from here); between the two it is unclear",
    )
    calibrated: Switch = Field(
        False,
        description="是否已在本地人群上校准；未校准只提示，不作待核 / "
        "calibrated on this population? If not it only observes and never holds",
    )


class Ledger(Section):
    """How facts are read."""

    min_notice_minutes: Minutes = Field(
        30,
        description="任务送达须早于截止时间的分钟数 / "
        "a check counts as delivered when its receipt came this many minutes before it falls due",
    )
    confirm_after_minutes: Minutes = Field(
        30,
        description="“未见本人”复查的最早间隔（分钟） / "
        "a second not_found confirms the first from this many minutes after it …",
    )
    confirm_within_minutes: Minutes = Field(60, description="“未见本人”复查的最晚间隔（分钟） / … to this many")
    session_gap_minutes: Minutes = Field(
        30,
        description="间隔短于此的采集算同一次（重拍） / captures closer together than this are one session (retries)",
    )
    late_hours: Hours = Field(
        72,
        description="比对特征保留多久以等补录建模（小时） / "
        "probe templates are kept this many hours for a late enrolment",
    )
    close_after_days: Days = Field(
        90,
        description="出院且最后一笔费用到拨付日后多少天清除人员台账中的明细与人像特征 / "
        "days after discharge and the last payment line when a stay's facts and templates leave the ledger",
    )


class Mismatch(Section):
    """identity.mismatch"""

    sessions: Count = Field(
        2,
        ge=1,
        description="连续几次比对不符才提示 / consecutive sessions in band different before anything is said",
    )


class NotEnrolled(Section):
    """identity.not_enrolled"""

    due_hours: Hours = Field(24, description="入院后多久应完成建模（小时） / hours after admission")


class Missed(Section):
    """check.missed"""

    ward_wide_share: Share = Field(
        0.5,
        description="病区同时漏查达此比例视为共同原因 / "
        "share of the ward missing at once from which it is one cause, not many absences",
    )
    ward_wide_min: Count = Field(
        5, description="少于此人数的病区不作整体漏查 / wards smaller than this are never called ward-wide"
    )


class SpotConflict(Section):
    """check.spot_conflict"""

    within_hours: Hours = Field(
        24,
        description="日常通过与抽查未见本人相隔不超过（小时） / "
        "hours between the round that passed and the spot check that failed",
    )


class BedHanging(Section):
    """presence.bed_hanging: a CUSUM of log-likelihood ratios (nats) beside hard conditions."""

    alarm: Nats = Field(4.0, ge=0, description="累计分达到此值为可疑 / 可疑 from this score on")
    notice: Nats = Field(2.5, ge=0, description="累计分达到此值为提醒 / 提醒 from this score on")
    absence: Nats = Field(
        2.5, ge=0, description="一次确认且无正当去向的不在床 / a confirmed, unexcused absence episode, once"
    )
    verified: Nats = Field(-1.5, le=0, description="人像核验相符 / a capture in band same")
    witnessed: Nats = Field(-0.7, le=0, description="人工核验 / witnessed by two staff")
    excused: Nats = Field(-0.3, le=0, description="诊疗、请假、已离开病区 / in treatment, on leave, not on the ward")
    missed: Nats = Field(
        0.4,
        ge=0,
        description="漏查，每天一次，整体漏查不计 / a missed check, once a day, none when ward-wide",
    )
    idle_day: Nats = Field(
        0.3,
        ge=0,
        description="整天无诊疗、医嘱、体征和核验 / a whole day without service, order, vitals or verification",
    )
    cared_day: Nats = Field(
        -0.2,
        le=0,
        description="当天有床位护理以外的诊疗、医嘱或体征 / "
        "a day with services beyond bed and nursing, orders or vitals",
    )
    idle_after_days: Days = Field(
        2, description="入院后几天起计空床日 / idle days count from this many days after admission"
    )
    absent_days: Count = Field(
        3,
        description="硬条件：无正当去向的不在床天数，0 为不用 / "
        "hard condition: unexcused absence on this many dates; 0 switches it off",
    )
    no_service_hours: Hours = Field(
        0,
        description="硬条件：连续无诊疗费用的小时数，0 为不用 / "
        "hard condition: this many hours without a service line; 0 switches it off",
    )
    leave_max_count: Count = Field(
        0,
        description="硬条件：一次住院请假超过此次数，0 为不用 / "
        "hard condition: more leaves than this in a stay; 0 switches it off",
    )
    leave_day_ratio: Share = Field(
        0,
        description="硬条件：请假天数占住院天数超过此比例，0 为不用 / "
        "hard condition: leave days over stay days above this; 0 switches it off",
    )
    leave_counts_as_absent: Switch = Field(False, description="请假是否按不在床计 / does leave count as absence?")


class NightAbsence(Section):
    """presence.night_absence"""

    from_time: time = Field(time(21, 0), description="夜间开始 / the night begins")
    to_time: time = Field(time(8, 0), description="夜间结束 / the night ends")
    nights: Count = Field(
        1,
        ge=1,
        description="几个夜间确认不在且无正当去向为可疑 / "
        "nights with a confirmed, unexcused absence from which it is 可疑",
    )


class Elsewhere(Section):
    """presence.elsewhere"""

    transfer_hours: Hours = Field(
        2,
        description="前次住院结束后多久内的再入院视为转院（小时） / "
        "a second admission this many hours after the first stay's end is a transfer",
    )


class Overlap(Section):
    """admission.overlap"""

    grace_hours: Hours = Field(
        2,
        description="转院的出院报文可晚到多久（小时） / "
        "hours that a transfer's discharge message may be late before anything is said",
    )
    firm_hours: Hours = Field(24, description="重叠达此小时数为可疑 / overlapping hours from which it is 可疑")


class AfterEnd(Section):
    """service.after_death_or_discharge"""

    grace_days: Days = Field(
        0,
        description="出院当日之外再放宽的天数 / dates after the discharge date on which services are still in order",
    )


class FeedSilence(Section):
    """feed.silent"""

    hours: Hours = Field(24, gt=0, description="多久没有任何报文为中断（小时） / hours without any message")


class Gate(Section):
    """The settlement gate."""

    hold_detectors: tuple[str, ...] = Field(
        (),
        description="哪些检测的可疑结果可作待核，其余只提示 / detectors whose 可疑 findings hold; others only warn",
    )
    unverified_hold_days: Count = Field(
        2,
        description="未核验日达到几天作待核，0 为只提示 / unverified days from which it holds; 0: they only warn",
    )
    default_regime: PayRegime = Field(
        "by_item",
        description="不知道支付方式时按此 / pay regime where neither institution nor platform says",
    )
    fund_share: Annotated[Decimal, Field(ge=0, le=1)] = Field(
        Decimal("0.65"),
        description="回执未到时估算的基金支付比例 / share of the fees that the fund pays, until the reply is seen",
    )
    filing_day: Annotated[int, Field(ge=1, le=28, strict=True)] = Field(
        10, description="机构次月申报截止日 / day of the next month by which institutions file"
    )
    payment_working_days: Annotated[int, Field(ge=1, le=60, strict=True)] = Field(
        20,
        description="申报截止次日起几个工作日内拨付 / working days from the day after until payment is due",
    )
    warn_working_days: Count = Field(
        5, description="距应拨付日几个工作日起提醒 / working days before the payment line from which to warn"
    )
    basis_zh: str = Field("", description="待核依据（中文） / basis of a hold, in Chinese")
    basis_en: str = Field("", description="待核依据（英文） / basis of a hold, in English")


class RuleSet(Model):
    """One version of one region's rules, in force from `effective_from` until `effective_to` (exclusive)."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="规则集名 / name, the same for all its versions"
    )
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$", description="版本 / version, never used twice")
    region: Region = Field("", description="六位区划代码，空为全国 / six-digit region; empty: national")
    extends: str = Field(
        "",
        description="在哪个规则集上修改，可写“名/版本” / "
        "the set whose values this one overrides: `name` or `name/version`",
    )
    effective_from: date = Field(description="生效日（含） / first day in force")
    effective_to: date | None = Field(None, description="失效日（不含） / first day no longer in force")
    grade: Literal["可疑"] = Field(
        "可疑", description="在床类规则最高只到可疑 / a presence rule is never more (law reference §4)"
    )
    calibration: dict[str, dict[str, Bands]] = Field({}, description="模型 → 人群 → 分档 / model → population → bands")
    anchor: dict[str, Bands] = Field({}, description="建模时人证比对的分档 / metric of the anchor comparison → bands")
    ledger: Ledger = Ledger()
    identity_mismatch: Mismatch = Mismatch()
    identity_not_enrolled: NotEnrolled = NotEnrolled()
    check_missed: Missed = Missed()
    check_spot_conflict: SpotConflict = SpotConflict()
    presence_bed_hanging: BedHanging = BedHanging()
    presence_night_absence: NightAbsence = NightAbsence()
    presence_elsewhere: Elsewhere = Elsewhere()
    admission_overlap: Overlap = Overlap()
    service_after_end: AfterEnd = AfterEnd()
    feed_silent: FeedSilence = FeedSilence()
    gate: Gate = Gate()

    @property
    def label(self) -> str:
        """What findings and decisions call this version, e.g. `national/2026.1`."""
        return f"{self.name}/{self.version}"

    def bands(self, model: str, population: str) -> Bands | None:
        """Bands of a model for a population; None: never calibrated nor published for it."""
        return self.calibration.get(model, {}).get(population)

    def in_force(self, day: date) -> bool:
        """Is this version in force on `day` (+08:00)?"""
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)


def schema() -> dict[str, Any]:
    """The JSON Schema of a rule set file."""
    document = RuleSet.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}
