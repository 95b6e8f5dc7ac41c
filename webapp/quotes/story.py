"""What a quote does to its case: a line in its story, and the step that it stands for, once."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from webapp.cases import services as cases
from webapp.cases.kinds import KINDS
from webapp.cases.models import Case
from webapp.cases.opening import called as case_called
from webapp.quotes.models import Quote
from webapp.quotes.money import MONEY_PLACES, text_of
from webapp.quotes.services import called
from webapp.webhooks.services import emit

_NAMESPACE = uuid.UUID("8c1d5b0e-4c0a-4d53-8f0a-2f7a8f6f6f11")


def amount_of(quote: Quote) -> str:
    """What it comes to, as a text: CNY 1234.50."""
    return f"{quote.currency} {text_of(quote.net + quote.tax, MONEY_PLACES)}"


def emit_quote(session: Session, quote: Quote, now: datetime) -> None:
    """Tell the contract's webhooks that a quote is sent, approved or declined."""
    case = session.get_one(Case, quote.case_id)
    data = {"quote": called(quote), "case": case_called(case), "total": amount_of(quote)}
    emit(session, quote.contract_id, f"quote.{quote.state}", data, now)


def uid_of(quote: Quote, what: str) -> str:
    """The id of a line of the story that a quote has made, so that the same is never made twice."""
    return str(uuid.uuid5(_NAMESPACE, f"{quote.uid}:{what}"))


def take_for(
    session: Session,
    quote: Quote,
    case: Case,
    author: cases.Author,
    step: str,
    text: str,
    now: datetime,
) -> bool:
    """Take the case's step that the quote stands for, where the case waits for it; whether it was taken."""
    kind = KINDS[case.kind]
    if not any(one.key == step and one.fits(case.state, case.facts) for one in kind.steps):
        return False
    taking = cases.Taking(uid=uid_of(quote, step), step=step, at=now, fields={"text": text})
    cases.take_step(session, case.contract_id, author, case_called(case), taking, now)
    return True


def tell_story(
    session: Session,
    quote: Quote,
    case: Case,
    author: cases.Author,
    what: str,
    text: str,
    now: datetime,
) -> None:
    """A line of the case's story about one of its quotes."""
    given = {"quote": called(quote), "total": amount_of(quote)}
    cases.add_line(session, case, author, uid_of(quote, what), what, text, given, now)
