"""The mails that came to the service desk, before a supervisor: assigned, or set aside with a reason."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import sqlalchemy as sa
from marshmallow import fields, validate

from webapp.api.estate_schemas import text as text_field
from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, require
from webapp.api.listing import list_views, sort_of, state_of
from webapp.api.rounds import ID
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.inbox import services
from webapp.inbox.applying import Sorting
from webapp.inbox.lists import INCOMING, REASONS, STATES, dressed_mail
from webapp.inbox.message import UnreadableError
from webapp.inbox.models import IncomingMail
from webapp.receiving import photos_of, read_message
from webapp.storage import object_store

bp = blueprint("inbox", "Mails that came to the service desk, to be sorted")
MAILS = f"{CONTRACT}/incoming-mails"
MAIL = f"{MAILS}/<int:incoming_id>"


class IncomingArgs(PageArgs):
    """``waiting`` are those to be sorted; of a mail without a contract every supervisor sees it."""

    state = state_of(INCOMING, default="waiting")
    sort = sort_of(INCOMING)
    q = fields.String(load_default="", validate=validate.Length(max=100))


class IncomingMailSchema(ma.Schema):
    """A mail; ``reason`` is why it did not become a case by itself, ``case`` what it became."""

    id = fields.Integer(required=True)
    state = fields.String(required=True, validate=validate.OneOf(list(STATES)))
    reason = fields.String(required=True, validate=validate.OneOf(list(REASONS)))
    address = fields.String(required=True)
    name = fields.String(required=True)
    subject = fields.String(required=True)
    kind = fields.String(required=True)
    pictures = fields.Integer(required=True)
    no_contract = fields.Boolean(required=True)
    received_at = fields.AwareDateTime(required=True)
    case = fields.String(required=True)
    case_title = fields.String(required=True)
    remark = fields.String(required=True)
    settled_by = fields.String(required=True, allow_none=True)
    settled_by_en = fields.String(required=True, allow_none=True)
    settled_at = fields.AwareDateTime(required=True, allow_none=True)


class IncomingWholeSchema(IncomingMailSchema):
    """With its words, as plain text."""

    text = fields.String(required=True)


class SortMailSchema(Schema):
    """What a mail is: a line of ``case``, or a new case of a kind, of a room or device if one is known.

    ``instead_of`` takes it out of the case that it is in: it was taken into the wrong one.
    """

    kind = fields.String(
        load_default="fault", validate=validate.OneOf(["fault", "complaint", "question", "wish"])
    )
    case = fields.String(load_default="", validate=validate.Regexp(r"^([A-Z][1-9][0-9]{0,8})?$"))
    room_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    device_id = fields.Integer(load_default=None, allow_none=True, validate=ID)
    instead_of = fields.String(
        load_default="", validate=validate.Regexp(r"^([A-Z][1-9][0-9]{0,8})?$")
    )


class SetAsideSchema(Schema):
    """Why it becomes nothing."""

    remark = text_field(400, required=True, shortest=1)


list_views(bp, "incoming-mails", INCOMING, IncomingArgs, IncomingMailSchema, right="review")


@bp.get(MAIL)
@bp.response(200, IncomingWholeSchema)
def show_incoming_mail(contract_code: str, incoming_id: int) -> dict[str, Any]:
    """One mail with its words."""
    return _show(require("review", contract_code), incoming_id)


@bp.post(f"{MAIL}/assign")
@bp.arguments(SortMailSchema)
@bp.response(200, IncomingWholeSchema)
def assign_incoming_mail(
    body: dict[str, Any], contract_code: str, incoming_id: int
) -> dict[str, Any]:
    """Make of it a case of this contract, or a line of one; its sender is told the number.

    What was taken already goes elsewhere where ``instead_of`` names the case that it is in.
    """
    access = require("review", contract_code)
    instead_of = body.pop("instead_of")
    if instead_of:
        with unit_of_work() as session:
            services.sort_again(
                session, access, incoming_id, instead_of, Sorting(**body), now_utc()
            )
    else:
        _assign(access, incoming_id, Sorting(**body))
    return _show(access, incoming_id)


def _assign(access: Access, incoming_id: int, sorting: Sorting) -> None:
    """Make of a mail that waits what it is; its pictures are looked at before the transaction."""
    row = services.mail_of(db.session(), access.contract_id, incoming_id)
    if row.state == "taken":
        raise AppError("mail_sorted")
    raw_key = row.raw_key
    db.session.rollback()
    try:
        mail = read_message(object_store().get(raw_key) if raw_key else None)
    except (UnreadableError, FileNotFoundError) as error:
        raise AppError("mail_unreadable") from error
    photos = photos_of(mail, access.contract_id)
    with unit_of_work() as session:
        services.assign(session, access, incoming_id, sorting, mail, photos, now_utc())
    # Its words and pictures are the case's now.
    object_store().delete(raw_key)


@bp.post(f"{MAIL}/set-aside")
@bp.arguments(SetAsideSchema)
@bp.response(200, IncomingWholeSchema)
def set_incoming_mail_aside(
    body: dict[str, Any], contract_code: str, incoming_id: int
) -> dict[str, Any]:
    """Say why it becomes nothing; it can be assigned all the same later."""
    access = require("review", contract_code)
    with unit_of_work() as session:
        services.set_aside(session, access, incoming_id, body["remark"].strip(), now_utc())
    return _show(access, incoming_id)


def _show(access: Access, incoming_id: int) -> dict[str, Any]:
    services.mail_of(db.session(), access.contract_id, incoming_id)
    statement = INCOMING.select.where(IncomingMail.id == incoming_id)
    row: sa.Row[Any] = db.session.execute(statement).one()
    return dressed_mail(row.IncomingMail, row.Case, row.User) | {"text": row.IncomingMail.text}
