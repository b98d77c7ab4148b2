"""The words all schemas share: frozen models, China time, money, and who an event is about."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

CHINA = timezone(timedelta(hours=8), "+08:00")
"""China has one civil time. National messages carry naive times; all of them are read in this zone."""

Money = Annotated[Decimal, PlainSerializer(str, return_type=str)]
"""Yuan. Decimal in memory, a string on the wire, never a float."""


class Model(BaseModel):
    """A frozen model that refuses what it doesn't know: a misspelt field is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Who(Model):
    """Whom a message speaks of, in the sender's own words. Empty means: the sender didn't say.

    The directory turns it into `person` and `stay`; the words stay beside them as evidence.
    """

    institution: str = ""  # fixmedins_code; empty only for system events
    insuplc_admdvs: str = ""
    psn_no: str = ""
    mdtrt_id: str = ""
    ipt_no: str = ""


class Event(Model):
    """One thing that happened, as it travels in a topic.

    `at` is when it happened at the source (or was stated there, for registrations), `arrived_at` when it
    reached us; both are data and neither is ever read from our clock by later stages. Ties in `at` are broken
    by `event_id`, which is derived from the source, so a second delivery carries the same one.
    """

    v: int = 1
    event_id: str
    at: AwareDatetime
    arrived_at: AwareDatetime
    who: Who = Who()
    msgid: str = ""  # of the national message it came from: what a 2601 names
    person: str = ""  # joined key, `person_key(insuplc_admdvs, psn_no)`
    stay: str = ""  # joined stay key, stable for the life of the stay
    flags: tuple[str, ...] = ()  # what the gateway noticed: `late`, `clock_skew`, `duplicate_id`, …


def person_key(insuplc_admdvs: str, psn_no: str) -> str:
    """Key of a person: a `psn_no` is unique only together with the region that issued it."""
    return f"{insuplc_admdvs}:{psn_no}"


def split_person_key(key: str) -> tuple[str, str]:
    """(`insuplc_admdvs`, `psn_no`) of a person key."""
    region, _, number = key.partition(":")
    return region, number


def derived_id(prefix: str, *parts: str) -> str:
    """A short id that is the same every time for the same parts (design §4.6), e.g. `al-3f…`.

    96 bits of SHA-256: a city's century of alerts collides with probability below 1e-9.
    """
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{prefix}-{digest[:24]}"


def china_date(moment: datetime) -> date:
    """The +08:00 calendar date of an aware moment."""
    return moment.astimezone(CHINA).date()
