"""Which of our two languages a caller reads."""

from __future__ import annotations

from schemas.texts import Language


def language_of(header: str) -> Language:
    """The language of an `Accept-Language` header: English only where it is liked better than Chinese."""
    liked: dict[str, float] = {}
    for part in header.lower().split(",")[:20]:
        name, _, parameters = part.strip().partition(";")
        quality = _quality(parameters)
        liked[name[:2]] = max(quality, liked.get(name[:2], 0.0))
    return "en" if liked.get("en", 0.0) > liked.get("zh", 0.0) else "zh"


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
