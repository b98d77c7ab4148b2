#!/bin/sh
# 按 pyproject.toml 重新解析依赖，写出 requirements*.txt。
# Resolves pyproject.toml anew and writes requirements.txt (what runs, PostgreSQL driver included) and
# requirements-dev.txt (what builds and checks it): names and exact versions, no addresses. Only wheels count, so
# whatever is pinned installs without a compiler. Run it with Python 3.11, the oldest that is supported.
set -eu

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

"${PYTHON:-python3}" -m venv "$work/venv"
pip() { "$work/venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }

# The build tool first: reading the project's own metadata needs it.
pip install --quiet --only-binary :all: 'hatchling>=1.27,<2'
resolve() {
    pip install --quiet --dry-run --ignore-installed --only-binary :all: --no-build-isolation --report "$1" "$2"
}
resolve "$work/run.json" '.[postgres]'
resolve "$work/dev.json" '.[postgres,dev]'

"$work/venv/bin/python" - "$work/run.json" "$work/dev.json" <<'PYTHON'
import json
import sys
from pathlib import Path


def pins(report: str) -> dict[str, str]:
    found = json.loads(Path(report).read_text(encoding="utf-8"))["install"]
    each = [one["metadata"] for one in found if "dir_info" not in one["download_info"]]
    return {one["name"].lower().replace("_", "-"): one["version"] for one in each}


def write(name: str, first: list[str], versions: dict[str, str]) -> None:
    lines = first + [f"{package}=={version}" for package, version in sorted(versions.items())]
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")


run, dev = pins(sys.argv[1]), pins(sys.argv[2])
clash = {name for name in run if dev.get(name) != run[name]}
if clash:
    sys.exit(f"resolved differently with and without the tools: {sorted(clash)}")
made = "# Made by scripts/pin.sh from pyproject.toml; don't edit by hand."
write("requirements.txt", [made], run)
write("requirements-dev.txt", [made, "-r requirements.txt"], {n: v for n, v in dev.items() if n not in run})
print(f"requirements.txt: {len(run)}, requirements-dev.txt: {len(dev) - len(run)} more")
PYTHON
