"""Set-up on a bare machine: what is missing is named, nothing is done twice, and the pins are what runs."""

from __future__ import annotations

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted((ROOT / "scripts").glob("*.sh"))
PIN = re.compile(r"^[a-z0-9][a-z0-9.-]*==[0-9][0-9a-z.]*$")
ORDINARY_TOOLS = ("sh", "dirname", "cat", "cksum", "rm", "mv", "mkdir", "chmod", "env")

# Stands for an interpreter: enough of one for set-up to believe, and it notes what it was asked to do.
FAKE_PYTHON = """#!/bin/sh
case "$*" in
*version_info*) exit {too_old} ;;
*ensurepip*) exit {without_venv} ;;
*sys.version*) echo "3.11 fake" ;;
"-m venv"*)
    echo venv >>calls
    mkdir -p .venv/bin && cat "$0" >.venv/bin/python && chmod +x .venv/bin/python ;;
"-m pip --version") exit 0 ;;
"-m pip install"*--editable*)
    echo editable >>calls
    cat "$0" >.venv/bin/wardwatch && chmod +x .venv/bin/wardwatch ;;
"-m pip install"*) echo install >>calls; [ ! -e broken-network ] ;;
*) echo "Python 3.11 fake" ;;
esac
"""


# The scripts on a machine that lacks something


