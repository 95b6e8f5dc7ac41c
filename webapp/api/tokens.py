"""A person's API tokens over HTTP; none of it can be done with a token."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.http import Schema, blueprint, signed_in
from webapp.db import db, now_utc, unit_of_work
from webapp.extensions import limiter
from webapp.identity import tokens
from webapp.identity.models import ApiToken
from webapp.identity.token_rules import LONGEST_DAYS, SCOPES

bp = blueprint("tokens", "API tokens, for programs that work for a person")


class TokenCreateSchema(Schema):
    """A new token; without ``contract_code`` it reaches all contracts of its maker."""

    name = fields.String(required=True, validate=validate.Length(1, 80))
    scopes = fields.List(
        fields.String(validate=validate.OneOf(SCOPES)),
        required=True,
        validate=validate.Length(1, len(SCOPES)),
    )
    contract_code = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, 32)
    )
    expires_in_days = fields.Integer(required=True, validate=validate.Range(1, LONGEST_DAYS))


class TokenSchema(ma.Schema):
    """A token without its secret; ``state`` is what it is worth now."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    prefix = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    contract_code = fields.String(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True, allow_none=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(["living", "expired", "revoked"]))


class TokenMadeSchema(TokenSchema):
    """A new token with its secret, which is shown this once."""

    token = fields.String(required=True)


@bp.get("/api/tokens")
@bp.response(200, TokenSchema(many=True))
def list_tokens() -> list[dict[str, Any]]:
    """The actor's tokens, the newest first."""
    rows = tokens.tokens_of(db.session(), signed_in().user.id)
    return [_out(row, code) for row, code in rows]


@bp.post("/api/tokens")
@limiter.limit("30 per hour")
@bp.arguments(TokenCreateSchema)
@bp.response(201, TokenMadeSchema)
def make_token(body: dict[str, Any]) -> dict[str, Any]:
    """Make a token; its secret is in this answer, and nowhere else."""
    user = signed_in().user
    with unit_of_work() as session:
        row, text = tokens.make_token(session, user, **body, now=now_utc())
    return {**_out(row, body["contract_code"]), "token": text}


@bp.delete("/api/tokens/<int:token_id>")
@bp.response(204)
def revoke_token(token_id: int) -> None:
    """End one of the actor's own tokens, at once."""
    user_id = signed_in().live.user_id
    with unit_of_work() as session:
        tokens.revoke_token(session, user_id, token_id, now_utc())


def _out(row: ApiToken, code: str | None) -> dict[str, Any]:
    expired = row.expires_at <= now_utc()
    return {
        "id": row.id,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "contract_code": code,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "last_used_at": row.last_used_at,
        "revoked_at": row.revoked_at,
        "state": "revoked" if row.revoked_at else "expired" if expired else "living",
    }
