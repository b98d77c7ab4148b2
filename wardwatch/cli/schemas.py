from __future__ import annotations


def schemas() -> None:
    """."""
