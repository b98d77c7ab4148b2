"""Everything that is measured: one table, one place where it is counted, one text for Prometheus.

No label may name a person, a stay or a request: labels are few and known beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.8, 1.0, 2.5, 5.0)
"""Seconds. 0.8 is the gate's default deadline."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One row. `name` is without the prefix `wardwatch_`."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    zh: str
    en: str


TABLE: tuple[Metric, ...] = (
    Metric("http_requests_total", "counter", ("method", "route", "status"), "收到的请求", "requests answered"),
    Metric("http_seconds", "histogram", ("route",), "应答耗时（秒）", "time to answer, seconds"),
    Metric("rejected_total", "counter", ("reason",), "未受理的请求", "requests turned down"),
    Metric("live_listeners", "gauge", (), "实时连接数", "consoles connected to the live feed"),
    Metric("events_total", "counter", ("kind",), "已处理事件", "events processed by the engine"),
    Metric("batch_seconds", "histogram", (), "每批处理耗时（秒）", "time of one engine batch, seconds"),
    Metric("batch_events", "gauge", (), "最近一批的事件数", "events in the newest batch"),
    Metric("backlog_events", "gauge", ("topic",), "待处理事件", "events waiting in the log"),
    Metric("unjoined", "gauge", (), "待关联的事件", "events waiting for the message that says whose they are"),
    Metric("dead_letters_total", "counter", ("source",), "死信", "what could not be read or processed"),
    Metric("alerts_total", "counter", ("detector", "severity"), "新增疑点", "alerts raised"),
    Metric("decisions_total", "counter", ("outcome",), "结算研判", "answers of the settlement gate"),
    Metric("amendments_total", "counter", (), "更正的研判", "gate answers that the engine amended"),
    Metric("gate_seconds", "histogram", (), "结算研判耗时（秒）", "time of the settlement gate's answer, seconds"),
    Metric("holds_open", "gauge", (), "待核中的拨付", "holds not yet reviewed to the end"),
    Metric("timers_pending", "gauge", (), "待触发的定时", "timers waiting"),
    Metric("storage_bytes", "gauge", (), "数据库大小（字节）", "size of the database, bytes"),
)
"""To add a metric: add a row; count it with `Metrics.count`, `observe` or `set`."""

PREFIX = "wardwatch_"

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The values. One object a process, handed to whoever counts; every method is safe in any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for row in TABLE:
            name, text = PREFIX + row.name, f"{row.zh} / {row.en}"
            if row.kind == "counter":
                self._counters[row.name] = Counter(name, text, row.labels, registry=self.registry)
            elif row.kind == "gauge":
                self._gauges[row.name] = Gauge(name, text, row.labels, registry=self.registry)
            else:
                self._histograms[row.name] = Histogram(name, text, row.labels, buckets=FAST, registry=self.registry)

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter. Raises KeyError for a metric that isn't in the table."""
        metric = self._counters[name]
        (metric.labels(**labels) if labels else metric).inc(amount)

    def set(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""
        metric = self._gauges[name]
        (metric.labels(**labels) if labels else metric).set(value)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add one duration to a histogram."""
        metric = self._histograms[name]
        (metric.labels(**labels) if labels else metric).observe(seconds)

    def text(self) -> bytes:
        """All of them in Prometheus' text format, UTF-8."""
        return generate_latest(self.registry)
