"""The list of every kind of event. To add one: write its model, put it here, store a sample, give it a topic."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import Field, TypeAdapter

from schemas.admission import (
    AdmissionCancelled,
    Admitted,
    DischargeCancelled,
    Discharged,
    IdentityRead,
    MessageVoided,
    StayChanged,
    StayFlagged,
    StayIdentified,
)
from schemas.base import Event
from schemas.charge import (
    ChargesPosted,
    ChargesWithdrawn,
    OrderRecorded,
    OutpatientRecorded,
    VitalsRecorded,
)
from schemas.settlement import (
    HoldReviewed,
    HospitalAnswered,
    SettlementAsked,
    SettlementCancelled,
    SettlementListed,
)
from schemas.system import (
    FeedHeard,
    FeedSilent,
    MismatchSeen,
    MissSeen,
    MixUpFound,
    RosterChanged,
    TimerDue,
    WardWideMiss,
)
from schemas.ward_check import (
    CaptureAssessed,
    CheckAnswered,
    CheckAssigned,
    CheckDelivered,
    CheckOrdered,
    SceneReported,
    WhereaboutsReported,
)

PersonEvent = (
    IdentityRead
    | Admitted
    | StayChanged
    | Discharged
    | AdmissionCancelled
    | DischargeCancelled
    | StayIdentified
    | StayFlagged
    | MessageVoided
    | ChargesPosted
    | ChargesWithdrawn
    | OrderRecorded
    | VitalsRecorded
    | OutpatientRecorded
    | CaptureAssessed
    | CheckAssigned
    | CheckDelivered
    | CheckAnswered
    | WhereaboutsReported
    | SceneReported
    | SettlementAsked
    | SettlementCancelled
    | SettlementListed
    | HospitalAnswered
    | HoldReviewed
    | TimerDue
    | MixUpFound
    | WardWideMiss
    | FeedSilent
)
"""What may stand in `person-events`."""

WardEvent = (
    CheckOrdered | CheckDelivered | CheckAssigned | RosterChanged | MismatchSeen | MissSeen | FeedHeard | TimerDue
)
"""What may stand in `ward-events`."""

AnyEvent = PersonEvent | WardEvent


def kind_of(model: type[Event]) -> str:
    """The `kind` written on the wire for a model."""
    return str(model.model_fields["kind"].default)


EVENTS: dict[str, type[Event]] = {kind_of(m): m for m in dict.fromkeys(get_args(AnyEvent))}
"""kind → model, in the order of this file."""

PERSON_KINDS: frozenset[str] = frozenset(kind_of(m) for m in get_args(PersonEvent))
WARD_KINDS: frozenset[str] = frozenset(kind_of(m) for m in get_args(WardEvent))

ADAPTER: TypeAdapter[Any] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="kind")])
