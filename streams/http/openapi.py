"""The interface document, kept true: bodies are read by hand, so what they hold is said by hand, once."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from schemas.api_answers import Problem
from schemas.texts import text

PROBLEM_TYPE = "application/problem+json"
REF = "#/components/schemas/{model}"

_bodies: dict[str, type[BaseModel]] = {}


def takes(content: dict[str, Any]) -> dict[str, Any]:
    """The request body of a route, by media type."""
    return {"requestBody": {"required": True, "content": content}}


def json_body(model: type[BaseModel], multipart: dict[str, type[BaseModel]] | None = None) -> dict[str, Any]:
    """A JSON body of one model; with `multipart` also as form data whose parts are JSON text of theirs."""
    content: dict[str, Any] = {"application/json": {"schema": _ref(model)}}
    if multipart:
        content["multipart/form-data"] = {
            "schema": {
                "type": "object",
                "required": list(multipart),
                "properties": {name: _ref(part) for name, part in multipart.items()},
            },
            "encoding": {name: {"contentType": "application/json"} for name in multipart},
        }
    return takes(content)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route: problem documents."""
    _bodies[Problem.__name__] = Problem
    return {
        status: {
            "description": f"{text(f'errors.title_{status}', 'zh')} / {text(f'errors.title_{status}', 'en')}",
            "content": {PROBLEM_TYPE: {"schema": {"$ref": REF.format(model=Problem.__name__)}}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Make `app.openapi()` say what the routes really take and answer."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            models = [(model, "validation") for model in _bodies.values()]
            _, ours = models_json_schema(models, ref_template=REF)  # type: ignore[arg-type]
            for name, schema in ours.get("$defs", {}).items():
                schemas.setdefault(name, schema)
            _leave_out_what_never_happens(made)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _ref(model: type[BaseModel]) -> dict[str, str]:
    _bodies[model.__name__] = model
    return {"$ref": REF.format(model=model.__name__)}


def _leave_out_what_never_happens(made: dict[str, Any]) -> None:
    """FastAPI writes its own 422 beside every parameter; ours are problem documents."""
    for operations in made["paths"].values():
        for operation in operations.values():
            content = operation.get("responses", {}).get("422", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if schema.get("$ref", "").endswith("HTTPValidationError"):
                operation["responses"]["422"] = problems(422)[422]
    for name in ("HTTPValidationError", "ValidationError"):
        made["components"]["schemas"].pop(name, None)
