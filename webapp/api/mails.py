"""The contract's e-mails: whether they have gone out, and sending again what was refused."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import current_app
from marshmallow import fields, validate

from webapp.api.http import CONTRACT, PageArgs, blueprint, require
from webapp.api.listing import list_views, sort_of, state_of
from webapp.audit import services as audit
from webapp.db import now_utc, unit_of_work
from webapp.notifications import services
from webapp.notifications.mail import SmtpTransport
from webapp.notifications.mail_list import MAILS

bp = blueprint("mails", "E-mails, and whether they have gone out")


class MailsArgs(PageArgs):
    """``failed`` were refused for good, ``lapsed`` waited too long to be of use."""

    state = state_of(MAILS)
    sort = sort_of(MAILS)
    q = fields.String(load_default="", validate=validate.Length(max=100))


class MailSchema(ma.Schema):
    """An e-mail without its text; ``last_error`` is what the mail server said when it was last tried."""

    id = fields.Integer(required=True)
    to_address = fields.String(required=True)
    to_name = fields.String(required=True)
    subject = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(MAILS.states))
    attempts = fields.Integer(required=True)
    last_error = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)


class TransportSchema(ma.Schema):
    """How mails leave: by an SMTP server, or into a folder of the server alone, which nobody receives."""

    kind = fields.String(required=True, validate=validate.OneOf(["smtp", "folder"]))
    sender = fields.String(required=True)


list_views(bp, "mails", MAILS, MailsArgs, MailSchema, right="manage_people")


@bp.get(f"{CONTRACT}/mails/transport")
@bp.response(200, TransportSchema)
def show_transport(contract_code: str) -> dict[str, Any]:
    """How mails leave this server, and from which address."""
    require("manage_people", contract_code)
    transport = current_app.extensions["mail_transport"]
    kind = "smtp" if isinstance(transport, SmtpTransport) else "folder"
    return {"kind": kind, "sender": current_app.extensions["mail_sender"].address}


@bp.post(f"{CONTRACT}/mails/<int:mail_id>/retry")
@bp.response(204)
def retry_mail(contract_code: str, mail_id: int) -> None:
    """Send a mail again that was refused or has lapsed."""
    access = require("manage_people", contract_code)
    now = now_utc()
    with unit_of_work() as session:
        before = services.retry_mail(session, access.contract_id, mail_id, now)
        audit.record(
            session,
            at=now,
            user_id=access.user_id,
            contract_id=access.contract_id,
            action="retry",
            entity="mail",
            entity_id=mail_id,
            diff={"state": [before, "waiting"]},
        )
