"""The life of what was said about a settlement: first decision, amendments, its hold, the end of both.

| what happens                                 | decision row                | hold                          |
|----------------------------------------------|-----------------------------|-------------------------------|
| 2303, 2304, 3101, 3102                       | always one, `pass` included | 2304 that holds: `open`       |
| … the gateway had answered the same          | that one                    |                               |
| … the gateway had answered otherwise or late | its answer, then amendment  |                               |
| a later fact changes what the view says      | amendment                   | opened, updated, or `void`    |
| 2305, or a 2601 of the 2304                  | `void`                      | `void`                        |
| the 2304 is sent again                       | the new one's supersedes    | the old one's `void`          |
| both reviewers have spoken                   |                             | `kept`, `released`, …         |
| … then something holds that they hadn't seen | amendment                   | `open` again, a new round     |
| … then nothing holds any more                | amendment                   | theirs stands: people lift it |
| the payment line                             | none, then or later         | `open` becomes `expired`      |

`void` is the machine's word (there is nothing left to mark), `released` is only ever people's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from detectors.base import Case, earliest
from detectors.gate.calendar import expiry
from detectors.gate.evaluate import CLAIM, digest_of, evaluate, marks
from detectors.gate.review import NO_SUCH_HOLD, REVIEWED, Result, review
from detectors.gate.rows import decision_id, decision_of, hold_id, hold_of, unexplained, voided
from detectors.gate.stake import live_claims
from detectors.gate.stops import NO_STOPS, Stops
from detectors.ledger.model import GateView, Ruling, Settlement, Stay
from detectors.ledger.view import live_settlements
from detectors.reading.days import unverified_days, unverified_until
from schemas.base import Event
from schemas.decisions import Decision, Hold
from schemas.settlement import HoldReviewed, Provisional, SettlementAsked

RESUBMITTED = "gate.resubmitted"
CANCELLED = "gate.settlement_cancelled"


class Ruled(NamedTuple):
    """What one event did to a stay's rulings: rows to write, and when time alone may change them again."""

    rulings: tuple[Ruling, ...]
    decisions: tuple[Decision, ...] = ()
    holds: tuple[Hold, ...] = ()  # new or changed, each once
    wake_at: datetime | None = None
    review: Result | None = None  # what to answer a reviewer whose hold is of this stay


def rule(
    case: Case,
    event: Event,
    *,
    stops: Stops = NO_STOPS,
    version: int = 0,
    backlog: int = 0,
    unverified: Callable[[Case], tuple[date, ...]] = unverified_days,
) -> Ruled:
    """Rulings of `case.stay` after `event`, with the event in the ledger and `stay.opinions` up to date.

    Call it for every event about the stay, timers included. A stay that never asked to settle costs nothing.
    Everything is decided at `case.now`.
    """
    stay = case.stay
    if not stay.settlements and not stay.rulings:
        return Ruled(())
    desk = _Desk(case, stops, version, backlog, unverified)
    for ruling in stay.rulings:
        desk.rulings[ruling.settlement] = _revisited(desk, ruling)
    if isinstance(event, SettlementAsked) and event.event_id not in desk.rulings:
        asked = next((s for s in stay.settlements if s.id == event.event_id), None)
        if asked is not None:
            desk.rulings[asked.id] = _first(desk, asked, event.provisional)
    result = _reviewed(desk, event) if isinstance(event, HoldReviewed) else None
    rulings = tuple(desk.rulings.values())
    return Ruled(
        stay.rulings if rulings == stay.rulings else rulings,
        tuple(desk.decisions),
        tuple(desk.holds.values()),
        _wake_at(desk),
        result,
    )


def _wake_at(desk: _Desk) -> datetime | None:
    """The end of an open hold, and while a claim may still be marked, the next check that falls due."""
    now = desk.case.now
    open_until = [r.expires_at for r in desk.rulings.values() if r.hold_status == "open"]
    lines = [r.view.payment_due for r in desk.rulings.values() if r.view and r.settlement in desk.standing]
    payable = any(due is not None and now < expiry(due) for due in lines)
    return earliest(*open_until, unverified_until(desk.case) if payable else None)


