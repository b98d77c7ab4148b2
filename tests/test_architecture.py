"""Rules of the house that import-linter can't see: who reads the clock, the environment, and the world."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "schemas",
    "detectors",
    "storage",
    "streams",
    "dashboards",
    "access",
    "simulator",
    "wardwatch",
)
PURE_PACKAGES = ("schemas", "detectors")

CLOCK_READS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "sqlalchemy.func.now",  # the database's clock is a clock too
    "sqlalchemy.func.current_timestamp",
}
ENVIRONMENT_READS = {"os.environ", "os.getenv", "os.environb", "os.putenv", "os.unsetenv"}

# What would tie a pure step to the machine, the hour or chance. `importlib.resources` stays allowed: rule
# sets are data of the package.
IMPURE_MODULES = {
    "asyncio",
    "fastapi",
    "glob",
    "http",
    "httpx",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "requests",
    "secrets",
    "shutil",
    "socket",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}
IMPURE_CALLS = {"open", "input", "print"}


def modules_of(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def names_used(source: str) -> Iterator[tuple[int, str]]:
    """Every dotted name a module uses, with its line, import aliases resolved: `dt.now` as it really is."""
    tree = ast.parse(source)
    real: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    real[alias.asname] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                real[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield node.lineno, f"{node.module}.{alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)):
            first, *rest = ast.unparse(node).split(".")
            yield node.lineno, ".".join([real.get(first, first), *rest])


def modules_imported(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def clock_reads(source: str) -> list[tuple[int, str]]:
    return sorted({use for use in names_used(source) if use[1] in CLOCK_READS})


def environment_reads(source: str) -> list[tuple[int, str]]:
    return sorted({use for use in names_used(source) if use[1] in ENVIRONMENT_READS})


def impurities(source: str) -> list[tuple[int, str]]:
    imports = {use for use in modules_imported(source) if use[1].split(".")[0] in IMPURE_MODULES}
    calls = {
        (node.lineno, node.func.id)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS
    }
    return sorted(imports | calls)


def outside_the_product(source: str) -> list[tuple[int, str]]:
    return [use for use in modules_imported(source) if use[1].split(".")[0] in {"tests", "bench"}]


def broken(
    rule: Callable[[str], list[tuple[int, str]]], modules: Iterator[Path], but: tuple[str, ...] = ()
) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in modules
        if path.relative_to(ROOT).as_posix() not in but
        for line, name in rule(path.read_text(encoding="utf-8"))
    ]


def test_only_the_clock_reads_the_time() -> None:
    assert broken(clock_reads, modules_of(*PACKAGES), but=("wardwatch/clock.py",)) == []


def test_the_clock_itself_is_where_the_rule_says() -> None:
    assert clock_reads((ROOT / "wardwatch/clock.py").read_text(encoding="utf-8"))


def test_only_the_settings_read_the_environment() -> None:
    assert broken(environment_reads, modules_of(*PACKAGES), but=("wardwatch/settings.py",)) == []


def test_schemas_and_detectors_touch_nothing_outside_themselves() -> None:
    assert broken(impurities, modules_of(*PURE_PACKAGES)) == []


def test_the_product_does_not_lean_on_its_tests() -> None:
    assert broken(outside_the_product, modules_of(*PACKAGES)) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is_for(package: str) -> None:
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\ndatetime.now(tz)",
        "from datetime import datetime as dt\ndt.utcnow()",
        "import datetime\ndatetime.datetime.now(tz)",
        "import datetime as d\nread = d.date.today",
        "import time\ntime.time()",
        "import time as t\nt.time_ns()",
        "from time import time\n",
        "from sqlalchemy import func\ncolumn.default(func.now())",
        "import sqlalchemy as sa\nsa.func.now()",
    ],
)
def test_a_hidden_look_at_the_clock_is_found(source: str) -> None:
    assert clock_reads(source)


@pytest.mark.parametrize(
    "source",
    [
        "clock.now()",
        "self.clock.now()",
        "import time\ntime.monotonic()",
        "from datetime import datetime\ndatetime.fromisoformat(text)",
    ],
)
def test_an_injected_clock_is_no_look_at_the_clock(source: str) -> None:
    assert clock_reads(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path",
        "from pathlib import Path",
        "import sqlalchemy as sa",
        "def step():\n    import socket",
        "text = open(name).read()",
    ],
)
def test_a_pure_module_that_reaches_out_is_found(source: str) -> None:
    assert impurities(source)


def test_a_rule_set_may_be_read_from_the_package() -> None:
    assert impurities("from importlib import resources\nimport tomllib") == []


@pytest.mark.parametrize("source", ["import os\nos.environ['X']", "from os import getenv", "from os import environ"])
def test_a_hidden_look_at_the_environment_is_found(source: str) -> None:
    assert environment_reads(source)
