"""The address of a person's calendar, and the calendar itself for who has the address."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import Response, request
from marshmallow import fields

from webapp.agenda import services
from webapp.agenda.entries import entries_of
from webapp.agenda.ics import as_ics
from webapp.agenda.models import CalendarFeed
from webapp.agenda.words import say
from webapp.api.http import blueprint, settings, signed_in
from webapp.db import db, now_utc, unit_of_work
from webapp.extensions import limiter

bp = blueprint("agenda", "A person's calendar for his own calendar program")
SHOWN = "/api/links/calendar/<string(maxlength=200):calendar_token>.ics"


class FeedSchema(ma.Schema):
    """The address of a person's calendar; null while there is none."""

    address = fields.String(required=True, allow_none=True)
    made_at = fields.AwareDateTime(required=True, allow_none=True)


@bp.get("/api/calendar")
@bp.response(200, FeedSchema)
def show_feed() -> dict[str, Any]:
    """The address of the actor's calendar."""
    return _out(services.feed_of(db.session(), signed_in().live.user_id))


@bp.post("/api/calendar")
@bp.response(200, FeedSchema)
def renew_feed() -> dict[str, Any]:
    """Give the actor's calendar an address, or a new one; the old one leads nowhere any more."""
    user_id = signed_in().live.user_id
    with unit_of_work() as session:
        row = services.renew_feed(session, user_id, now_utc())
    return _out(row)


@bp.delete("/api/calendar")
@bp.response(204)
def end_feed() -> None:
    """Take the address back."""
    user_id = signed_in().live.user_id
    with unit_of_work() as session:
        services.end_feed(session, user_id, now_utc())


@bp.get(SHOWN)
@limiter.limit("120 per minute")
@bp.response(200, content_type="text/calendar", schema={"type": "string", "format": "binary"})
def show_calendar(calendar_token: str) -> Response:
    """The calendar: rounds, planned work and absences; 304 while it is the same."""
    owner = services.owner_of(db.session(), settings().secret_key, calendar_token)
    entries = entries_of(db.session(), owner, now_utc())
    name = (owner.name_en if owner.language == "en" else "") or owner.name
    body = as_ics(entries, say(owner.language, "calendar", name=name), settings().base_url)
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = "inline; filename=roundbook.ics"
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _out(row: CalendarFeed | None) -> dict[str, Any]:
    if row is None:
        return {"address": None, "made_at": None}
    token = services.token_of(settings().secret_key, row)
    address = f"{settings().base_url}/api/links/calendar/{token}.ics"
    return {"address": address, "made_at": row.made_at}