def provisional_of(stay: Stay, event_id: str, version: int, backlog: int) -> Provisional | None:
    """What to write into the event after the gateway ruled on it by itself; None where it couldn't rule."""
    for ruling in stay.rulings:
        if ruling.settlement == event_id:
            return Provisional(outcome=ruling.outcome, digest=ruling.digest, state_version=version, backlog=backlog)
    return None


@dataclass
class _Desk:
    """What one call works on: the case, and the rows written so far."""

    case: Case
    stops: Stops
    version: int
    backlog: int
    unverified: Callable[[Case], tuple[date, ...]]
    rulings: dict[str, Ruling] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    holds: dict[str, Hold] = field(default_factory=dict)
    set_aside: list[str] = field(default_factory=list)  # last decisions on claims that were sent again

    @cached_property
    def live(self) -> tuple[Settlement, ...]:
        """Claims that no 2305 has taken back, those sent again later among them."""
        return live_settlements(self.case.stay)

    @cached_property
    def standing(self) -> dict[str, Settlement]:
        """Live claims that weren't sent again later."""
        return {claim.id: claim for claim in live_claims(self.case.stay)}

    @cached_property
    def days(self) -> tuple[date, ...]:
        return self.unverified(self.case)

    def view(self, asked: Settlement, *, stopped: bool = True) -> GateView:
        stops = self.stops if stopped else NO_STOPS
        return evaluate(self.case, asked, unverified_days=self.days, stops=stops)

    def row_id(self, settlement: str, count: int) -> str:
        return decision_id(self.case.person.key, self.case.stay.key, settlement, count)

    def write(
        self,
        asked: Settlement,
        view: GateView,
        row_id: str,
        supersedes: str | None,
        provisional: Provisional | None = None,
    ) -> None:
        row = decision_of(
            self.case,
            asked,
            view,
            row_id=row_id,
            supersedes=supersedes,
            version=provisional.state_version if provisional else self.version,
            backlog=provisional.backlog if provisional else self.backlog,
        )
        self.decisions.append(row)

    def mark(self, ruling: Ruling, because: str = "") -> None:
        self.holds[ruling.hold_id] = hold_of(self.case, ruling, because)


# ── the first word ───────────────────────────────────────────────────────────────────────────────────────


def _first(desk: _Desk, asked: Settlement, provisional: Provisional | None) -> Ruling:
    """The first decision on `asked`: what the gateway answered, where that was something else, then ours."""
    view = desk.view(asked)
    if asked.infno == CLAIM and asked.id not in desk.standing:
        view = voided(view, _why_gone(desk, asked.id))
    digest, count = digest_of(view), 1
    supersedes = desk.set_aside[-1] if desk.set_aside else None
    if provisional is not None and provisional.digest != digest:
        row = desk.row_id(asked.id, count)
        desk.write(asked, unexplained(view, provisional.outcome), row, supersedes, provisional)
        count, supersedes = 2, row
    row = desk.row_id(asked.id, count)
    desk.write(asked, view, row, supersedes)
    ruling = Ruling(
        settlement=asked.id,
        decision_id=row,
        outcome=view.outcome,
        digest=digest,
        count=count,
        setl_id=asked.setl_id,
    )
    if asked.infno != CLAIM:
        return ruling
    return _marked(desk, replace(ruling, view=view), view)


# ── every later event ────────────────────────────────────────────────────────────────────────────────────


def _revisited(desk: _Desk, ruling: Ruling) -> Ruling:
    """A ruling as the facts now have it. Only claims (2304) live on; a forecast was an answer, once."""
    view = ruling.view
    if view is None or view.payment_due is None:
        return ruling
    asked = desk.standing.get(ruling.settlement)
    if asked is None:
        return ruling if ruling.outcome == "void" else _taken_back(desk, ruling, view)
    if desk.case.now >= expiry(view.payment_due):
        return _expired(desk, ruling)
    news = desk.view(asked, stopped=ruling.hold_status != "open")
    if digest_of(news) == ruling.digest:
        return ruling
    if ruling.hold_status in REVIEWED and not _says_news(ruling, news):
        return ruling
    return _amended(desk, ruling, asked, news)


