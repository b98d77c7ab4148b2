"""What was measured on: without it no figure says anything."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from pathlib import Path


def facts(folder: Path) -> dict[str, str]:
    """The machine as far as its speed depends on it. `folder` is where the databases lie."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "disk": f"a durable write takes {durable_write(folder) * 1000:.1f} ms",
        "load": f"{os.getloadavg()[0]:.1f} processes were running at the start",
    }


def durable_write(folder: Path, times: int = 25) -> float:
    """Median seconds that 4 KB take to be on the disk."""
    found = []
    file = folder / "durable-write"
    with file.open("wb") as out:
        for _ in range(times):
            out.write(bytes(4096))
            out.flush()
            began = time.perf_counter()
            os.fsync(out.fileno())
            found.append(time.perf_counter() - began)
    file.unlink()
    return sorted(found)[times // 2]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
