"""The one catalogue of what users read: Chinese first, English beside it."""

from schemas.texts.catalogue import LANGUAGES, Language, known, text, zh

__all__ = ["LANGUAGES", "Language", "known", "text", "zh"]
