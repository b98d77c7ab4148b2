"""The commands that end by themselves: what they do, print, and exit with."""

from __future__ import annotations

import contextlib
import stat
import subprocess
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from access.credentials import load_credentials
from simulator.first_days import packaged
from storage.store import Store
from storage.tables import REVISION
from tests.cli.conftest import Shell
from tests.journal import Hospital
from wardwatch.clock import Clock

JOURNAL = str(packaged("first-days.jsonl.zst"))


def database(shell: Shell) -> Path:
    """A database with tables and nothing in them."""
    assert shell("migrate").code == 0
    return shell.folder / "data" / "wardwatch.sqlite"


# ── replay ──


def test_a_replay_needs_nothing_but_its_journal_and_leaves_nothing_but_its_results(shell: Shell) -> None:
    done = shell("replay", JOURNAL, "--out", "results")
    assert done.code == 0
    names = {"alerts.jsonl", "decisions.jsonl", "dead_letters.jsonl", "summary.json"}
    assert {file.name for file in (shell.folder / "results").iterdir()} == names
    assert [file.name for file in shell.folder.iterdir()] == ["results"]
    assert "238" in done.out
    assert done.err == "", "no progress bar where nobody watches"


def test_two_replays_write_the_same_bytes(shell: Shell) -> None:
    rules = ("--rules", str(packaged("rules.toml")), "--institutions", str(packaged("institutions.toml")))
    for to in ("one", "other"):
        assert shell("replay", JOURNAL, "--out", to, *rules).code == 0
    for name in ("alerts.jsonl", "decisions.jsonl", "dead_letters.jsonl"):
        assert (shell.folder / "one" / name).read_bytes() == (shell.folder / "other" / name).read_bytes()
    assert (shell.folder / "one" / "alerts.jsonl").read_bytes()


def test_the_summary_counts_and_measures(shell: Shell) -> None:
    done = shell("replay", JOURNAL, "--out", "results", "--json")
    summary = orjson.loads((shell.folder / "results" / "summary.json").read_bytes())
    assert done.json == summary
    assert (summary["lines"], summary["requests"], summary["refused"], summary["dead_letters"]) == (239, 238, 0, 0)
    assert summary["rules"].startswith("national/")
    assert summary["seconds"] > 0
    assert summary["requests_per_second"] > 0


def test_a_bad_journal_is_named_with_its_line_and_nothing_is_written(shell: Shell) -> None:
    journal = shell.folder / "days.jsonl"
    journal.write_text('{"at":"2026-03-02T08:00:00+08:00","path":"/clock"}\nnonsense\n')
    done = shell("replay", "days.jsonl", "--out", "results")
    assert done.code == 1
    assert "days.jsonl" in done.err
    assert "line 2" in done.err
    assert "第 2 行" in done.err
    assert "Traceback" not in done.err
    assert not (shell.folder / "results").exists()


def test_a_journal_that_is_not_there_is_a_wrong_call(shell: Shell) -> None:
    assert shell("replay", "missing.jsonl").code == 2


def test_a_wrong_rule_set_is_named_with_its_line(shell: Shell) -> None:
    (shell.folder / "rules.toml").write_text('name = "mine"\nversion = "1"\neffective_from = 2026-01-01\nfoo = 1\n')
    done = shell("replay", JOURNAL, "--rules", "rules.toml")
    assert done.code == 1
    assert "rules.toml:4" in done.err


def test_a_folder_that_can_not_be_written_is_said_to_be_so(shell: Shell) -> None:
    (shell.folder / "results").touch()
    done = shell("replay", JOURNAL, "--out", "results/here")
    assert done.code in (1, 2)
    assert "Traceback" not in done.err


# ── config ──


def test_config_shows_every_value_and_hides_every_secret(shell: Shell) -> None:
    secrets = {
        "WARDWATCH_KEYS__PSEUDONYM": "p" * 40,
        "WARDWATCH_KEYS__PLATFORM__SM4": "ab" * 16,
        "WARDWATCH_DATABASE_URL": "postgresql+psycopg://me:hush@db/wardwatch",
    }
    for args in (("config",), ("config", "show", "--json")):
        done = shell(*args, **secrets)
        assert done.code == 0
        assert "http.port" in done.out
        for secret in ("p" * 40, "ab" * 16, "hush"):
            assert secret not in done.out + done.err


