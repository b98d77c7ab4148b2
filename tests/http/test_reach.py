"""Who may call what, and how far each one sees."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi.routing import APIRoute

from access.callers import Caller
from access.credentials import Credential, fingerprint_of
from access.permissions import PERMISSIONS, ROLES, Action, Role
from access.scopes import ALL, Reach, Scope
from tests.http import said
from tests.http.conftest import House, Opened, started, stopped

PUBLIC = {
    "/",
    "/docs",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/favicon.ico",
    "/assets/texts.json",
    "/assets/{name}",
    "/problems/{name}",
    "/api/v1/cases",
    "/api/v1/cases/{rest:path}",
}
"""What everybody may read: pages without data, and whether the machine is well."""


def credential(name: str, role: Role, institutions: Reach = ALL, wards: Reach = ALL, token: str = "") -> Credential:
    scope = Scope(institutions, wards, PERMISSIONS[role])
    return Credential(Caller(name, role, scope), fingerprint_of(token or name), None)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server where every role has a credential; the token is the role's name."""
    house = started(tmp_path_factory.mktemp("walk") / "0", [credential(role, role) for role in ROLES])
    with house.client("institution") as his:
        his.post("/fsi/callService", json=said.admission())
    yield house
    stopped(house)


def routes(house: House) -> list[tuple[str, str, Action | None]]:
    """(method, path, action) of everything the server answers."""
    found: list[tuple[str, str, Action | None]] = []

    def walk(each: object) -> None:
        for route in getattr(each, "routes", []):
            if isinstance(route, APIRoute):
                action = (route.openapi_extra or {}).get("x-action")
                found.extend((method, route.path, action) for method in sorted(route.methods or ()))
            else:
                inner = getattr(route, "original_router", None) or getattr(route, "app", None)
                walk(inner) if inner is not None else None

    walk(house.app)
    return found


def test_every_route_names_its_action_or_is_public(walked: House) -> None:
    every = routes(walked)
    assert len(every) >= 30
    assert {path for _, path, action in every if action is None} <= PUBLIC
    assert {action for _, _, action in every if action} == frozenset[Action]().union(*PERMISSIONS.values())


@pytest.mark.parametrize("role", ROLES)
def test_every_role_over_every_route_as_the_table_says(walked: House, role: Role) -> None:
    with httpx.Client(base_url=walked.url, headers={"Authorization": f"Bearer {role}"}) as caller:
        for method, path, action in routes(walked):
            if action is None:
                continue
            address = re.sub(r"{\w+}", "x-1", path)
            with caller.stream(method, address, content=b"{}" if method == "POST" else b"") as answer:
                if action in PERMISSIONS[role]:
                    assert answer.status_code not in (401, 403), (role, method, path)
                else:
                    assert answer.status_code == 403, (role, method, path)
                    assert "action" in answer.read().decode() or path.startswith("/fsi/")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic aW5zdGl0dXRpb24=", "institution"])
