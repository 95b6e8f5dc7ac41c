"""Ready for the 10th: what blocks a month's report, live (feature 4, clause 21)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import jsonify
from marshmallow import fields

from webapp.api.blocker_schemas import BlockerSchema
from webapp.api.http import blueprint, require
from webapp.api.live import answer_live
from webapp.api.rounds import ROUND, RoundSchema
from webapp.db import db, now_utc
from webapp.desk.blockers import dress_blockers
from webapp.identity.models import Contract
from webapp.readiness import beyond_of, readiness_of, report_of, version_of
from webapp.rounds import queries
from webapp.rounds.rules import due_at

bp = blueprint("ready", "What blocks a month's report")


class IssuedSchema(ma.Schema):
    """The report of a month that was issued."""

    number = fields.String(required=True)
    issued_at = fields.AwareDateTime(required=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)


class ReadySchema(ma.Schema):
    """How far a month is from its report; ``due_at`` is the end of the due day at the contract's place."""

    round = fields.Nested(RoundSchema, required=True)
    due_at = fields.AwareDateTime(required=True)
    report = fields.Nested(IssuedSchema, required=True, allow_none=True)
    blockers = fields.List(fields.Nested(BlockerSchema), required=True)


@bp.get(f"{ROUND}/ready")
@bp.response(200, ReadySchema)
def show_ready(contract_code: str, month: str) -> Any:
    """What blocks the report, by owner, live: ``If-None-Match`` is answered 304 while nothing changes."""
    access = require("view", contract_code)
    session, now = db.session(), now_utc()
    row = queries.round_of(session, access.contract_id, month)
    report = report_of(session, row.id)
    beyond = beyond_of(session, row, report, now)

    def shown() -> Any:
        ready = readiness_of(session, row, report, beyond, now)
        zone = session.get_one(Contract, access.contract_id).time_zone
        answer = {
            "round": queries.round_shown(session, access, month, now),
            "due_at": due_at(row.due_on, zone),
            "report": report,
            "blockers": dress_blockers(ready.blockers, ready.people, access, month),
        }
        return jsonify(ReadySchema().dump(answer))

    return answer_live(
        (version_of(session, row, report, beyond, now), sorted(access.rights)), shown
    )
