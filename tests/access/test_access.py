"""Credentials, scopes and the one table of permissions."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import get_args

import pytest

from access.callers import LOCAL, UnknownCaller, caller_as
from access.credentials import (
    Credentials,
    CredentialsError,
    load_credentials,
    must_bind_loopback,
    new_credential,
)
from access.permissions import ACTIONS, PERMISSIONS, ROLES, Action
from access.scopes import ALL, Scope
from access.sealing import public_jwk

NOW = datetime.fromisoformat("2026-03-02T10:00:00+08:00")


def written(folder: Path, *entries: str) -> Path:
    file = folder / "credentials.toml"
    file.write_text("\n".join(entries), encoding="utf-8")
    return file


def test_a_token_opens_exactly_what_its_entry_says(tmp_path: Path) -> None:
    token, entry = new_credential("his-1", "institution", ["H1", "H2"], ["骨科"], date(2026, 3, 2))
    caller = load_credentials(written(tmp_path, entry)).authenticate(token, NOW)
    assert caller is not None
    assert (caller.id, caller.role) == ("his-1", "institution")
    assert caller.scope.allows("capture.send", "H1", "骨科")
    assert not caller.scope.allows("capture.send", "H3", "骨科")
    assert not caller.scope.allows("capture.send", "H1", "内科")
    assert not caller.scope.allows("hold.review", "H1", "骨科")


def test_the_file_never_holds_the_token() -> None:
    token, entry = new_credential("x", "device")
    assert token not in entry
    assert token.startswith("ww_")


def test_a_credential_is_good_until_the_end_of_its_last_day_in_china(tmp_path: Path) -> None:
    token, entry = new_credential("x", "device", expires=date(2026, 3, 2))
    credentials = load_credentials(written(tmp_path, entry))
    assert credentials.authenticate(token, datetime.fromisoformat("2026-03-02T15:59:59+00:00"))
    assert credentials.authenticate(token, datetime.fromisoformat("2026-03-02T16:00:00+00:00")) is None


@pytest.mark.parametrize("token", ["", "ww_", "ww_wrong", "ww_" + "x" * 10_000, "\ud800"])
def test_nobody_else_s_token_opens_anything(tmp_path: Path, token: str) -> None:
    _, entry = new_credential("x", "device")
    assert load_credentials(written(tmp_path, entry)).authenticate(token, NOW) is None


def test_without_a_file_there_are_no_credentials_and_only_loopback(tmp_path: Path) -> None:
    none = load_credentials(tmp_path / "credentials.toml")
    assert len(none) == 0
    assert must_bind_loopback(none)
    assert must_bind_loopback(Credentials())


def test_with_a_credential_others_may_be_listened_to(tmp_path: Path) -> None:
    _, entry = new_credential("x", "device")
    assert not must_bind_loopback(load_credentials(written(tmp_path, entry)))


GOOD = '[[credential]]\nid = "x"\nrole = "device"\ntoken_sha256 = "' + "a" * 64 + '"\ninstitutions = "*"\n'


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("[[credential", "TOML"),
        ("credentials = 1", "[[credential]]"),
        (GOOD.replace('"x"', '""'), "id"),
        (GOOD.replace("device", "king"), "role"),
        (GOOD.replace("a" * 64, "a" * 63), "token_sha256"),
        (GOOD.replace('institutions = "*"', ""), "institutions"),
        (GOOD.replace('institutions = "*"', "institutions = []"), "institutions"),
        (GOOD + 'wards = "骨科"', "wards"),
        (GOOD + 'expires = "2027"', "expires"),
        (GOOD + "expires = 2027-01-01T00:00:00", "expires"),
        (GOOD + 'token = "ww_secret"', "unknown field: token"),
        (GOOD + GOOD, "same id"),
        (GOOD + GOOD.replace('"x"', '"y"'), "same token_sha256"),
    ],
)
def test_a_file_that_can_t_be_used_says_where_and_why(tmp_path: Path, entry: str, said: str) -> None:
    file = written(tmp_path, entry)
    with pytest.raises(CredentialsError) as raised:
        load_credentials(file)
    assert said in str(raised.value)
    assert str(file) in str(raised.value)
    assert "a" * 64 not in str(raised.value)


def test_an_id_that_would_break_the_file_is_refused() -> None:
    with pytest.raises(CredentialsError):
        new_credential('x"\nrole = "administrator', "device")


def test_every_role_and_every_action_is_in_the_table() -> None:
    assert set(PERMISSIONS) == set(ROLES)
    assert set(get_args(Action)) == ACTIONS
    granted = frozenset[Action]().union(*PERMISSIONS.values())
    assert granted == ACTIONS, "an action that nobody may do"


def test_only_the_agency_s_two_reviewers_review_holds() -> None:
    assert {role for role in ROLES if "hold.review" in PERMISSIONS[role]} == {"reviewer", "second_reviewer"}


def test_who_runs_the_machine_reads_no_patient() -> None:
    assert PERMISSIONS["administrator"] == {"operate", "keys.read"}


def test_the_ward_sees_no_alerts_about_its_patients() -> None:
    for role in ("ward_staff", "device"):
        assert not PERMISSIONS[role] & {"alert.read", "hold.read", "gate.read", "stay.read"}


def test_a_scope_of_wards_doesn_t_reach_the_whole_institution_but_some_of_it() -> None:
    scope = Scope(frozenset({"H1"}), frozenset({"骨科"}), PERMISSIONS["ward_staff"])
    assert not scope.allows("check.read", "H1")
    assert scope.allows_somewhere("check.read", "H1")
    assert not scope.allows_somewhere("check.read", "H2")
    assert not scope.allows("check.read", "", "骨科")


@pytest.mark.parametrize("said", [{"id": "r-1", "role": "reviewer"}, ["r-1", "reviewer"], "r-1 reviewer"])
def test_as_of_a_journal_line_names_a_person_and_a_role(said: object) -> None:
    caller = caller_as(said)
    assert (caller.id, caller.role) == ("r-1", "reviewer")
    assert caller.scope == Scope(ALL, ALL, PERMISSIONS["reviewer"])


@pytest.mark.parametrize("said", [None, 7, "", "r-1", "r-1 king", {"id": "r-1"}, ["r-1"], ["", "reviewer"], "a\nb x"])
def test_as_without_a_person_or_a_role_we_know_is_refused(said: object) -> None:
    with pytest.raises(UnknownCaller):
        caller_as(said)


def test_whoever_sits_at_the_machine_may_do_everything() -> None:
    assert all(LOCAL.scope.allows(action, "H1", "骨科") for action in ACTIONS)


def test_the_sealing_key_is_a_json_web_key_with_its_thumbprint() -> None:
    key = public_jwk(bytes(range(32)))
    assert key["x"] == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    assert (key["kty"], key["crv"], len(key["kid"])) == ("OKP", "X25519", 43)
    with pytest.raises(ValueError, match="32 bytes"):
        public_jwk(b"short")
