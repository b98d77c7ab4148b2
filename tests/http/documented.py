"""Holds every answer against the interface document: status, content type and body must be as it says."""

from __future__ import annotations

import re
from typing import Any

import httpx
from jsonschema import Draft202012Validator

STREAM = "text/event-stream"


class Document:
    """/openapi.json, and what of it has been seen."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.seen: set[tuple[str, str, str]] = set()  # (path, verb, status)
        self._paths = [
            (re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path)) + "$"), path)
            for path in sorted(spec["paths"], key=lambda each: each.count("{"))
        ]

    def hold(self, response: httpx.Response) -> None:
        """Fail where the answer isn't what the document promises for its call."""
        request = response.request
        path = next((path for found, path in self._paths if found.match(request.url.path)), None)
        operation = self.spec["paths"].get(path, {}).get(request.method.lower()) if path else None
        if path is None or operation is None:
            assert response.status_code in (200, 404, 405), "an undocumented call answered otherwise"
            return
        status = str(response.status_code)
        where = f"{request.method} {path} → {status}"
        assert status in operation["responses"], f"{where} is not documented: {response.text[:300]}"
        content = operation["responses"][status].get("content", {})
        media = response.headers.get("content-type", "").partition(";")[0]
        assert media in content, f"{where} came as {media}, documented {list(content)}"
        self.seen.add((path, request.method.lower(), status))
        if media.endswith("json"):
            self.validate(content[media].get("schema", {}), response.json(), where)

    def validate(self, schema: dict[str, Any], body: Any, where: str) -> None:
        """Fail where `body` doesn't fit `schema`."""
        whole = {**schema, "components": self.spec["components"]}
        wrong = [f"{e.json_path}: {e.message[:200]}" for e in Draft202012Validator(whole).iter_errors(body)]
        assert not wrong, f"{where}: {wrong[:3]}"

    def operations(self) -> set[tuple[str, str]]:
        """Every documented (path, verb)."""
        return {(path, verb) for path, verbs in self.spec["paths"].items() for verb in verbs}