class BareMachine:
    """A folder with the project's set-up files, and a PATH that holds only what the test puts there."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project with spaces"
        self.bin = folder / "bin"
        self.bin.mkdir()
        (self.project / "scripts").mkdir(parents=True)
        shutil.copy(ROOT / "scripts/setup.sh", self.project / "scripts")
        for name in ("pyproject.toml", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(ROOT / name, self.project)
        for tool in ORDINARY_TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool} here"))

    def add_python(self, name: str = "python3", *, too_old: bool = False, without_venv: bool = False) -> None:
        self._add(name, FAKE_PYTHON.format(too_old=int(too_old), without_venv=int(without_venv)))

    def add_make(self) -> None:
        self._add("make", "#!/bin/sh\n")

    def _add(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text, encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def set_up(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.bin / "sh", self.project / "scripts/setup.sh"],
            env={"PATH": str(self.bin)},
            cwd="/",
            text=True,
            capture_output=True,
            timeout=30,
            check=False,
        )

    def calls(self) -> list[str]:
        """What the interpreter did since the last time this was asked."""
        notes = self.project / "calls"
        done = notes.read_text(encoding="utf-8").split() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return done


@pytest.fixture
def machine(tmp_path: Path) -> BareMachine:
    return BareMachine(tmp_path)


def test_a_machine_without_anything_is_told_the_one_line_that_mends_it(machine: BareMachine) -> None:
    answer = machine.set_up()
    assert answer.returncode == 1
    assert "apt-get install -y make python3 python3-venv python3-pip" in answer.stderr


def test_a_debian_without_venv_is_told_so(machine: BareMachine) -> None:
    machine.add_make()
    machine.add_python(without_venv=True)
    answer = machine.set_up()
    assert answer.returncode == 1
    assert "apt-get install -y python3-venv python3-pip" in answer.stderr
    assert machine.calls() == []


def test_an_old_python_alone_is_not_enough(machine: BareMachine) -> None:
    machine.add_make()
    machine.add_python(too_old=True)
    answer = machine.set_up()
    assert answer.returncode == 1
    assert "3.11" in answer.stderr


def test_a_newer_python_beside_an_old_one_is_taken(machine: BareMachine) -> None:
    machine.add_make()
    machine.add_python("python3", too_old=True)
    machine.add_python("python3.12")
    assert machine.set_up().returncode == 0
    assert machine.calls() == ["venv", "install", "editable"]


def test_a_python_that_can_make_environments_goes_before_one_that_cannot(machine: BareMachine) -> None:
    machine.add_make()
    machine.add_python("python3", without_venv=True)
    machine.add_python("python3.11")
    assert machine.set_up().returncode == 0


def test_set_up_can_do_without_make_but_says_how_to_get_it(machine: BareMachine) -> None:
    machine.add_python()
    answer = machine.set_up()
    assert answer.returncode == 0
    assert "apt-get install -y make" in answer.stdout


def test_a_second_run_does_nothing_and_says_nothing(machine: BareMachine) -> None:
    machine.add_make()
    machine.add_python()
    machine.set_up()
    assert machine.calls() == ["venv", "install", "editable"]
    again = machine.set_up()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert machine.calls() == []


def test_new_pins_are_installed_into_the_same_environment(machine: BareMachine) -> None:
    machine.add_make()
    machine.add_python()
    machine.set_up()
    machine.calls()
    with (machine.project / "requirements.txt").open("a", encoding="utf-8") as pins:
        pins.write("another==1.0\n")
    assert machine.set_up().returncode == 0
    assert machine.calls() == ["install", "editable"]


def test_a_failed_install_is_told_and_tried_again(machine: BareMachine) -> None:
    machine.add_make()
    machine.add_python()
    (machine.project / "broken-network").touch()
    failed = machine.set_up()
    assert failed.returncode == 1
    assert "PIP_INDEX_URL" in failed.stderr
    (machine.project / "broken-network").unlink()
    machine.calls()
    assert machine.set_up().returncode == 0
    assert machine.calls() == ["install", "editable"]


def test_an_environment_whose_interpreter_is_gone_is_made_anew(machine: BareMachine) -> None:
    machine.add_make()
    machine.add_python()
    machine.set_up()
    machine.calls()
    (machine.project / ".venv/bin/python").unlink()
    assert machine.set_up().returncode == 0
    assert machine.calls() == ["venv", "install", "editable"]


# The scripts themselves


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_plain_posix_sh(script: Path) -> None:
    shell = shutil.which("dash") or "sh"
    checked = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")


def test_the_ci_script_is_valid_bash() -> None:
    assert subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=False).returncode == 0


def test_make_without_a_target_explains_every_target_in_both_languages() -> None:
    if not shutil.which("make"):
        pytest.skip("no make here")
    shown = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony
    for target in phony[1].split():
        line = re.search(rf"^  make {target} +(.*)$", shown, re.MULTILINE)
        assert line, target
        assert " / " in line[1], target


# The pins


def pins() -> dict[str, str]:
    found = {}
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r ")):
                assert PIN.match(line), f"{name}: not an exact pin without address: {line}"
                package, version = line.split("==")
                found[package] = version
    return found


def wanted() -> Iterator[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield from map(Requirement, project["dependencies"])
    for extra in project["optional-dependencies"].values():
        yield from map(Requirement, extra)


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    pinned = pins()
    for requirement in wanted():
        version = pinned.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not pinned: sh scripts/pin.sh"
        assert requirement.specifier.contains(version), f"{requirement} is pinned to {version}: sh scripts/pin.sh"


def test_every_dependency_has_a_lower_and_an_upper_bound() -> None:
    calendar_versioned = {"cryptography"}  # a new major number every few months, without meaning
    for requirement in wanted():
        operators = {each.operator for each in requirement.specifier}
        assert ">=" in operators, requirement
        assert "<" in operators or requirement.name in calendar_versioned, requirement


def test_what_is_installed_is_what_is_pinned() -> None:
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("not running in the environment that set-up makes")
    installed = {canonicalize_name(each.metadata["Name"]): each.version for each in metadata.distributions()}
    assert {name: installed.get(canonicalize_name(name)) for name in pins()} == pins()


def test_every_library_the_product_imports_is_a_dependency_of_ours() -> None:
    """Leaning on what another library happens to bring breaks when that library changes its mind."""
    part_of = {"pydantic-core": "pydantic", "starlette": "fastapi"}  # their public other halves
    declared = {canonicalize_name(requirement.name) for requirement in wanted()}
    providers = metadata.packages_distributions()
    for module, users in third_party_imports().items():
        packages = {canonicalize_name(name) for name in providers.get(module, [])}
        assert {part_of.get(name, name) for name in packages} & declared, f"{module}, imported by {users[0]}"


def third_party_imports() -> dict[str, list[str]]:
    """Imported top-level modules that are neither Python's nor ours, with the files that import them."""
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    found: dict[str, list[str]] = {}
    for package in sorted(ours):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    modules = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules = [node.module]
                else:
                    continue
                for module in {name.split(".")[0] for name in modules} - ours - sys.stdlib_module_names:
                    found.setdefault(module, []).append(path.relative_to(ROOT).as_posix())
    return found


