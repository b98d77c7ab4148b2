"""The identity directory: whom an event is about. Joins what senders say to a person and a stay.

One `Directory` serves one transaction: it reads ahead for a whole batch of requests, keeps what this batch
learned, and writes it back at the end, so that a join made by one message is there for the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from schemas.base import Event, Who, person_key, split_person_key
from schemas.settlement import SettlementAsked
from storage import directory as kept
from storage.directory import Alias, Stay

ADMISSION = "admitted"
AUDITS = ("3101", "3102")
ABOUT_PERSON = frozenset({"identity_read", "outpatient_recorded", "scene_reported", "message_voided"})
"""Kinds that concern the person and no stay of theirs in particular."""


@dataclass(frozen=True, slots=True)
class Waits:
    """It can't be joined yet: `key` is the name under which it waits; empty: nothing to wait for."""

    key: str


@dataclass
class Directory:
    """The directory as one transaction sees it."""

    conn: Connection
    _aliases: dict[tuple[str, str], list[Alias]] = field(default_factory=dict)
    _members: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _stays: dict[str, dict[str, Stay]] = field(default_factory=dict)  # person → stay key → stay
    _new_aliases: dict[tuple[str, str, str], Alias] = field(default_factory=dict)
    _new_members: dict[tuple[str, str, str], None] = field(default_factory=dict)
    _new_stays: dict[str, Stay] = field(default_factory=dict)
    turned_up: dict[str, None] = field(default_factory=dict)  # keys that something may have waited for

    # ── reading ahead ──

    def read_ahead(self, said: Iterable[Who]) -> None:
        """Everything a batch will ask for, in a handful of queries instead of a handful a request."""
        whos = list(said)
        self._read_aliases("mdtrt", {w.mdtrt_id for w in whos if w.mdtrt_id})
        self._read_aliases("ipt", {w.ipt_no for w in whos if w.ipt_no})
        houses: dict[str, set[str]] = {}
        for who in whos:
            if who.psn_no:
                houses.setdefault(who.institution, set()).add(who.psn_no)
        for alias in (one for found in self._aliases.values() for one in found):
            if alias.institution:
                houses.setdefault(alias.institution, set()).add(split_person_key(alias.person)[1])
        for institution, numbers in houses.items():
            self._read_members(institution, numbers)
        persons = {person_key(w.insuplc_admdvs, w.psn_no) for w in whos if w.insuplc_admdvs and w.psn_no}
        persons |= {alias.person for found in self._aliases.values() for alias in found}
        self._read_stays(persons)

    def _read_aliases(self, kind: Any, values: Collection[str]) -> None:
        missing = [v for v in values if (kind, v) not in self._aliases]
        if missing:
            found = kept.resolve_many(self.conn, kind, missing)
            self._aliases.update({(kind, value): list(found.get(value, ())) for value in missing})

    def _read_members(self, institution: str, numbers: Collection[str]) -> None:
        missing = [n for n in numbers if (institution, n) not in self._members]
        if missing:
            found = kept.persons_of_many(self.conn, institution, missing)
            self._members.update({(institution, n): list(found.get(n, ())) for n in missing})

    def _read_stays(self, persons: Collection[str]) -> None:
        missing = [p for p in persons if p not in self._stays]
        if missing:
            found = kept.stays_of_many(self.conn, missing)
            self._stays.update({p: {s.stay: s for s in found.get(p, ())} for p in missing})

    # ── joining ──

    def join(self, event: Event, *, national: bool, region: str = "") -> Event | Waits:
        """The event with `person` and `stay`, or what it waits for.

        `national` messages may create persons and stays, other calls only find them. `region` is where the
        care is given: the place of insurance of a local patient whose message doesn't say it.
        """
        kind: str = event.kind  # type: ignore[attr-defined]
        who = event.who
        alias = None if kind in (ADMISSION, *ABOUT_PERSON) else self._alias(who)
        person = alias.person if alias else self._person(who, region if national else "")
        if person is None:
            return Waits(_waits_for(who))
        if isinstance(event, SettlementAsked) and event.infno in AUDITS:
            return self._audited(event, person, alias)
        flags = event.flags
        if alias and who.psn_no and split_person_key(person)[1] != who.psn_no:
            flags = (*flags, "identity_conflict")
        self._remember_member(who.institution, person)
        if kind in ABOUT_PERSON or (kind == "capture_assessed" and event.purpose == "scene"):  # type: ignore[attr-defined]
            return event.model_copy(update={"person": person, "flags": flags})
        stay = self._stay(event, kind, person, alias, national)
        if stay is None:
            return Waits(_waits_for(who))
        self._keep(stay, event)
        said = who.model_copy(update={"mdtrt_id": who.mdtrt_id or stay.mdtrt_id})
        return event.model_copy(update={"person": person, "stay": stay.stay, "flags": flags, "who": said})

    def _audited(self, event: SettlementAsked, person: str, alias: Alias | None) -> Event | Waits:
        """3101 and 3102 find a stay and never make one: sites put other numbers where the platform's belongs,
        and outpatient audits come the same way. Their numbers are not learned either."""
        self._read_stays([person])
        stay = self._stays[person].get(alias.stay) if alias else None
        if stay is None:
            here = [s for s in self._stays[person].values() if s.institution == event.who.institution and s.is_open]
            stay = here[0] if len(here) == 1 else None
        if stay is None:
            return Waits("")
        who = event.who.model_copy(update={"mdtrt_id": stay.mdtrt_id, "ipt_no": stay.ipt_no})
        return event.model_copy(update={"person": person, "stay": stay.stay, "who": who})

    def _alias(self, who: Who) -> Alias | None:
        """What the sender's number means: the platform's number first, then the hospital's own.

        3101 and 3102 carry the hospital's number in the platform's field at some sites, so a number unknown
        as one is tried as the other.
        """
        for value in filter(None, (who.mdtrt_id, who.ipt_no)):
            for kind in ("mdtrt", "ipt"):
                self._read_aliases(kind, [value])
                found = kept.pick(self._aliases[kind, value], who.institution)
                if found is not None:
                    return found
        return None

    def _person(self, who: Who, region: str) -> str | None:
        if not who.psn_no:
            return None
        if who.insuplc_admdvs:
            return person_key(who.insuplc_admdvs, who.psn_no)
        self._read_members(who.institution, [who.psn_no])
        known = self._members[who.institution, who.psn_no]
        if len(known) == 1:
            return person_key(known[0], who.psn_no)
        return person_key(region, who.psn_no) if region and not known else None

    def _stay(self, event: Event, kind: str, person: str, alias: Alias | None, national: bool) -> Stay | None:
        who = event.who
        self._read_stays([person])
        mine = {k: s for k, s in self._stays[person].items() if s.institution == who.institution or not who.institution}
        if alias is not None:
            return self._stays[person].get(alias.stay) or _new(alias.stay, alias.institution, person, who, event)
        if kind == ADMISSION:
            same = [s for s in mine.values() if _same_stay(s, who)]
            return same[0] if same else _new(_key_of(who, event), who.institution, person, who, event)
        if who.mdtrt_id:
            nameless = [s for s in mine.values() if not s.mdtrt_id and s.is_open]
            if len(nameless) == 1:
                return nameless[0]  # the platform's number of an admission that was seen without its reply
            return _new(who.mdtrt_id, who.institution, person, who, event) if national else None
        if who.ipt_no:
            return _new(_key_of(who, event), who.institution, person, who, event) if national else None
        open_ones = sorted((s for s in mine.values() if s.is_open), key=lambda s: (s.updated_at, s.stay))
        return open_ones[-1] if open_ones else None

    # ── learning ──

    def _remember_member(self, institution: str, person: str) -> None:
        region, number = split_person_key(person)
        if not institution or not number:
            return
        self._read_members(institution, [number])
        known = self._members[institution, number]
        if region not in known:
            known.append(region)
            self.turned_up[f"psn:{institution}:{number}"] = None
            self._new_members[institution, number, region] = None

    def _keep(self, stay: Stay, event: Event) -> None:
        """Note what this event says about the stay; new names release what waited for them."""
        who = event.who
        told = _updated(stay, event)
        fresh = told.stay not in self._stays[told.person]
        if fresh or told != stay:
            self._stays[told.person][told.stay] = told
            self._new_stays[told.stay] = told
        scope = told.institution
        for kind, value in (("mdtrt", who.mdtrt_id), ("ipt", who.ipt_no)):
            if value and not self._known(kind, value, told):
                row = Alias(kind, value, scope, told.person, told.stay)  # type: ignore[arg-type]
                self._aliases.setdefault((kind, value), []).append(row)
                self._new_aliases[kind, value, scope] = row
                self.turned_up[f"{kind}:{told.institution}:{value}"] = None
        if fresh:
            self.turned_up[f"psn:{told.institution}:{split_person_key(told.person)[1]}"] = None

    def _known(self, kind: str, value: str, stay: Stay) -> bool:
        self._read_aliases(kind, [value])
        return any(alias.stay == stay.stay for alias in self._aliases[kind, value])

    def flush(self) -> None:
        """Write what was learned."""
        kept.bind(self.conn, list(self._new_aliases.values()))
        kept.add_members(self.conn, list(self._new_members))
        kept.put_stays(self.conn, list(self._new_stays.values()))
        self._new_aliases, self._new_members, self._new_stays = {}, {}, {}


