"""A quote that nobody answers: told of before its last day is over, and ended after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask.testing import FlaskClient

from tests.quotes.made import HQ, ok, open_case, sent
from webapp.background import look_at_quotes
from webapp.db import db
from webapp.notifications.models import Notification
from webapp.quotes import expiring
from webapp.quotes.models import Quote

SHANGHAI = ZoneInfo("Asia/Shanghai")


def told() -> list[str]:
    db.session.expire_all()
    kinds = sa.select(Notification.kind).where(Notification.kind.like("quote_e%"))
    return sorted(set(db.session.scalars(kinds)))


def test_it_is_warned_of_once_and_ends_with_its_last_day(
    li: FlaskClient, chen: FlaskClient
) -> None:
    sent(li, open_case(li))
    last = db.session.scalars(sa.select(Quote.valid_until)).one()
    evening = datetime(last.year, last.month, last.day, 23, 59, tzinfo=SHANGHAI).astimezone(UTC)
    assert expiring.contracts_to_look_at(db.session(), evening - timedelta(days=4)) == []
    look_at_quotes(evening - timedelta(days=2))
    assert told() == ["quote_ends_soon"]
    assert expiring.contracts_to_look_at(db.session(), evening) == []
    look_at_quotes(evening + timedelta(minutes=1))
    assert told() == ["quote_ends_soon", "quote_expired"]
    quote = ok(chen.get(f"{HQ}/quotes/Q1-1"))
    assert (quote["state"], quote["may_answer"]) == ("expired", False)
    refused = chen.post(f"{HQ}/quotes/Q1-1/answers", json={"decision": "approved"})
    assert refused.get_json()["code"] == "quote_expired"