# The package


def test_the_wheel_holds_every_package_with_its_data_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if ".dist-info/" not in name}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    in_tree = {
        path.relative_to(ROOT).as_posix()
        for package in packages
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == in_tree
    assert {name.split("/")[0] for name in packed} == packages


def test_no_service_is_published_beyond_this_machine() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    published = re.findall(r'^\s+- "((?:[\d.]+:)?\d+:\d+)"$', compose, re.MULTILINE)
    assert len(published) == 3
    assert all(port.startswith("127.0.0.1:") for port in published)


# The throw-away PostgreSQL


def postgres_is_installed() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/postgres")) or bool(shutil.which("postgres"))


needs_postgres = pytest.mark.skipif(not postgres_is_installed(), reason="no PostgreSQL server on this machine")


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "WARDWATCH_TEST_POSTGRES"} | more


@needs_postgres
def test_a_command_finds_a_server_and_the_server_goes_with_it(tmp_path: Path) -> None:
    look = (
        "import os, sqlalchemy as s; e = s.create_engine(os.environ['WARDWATCH_TEST_POSTGRES']);"
        " print(e.connect().scalar(s.text('select 6 * 7'))); raise SystemExit(7)"
    )
    ran = subprocess.run(
        ["sh", ROOT / "scripts/with-postgres.sh", sys.executable, "-c", look],
        env=environment(TMPDIR="/tmp"),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ran.stdout.strip() == "42"
    assert ran.returncode == 7, "the command's own exit status"


@needs_postgres
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_server_behind(end: signal.Signals, tmp_path: Path) -> None:
    note = tmp_path / "url"
    process = subprocess.Popen(
        [
            "sh",
            ROOT / "scripts/with-postgres.sh",
            "sh",
            "-c",
            f'echo "$WARDWATCH_TEST_POSTGRES" >{note}; exec sleep 60',
        ],
        env=environment(TMPDIR="/tmp"),
        start_new_session=True,
    )
    try:
        wait_until(lambda: note.exists() and note.read_text() != "")
        port = note.read_text().rpartition(":")[2].split("/")[0]
        assert servers_on(port)
        os.killpg(process.pid, end)
        assert process.wait(timeout=30) == 128 + end
        wait_until(lambda: not servers_on(port))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)


def servers_on(port: str) -> list[str]:
    """Command lines of PostgreSQL servers that were told to use `port`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode("utf-8", "replace").split("\0")
        except OSError:
            continue  # it ended while we looked
        if words[0].endswith("postgres") and port in words:
            found.append(" ".join(words))
    return found


def wait_until(happened: Callable[[], bool], seconds: float = 30.0) -> None:
    give_up = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.05)


def test_a_server_that_is_there_already_is_used_and_left_alone() -> None:
    ran = subprocess.run(
        ["sh", ROOT / "scripts/with-postgres.sh", "sh", "-c", 'echo "$WARDWATCH_TEST_POSTGRES"'],
        env=environment(WARDWATCH_TEST_POSTGRES="postgresql+psycopg://elsewhere/x"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "postgresql+psycopg://elsewhere/x"