def _waits_for(who: Who) -> str:
    """The name an event waits under: the narrowest number it carries."""
    if who.mdtrt_id:
        return f"mdtrt:{who.institution}:{who.mdtrt_id}"
    if who.ipt_no:
        return f"ipt:{who.institution}:{who.ipt_no}"
    return f"psn:{who.institution}:{who.psn_no}" if who.psn_no else ""


def _key_of(who: Who, event: Event) -> str:
    """A stay's own key: the platform's number, or until it is known the hospital's within the institution."""
    if who.mdtrt_id:
        return who.mdtrt_id
    return f"{who.institution}/{who.ipt_no}" if who.ipt_no else f"{who.institution}/{event.event_id}"


def _same_stay(stay: Stay, who: Who) -> bool:
    """Does an admission message restate this stay?"""
    if who.mdtrt_id and stay.mdtrt_id:
        return who.mdtrt_id == stay.mdtrt_id
    return bool(who.ipt_no) and who.ipt_no == stay.ipt_no


def _new(key: str, institution: str, person: str, who: Who, event: Event) -> Stay:
    return Stay(key, institution, person, who.mdtrt_id, who.ipt_no, "", "", True, event.arrived_at)


_OPENS = {
    "admitted": True,
    "stay_changed": None,
    "discharged": False,
    "discharge_cancelled": True,
    "admission_cancelled": False,
}


def _updated(stay: Stay, event: Any) -> Stay:
    """The directory's short word on a stay after an event: names learned, ward, open or closed."""
    opens = _OPENS.get(event.kind)
    ward, bed = getattr(event, "ward", ""), getattr(event, "bed", "")
    registers = event.kind in _OPENS
    return stay._replace(
        mdtrt_id=stay.mdtrt_id or event.who.mdtrt_id,
        ipt_no=stay.ipt_no or event.who.ipt_no,
        ward=(ward or stay.ward) if registers else stay.ward,
        bed=(bed or stay.bed) if registers else stay.bed,
        is_open=stay.is_open if opens is None else opens,
        updated_at=event.arrived_at if registers else stay.updated_at,
    )


def clock_hour(moment: datetime) -> datetime:
    """The clock hour a moment lies in."""
    return moment.replace(minute=0, second=0, microsecond=0)
