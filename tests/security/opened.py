"""What the world holds for those who come from outside: API tokens, webhooks, calendars, passkeys."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from tests.security.world import NOBODY, World
from webapp.agenda import services as agenda
from webapp.db import db, now_utc, unit_of_work
from webapp.identity import tokens
from webapp.identity.models import ApiToken, Passkey, User
from webapp.identity.rules import ADMINISTRATOR
from webapp.webhooks import services as webhooks
from webapp.webhooks.models import Webhook, WebhookDelivery


def new_token(user: User, scopes: Sequence[str], contract_code: str | None = None) -> str:
    """The text of a new token of a person's; those that he had are revoked."""
    return _made(user, scopes, contract_code)[1]


def own_token(world: World, actor: str) -> int:
    """One more token of the actor's own; nobody's is the administrator's."""
    user = world.people[ADMINISTRATOR if actor == NOBODY else actor]
    return _made(user, ["rounds:read"], None)[0].id


def _made(user: User, scopes: Sequence[str], code: str | None) -> tuple[ApiToken, str]:
    now = now_utc()
    with unit_of_work() as session:
        session.execute(sa.update(ApiToken).filter_by(user_id=user.id).values(revoked_at=now))
        return tokens.make_token(
            session,
            db.session.get_one(User, user.id),
            name="程序",
            scopes=scopes,
            contract_code=code,
            expires_in_days=30,
            now=now,
        )


def a_webhook(world: World) -> dict[str, Any]:
    """The body that makes a webhook; those that were there are gone, because only so many may be."""
    with unit_of_work() as session:
        hooks = sa.select(Webhook.id).filter_by(contract_id=world.contract.id)
        for hook_id in session.scalars(hooks).all():
            webhooks.remove_webhook(
                session, world.contract.id, world.people[ADMINISTRATOR].id, hook_id, now_utc()
            )
    return {"name": "工单", "address": "https://hooks.example/in", "events": ["fault.declared"]}


def new_webhook(world: World) -> dict[str, int]:
    """A webhook, and something that it was sent and did not take."""
    body, now = a_webhook(world), now_utc()
    by = world.people[ADMINISTRATOR].id
    with unit_of_work() as session:
        row = webhooks.make_webhook(session, world.contract.id, by, **body, now=now)
        data = {"name": world.code}
        webhooks.emit(session, world.contract.id, "fault.declared", data, now)
        session.execute(sa.update(WebhookDelivery).values(state="given_up"))
        delivery = session.scalars(sa.select(WebhookDelivery).filter_by(webhook_id=row.id)).one()
    return {"hook_id": row.id, "delivery_id": delivery.id}


def own_calendar(world: World, actor: str) -> None:
    """The actor's calendar has an address, which he can take back."""
    if actor != NOBODY:
        with unit_of_work() as session:
            agenda.renew_feed(session, world.people[actor].id, now_utc())


def new_calendar(world: World) -> str:
    """What leads to the project manager's calendar."""
    with unit_of_work() as session:
        row = agenda.renew_feed(session, world.people["project_manager"].id, now_utc())
    return agenda.token_of(world.app.config["SECRET_KEY"], row)


def of_the_open(world: World, path: str, actor: str) -> dict[str, Any]:
    """What stands for the names of a path that leads to those who come from outside."""
    if path == "/api/calendar":
        own_calendar(world, actor)
    if "{calendar_token}" in path:
        return {"calendar_token": new_calendar(world)}
    return new_webhook(world) if "{hook_id}" in path else {}


def own_passkey(world: World, actor: str) -> int:
    """One more passkey of the actor's own; nobody's is the administrator's."""
    user = world.people[ADMINISTRATOR if actor == NOBODY else actor]
    with unit_of_work() as session:
        row = Passkey(
            user_id=user.id,
            credential_id=secrets.token_bytes(32),
            public_key=b"",
            sign_count=0,
            name="手机",
            created_at=now_utc(),
        )
        session.add(row)
    return row.id
