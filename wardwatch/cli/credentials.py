from __future__ import annotations

import typer

app = typer.Typer()


@app.command("x")
def x() -> None:
    """."""


@app.command("y")
def y() -> None:
    """."""
