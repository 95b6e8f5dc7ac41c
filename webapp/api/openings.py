"""The client's openings of what he was sent by a signed link: counted here, shown to who sent it."""

from __future__ import annotations

from typing import cast

import marshmallow as ma
from flask import request
from flask_login import current_user
from marshmallow import fields

from webapp.api.http import SignedIn
from webapp.db import db, now_utc, unit_of_work
from webapp.identity import queries as identity
from webapp.identity.models import Contract
from webapp.openings import Opened, count_opening, is_another_reading


class OpeningsSchema(ma.Schema):
    """How often the client has opened it by its link, at most one every ten minutes; when first and last."""

    count = fields.Integer(required=True)
    first_at = fields.AwareDateTime(required=True, allow_none=True)
    last_at = fields.AwareDateTime(required=True, allow_none=True)


def openings_field() -> fields.Nested:
    """The openings as the provider sees them; null for the client."""
    return fields.Nested(OpeningsSchema, required=True, allow_none=True)


def note_opened(sent: Opened, contract_id: int) -> None:
    """Count that the page behind the link was opened, unless by one of the provider's own people."""
    now = now_utc()
    if request.method == "GET" and is_another_reading(sent, now) and not _is_ours(contract_id):
        with unit_of_work() as session:
            count_opening(session, sent, now)


def _is_ours(contract_id: int) -> bool:
    if not current_user.is_authenticated:
        return False
    session, actor = db.session(), cast(SignedIn, current_user)
    code = session.get_one(Contract, contract_id).code
    access = identity.access_to(session, actor.live, code)
    return access is not None and access.may("handle")
