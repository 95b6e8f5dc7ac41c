"""The client's word on a quote: approved, which becomes the work, or declined (clauses 34, 36, 40).

By the link or signed in, by the quote or by the case's own step: it is one act, taken once. The repair's
ten or twenty working days count from it, because the case's step ``approve`` is what starts them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases import services as cases
from webapp.cases.following import follows
from webapp.cases.models import Case, CaseEvent
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.identity.queries import english_name, reachable
from webapp.identity.rules import Access
from webapp.notifications import services as notifications
from webapp.quotes.models import Quote
from webapp.quotes.rules import Decision, is_over
from webapp.quotes.services import called, note, today_of, versions_of
from webapp.quotes.story import amount_of, emit_quote, take_for, tell_story, uid_of

_STEPS: dict[Decision, str] = {"approved": "approve", "declined": "decline"}
_DECISIONS: dict[str, Decision] = {"approve": "approved", "decline": "declined"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client says; ``name`` in his own words when he came by the link, and then no ``access``.

    ``wants_another`` goes with a decline: the work is wanted, and not at this price.
    """

    decision: Decision
    name: str
    text: str
    via: Literal["link", "account"]
    access: Access | None = None
    address: str = ""
    wants_another: bool = False


def answer_quote(session: Session, quote: Quote, said: Answer, now: datetime) -> None:
    """Note the client's decision, and take the case's step with it where the case waits for one.

    :raise AppError: ``quote_answered`` when it was answered already; ``quote_superseded`` when a newer
        version took its place; ``quote_expired``; ``quote_case_over``
    """
    take_sequence(session, quote.contract_id)
    session.refresh(quote, with_for_update=True)
    case = session.get_one(Case, quote.case_id)
    _check_open(session, quote, case, now)
    _decide(session, quote, said, now)
    author = cases.Author(said.access, said.name)
    stays = said.decision == "declined" and (said.wants_another or _waiting(session, case, now))
    if stays or not take_for(session, quote, case, author, _STEPS[said.decision], said.text, now):
        tell_story(session, quote, case, author, f"quote_{said.decision}", said.text, now)


def _check_open(session: Session, quote: Quote, case: Case, now: datetime) -> None:
    if quote.state == "superseded":
        issued = [one for one in versions_of(session, quote) if one.state != "draft"]
        raise AppError("quote_superseded", number=called(issued[-1]))
    if quote.state in ("approved", "declined"):
        raise AppError("quote_answered", name=quote.answer_name)
    contract = session.get_one(Contract, quote.contract_id)
    if quote.state == "expired" or is_over(quote.valid_until, today_of(contract, now)):
        raise AppError("quote_expired", day=quote.valid_until.isoformat())
    if quote.state != "sent":
        raise AppError("not_found")
    if not case.live:
        raise AppError("quote_case_over")


def _decide(session: Session, quote: Quote, said: Answer, now: datetime) -> None:
    before = quote.state
    quote.state = said.decision
    quote.answered_at = now
    quote.answer_name, quote.answer_text = said.name, said.text
    quote.answer_via, quote.answer_address = said.via, said.address
    quote.answered_by_id = said.access.user_id if said.access else None
    quote.wants_another = said.wants_another and said.decision == "declined"
    diff = {
        "state": [before, said.decision],
        "name": ["", said.name],
        "via": ["", said.via],
        "total": [None, amount_of(quote)],
    }
    note(session, quote, quote.answered_by_id, "answer", diff, now)
    session.flush()  # the case's step looks for what is still open
    _tell_provider(session, quote, now)
    emit_quote(session, quote, now)


@follows("approve", "decline")
def answer_with_the_case(
    session: Session, case: Case, event: CaseEvent, author: cases.Author, now: datetime
) -> None:
    """A case that is approved or declined by its own step: so are its quotes that wait for a word.

    A step that one of its quotes has taken says nothing of the others. One approval approves one quote:
    of several he says which, and where all that he was sent are over there is none to approve.

    :raise AppError: ``quote_choose``; ``quote_none_open``
    """
    quotes = _issued(session, case)
    if any(uid_of(quote, event.step) == event.uid for quote in quotes):
        return
    waiting = _waiting(session, case, now)
    if event.step == "approve" and len(waiting) > 1:
        raise AppError("quote_choose", numbers="、".join(map(called, waiting)))
    if event.step == "approve" and quotes and not waiting:
        raise AppError("quote_none_open")
    for quote in waiting:
        said = Answer(_DECISIONS[event.step], author.name, event.text, "account", author.access)
        _decide(session, quote, said, now)


def _issued(session: Session, case: Case) -> list[Quote]:
    """What the client was sent of a case, whatever became of it."""
    statement = sa.select(Quote).where(Quote.case_id == case.id, Quote.state != "draft")
    return list(session.scalars(statement.order_by(Quote.id)))


def _waiting(session: Session, case: Case, now: datetime) -> list[Quote]:
    """Those that wait for his word."""
    today = today_of(session.get_one(Contract, case.contract_id), now)
    return [
        one
        for one in _issued(session, case)
        if one.state == "sent" and not is_over(one.valid_until, today)
    ]


def _tell_provider(session: Session, quote: Quote, now: datetime) -> None:
    """The project manager, and who sent it, hear at once what the client says."""
    contract = session.get_one(Contract, quote.contract_id)
    details = {
        "number": called(quote),
        "name": quote.answer_name,
        "name_en": english_name(session, quote.answered_by_id),
        "total": amount_of(quote),
    }
    for person in reachable(session, quote.contract_id):
        if person.role == "project_manager" or person.recipient.user_id == quote.sent_by_id:
            notifications.tell(
                session,
                person.recipient,
                contract_id=quote.contract_id,
                kind=f"quote_{quote.state}",
                details=details,
                path=f"/desk/quotes/{called(quote)}?contract={contract.code}",
                key=f"quote_answer:{quote.id}",
                now=now,
            )