def _says_news(ruling: Ruling, news: GateView) -> bool:
    """Must people hear of it although they have ruled? Of a new ground, and of an outcome that changed."""
    return _has_new_ground(ruling, news) or news.outcome != ruling.outcome


def _has_new_ground(ruling: Ruling, news: GateView) -> bool:
    return marks(news) and not set(news.grounds) <= set(ruling.reviewed)


def _amended(desk: _Desk, ruling: Ruling, asked: Settlement, view: GateView) -> Ruling:
    row = desk.row_id(asked.id, ruling.count + 1)
    desk.write(asked, view, row, ruling.decision_id)
    amended = replace(
        ruling,
        decision_id=row,
        outcome=view.outcome,
        digest=digest_of(view),
        count=ruling.count + 1,
        view=view,
    )
    if ruling.hold_status in REVIEWED and not _has_new_ground(ruling, view):
        return replace(amended, view=ruling.view)
    return _marked(desk, amended, view, before=ruling)


def _marked(desk: _Desk, ruling: Ruling, view: GateView, before: Ruling | None = None) -> Ruling:
    """The hold that follows from the view: opened, kept open with its new content, or void."""
    if marks(view) and view.payment_due is not None:
        fresh = before is None or before.hold_status != "open" or _contested(before, view)
        marked = replace(
            ruling,
            hold_id=hold_id(desk.case.person.key, desk.case.stay.key, ruling.settlement),
            hold_status="open",
            opened_at=ruling.opened_at or desk.case.now,
            expires_at=expiry(view.payment_due),
            round_from=len(ruling.reviews) if fresh else ruling.round_from,
        )
        desk.mark(marked)
        return marked
    if before is not None and before.hold_status == "open":
        # The row keeps what it was about, so that people can see what fell away.
        gone = replace(ruling, hold_status="void")
        desk.mark(replace(gone, view=before.view), "gate.hold_withdrawn")
        return gone
    return ruling


def _contested(before: Ruling, view: GateView) -> bool:
    """Has what a first reviewer spoke about changed? Then the word falls, and both look anew."""
    old = before.view
    return old is None or not set(view.grounds) <= set(old.grounds) or view.days != old.days


def _taken_back(desk: _Desk, ruling: Ruling, view: GateView) -> Ruling:
    """2305, a 2601 of the claim itself, or the claim sent again: there is nothing left to pay or mark."""
    because = _why_gone(desk, ruling.settlement)
    gone = replace(ruling, outcome="void", digest=digest_of(voided(view, because)))
    if because == RESUBMITTED:
        desk.set_aside.append(ruling.decision_id)
    else:
        row = desk.row_id(ruling.settlement, ruling.count + 1)
        desk.write(_settlement(desk, ruling), voided(view, because), row, ruling.decision_id)
        gone = replace(gone, decision_id=row, count=ruling.count + 1)
    if ruling.hold_status in ("open", *REVIEWED):
        gone = replace(gone, hold_status="void")
        desk.mark(gone, because)
    return gone


def _why_gone(desk: _Desk, settlement: str) -> str:
    return RESUBMITTED if any(claim.id == settlement for claim in desk.live) else CANCELLED


def _expired(desk: _Desk, ruling: Ruling) -> Ruling:
    if ruling.hold_status != "open":
        return ruling
    expired = replace(ruling, hold_status="expired")
    desk.mark(expired, "gate.hold_expired")
    return expired


def _reviewed(desk: _Desk, said: HoldReviewed) -> Result | None:
    """A reviewer's word on a hold of this stay; None where the hold is another stay's."""
    for ruling in desk.rulings.values():
        if ruling.hold_id == said.hold_id:
            new, result = review(ruling, said, desk.case.now)
            if new is not ruling:
                desk.rulings[new.settlement] = new
                desk.mark(new)
            return result
    return NO_SUCH_HOLD if said.stay == desk.case.stay.key else None


def _settlement(desk: _Desk, ruling: Ruling) -> Settlement:
    """The settlement fact of a ruling; a 2601 may have taken it out of the ledger."""
    for fact in desk.case.stay.settlements:
        if fact.id == ruling.settlement:
            return fact
    return Settlement(ruling.settlement, desk.case.now, desk.case.now, CLAIM, setl_id=ruling.setl_id)
