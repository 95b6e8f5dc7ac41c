"""The job that tells a webhook: outside any transaction, and not against an address that just failed."""

from __future__ import annotations

import time
from datetime import datetime

from flask import current_app

from webapp import log
from webapp.config import Settings
from webapp.db import db, now_utc, unit_of_work
from webapp.identity.models import Contract
from webapp.identity.queries import reachable
from webapp.jobs import TryLater, every_minute, handles
from webapp.notifications.services import tell
from webapp.outgoing import NotSentError, post
from webapp.webhooks import services
from webapp.webhooks.models import Webhook
from webapp.webhooks.rules import ANSWER_LENGTH, headers_of, secret_of

# Characters of the answer that are kept take at most four bytes each.
_MOST_READ_BYTES = ANSWER_LENGTH * 4


def send_webhook(arguments: dict[str, int]) -> None:
    """Tell one webhook of one event, unless that is done. :raise TryLater: when it was not taken"""
    delivery_id = arguments["delivery_id"]
    outgoing = services.to_send(db.session(), delivery_id, now_utc())
    db.session.rollback()  # No transaction is held while another server is talked to.
    if outgoing is None:
        return
    if outgoing.rest_until is not None and now_utc() < outgoing.rest_until:
        raise TryLater("the address failed a moment ago", at=outgoing.rest_until)
    tried = _try(outgoing)
    with unit_of_work() as session:
        outcome = services.note_try(session, delivery_id, tried)
        if outcome.switched_off is not None:
            _tell_who_answers(outcome.switched_off, tried.at)
    if outcome.again:
        raise TryLater(f"webhook not taken: {tried.status or tried.reason}")


def _try(outgoing: services.Outgoing) -> services.Tried:
    settings: Settings = current_app.extensions["settings"]
    at, began = now_utc(), time.monotonic()
    secrets = [secret_of(settings.secret_key, salt) for salt in outgoing.salts]
    headers = headers_of(outgoing.uid, outgoing.body, secrets, at)

    def milliseconds() -> int:
        return round((time.monotonic() - began) * 1000)

    try:
        answer = post(
            outgoing.address,
            outgoing.body,
            headers,
            allowed=settings.webhook_hosts,
            most=_MOST_READ_BYTES,
        )
    except NotSentError as error:
        log.event("webhook_not_sent", delivery=outgoing.delivery_id, reason=error.reason)
        return services.Tried(at, milliseconds(), reason=error.reason)
    return services.Tried(at, milliseconds(), status=answer.status, answer=_text(answer.body))


def _text(body: bytes) -> str:
    """The beginning of an answer as a text that a database and a screen can hold."""
    text = body.decode("utf-8", "replace")
    shown = "".join(one if one.isprintable() else " " for one in text)
    return " ".join(shown.split())[:ANSWER_LENGTH]


def _tell_who_answers(hook: Webhook, now: datetime) -> None:
    """Tell whoever settles the contract that a webhook was switched off."""
    session = db.session()
    contract = session.get_one(Contract, hook.contract_id)
    for one in reachable(session, contract.id):
        if "manage_people" in one.rights:
            tell(
                session,
                one.recipient,
                contract_id=contract.id,
                kind="webhook_off",
                details={"name": hook.name, "address": hook.address},
                path=f"/desk/connections?view=webhooks&contract={contract.code}",
                key=f"webhook_off:{hook.id}:{now.isoformat()}",
                now=now,
            )


def forget_old_deliveries(now: datetime) -> None:
    """Forget what webhooks were told long ago."""
    if services.has_old(db.session(), now):
        with unit_of_work() as session:
            services.forget_old(session, now)


def register() -> None:
    """Have the worker tell webhooks."""
    handles(services.SEND_WEBHOOK)(send_webhook)
    every_minute(forget_old_deliveries)
