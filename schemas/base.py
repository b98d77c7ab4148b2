"""The words all schemas share: frozen models, China time, money, and who an event is about."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Annotated

import msgspec
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, PlainSerializer

CHINA: tzinfo = msgspec.json.decode(b'"2000-01-01T00:00:00+08:00"', type=datetime).tzinfo or UTC
"""China has one civil time. National messages carry naive times; all of them are read in this zone.

It is the very object that the states' decoder gives its times: where two times share one zone object, Python
compares and subtracts them ten times faster, and most of what a detector does is comparing times.
"""


def china_time(moment: datetime) -> datetime:
    """The same instant on China's clock; what lies beyond the calendar there stays as it is."""
    try:
        return moment.astimezone(CHINA)
    except OverflowError:
        return moment


Moment = Annotated[AwareDatetime, AfterValidator(china_time)]
"""An instant of an event. It must come with an offset, and is kept on China's clock whichever that was."""

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
    at: Moment
    arrived_at: Moment
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
    return china_time(moment).date()
