"""Everything that has a JSON Schema, by the name under which `wardwatch schemas` exports it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from detectors.institutions import InstitutionRow
from detectors.rulesets import model as rulesets
from schemas import api, api_answers
from schemas.api_answers import Out
from schemas.base import Event
from schemas.decisions import Decision, Hold
from schemas.events import EVENTS
from schemas.findings import Alert
from streams.journal import LINE_SCHEMA

DIALECT = "https://json-schema.org/draft/2020-12/schema"

REQUESTS: tuple[type[BaseModel], ...] = (
    api.CaptureIn,
    api.CheckOrderIn,
    api.ReceiptIn,
    api.AnswerIn,
    api.WhereaboutsIn,
    api.SceneIn,
    api.HoldReviewIn,
)
"""What callers send beside the national messages, one a call."""


def all_schemas() -> dict[str, dict[str, Any]]:
    """`events/admitted` → its schema, and so on; names are paths below the export's folder."""
    found: dict[str, dict[str, Any]] = {f"events/{kind}": _event(model) for kind, model in EVENTS.items()}
    for name, model in (("alert", Alert), ("decision", Decision), ("hold", Hold)):
        found[name] = _of(model, "serialization")
    found |= {f"api/requests/{model.__name__}": _of(model, "validation") for model in REQUESTS}
    found |= {f"api/answers/{model.__name__}": _of(model, "serialization") for model in _answers()}
    found["rule_set"] = rulesets.schema()
    found["institution"] = _of(InstitutionRow, "validation")
    found["journal_line"] = {"$schema": DIALECT, **LINE_SCHEMA}
    return found


def _answers() -> list[type[Out]]:
    made = vars(api_answers).values()
    return [one for one in made if isinstance(one, type) and issubclass(one, Out) and one is not Out]


def _event(model: type[Event]) -> dict[str, Any]:
    """Stored without defaults, so the fields with defaults aren't required; the kind always stands there."""
    schema = _of(model, "validation")
    schema["required"] = sorted({"kind", "v", *schema.get("required", ())})
    return schema


def _of(model: type[BaseModel], mode: Any) -> dict[str, Any]:
    return {"$schema": DIALECT, **model.model_json_schema(mode=mode)}