def test_config_check_finds_every_wrong_file_at_once(shell: Shell) -> None:
    (shell.folder / "institutions.toml").write_text("[institutions.H1]\nregion = 5\n")
    (shell.folder / "credentials.toml").write_text('[[credential]]\nid = "a"\n')
    done = shell("config", "check", "--json")
    assert done.code == 1
    text = "\n".join(done.json["problems"])
    assert "institutions.toml:2" in text
    assert "credentials.toml" in text


def test_config_check_is_content_with_nothing_configured(shell: Shell) -> None:
    done = shell("config", "check")
    assert (done.code, done.err) == (0, "")


def test_a_misspelt_setting_ends_every_command_with_2(shell: Shell) -> None:
    for args in (("config",), ("doctor",), ("serve",), ("holds", "list")):
        done = shell(*args, WARDWATCH_HTTP__PROT="1")
        assert done.code == 2
        assert "WARDWATCH_HTTP__PORT" in done.err


def test_a_settings_file_can_be_named(shell: Shell) -> None:
    (shell.folder / "mine.toml").write_text("[http]\nport = 4711\n")
    assert shell("--config", "mine.toml", "config", "--json").json["http.port"] == "4711"


# ── migrate, schemas ──


def test_migrate_makes_a_new_database_and_says_so(shell: Shell) -> None:
    assert shell("migrate", "--check").code == 1
    done = shell("migrate", "--json")
    assert done.json == {"needs": REVISION, "before": None, "after": REVISION}
    assert shell("migrate", "--check").code == 0


def test_schemas_are_exported_each_into_a_file_and_are_schemas(shell: Shell) -> None:
    assert shell("schemas", "--out", "schemas").code == 0
    files = sorted((shell.folder / "schemas").rglob("*.schema.json"))
    names = {str(file.relative_to(shell.folder / "schemas")).removesuffix(".schema.json") for file in files}
    wanted = {"alert", "decision", "hold", "rule_set", "journal_line", "institution"}
    assert wanted | {"events/admitted", "api/requests/CaptureIn", "api/answers/AlertOut"} <= names
    for file in files:
        Draft202012Validator.check_schema(orjson.loads(file.read_bytes()))


def test_schemas_printed_are_those_of_the_files(shell: Shell) -> None:
    shell("schemas", "--out", "schemas")
    printed = shell("schemas").json
    assert printed["alert"] == orjson.loads((shell.folder / "schemas/alert.schema.json").read_bytes())


# ── doctor ──


def test_the_doctor_is_content_with_a_new_installation_and_says_what_comes_later(shell: Shell) -> None:
    done = shell("doctor")
    assert done.code == 0
    assert "/api/v1/cases" in done.out
    assert not (shell.folder / "data").exists(), "it changes nothing"


def test_the_doctor_looks_at_everything_once_there_is_a_database(shell: Shell) -> None:
    database(shell)
    found = shell("doctor", "--json").json
    matters = {finding["matter"] for finding in found["findings"]}
    wanted = {"rules", "institutions", "access", "keys", "disk", "calendar", "database", "backlog", "timers"}
    assert wanted | {"dead_letters", "unjoined", "feeds", "clock", "later"} <= matters
    assert found["ok"]


@pytest.mark.parametrize(
    ("env", "matter"),
    [({"WARDWATCH_HTTP__HOST": "0.0.0.0"}, "access"), ({"WARDWATCH_RULES__DIRECTORY": "nowhere"}, "configuration")],
)
def test_the_doctor_ends_with_1_where_something_is_wrong(shell: Shell, env: dict[str, str], matter: str) -> None:
    done = shell("doctor", "--json", **env)
    assert done.code == 1
    assert matter in {finding["matter"] for finding in done.json["findings"] if finding["state"] == "problem"}


def test_the_doctor_sees_a_key_that_others_can_read(shell: Shell) -> None:
    key = shell.folder / "data" / "keys" / "nonce.key"
    key.parent.mkdir(parents=True)
    key.write_text("00" * 32)
    key.chmod(0o644)
    done = shell("doctor")
    assert done.code == 1
    assert "nonce.key" in done.out


# ── holds ──


