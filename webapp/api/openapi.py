"""The OpenAPI document, with the wire format of sync in it, and a page that shows it offline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import marshmallow as ma
import msgspec
from flask import Blueprint, Response, current_app, render_template_string
from flask_smorest import Api

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
_WIRE_STRUCTS = (
    payloads.InspectionIn,
    wire.ScanIn,
    wire.SelfCheckIn,
    case_wire.CaseOpenIn,
    case_wire.CaseStepIn,
    wire.PushIn,
    wire.PushOut,
    wire.PhotoOut,
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


def complete(api: Api) -> None:
    """Add the wire structs to the document's components, and problem+json to its errors."""
    _schemas, components = msgspec.json.schema_components(
        _WIRE_STRUCTS, ref_template="#/components/schemas/{name}"
    )
    for name, schema in components.items():
        if name not in api.spec.components.schemas:
            api.spec.components.schema(name, schema)
    for refusal in api.spec.components.responses.values():
        content = refusal["content"]
        content["application/problem+json"] = content.pop("application/json")


def document() -> dict[str, Any]:
    """The whole document as plain data."""
    api: Api = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"]
    spec: dict[str, Any] = api.spec.to_dict()
    return spec


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
