"""The demonstration: a fresh data directory with the invented hospital of `simulator.first_days` in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from simulator.first_days import packaged
from wardwatch.settings import Settings

FOLDER = "demo"
MARK = "demo.txt"
"""Stands in a data directory that the demonstration made, and so may wipe."""
MARK_TEXT = "演示数据，下次演示时清空 / data of the demonstration, wiped when it starts again\n"


class NotOurs(OSError):
    """There is a folder of that name which no demonstration made."""


def demo_settings(settings: Settings) -> Settings:
    """The settings of a demonstration under `data_dir`: a new database, its own rules and institution, no
    credentials (so only this machine may call). Raises `OSError`."""
    folder = fresh(settings.data_dir / FOLDER)
    for name in ("rules.toml", "institutions.toml"):
        shutil.copyfile(packaged(name), folder / name)
    return settings.model_copy(
        update={
            "data_dir": folder,
            "database_url": None,
            "institutions_file": folder / "institutions.toml",
            "credentials_file": folder / "credentials.toml",
            "rules": settings.rules.model_copy(update={"directory": None, "files": (folder / "rules.toml",)}),
        }
    )


def fresh(folder: Path) -> Path:
    """`folder`, empty but for the mark. What an earlier demonstration left is deleted; anything else is refused."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise NotOurs(0, "不是演示数据，未删除 / holds no demonstration, not deleted", str(folder))
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / MARK).write_text(MARK_TEXT, "utf-8")
    return folder
