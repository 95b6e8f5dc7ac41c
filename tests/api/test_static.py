"""The built client as browsers get it: compressed beforehand, cached for ever, under the policy."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SCRIPT = b"export const answer = 42;\n" * 100
NAME = "assets/index-abc.js"
URL = f"/static/app/{NAME}"


@pytest.fixture
def client(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of an app whose static folder holds a small build."""
    built = tmp_path / "app"
    (built / "assets").mkdir(parents=True)
    for name, content in {
        "index.html": b"<!doctype html>" * 100,
        "sw.js": SCRIPT,
        NAME: SCRIPT,
        "assets/tiny-abc.css": b"a{}",
        "preloads.json": b'["assets/phone-abc.js", "assets/phone-abc.css"]',
    }.items():
        (built / name).write_bytes(content)
        if len(content) > 100:
            (built / f"{name}.gz").write_bytes(gzip.compress(content))
            (built / f"{name}.br").write_bytes(b"stands for brotli")
    (tmp_path / "secret.js").write_bytes(b"not part of the build")
    monkeypatch.setattr(app, "static_folder", str(tmp_path))
    return app.test_client()


def get(client: FlaskClient, path: str, accepts: str, **headers: str) -> TestResponse:
    """The answer, read to its end and closed as a server closes it."""
    answer = client.get(path, headers={"Accept-Encoding": accepts, **headers})
    assert answer.data is not None
    answer.close()
    return answer


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("", None),
    ],
)
def test_a_browser_gets_the_smallest_form_it_takes(
    client: FlaskClient, accepts: str, encoding: str | None
) -> None:
    answer = get(client, URL, accepts)
    assert answer.status_code == 200
    assert answer.headers.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert "javascript" in answer.headers["Content-Type"]
    assert f"filename={NAME.rpartition('/')[2]}" in answer.headers["Content-Disposition"]
    if encoding == "gzip":
        assert gzip.decompress(answer.data) == SCRIPT
    if encoding is None:
        assert answer.data == SCRIPT


def test_what_gains_nothing_is_sent_as_it_is(client: FlaskClient) -> None:
    answer = get(client, "/static/app/assets/tiny-abc.css", "br, gzip")
    assert "Content-Encoding" not in answer.headers
    assert answer.data == b"a{}"


def test_assets_are_cached_for_ever_and_stand_under_the_policy(client: FlaskClient) -> None:
    answer = get(client, URL, "gzip")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/desk/photos", "/sw.js"])
def test_the_shell_and_the_worker_are_compressed_but_asked_for_anew(
    client: FlaskClient, path: str
) -> None:
    answer = get(client, path, "gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "no-cache"
    kind = "text/javascript" if path == "/sw.js" else "text/html"
    assert answer.headers["Content-Type"].startswith(kind)


def test_a_known_form_is_not_sent_again(client: FlaskClient) -> None:
    mark = get(client, "/", "gzip").headers["ETag"]
    assert get(client, "/", "gzip", **{"If-None-Match": mark}).status_code == 304
    assert get(client, "/", "br", **{"If-None-Match": mark}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["assets/none.js", "../secret.js", "%2e%2e/secret.js", "assets/..%2f..%2fsecret.js", "assets/"],
)
def test_nothing_outside_the_build_is_served(client: FlaskClient, path: str) -> None:
    answer = get(client, f"/static/app/{path}", "br, gzip")
    assert answer.status_code == 404


def test_a_phones_first_visit_is_told_which_files_its_screens_begin_with(
    client: FlaskClient,
) -> None:
    client.set_cookie("roundbook", "whoever")
    link = get(client, "/", "br").headers["Link"]
    assert "</static/app/assets/phone-abc.js>; rel=modulepreload" in link
    assert "</static/app/assets/phone-abc.css>; rel=preload; as=style" in link


@pytest.mark.parametrize("path", ["/sign-in", "/desk/estate"])
def test_other_screens_are_not_made_to_load_the_phones_files(
    client: FlaskClient, path: str
) -> None:
    client.set_cookie("roundbook", "whoever")
    assert "Link" not in get(client, path, "br").headers


def test_who_is_not_signed_in_begins_with_the_sign_in_alone(client: FlaskClient) -> None:
    assert "Link" not in get(client, "/", "br").headers


def test_every_address_of_the_clients_own_table_is_served_without_a_worker(app: Flask) -> None:
    table = Path(app.root_path) / "pwa/client/src/routes.ts"
    paths = re.findall(r'^  \w+: "(/[^"]*)",$', table.read_text("utf-8"), re.MULTILINE)
    assert len(paths) > 30
    match = app.url_map.bind("localhost")
    for path in paths:
        endpoint, _ = match.match(re.sub(r":\w+", "x", path))
        assert "shell_" in endpoint, path
