"""A quote as the link in its mail shows it: its frozen words, and how it stands now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from webapp.cases.models import Case
from webapp.identity.models import Contract
from webapp.quotes.models import Quote
from webapp.quotes.rules import is_over
from webapp.quotes.services import called, today_of, versions_of


def linked_quote(session: Session, quote: Quote, now: datetime) -> dict[str, Any]:
    """What was sent, whether it can still be answered, and what was answered."""
    content = quote.content
    contract = session.get_one(Contract, quote.contract_id)
    case = session.get_one(Case, quote.case_id)
    latest = [one for one in versions_of(session, quote) if one.state != "draft"][-1]
    over = is_over(quote.valid_until, today_of(contract, now))
    frozen = ("kind", "client", "contract", "written_by", "currency", "net", "tax", "gross")
    return {
        **{key: content[key] for key in (*frozen, "lines", "remark")},
        "name": called(quote),
        "version": quote.version,
        "state": "expired" if quote.state == "sent" and over else quote.state,
        "language": quote.language,
        "place": content["case"]["place"],
        "device": content["case"]["device"],
        "case": content["case"]["name"],
        "title": content["case"]["title"],
        "time_zone": contract.time_zone,
        "valid_until": quote.valid_until,
        "sent_at": quote.sent_at,
        "content_sha256": quote.content_sha256,
        "replaced_by": "" if latest.id == quote.id else called(latest),
        "open": quote.state == "sent" and not over and case.live,
        "case_over": not case.live,
        "answered_at": quote.answered_at,
        "answer_name": quote.answer_name,
        "answer_text": quote.answer_text,
    }