def test_a_stop_is_kept_listed_and_lifted(shell: Shell) -> None:
    database(shell)
    assert shell("holds", "stop", "--rule", "presence.bed_hanging", "--reason", "门槛待复核").code == 0
    assert shell("holds", "stop", "--institution", "H99010100001", "--by", "王").code == 0
    stops = shell("holds", "list", "--json").json["stops"]
    assert [(stop["kind"], stop["value"]) for stop in stops] == [
        ("rule", "presence.bed_hanging"),
        ("institution", "H99010100001"),
    ]
    assert (stops[0]["reason"], stops[1]["by"]) == ("门槛待复核", "王")
    assert shell("holds", "lift", "--rule", "presence.bed_hanging").code == 0
    assert len(shell("holds", "list", "--json").json["stops"]) == 1
    assert shell("holds", "lift", "--rule", "presence.bed_hanging").code == 1


def test_stopping_twice_leaves_one_stop(shell: Shell) -> None:
    database(shell)
    for _ in range(2):
        assert shell("holds", "stop", "--rule", "gate.unverified_days").code == 0
    assert len(shell("holds", "list", "--json").json["stops"]) == 1


@pytest.mark.parametrize(
    "args",
    [("--rule", "presence.bedhanging"), (), ("--rule", "presence.bed_hanging", "--institution", "H1")],
    ids=["misspelt", "nothing named", "both named"],
)
def test_a_stop_must_name_one_rule_that_exists_or_one_institution(shell: Shell, args: tuple[str, ...]) -> None:
    database(shell)
    done = shell("holds", "stop", *args)
    assert done.code == 2
    if args[:1] == ("--rule",) and len(args) == 2:
        assert "presence.bed_hanging" in done.err


def test_holds_without_a_database_say_what_to_do(shell: Shell) -> None:
    done = shell("holds", "list")
    assert done.code == 1
    assert "wardwatch migrate" in done.err


def test_the_export_is_a_table_for_the_paying_side(shell: Shell) -> None:
    database(shell)
    assert shell("holds", "export").out.startswith("fixmedins_code,payment_due,")
    assert shell("holds", "export", "--json").json["items"] == []
    assert shell("holds", "export", "--out", "holds.csv", "--due-to", "2026-05-12").code == 0
    assert (shell.folder / "holds.csv").read_bytes().startswith(b"\xef\xbb\xbf")


# ── credentials ──


def test_a_new_credential_is_shown_once_and_kept_as_a_fingerprint(shell: Shell) -> None:
    done = shell("credentials", "new", "his-1", "--role", "institution", "-i", "H1", "--expires", "2030-12-31")
    assert done.code == 0
    token = done.out.strip()
    file = shell.folder / "credentials.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token not in file.read_text()
    caller = load_credentials(file).authenticate(token, Clock().now())
    assert caller is not None
    assert (caller.id, caller.scope.institutions) == ("his-1", frozenset({"H1"}))


def test_a_second_credential_joins_the_first_and_a_name_is_used_once(shell: Shell) -> None:
    assert shell("credentials", "new", "a", "--role", "device").code == 0
    assert shell("credentials", "new", "b", "--role", "reviewer").code == 0
    again = shell("credentials", "new", "a", "--role", "device")
    assert again.code == 1
    assert [row["id"] for row in shell("credentials", "list", "--json").json["items"]] == ["a", "b"]


def test_a_role_that_does_not_exist_is_refused_with_those_that_do(shell: Shell) -> None:
    done = shell("credentials", "new", "a", "--role", "emperor")
    assert done.code == 2
    assert "second_reviewer" in done.err
    assert not (shell.folder / "credentials.toml").exists()


# ── the database ──


def test_a_database_of_a_newer_version_is_left_alone(shell: Shell) -> None:
    file = database(shell)
    with Store.open(f"sqlite:///{file}") as store, store.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for args in (("holds", "list"), ("serve", "--port", "0"), ("doctor",)):
        done = shell(*args)
        assert done.code == 1
        assert "9999" in done.out + done.err


def test_a_replay_that_is_interrupted_ends_cleanly(shell: Shell) -> None:
    hospital = Hospital()
    ward = hospital.ward()
    for number in range(60):
        patient = ward.admits(f"03-02 08:{number:02d}")
        for hour in range(10, 22):
            patient.charged(f"03-02 {hour}:{number:02d}", "10.00")
    hospital.journal.write(shell.folder / "days.jsonl")
    running = shell.starts("replay", "days.jsonl", "--out", "results")
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.process.wait(1.2)
    assert running.stop() in (0, 130)
    assert not [line for line in running.complaints if "Traceback" in line]
