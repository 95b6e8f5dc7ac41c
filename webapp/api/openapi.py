"""The OpenAPI document, with the wire format of sync in it, and a page that shows it offline."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import marshmallow as ma
import msgspec
from apispec import APISpec
from flask import Blueprint, Flask, Response, current_app, render_template_string
from flask_smorest import Api

from webapp.api.bearer import scope_of
from webapp.api.http import is_open
from webapp.rounds import payloads
from webapp.sync import case_wire, wire

bp = Blueprint("openapi", __name__)
_TEXT = "openapi_text"
_DOCS_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Roundbook API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/app/docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="/static/app/docs/swagger-ui-bundle.js"></script>
<script src="/static/docs.js"></script></body></html>"""
_SCHEMES = {
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "roundbook",
        "description": "The session of who has signed in (POST /api/session).",
    },
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token made at the desk; what stands beside it is the scope it takes.",
    },
}
# A name in an address as Flask writes it, with or without a converter.
_NAMED = re.compile(r"<(?:[^:<>]*(?:\([^)]*\))?:)?(\w+)>")
_WIRE_STRUCTS = (
    payloads.InspectionIn,
    wire.ScanIn,
    wire.SelfCheckIn,
    case_wire.CaseOpenIn,
    case_wire.CaseStepIn,
    case_wire.HoursLogIn,
    wire.PushIn,
    wire.PushOut,
    wire.PhotoOut,
    wire.PhotosOut,
    wire.MissingIn,
    wire.MissingOut,
    wire.PullOut,
    wire.PhoneReport,
)


class ProblemSchema(ma.Schema):
    """A refusal (RFC 9457): its code in the catalogue, what the text names, and the fields at fault."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    code = ma.fields.String(required=True)
    details = ma.fields.Dict(required=True)
    request_id = ma.fields.String(required=True)
    at_fault = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()), data_key="fields"
    )


class DocumentedApi(Api):
    """The API, whose document names our own errors and not flask-smorest's."""

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        self.undrawn: list[Callable[[], None]] = []
        self._drawing = Lock()
        super().__init__(app)

    def drawn_up(self) -> APISpec:
        """The document of every blueprint, drawn up when it is first asked for."""
        with self._drawing:
            if self.undrawn:
                for draw in self.undrawn:
                    draw()
                _complete(self)
                self.undrawn.clear()
        spec: APISpec = self.spec
        return spec


def _complete(api: Api) -> None:
    """Add the wire structs to the document's components, and problem+json to its errors."""
    _schemas, components = msgspec.json.schema_components(
        _WIRE_STRUCTS, ref_template="#/components/schemas/{name}"
    )
    for name, schema in components.items():
        if name not in api.spec.components.schemas:
            api.spec.components.schema(name, schema)
    for name, scheme in _SCHEMES.items():
        api.spec.components.security_scheme(name, scheme)
    for refusal in api.spec.components.responses.values():
        content = refusal["content"]
        content["application/problem+json"] = content.pop("application/json")


def document() -> dict[str, Any]:
    """The whole document as plain data, each operation with what signs it in."""
    api: DocumentedApi = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    spec: dict[str, Any] = api.drawn_up().to_dict()
    for rule in current_app.url_map.iter_rules():
        operations = spec["paths"].get(_NAMED.sub(r"{\1}", rule.rule), {})
        blueprint = rule.endpoint.partition(".")[0]
        for method in (rule.methods or set()) & {name.upper() for name in operations}:
            operations[method.lower()]["security"] = _security(blueprint, method, rule.rule)
    return spec


def _security(blueprint: str, method: str, path: str) -> list[dict[str, list[str]]]:
    """What lets a request in: nothing needed, the cookie, or the cookie or a token with a scope."""
    if is_open(method, path):
        return []
    scope = scope_of(blueprint, method)
    with_token = [] if scope is None else [{"token": [scope] if scope else []}]
    return [{"cookie": []}, *with_token]


@bp.get("/api/openapi.json")
def openapi_json() -> Response:
    """The document; written once, because strangers may ask for it too."""
    if _TEXT not in current_app.extensions:
        text = json.dumps(document(), ensure_ascii=False, sort_keys=True)
        current_app.extensions[_TEXT] = text.encode()
    return Response(current_app.extensions[_TEXT], mimetype="application/json")


@bp.get("/api/docs")
def docs() -> str:
    """The page; its script and style come from this server."""
    return render_template_string(_DOCS_PAGE)


def write(path: Path) -> None:
    """Write the document to a file, for the client's types and the drift check."""
    text = json.dumps(document(), ensure_ascii=False, sort_keys=True, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
