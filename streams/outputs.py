"""What a replay writes: findings, decisions and dead letters as JSON Lines, and a summary (contract §2).

The first three are the same bytes for the same journal and rules; everything that a clock or a machine could
change stands in the summary alone. Fields stand in the order in which the contract names them.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection

from detectors.gate.words import sentence
from schemas.decisions import Decision
from schemas.findings import Alert, Reason
from schemas.texts import known, text
from storage import alerts as kept_alerts
from storage import dead_letters as kept_letters
from storage import decisions as kept_decisions
from storage import holds as kept_holds
from storage import unjoined
from storage.dead_letters import DeadLetter
from storage.paging import Page
from storage.store import Store

ALERTS, DECISIONS, DEAD_LETTERS, SUMMARY = "alerts.jsonl", "decisions.jsonl", "dead_letters.jsonl", "summary.json"

Row = dict[str, Any]


def write_outputs(store: Store, folder: Path) -> Row:
    """Writes the three deterministic files into `folder` (made where missing). Returns their counts.

    Raises `OSError` where the folder can't be written. A file appears whole or not at all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counts = _Counts()
    with store.read() as conn:
        _write(folder / ALERTS, counts.alerts(sorted(_alerts(conn), key=lambda row: str(row["alert_id"]))))
        _write(folder / DECISIONS, counts.decisions(map(decision_row, kept_decisions.each(conn))))
        _write(folder / DEAD_LETTERS, counts.letters(map(dead_letter_row, _letters(conn))))
        counts.rest(conn)
    return counts.found


def write_summary(folder: Path, summary: Row) -> None:
    """Writes `summary.json`. Raises `OSError`."""
    _replace(folder / SUMMARY, orjson.dumps(summary, option=orjson.OPT_INDENT_2) + b"\n")


# ── one row ──────────────────────────────────────────────────────────────────────────────────────────────


def alert_row(alert: Alert) -> Row:
    """A finding as it stands at the end."""
    said = alert.model_dump(mode="json")
    row = {name: said[name] for name in ("alert_id", "detector", "rule_version", "raised_at", "updated_at")}
    row |= {name: said[name] for name in ("severity", "score", "psn_no", "mdtrt_id", "fixmedins_code", "ward")}
    row |= {name: said[name] for name in ("fund_at_stake", "fee_total", "pay_regime")}
    row["reasons"] = [reason_row(reason) for reason in alert.reasons]
    row |= {name: said[name] for name in ("insuplc_admdvs", "status", "model_version", "threshold")}
    return row


def decision_row(decision: Decision) -> Row:
    """One answer of the gate."""
    said = decision.model_dump(mode="json")
    row = {name: said[name] for name in ("decision_id", "supersedes", "mdtrt_id", "setl_id", "infno", "msgid")}
    row |= {name: said[name] for name in ("decided_at", "outcome", "hold_type", "basis")}
    row["reasons"] = [reason_row(reason) for reason in decision.reasons]
    row |= {name: said[name] for name in ("unverified_days", "fund_at_stake", "fee_total", "pay_regime")}
    row |= {name: said[name] for name in ("payment_due", "pay_line", "expires_at", "soft")}
    row |= {name: said[name] for name in ("stake_estimated", "alerts", "rule_version")}
    row |= {name: said[name] for name in ("insuplc_admdvs", "psn_no", "fixmedins_code")}
    return row


def reason_row(reason: Reason) -> Row:
    """One reason with its sentence in both languages."""
    return {
        "code": reason.code,
        "text": sentence(reason, "zh"),
        "weight": reason.weight,
        "evidence": list(reason.evidence),
        "text_en": sentence(reason, "en"),
    }


def dead_letter_row(letter: DeadLetter) -> Row:
    """The request as a journal line, with why it was not taken. What is no JSON stands as text or base64."""
    row: Row = {"at": letter.arrived_at.isoformat(), "path": letter.source}
    if letter.offset is not None:
        row |= {"partition": letter.partition, "offset": letter.offset}
    row |= {"code": letter.code, "reason": letter.reason, **_explained(letter.code), **_body(letter.body)}
    return row


def _explained(code: str) -> Row:
    """The catalogue's sentence for a refusal, where it needs nothing of the request to be said."""
    key = f"errors.{code}"
    if key not in known():
        return {}
    try:
        return {"text": text(key, "zh"), "text_en": text(key, "en")}
    except KeyError:
        return {}


def _body(body: bytes) -> Row:
    try:
        return {"json": orjson.loads(body)}
    except orjson.JSONDecodeError:
        pass
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────


def _alerts(conn: Connection) -> Iterator[Row]:
    def page(cursor: str | None) -> Page[Alert]:
        return kept_alerts.find(conn, cursor=cursor, limit=1000)

    return map(alert_row, _every(page))


def _letters(conn: Connection) -> Iterator[DeadLetter]:
    return _every(lambda cursor: kept_letters.find(conn, cursor=cursor, limit=1000, newest=False))


def _every(page: Callable[[str | None], Page[Any]]) -> Iterator[Any]:
    cursor: str | None = None
    while True:
        found = page(cursor)
        yield from found.items
        cursor = found.cursor
        if cursor is None:
            return


class _Counts:
    """Counts rows on their way to the files."""

    def __init__(self) -> None:
        self.found: Row = {}

    def alerts(self, rows: Iterable[Row]) -> Iterator[Row]:
        by_detector, by_severity, by_status = Counter[str](), Counter[str](), Counter[str]()
        for row in rows:
            by_detector[row["detector"]] += 1
            by_severity[str(row["severity"])] += 1
            by_status[row["status"]] += 1
            yield row
        self._note("alerts", by_detector, severity=by_severity, status=by_status)

    def decisions(self, rows: Iterable[Row]) -> Iterator[Row]:
        outcomes = Counter[str]()
        for row in rows:
            outcomes[row["outcome"]] += 1
            yield row
        self._note("decisions", outcomes)

    def letters(self, rows: Iterable[Row]) -> Iterator[Row]:
        codes = Counter[str]()
        for row in rows:
            codes[row["code"]] += 1
            yield row
        self._note("dead_letters", codes)

    def rest(self, conn: Connection) -> None:
        statuses = Counter(hold.status for hold in kept_holds.export(conn))
        self._note("holds", Counter[str](statuses))
        self.found["unjoined"] = unjoined.count(conn)

    def _note(self, name: str, main: Counter[str], **others: Counter[str]) -> None:
        self.found[name] = main.total()
        self.found[f"{name}_by"] = dict(sorted(main.items()))
        for other, counts in others.items():
            self.found[f"{name}_by_{other}"] = dict(sorted(counts.items()))


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────


def _write(file: Path, rows: Iterable[Row]) -> None:
    draft = file.with_name(f".{file.name}.part")
    with draft.open("wb") as out:
        for row in rows:
            out.write(orjson.dumps(row) + b"\n")
    draft.replace(file)


def _replace(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}.part")
    draft.write_bytes(content)
    draft.replace(file)
