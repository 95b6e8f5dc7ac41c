"""What every answer has: headers, problem+json, a request id; health, the shell, the document."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from webapp import log
from webapp.config import Settings, settings_from_env
from webapp.db import db
from webapp.identity.models import Contract, User
from webapp.pwa.views import CSP
from webapp.storage import StoreAwayError, store_for

SHELL = [
    "/",
    "/sign-in",
    "/scan",
    "/items",
    "/sync",
    "/me",
    "/d/7K3F-9PQX",
    "/rooms/4",
    "/desk/x/y",
]


def test_health_and_readiness(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.get_json() == {"status": "ok", "checks": {"database": True, "files": True}}


def test_not_ready_without_the_schema(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.api.health._TABLE", "no_such_table")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"database": False, "files": True}


@pytest.mark.parametrize("path", [*SHELL, "/healthz", "/api/session", "/nowhere"])
def test_every_answer_carries_the_security_headers(path: str, client: FlaskClient) -> None:
    headers = client.get(path, buffered=True).headers
    assert headers["Content-Security-Policy"] == CSP
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=(self)" in headers["Permissions-Policy"]


def test_strict_transport_only_under_tls(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/healthz").headers
    secure = client.get("/healthz", base_url="https://localhost")
    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("path", SHELL)
def test_every_address_of_the_client_gives_the_shell(path: str, client: FlaskClient) -> None:
    answer = client.get(path, buffered=True)
    assert answer.status_code == 200
    assert answer.mimetype == "text/html"
    assert b'<div id="app">' in answer.data
    assert answer.headers["Cache-Control"] == "no-cache"


PERSON = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nowhere", "/rooms/", "/d/7K3F-9PQX/x/y", "/favicon.html"])
def test_an_address_that_nobody_knows_is_a_page_to_a_person(path: str, client: FlaskClient) -> None:
    kept = client.get("/", buffered=True).headers["ETag"]
    answer = client.get(path, headers=PERSON | {"If-None-Match": kept}, buffered=True)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert b'<div id="app">' in answer.data
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == CSP


@pytest.mark.parametrize(
    ("path", "screen"),
    [
        ("/desk/", "/desk"),
        ("/scan/?round=3&q=%E4%BC%9A", "/scan?round=3&q=%E4%BC%9A"),
        ("/d/7K3F-9PQX/", "/d/7K3F-9PQX"),
        ("/f/token/", "/f/token"),
        ("/desk///", "/desk"),
    ],
)
def test_a_slash_too_many_still_leads_to_the_screen(
    path: str, screen: str, client: FlaskClient
) -> None:
    answer = client.get(path, headers=PERSON, follow_redirects=True, buffered=True)
    assert answer.status_code == 200
    assert answer.request.full_path.rstrip("?") == screen


@pytest.mark.parametrize(
    "path", ["//elsewhere.example/", "/\\elsewhere.example/", "/%2Felsewhere/"]
)
def test_a_slash_too_many_leads_nowhere_else(path: str, client: FlaskClient) -> None:
    answer = client.get(path, headers=PERSON, buffered=True)
    where = answer.headers.get("Location", "")
    assert "//elsewhere" not in where.removeprefix("http://localhost")
    assert where == "" or where.startswith(("/elsewhere", "http://localhost/"))


@pytest.mark.parametrize(
    ("method", "path", "accept", "status"),
    [
        ("GET", "/nowhere", "*/*", 404),
        ("GET", "/nowhere", "application/json", 404),
        ("GET", "/api/nowhere", PERSON["Accept"], 404),
        ("GET", "/api/contracts/NONE/", PERSON["Accept"], 404),
        ("POST", "/nowhere", PERSON["Accept"], 404),
        ("POST", "/desk", PERSON["Accept"], 405),
    ],
)
def test_programs_and_the_api_keep_their_json(
    method: str, path: str, accept: str, status: int, client: FlaskClient
) -> None:
    answer = client.open(path, method=method, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_worker_and_manifest_stand_at_the_root(client: FlaskClient) -> None:
    worker = client.get("/sw.js", buffered=True)
    assert worker.status_code == 200
    assert worker.mimetype == "text/javascript"
    assert worker.headers["Cache-Control"] == "no-cache"
    manifest = client.get("/manifest.webmanifest", buffered=True)
    assert manifest.mimetype == "application/manifest+json"
    listed = json.loads(manifest.data)
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in listed["icons"]}
    for icon in listed["icons"]:
        assert client.get(icon["src"], buffered=True).status_code == 200


def test_the_api_is_never_cached(engineer: User, signed_in: Callable[[User], FlaskClient]) -> None:
    browser = signed_in(engineer)
    assert browser.get("/api/session").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/nowhere", 404, "not_found"),
        ("put", "/api/session", 405, "method_not_allowed"),
        ("get", "/api/session", 401, "unauthenticated"),
        ("post", "/api/session", 422, "invalid"),
    ],
)
def test_errors_are_problem_json_with_the_requests_id(
    method: str, path: str, status: int, code: str, client: FlaskClient
) -> None:
    answer = client.open(path, method=method.upper(), headers={"X-Request-Id": "my-request-1"})
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    body = answer.get_json()
    assert (body["code"], body["status"], body["title"]) == (code, status, f"error.{code}")
    assert body["request_id"] == answer.headers["X-Request-Id"] == "my-request-1"


@pytest.mark.parametrize("body", ["{", "[]", "null", '"x"', "[" * 10_000, '{"login": 1}', "\xff"])
def test_a_broken_body_is_a_clear_error(body: str, client: FlaskClient) -> None:
    answer = client.post(
        "/api/session", data=body.encode("latin-1"), content_type="application/json"
    )
    assert answer.status_code == 422
    assert answer.get_json()["code"] == "invalid"


def test_half_a_letter_is_refused_and_stored_nowhere(
    client: FlaskClient, manager: User, contract: Contract, signed_in: Callable[[User], FlaskClient]
) -> None:
    half = '{"login":"\\ud800","password":"x"}'
    answer = client.post("/api/session", data=half, content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")
    half = '{"name_zh":"甲\\ud83d楼"}'
    wang = signed_in(manager)
    path = f"/api/contracts/{contract.code}/buildings"
    answer = wang.post(path, data=half.encode(), content_type="application/json")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid")
    assert wang.get(path).get_json() == []


def test_a_request_id_with_a_line_break_is_not_echoed(client: FlaskClient) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": "short"})
    assert answer.headers["X-Request-Id"] != "short"
    assert len(answer.headers["X-Request-Id"]) == 16


def test_an_unexpected_error_tells_the_user_nothing_and_the_log_everything(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fall_over(*_arguments: object) -> None:
        raise RuntimeError("a secret of the server")

    monkeypatch.setitem(app.config, "PROPAGATE_UNEXPECTED", False)
    monkeypatch.setattr("webapp.identity.services.check_credentials", fall_over)
    answer = client.post("/api/session", json={"login": "x", "password": "y"})
    assert (answer.status_code, answer.get_json()["code"]) == (500, "unexpected")
    assert b"secret" not in answer.data
    assert db.session.is_active
    assert "a secret of the server" in caplog.text


class FromPostgres(Exception):
    """An error as psycopg raises it; without a state where nobody could be connected to."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("what PostgreSQL says of it")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("", {}, FromPostgres("40P01")),
        OperationalError("", {}, FromPostgres("57P01")),
        OperationalError("", {}, FromPostgres(None)),
        InterfaceError("", {}, FromPostgres("08006"), connection_invalidated=True),
        PoolTimeoutError("every connection is in use"),
        StoreAwayError("no answer"),
    ],
)
def test_what_is_away_is_asked_for_again_and_is_no_fault_of_the_request(
    error: Exception,
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fall_over(*_arguments: object) -> None:
        raise error

    monkeypatch.setitem(app.config, "PROPAGATE_UNEXPECTED", False)
    monkeypatch.setattr("webapp.identity.services.check_credentials", fall_over)
    answer = client.post("/api/session", json={"login": "x", "password": "y"})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert "Traceback" not in caplog.text


def test_a_store_that_cannot_be_reached_is_an_error_of_the_system_within_seconds() -> None:
    store = store_for("s3://key:secret@127.0.0.1:9/photos?scheme=http", Path("nowhere"))
    with pytest.raises(StoreAwayError):
        store.get("photos/1")


def test_each_request_is_a_line_of_json_with_its_id(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(log.JsonLines())
    logger = logging.getLogger("roundbook")
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "level", logging.INFO)
    client.get("/api/session", headers={"X-Request-Id": "my-request-1"})
    [line] = [json.loads(text) for text in written.getvalue().splitlines()]
    assert (line["event"], line["level"], line["request_id"]) == (
        "request",
        "info",
        "my-request-1",
    )
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/session", 401)
    assert line["milliseconds"] >= 0
    assert datetime.fromisoformat(line["at"]).tzinfo is not None


def test_the_document_is_valid_and_holds_the_wire_format(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert {"PushIn", "PullOut", "InspectionIn", "Me"} <= set(document["components"]["schemas"])


def test_the_documents_page_needs_no_other_server(client: FlaskClient) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    for path in ("app/docs/swagger-ui.css", "app/docs/swagger-ui-bundle.js", "docs.js"):
        assert f"/static/{path}".encode() in page.data
        assert client.get(f"/static/{path}", buffered=True).status_code == 200
    assert b"//" not in page.data.replace(b"/static/", b"")


def test_a_secret_key_is_made_once_and_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fresh")
    first = settings_from_env({"DATA_DIR": str(folder)})
    again = settings_from_env({"DATA_DIR": str(folder)})
    elsewhere = settings_from_env({"DATA_DIR": str(tmp_path_factory.mktemp("other"))})
    assert first.secret_key == again.secret_key != elsewhere.secret_key
    assert (folder / "secret_key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, {"base_url": "http://127.0.0.1:8000", "secure_cookies": False, "embedded": True}),
        ({"PORT": "9000"}, {"base_url": "http://127.0.0.1:9000"}),
        (
            {"BASE_URL": "https://rb.example/"},
            {"base_url": "https://rb.example", "secure_cookies": True},
        ),
        (
            {"DATABASE_URL": "postgres://u:p@h/d"},
            {
                "database_url": "postgresql+psycopg://u:p@h/d",
                "embedded": False,
                "run_jobs_in_process": False,
            },
        ),
    ],
)
def test_settings_come_from_the_environment_alone(
    env: dict[str, str], expected: dict[str, object], settings: Settings
) -> None:
    made = settings_from_env({"DATA_DIR": str(settings.data_dir), **env})
    assert {name: getattr(made, name) for name in expected} == expected
