"""A real server in a process of its own: it starts, answers, keeps its word, and ends without noise."""

from __future__ import annotations

import signal
import socket
import time

import httpx
import pytest

from storage import log
from storage.store import Store
from tests.cli.conftest import Shell
from tests.journal import Hospital, Sent
from wardwatch.clock import Clock


def posts(http: httpx.Client, *sent: Sent) -> list[httpx.Response]:
    """Each line as its sender would post it."""
    return [http.post(one.row["path"], json=one.row["json"]) for one in sent]


def test_a_server_starts_answers_and_ends_with_0_and_no_word_of_complaint(shell: Shell) -> None:
    server = shell.starts("serve", "--port", "0")
    with server.http() as http:
        assert http.get("/healthz").json() == {"status": "ok"}
        assert http.get("/readyz").json()["ready"] is True
        assert http.get("/openapi.json").status_code == 200
        assert http.get("/api/v1/cases").status_code == 404
    assert server.stop(signal.SIGINT) == 0
    text = "".join(server.lines)
    assert "127.0.0.1" in text
    assert "试运行" in text
    assert "soft launch" in text
    assert str(shell.folder / "data") in text
    assert [line for line in server.complaints if "已停止" not in line] == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_with_0_while_a_console_listens(shell: Shell, how: signal.Signals) -> None:
    server = shell.starts("serve", "--port", "0")
    with server.http() as http, http.stream("GET", "/api/v1/live") as live:
        assert live.status_code == 200
        next(live.iter_lines())
        assert server.stop(how) == 0
    noise = [line for line in server.complaints if "Traceback" in line or "ERROR" in line]
    assert noise == []


def test_what_was_taken_is_there_after_a_restart(shell: Shell) -> None:
    hospital = Hospital()
    patient = hospital.ward().admits("03-02 09:00")
    first = shell.starts("serve", "--port", "0")
    with first.http() as http:
        (answer,) = posts(http, *hospital.journal.lines)
        assert answer.json()["infcode"] == 0
    assert first.stop() == 0
    second = shell.starts("serve", "--port", "0")
    with second.http() as http:
        assert http.get(f"/api/v1/stays/{patient.mdtrt_id}").json()["ward"] == "骨科"


def test_a_killed_server_has_lost_nothing_it_confirmed(shell: Shell) -> None:
    hospital = Hospital()
    patients = [hospital.ward().admits(f"03-02 09:{number:02d}") for number in range(20)]
    first = shell.starts("serve", "--port", "0")
    with first.http() as http:
        assert {answer.json()["infcode"] for answer in posts(http, *hospital.journal.lines)} == {0}
    first.stop(signal.SIGKILL)
    second = shell.starts("serve", "--port", "0")
    with second.http() as http:
        until = time.monotonic() + 10
        while any(http.get(f"/api/v1/stays/{p.mdtrt_id}").status_code != 200 for p in patients):
            assert time.monotonic() < until


def test_without_credentials_only_this_machine_is_listened_on(shell: Shell) -> None:
    done = shell("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.code == 2
    assert "credentials new" in done.err
    assert "0.0.0.0" in done.err


def test_with_credentials_a_caller_must_show_one(shell: Shell) -> None:
    token = shell("credentials", "new", "ops", "--role", "service").out.strip()
    server = shell.starts("serve", "--host", "0.0.0.0", "--port", "0")
    address = server.address.replace("0.0.0.0", "127.0.0.1")
    with httpx.Client(base_url=address, timeout=10, trust_env=False) as http:
        assert http.get("/api/v1/export/holds").status_code == 401
        allowed = http.get("/api/v1/export/holds", headers={"Authorization": f"Bearer {token}"})
        assert allowed.status_code == 200


def test_a_port_in_use_is_said_to_be_in_use(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = shell("serve", "--port", str(taken.getsockname()[1]))
    assert done.code == 1
    assert "--port" in done.err
    assert "Traceback" not in done.err


def test_one_data_directory_serves_one_server(shell: Shell) -> None:
    first = shell.starts("serve", "--port", "0")
    assert first.address
    second = shell("serve", "--port", "0")
    assert second.code == 1
    assert "another wardwatch serve" in second.err
    assert shell("migrate").code == 1, "nor is it migrated meanwhile"


def test_a_stop_works_within_ten_seconds_on_a_running_server(shell: Shell) -> None:
    (shell.folder / "institutions.toml").write_text("[institutions.H99010100001]\nsoft = false\n")
    hospital = Hospital()
    patient = hospital.ward().admits("03-02 09:00")

    def settled_softly(http: httpx.Client) -> bool:
        """Is what the gate holds of this institution only reported?"""
        minute = len(hospital.journal.lines)
        sent = patient.settles(f"03-04 09:{minute:02d}", total="100.00", fund="60.00")
        (answer,) = posts(http, sent)
        return bool(answer.json()["output"]["wardwatch"]["soft"])

    server = shell.starts("serve", "--port", "0")
    with server.http() as http:
        posts(http, *hospital.journal.lines)
        assert not settled_softly(http)
        assert shell("holds", "stop", "--institution", hospital.code).code == 0
        until = time.monotonic() + 10
        while not settled_softly(http):
            assert time.monotonic() < until, "the stop was not in force within 10 seconds"
            time.sleep(0.5)


def test_lines_written_to_an_intake_topic_are_taken(shell: Shell) -> None:
    server = shell.starts("serve", "--port", "0", WARDWATCH_ROUTER__WAIT_SECONDS="0.2")
    hospital = Hospital()
    patient = hospital.ward().admits("03-02 09:00")
    with server.http() as http:
        with Store.open(f"sqlite:///{shell.folder / 'data' / 'wardwatch.sqlite'}") as store, store.write() as conn:
            log.append(conn, "admission", [("any", hospital.journal.lines[0].bytes)], at=Clock().now())
        until = time.monotonic() + 10
        while http.get(f"/api/v1/stays/{patient.mdtrt_id}").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.1)


def test_the_demonstration_finds_holds_and_tells(shell: Shell) -> None:
    server = shell.starts("serve", "--demo", "--port", "0", "--pace", "40000")
    server.wait_for("夜间不在院")
    server.wait_for("待核")
    server.wait_for("样本已送完", 60)
    assert "0 refused" in server.wait_for("all 238 requests are sent, .*").group()
    with server.http() as http:
        assert len(http.get("/api/v1/holds").json()["items"]) == 2
    assert server.stop() == 0
    assert not [line for line in server.complaints if "Traceback" in line or "ERROR" in line]


def test_the_demonstration_wipes_its_own_data_and_nobody_elses(shell: Shell) -> None:
    mine = shell.folder / "data" / "demo" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("kept")
    done = shell("serve", "--demo", "--port", "0")
    assert done.code == 1
    assert mine.read_text() == "kept"


def test_a_feed_moves_the_clock_and_so_wants_an_empty_database(shell: Shell) -> None:
    (shell.folder / "days.jsonl").write_text('{"at":"2026-03-02T08:00:00+08:00","path":"/clock"}\n')
    assert shell("migrate").code == 0
    done = shell("serve", "--feed", "days.jsonl", "--port", "0")
    assert done.code == 2
    assert "data_dir" in done.err
    assert shell("serve", "--pace", "5").code == 2
