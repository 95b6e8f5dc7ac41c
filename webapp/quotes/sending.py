"""A quote goes to the client: frozen, told in the case's story, and mailed with a link (clauses 22, 34)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from webapp import links
from webapp.cases import services as cases
from webapp.cases.models import Case
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.identity.queries import Reachable, reachable
from webapp.identity.rules import Access
from webapp.notifications import services as notifications
from webapp.quotes import mail_words
from webapp.quotes.content import frozen_hash, quote_content
from webapp.quotes.models import Quote
from webapp.quotes.rates import quote_settings
from webapp.quotes.rules import changed_rates, is_over
from webapp.quotes.services import called, lines_of, note, quote_named, today_of, versions_of
from webapp.quotes.story import amount_of, emit_quote, take_for, tell_story


def send_quote(
    session: Session,
    access: Access,
    name: str,
    link: str,
    to: Sequence[str],
    message: str,
    now: datetime,
) -> Quote:
    """Issue a draft: from now on it is what it is, and takes the place of the version before it.

    The client's IT leads are told in the app, and whoever is written to gets the link.

    :param to: empty for the contract's IT leads who have an address
    :param link: whole, with the server's address; see :mod:`webapp.links`
    :raise AppError: ``not_found``; ``quote_issued``; ``quote_empty``; ``quote_expired`` when its last
        day is over; ``quote_case_over``; ``quote_rate_changed`` when the rate card has moved since;
        ``quote_nobody_to_send``
    """
    take_sequence(session, access.contract_id)
    quote = quote_named(session, access, name)
    session.refresh(quote, with_for_update=True)
    case = session.get_one(Case, quote.case_id)
    contract = session.get_one(Contract, quote.contract_id)
    _check_sendable(session, quote, case, contract, now)
    leads = [one for one in reachable(session, contract.id) if one.role == "client_it_lead"]
    people = [(address, "") for address in dict.fromkeys(to)] or _addresses(leads)
    if not people and not leads:
        raise AppError("quote_nobody_to_send")
    _supersede(session, access, quote, now)
    quote.sent_by_id, quote.sent_at = access.user_id, now
    quote.state = "sent"
    quote.content = quote_content(session, quote, now)
    quote.content_sha256 = frozen_hash(quote.content)
    quote.sent_to = ", ".join(address for address, _ in people)
    author = cases.Author(access, access.user_name)
    take_for(session, quote, case, author, "quote", amount_of(quote), now)
    tell_story(session, quote, case, author, "quote_sent", "", now)
    _tell(session, quote, contract, case, leads, now)
    _mail(session, quote, contract, case, people, link, message, now)
    emit_quote(session, quote, now)
    diff = {"state": ["draft", "sent"], "sent_to": ["", quote.sent_to]}
    note(session, quote, access.user_id, "send", diff, now)
    return quote


def _check_sendable(
    session: Session, quote: Quote, case: Case, contract: Contract, now: datetime
) -> None:
    if quote.state != "draft":
        raise AppError("quote_issued", state=quote.state)
    if not case.live:
        raise AppError("quote_case_over")
    lines = lines_of(session, quote)
    if not lines:
        raise AppError("quote_empty")
    if is_over(quote.valid_until, today_of(contract, now)):
        raise AppError("quote_expired", day=quote.valid_until.isoformat())
    changed = changed_rates(lines, quote_settings(contract.settings).by_key)
    if changed:
        raise AppError("quote_rate_changed", line=changed[0] + 1)


def _supersede(session: Session, access: Access, quote: Quote, now: datetime) -> None:
    """What it replaces can't be approved any more; a decline stays one."""
    for old in versions_of(session, quote):
        if old.id != quote.id and old.state in ("sent", "expired"):
            note(
                session, old, access.user_id, "supersede", {"state": [old.state, "superseded"]}, now
            )
            old.state = "superseded"


def _addresses(leads: Sequence[Reachable]) -> list[tuple[str, str]]:
    return [(one.recipient.email, one.recipient.name) for one in leads if one.recipient.email]


def _tell(
    session: Session,
    quote: Quote,
    contract: Contract,
    case: Case,
    leads: Sequence[Reachable],
    now: datetime,
) -> None:
    for one in leads:
        notifications.tell(
            session,
            one.recipient,
            contract_id=contract.id,
            kind="quote_sent",
            details={"number": called(quote), "title": case.title, "total": amount_of(quote)},
            path=f"/desk/quotes/{called(quote)}?contract={contract.code}",
            key=f"quote_sent:{quote.id}",
            now=now,
        )


def _mail(
    session: Session,
    quote: Quote,
    contract: Contract,
    case: Case,
    people: Sequence[tuple[str, str]],
    link: str,
    message: str,
    now: datetime,
) -> None:
    letter = mail_words.sent(quote, contract, case, link, message)
    for address, name in people:
        notifications.mail(
            session,
            address,
            letter.subject,
            letter.text,
            f"quote:{quote.id}:{now.isoformat()}:{address}"[:120],
            now=now,
            to_name=name,
            contract_id=contract.id,
            useful_for=links.LIFETIME,
        )
