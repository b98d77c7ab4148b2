"""A request as the intake takes it, what it answers, and why it may be turned down.

The same for a call over HTTP and for a journal line: there is no shortcut into the engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as _field
from datetime import datetime
from typing import Any, ClassVar

from access.callers import Caller
from schemas.texts import Language, text

__all__ = [
    "Answer",
    "BadRequest",
    "Caller",
    "Conflict",
    "FieldError",
    "Forbidden",
    "NotFound",
    "Rejected",
    "Request",
    "TooLarge",
    "Unauthorised",
    "Unavailable",
    "Unprocessable",
    "WrongType",
]


@dataclass(frozen=True, slots=True)
class Request:
    """One POST as it arrived.

    `body` is the JSON text as sent (of a multipart request `{"meta": …}` around the text of `meta`), which is
    what repeats are recognised by. `at` is the arrival, aware. `document` is the parsed body where the door
    had to parse it anyway; None leaves it to the intake. `flags` is what was noticed on the way here.
    """

    path: str
    body: bytes
    at: datetime
    caller: Caller
    idempotency_key: str = ""
    document: Any = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. `problem` says that `body` is an RFC 9457 problem document.

    `awaits` names an event whose effect is the real answer: whoever runs the engine looks it up there.
    """

    status: int
    body: dict[str, Any]
    problem: bool = False
    headers: Mapping[str, str] = _field(default_factory=dict)
    awaits: str = ""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `field` is its dotted path; the value itself is never repeated.

    `key` is a key of the catalogue without `errors.`, `params` what its sentence wants.
    """

    field: str
    key: str
    params: Mapping[str, Any] = _field(default_factory=dict)

    def row(self, language: Language) -> dict[str, str]:
        """As it stands in `errors` of a problem document, with a JSON pointer (RFC 6901)."""
        steps = self.field.split(".") if self.field else []
        pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
        detail = text(f"errors.{self.key}", language, **self.params)
        return {"pointer": f"#{pointer}", "field": self.field, "code": self.key, "detail": detail}


class Rejected(Exception):
    """A request that is turned down. `key` names the sentence in the catalogue (`errors.<key>`).

    The message of the exception is the key alone: parameters may come from the request, and logs must not
    hold what a request says about a person.
    """

    status: ClassVar[int] = 400

    def __init__(
        self,
        key: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(key)
        self.key = key
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.params = params

    def detail(self, language: Language) -> str:
        """What happened and what to do, in one or two sentences."""
        return text(f"errors.{self.key}", language, **self.params)

    def answer(self, language: Language = "zh") -> Answer:
        """The problem document (RFC 9457) in one language."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.key.replace('_', '-')}",
            "title": text(f"errors.title_{self.status}", language),
            "status": self.status,
            "detail": self.detail(language),
        }
        if self.errors:
            body["errors"] = [error.row(language) for error in self.errors]
        return Answer(self.status, body, problem=True, headers=self.headers)


class BadRequest(Rejected):
    """400: it can't be read as a request at all."""

    status = 400


class Unauthorised(Rejected):
    """401: no credential, or one that isn't known or has run out."""

    status = 401


class Forbidden(Rejected):
    """403: the credential doesn't reach this action, institution or ward."""

    status = 403


class NotFound(Rejected):
    """404: there is no such thing, or it lies outside the caller's reach: the answer is the same."""

    status = 404


class Conflict(Rejected):
    """409: it contradicts what was done before, e.g. the same person reviews a hold twice."""

    status = 409


class TooLarge(Rejected):
    """413: larger than this server takes."""

    status = 413


class WrongType(Rejected):
    """415: not a content type that this call takes."""

    status = 415


class Unprocessable(Rejected):
    """422: readable, but fields are missing or wrong; `errors` names each."""

    status = 422


class Unavailable(Rejected):
    """503: nothing was taken; send it again later."""

    status = 503
