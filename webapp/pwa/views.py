"""Serves the shell for every address of the client, the manifest and the service worker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from flask import Blueprint, Response, current_app, redirect, request, send_from_directory
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.security import safe_join

bp = Blueprint("pwa", __name__)
CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "connect-src 'self'",
        "img-src 'self' blob: data:",
        "style-src 'self'",
        "font-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}
_PHONE_PATHS = (
    "/",
    "/scan",
    "/items",
    "/sync",
    "/me",
    "/me/notices",
    "/notifications",
    "/d/<code>",
    "/rooms/<path:rest>",
    "/inspect/<path:rest>",
    "/cases",
    "/cases/<path:rest>",
    "/declare",
)
_OTHER_PATHS = (
    "/sign-in",
    "/kit",
    "/desk",
    "/desk/<path:rest>",
    "/l/<path:rest>",
    # For who scans a label without an account, and follows what he reported.
    "/d/<code>/report",
    "/f/<token>",
)


# The build writes these forms beside each file that gains by them, the smallest first.
_FORMS = (("br", ".br"), ("gzip", ".gz"))


def _static_folder() -> Path:
    return Path(str(current_app.static_folder))


def _send_built(name: str, **how: Any) -> Response:
    """A file of the built client, in the smallest form that the browser says it takes.

    :raise NotFound: there is no such file
    """
    folder = _static_folder() / "app"
    encoding, suffix = _form(folder, name)
    response = send_from_directory(folder, name + suffix, download_name=Path(name).name, **how)
    if encoding:
        response.content_encoding = encoding
    response.vary.add("Accept-Encoding")
    return response


def _form(folder: Path, name: str) -> tuple[str, str]:
    for encoding, suffix in _FORMS:
        path = safe_join(str(folder), name + suffix)
        if request.accept_encodings.quality(encoding) and path and Path(path).is_file():
            return encoding, suffix
    return "", ""


@bp.get("/static/app/<path:name>")
def built_file(name: str) -> Response:
    """A built asset; more exact than Flask's own route of ``/static``, and so before it."""
    return _send_built(name)


def shell(**_parts: str) -> Response:
    """The client's one page; what it shows is decided by the client from its address."""
    response = _send_built("index.html")
    response.headers["Cache-Control"] = "no-cache"
    return response


def phone_shell(**_parts: str) -> Response:
    """The same page; who is signed in is told at once which files a phone's screens begin with."""
    response = shell()
    if current_app.config["SESSION_COOKIE_NAME"] in request.cookies:
        response.headers["Link"] = ", ".join(map(_preload, _phone_files()))
    return response


def _phone_files() -> list[str]:
    """What the build noted of them, in `vite/preloads.ts`."""
    noted: list[str] = json.loads((_static_folder() / "app/preloads.json").read_bytes())
    return noted


def _preload(name: str) -> str:
    relation = "preload; as=style" if name.endswith(".css") else "modulepreload"
    return f"</static/app/{name}>; rel={relation}; crossorigin"


for _path in (*_PHONE_PATHS, *_OTHER_PATHS):
    _view = phone_shell if _path in _PHONE_PATHS else shell
    bp.add_url_rule(_path, view_func=_view, endpoint=f"shell_{_path}".replace(".", "_"))


def answer_unknown_address(response: Response) -> Response:
    """Before a person's eyes an address that nobody knows is the client's own page, which says so.

    A screen's address with a slash too many leads to the screen. Programs get their JSON as ever.
    """
    is_unknown = response.status_code == 404 and request.url_rule is None
    if not (is_unknown and request.method in ("GET", "HEAD") and _is_for_a_person()):
        return response
    screen = request.path.rstrip("/")
    if screen != request.path and _is_screen(screen):
        query = request.query_string.decode("latin-1")
        return cast(Response, redirect(quote(screen) + (f"?{query}" if query else "")))
    try:
        # Never "not modified": what the browser may have kept of this address is no answer to 404.
        page = _send_built("index.html", conditional=False, etag=False)
    except NotFound:
        return response
    page.status_code = 404
    page.headers["Cache-Control"] = "no-store"
    return page


def _is_for_a_person() -> bool:
    """Whether a browser's window asks; who takes anything at all is a program."""
    if request.path.startswith(("/api/", "/static/")):
        return False
    kinds = ["application/json", "text/html"]
    return request.accept_mimetypes.best_match(kinds) == "text/html"


def _is_screen(path: str) -> bool:
    try:
        endpoint, _ = current_app.create_url_adapter(request).match(path, method="GET")  # type: ignore[union-attr]
    except HTTPException:
        return False
    return str(endpoint).startswith(f"{bp.name}.shell_")


@bp.get("/sw.js")
def service_worker() -> Response:
    """The service worker, at the root so that it controls the whole site."""
    response = _send_built("sw.js")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    return response


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    """What makes the client installable."""
    response = send_from_directory(_static_folder(), "manifest.webmanifest")
    response.headers["Content-Type"] = "application/manifest+json"
    response.headers["Cache-Control"] = "no-cache"
    return response


def add_security_headers(response: Response) -> Response:
    """The headers of every answer; built assets carry their hash in the name and never change."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.path.startswith("/static/app/assets/"):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
