"""What an API token opens: each blueprint's area, and nothing that isn't named here."""

from __future__ import annotations

from datetime import datetime

from webapp.api.counts import count
from webapp.db import unit_of_work
from webapp.errors import AppError
from webapp.identity.token_rules import Area, holds
from webapp.identity.tokens import USED_EVERY, LiveToken, note_use

REQUESTS_A_MINUTE = 600
# A blueprint that isn't here is closed to tokens: sign-in, people, tokens, settings, what phones send.
AREA_OF: dict[str, Area] = {
    "estate": "estate",
    "labels": "estate",
    "checklists": "rounds",
    "rounds": "rounds",
    "ready": "rounds",
    "acceptance": "rounds",
    "inspections": "rounds",
    "returns": "rounds",
    "open_items": "rounds",
    "photos": "rounds",
    "photo_files": "rounds",
    "case_files": "service",
    "cases": "service",
    "firmware": "service",
    "hours": "service",
    "knowledge": "service",
    "manuals": "service",
    "quotes": "service",
    "service_log": "service",
    "spares": "service",
    "team": "service",
    "figure_files": "reports",
    "figures": "reports",
    "documents": "reports",
    "reports": "reports",
}
# Whatever a token may: which contracts there are, so that a program finds its own.
ANY_SCOPE = frozenset({"contracts"})
# A signature is a person's (clause 30), and a checklist is locked by people (clause 45).
ONLY_READ = frozenset({"contracts", "acceptance", "checklists"})
READING = ("GET", "HEAD", "OPTIONS")


def scope_of(blueprint: str, method: str) -> str | None:
    """The scope that a request takes: ``""`` for any, ``None`` where no token is let in."""
    writes = method not in READING
    if writes and blueprint in ONLY_READ:
        return None
    if blueprint in ANY_SCOPE:
        return ""
    area = AREA_OF.get(blueprint)
    return f"{area}:{'write' if writes else 'read'}" if area else None


def let_token_in(token: LiveToken, blueprint: str, method: str, now: datetime) -> None:
    """Let a token's request through, and note that it was used.

    :raise AppError: ``token_not_here``, ``scope_missing``, ``too_many_requests``
    """
    count("token", token.token_id, REQUESTS_A_MINUTE)
    scope = scope_of(blueprint, method)
    if scope is None:
        raise AppError("token_not_here")
    area = AREA_OF.get(blueprint)
    if area is not None and not holds(token.scopes, area, writes=method not in READING):
        raise AppError("scope_missing", scope=scope)
    if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
        with unit_of_work() as session:
            note_use(session, token.token_id, now)
