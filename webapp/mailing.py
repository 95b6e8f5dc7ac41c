"""The job that sends a mail: outside any transaction, and not against a server that just failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from webapp import links, log
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract, User
from webapp.identity.queries import reachable
from webapp.jobs import TryLater, handles
from webapp.notifications import queries, services
from webapp.notifications.mail import (
    Outgoing,
    RefusedError,
    Sender,
    Transport,
    UnreachableError,
    message_of,
)
from webapp.notifications.rules import LINK

# One mail finds out that the server is down; the others needn't each wait for it to time out.
REST = timedelta(seconds=30)
_LEFT_ALONE_UNTIL = "mail_left_alone_until"


def send_mail(arguments: dict[str, Any]) -> None:
    """Send one mail, unless it is sent already. :raise TryLater: when the server takes none now"""
    until: datetime | None = current_app.extensions.get(_LEFT_ALONE_UNTIL)
    if until is not None and now_utc() < until:
        raise TryLater("the mail server failed a moment ago", at=until)
    mail = queries.waiting_mail(db.session(), arguments["mail_id"])
    db.session.rollback()  # No transaction is held while a server is talked to.
    if mail is None:
        return
    if mail.useful_until is not None and now_utc() > mail.useful_until:
        _note(mail.id, "lapsed", "")
        return
    try:
        _transport().send(message_of(_with_link(mail), _sender()))
    except RefusedError as error:
        log.event("mail_refused", mail=mail.id, reply=str(error))
        _give_up(mail, str(error))
    except UnreachableError as error:
        _put_off(mail, error)
    else:
        with unit_of_work() as session:
            services.note_sent(session, mail.id, now_utc())


def _with_link(mail: Outgoing) -> Outgoing:
    """The mail with its link, which is signed now: it lives from today, and lies in no row."""
    if not mail.link_for:
        return mail
    path = links.path_for(str(current_app.config["SECRET_KEY"]), mail.link_for)
    return replace(mail, text=mail.text.replace(LINK, path))


def _give_up(mail: Outgoing, reply: str) -> None:
    """Note that a mail was refused for good, and tell whoever answers for the contract's reports."""
    now = now_utc()
    with unit_of_work() as session:
        services.note_not_sent(session, mail.id, "failed", reply)
        contract = session.get(Contract, mail.contract_id) if mail.contract_id else None
        if contract is None:
            return
        for one in reachable(session, contract.id):
            if "accept" in one.rights:
                services.tell(
                    session,
                    one.recipient,
                    contract_id=contract.id,
                    kind="mail_failed",
                    details={**_addressee(session, mail), "reason": reply},
                    path=f"/desk/contract?view=mail&state=failed&contract={contract.code}",
                    key=f"mail_failed:{mail.id}",
                    now=now,
                )


def _addressee(session: Session, mail: Outgoing) -> dict[str, str]:
    """Whom a mail was for: by both names where he has an account, else as it named him."""
    for user in session.scalars(sa.select(User).where(User.email == mail.to_address)):
        if mail.to_name in (user.name, user.name_en):
            return {"to": user.name, "to_en": user.name_en}
    return {"to": mail.to_name or mail.to_address}


def register() -> None:
    """Have the worker send mails."""
    handles(services.SEND_MAIL)(send_mail)


def _put_off(mail: Outgoing, error: UnreachableError) -> None:
    until = now_utc() + REST
    current_app.extensions[_LEFT_ALONE_UNTIL] = until
    _note(mail.id, "waiting", str(error))
    raise TryLater(str(error), at=until) from error


def _note(mail_id: int, state: str, error: str) -> None:
    with unit_of_work() as session:
        services.note_not_sent(session, mail_id, state, error)


def _transport() -> Transport:
    return cast(Transport, current_app.extensions["mail_transport"])


def _sender() -> Sender:
    return cast(Sender, current_app.extensions["mail_sender"])