def test_without_a_good_credential_nothing_but_pages(walked: House, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    with httpx.Client(base_url=walked.url, headers=headers) as stranger:
        for method, path, action in routes(walked):
            if action is None:
                continue
            answer = stranger.request(method, re.sub(r"{\w+}", "x-1", path), content=b"{}")
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            if path.startswith("/fsi/"):
                assert answer.json()["infcode"] == -1
            else:
                assert answer.json()["type"].startswith("/problems/credential-")
        assert stranger.get("/").status_code == 200


@pytest.fixture
def two_hospitals(opened: Opened) -> House:
    """Ours with a patient and a check, and another that tries to look in."""
    mine, other = frozenset({said.HOSPITAL}), frozenset({said.OTHER_HOSPITAL})
    house = opened(
        [
            credential("mine", "institution", mine),
            credential("other", "institution", other),
            credential("other-office", "hospital_office", other),
            credential("ward", "ward_staff", mine, frozenset({said.WARD})),
            credential("other-ward", "ward_staff", mine, frozenset({"内科"})),
            credential("bureau", "supervisor"),
            credential("schedule", "service"),
        ]
    )
    with house.client("mine") as his, house.client("schedule") as schedule:
        assert his.post("/fsi/callService", json=said.admission()).json()["infcode"] == 0
        assert his.post("/api/v1/captures", json=said.capture()).status_code == 202
        assert schedule.post("/api/v1/checks", json=said.check()).status_code == 201
    house.settle()
    return house


def test_another_hospital_can_t_send_for_ours(two_hospitals: House) -> None:
    with two_hospitals.client("other") as caller:
        for path, body in (
            ("/api/v1/captures", said.capture(capture_id="cp-9")),
            ("/api/v1/whereabouts", said.whereabouts()),
            ("/api/v1/scenes", said.scene()),
        ):
            answer = caller.post(path, json=body)
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/out-of-scope")
        refused = caller.post("/fsi/callService", json=said.admission(2))
        assert (refused.status_code, refused.json()["infcode"]) == (403, -1)


def test_another_hospital_learns_nothing_by_guessing_ids(two_hospitals: House) -> None:
    """What exists and what doesn't are answered alike."""
    with two_hospitals.client("other") as caller:
        for there, nowhere in (
            ("/api/v1/captures/cp-1", "/api/v1/captures/cp-none"),
            (f"/api/v1/stays/{said.STAY}", "/api/v1/stays/none"),
            (f"/api/v1/stays/{said.STAY}/gate", "/api/v1/stays/none/gate"),
        ):
            assert caller.get(there).status_code == 404
            assert caller.get(there).content == caller.get(nowhere).content
        for ending, body in (("receipts", said.receipt()), ("answers", said.answer())):
            there_too = caller.post(f"/api/v1/checks/ck-1/{ending}", json=body)
            nowhere_too = caller.post(f"/api/v1/checks/ck-none/{ending}", json=body)
            assert there_too.status_code == 404
            assert there_too.content == nowhere_too.content


def test_lists_hold_only_what_is_ours_and_asking_for_others_is_refused(two_hospitals: House) -> None:
    with two_hospitals.client("bureau") as bureau, two_hospitals.client("other-office") as office:
        assert bureau.get("/api/v1/alerts", params={"institution": said.HOSPITAL}).status_code == 200
        for path in ("/api/v1/alerts", "/api/v1/holds", "/api/v1/checks"):
            assert office.get(path, params={"institution": said.HOSPITAL}).status_code == 403
        assert office.get("/api/v1/alerts").json()["items"] == []
        own = office.get("/api/v1/checks", params={"institution": said.OTHER_HOSPITAL})
        assert own.json() == {"items": []}


def test_a_ward_s_phone_reaches_its_ward_and_no_other(two_hospitals: House) -> None:
    asked = {"institution": said.HOSPITAL}
    with two_hospitals.client("ward") as ours, two_hospitals.client("other-ward") as theirs:
        assert len(ours.get("/api/v1/checks", params=asked).json()["items"]) == 1
        assert ours.get("/api/v1/checks", params={**asked, "ward": "内科"}).status_code == 403
        assert theirs.get("/api/v1/checks", params=asked).json()["items"] == []
        assert ours.get("/api/v1/captures/cp-1").status_code == 200
        assert theirs.get("/api/v1/captures/cp-1").status_code == 404
        answer = said.answer(ward="内科")  # saying so doesn't make it theirs
        assert theirs.post("/api/v1/checks/ck-1/answers", json=answer).status_code == 404
        assert theirs.post("/api/v1/captures", json=said.capture(capture_id="x")).status_code == 403
        assert ours.post("/api/v1/checks/ck-1/answers", json=said.answer()).status_code == 202


def test_nobody_takes_another_institution_s_check_id(two_hospitals: House) -> None:
    with two_hospitals.client("schedule") as schedule:
        body = said.check(fixmedins_code=said.OTHER_HOSPITAL)
        assert schedule.post("/api/v1/checks", json=body).status_code == 409
        (check,) = schedule.get("/api/v1/checks", params={"institution": said.HOSPITAL}).json()["items"]
        assert check["check_id"] == "ck-1"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "wardwatch.example"},
        {"Host": "192.168.1.10:8800"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_without_credentials_a_lured_browser_is_refused(house: House, headers: dict[str, str]) -> None:
    for path in ("/api/v1/alerts", "/", "/metrics"):
        answer = httpx.get(house.url + path, headers=headers)
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"


def test_without_credentials_our_own_page_and_this_machine_may_call(house: House) -> None:
    assert httpx.get(f"{house.url}/api/v1/alerts", headers={"Origin": house.url}).status_code == 200
    assert httpx.get(f"{house.url.replace('127.0.0.1', 'localhost')}/api/v1/alerts").status_code == 200


def test_without_credentials_a_person_may_be_named_and_then_has_a_role(house: House) -> None:
    with house.client(person="d-1 dispatcher") as caller:
        assert caller.post("/api/v1/checks", json=said.check()).status_code == 201
        assert caller.get("/api/v1/holds").status_code == 403
    with house.client(person="nobody") as caller:
        assert caller.get("/api/v1/alerts").status_code == 400


def test_with_credentials_a_named_person_is_no_credential(walked: House) -> None:
    with httpx.Client(base_url=walked.url, headers={"Wardwatch-As": "r-1 reviewer"}) as caller:
        assert caller.get("/api/v1/holds").status_code == 401


def test_every_answer_tells_browsers_to_be_careful(house: House) -> None:
    for path in ("/", "/api/v1/alerts", "/nope", "/assets/live.js"):
        headers = httpx.get(house.url + path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] in ("no-store", "no-cache")
