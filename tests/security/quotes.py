"""Quotes of a world, each made anew: sent and answered ones are used up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
import typst

from tests.rounds import made
from tests.security.world import World
from webapp import links
from webapp.db import db, now_utc, unit_of_work
from webapp.quotes.models import Quote
from webapp.quotes.rules import parsed_name
from webapp.reports import documents
from webapp.reports.models import Document
from webapp.storage import object_store

LINE = {"kind": "material", "text": "线", "quantity": "1", "unit_price": "9.90", "tax_rate": "13"}


def new_repair(world: World, title: str = "返厂") -> str:
    """A repair out of warranty; its name."""
    body = {"uid": made.uid(), "kind": "repair", "title": title, "fields": {"way": "paid"}}
    name: str = _told(world, "POST", "cases", body)["name"]
    return name


def a_line(revision: int = 2) -> dict[str, Any]:
    """What a draft of :func:`new_quote` may be made to say."""
    return {
        "revision": revision,
        "lines": [LINE],
        "language": "zh",
        "valid_until": _in_a_year(),
    }


def _in_a_year() -> str:
    return (now_utc() + timedelta(days=360)).date().isoformat()


def new_quote(world: World, title: str = "返厂") -> str:
    """A draft with a line; its name."""
    path = f"cases/{new_repair(world, title)}/quotes"
    name: str = _told(world, "POST", path, {"uid": made.uid()})["name"]
    _told(world, "PATCH", f"quotes/{name}", a_line(1))
    return name


def new_sent_quote(world: World) -> str:
    """A quote that waits for the client; its name."""
    name = new_quote(world)
    _told(world, "POST", f"quotes/{name}/send", {"to": ["lead@example.com"]})
    return name


def new_quote_link(world: World) -> str:
    """What the link to a quote that waits for the client carries; its file is made."""
    number, version = parsed_name(new_sent_quote(world))
    statement = sa.select(Quote.id).where(
        Quote.contract_id == world.contract.id, Quote.number == number, Quote.version == version
    )
    quote_id = db.session.execute(statement).scalar_one()
    _make_file(world, quote_id)
    secret: str = world.app.config["SECRET_KEY"]
    return links.token_for(secret, "quote", quote_id)


def _make_file(world: World, quote_id: int) -> None:
    made_file = documents.Made(typst.compile(b"= Quote"), 1)
    document = db.session.scalars(sa.select(Document).filter_by(quote_id=quote_id)).one()
    key = documents.keep(object_store(), world.contract.id, document.id, made_file)
    with unit_of_work() as session:
        documents.begin(session, document.id)
        session.flush()
        documents.note_made(session, document.id, key, made_file, now_utc())


def _told(world: World, method: str, path: str, body: dict[str, Any]) -> Any:
    url = f"/api/contracts/{world.code}/{path}"
    answer = world.browser("project_manager").open(url, method=method, json=body)
    assert answer.status_code in (200, 201), answer.data
    return answer.get_json()
