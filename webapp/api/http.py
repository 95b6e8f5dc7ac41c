"""What every view stands on: who asks, cross-site check, paging; errors are answered by `answers`."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any, cast
from urllib.parse import urlsplit

import marshmallow as ma
import sqlalchemy as sa
from flask import Flask, Request, Response, current_app, g, request
from flask import session as cookie
from flask_login import UserMixin, current_user
from flask_smorest import Blueprint as SmorestBlueprint
from werkzeug.exceptions import RequestEntityTooLarge

from webapp import log, metrics
from webapp.api import answers
from webapp.api.bearer import let_token_in
from webapp.config import Settings
from webapp.db import db, now_utc, unit_of_work
from webapp.errors import AppError
from webapp.extensions import login_manager
from webapp.identity import queries as identity_queries
from webapp.identity.models import User, UserSession
from webapp.identity.queries import LiveSession
from webapp.identity.rules import Access, Right
from webapp.identity.services import hash_token
from webapp.identity.token_rules import NEVER_BY_TOKEN, bearer_of
from webapp.identity.tokens import LiveToken, live_token

CONTRACT = "/api/contracts/<contract_code>"
MEANT_USER = "Roundbook-User"
SEEN_EVERY = timedelta(minutes=5)
# What a stranger may ask of the API; everything else asks who he is before a byte of its body is read.
_OPEN = {
    ("POST", "/api/session"),
    ("POST", "/api/session/passkey"),
    ("POST", "/api/session/passkey/options"),
    ("GET", "/api/sign-in"),
    ("GET", "/api/sign-in/oidc"),
    ("GET", "/api/sign-in/oidc/callback"),
    ("GET", "/api/openapi.json"),
    ("GET", "/api/docs"),
}
# What a signed link in a mail opens; the link itself says who may.
_OF_LINKS = "/api/links/"
# A login and a password, or a comment: what a stranger sends is never more.
_MOST_FROM_STRANGERS = 16 * 1024
# What a page of another site may send without the browser asking us first: our own pages never do.
_KINDS_OF_FORMS = ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data")


class Schema(ma.Schema):
    """A schema in the house's manner: unknown fields are refused."""

    class Meta:
        unknown = ma.RAISE


class PageArgs(Schema):
    """``page`` from 1, and ``page_size`` up to 200."""

    page = ma.fields.Integer(load_default=1, validate=ma.validate.Range(1, 100_000))
    page_size = ma.fields.Integer(load_default=50, validate=ma.validate.Range(1, 200))


class Blueprint(SmorestBlueprint):
    """A blueprint of the API; what the document says of it is drawn up when that is asked for."""

    def register_views_in_doc(self, api: Any, *rest: Any, **named: Any) -> None:
        """Keep the drawing up for :meth:`DocumentedApi.drawn_up`: a tenth of each start, for nobody."""
        api.undrawn.append(partial(super().register_views_in_doc, api, *rest, **named))


def blueprint(name: str, description: str) -> Blueprint:
    """A blueprint whose routes are written whole, so that a search for a path finds its view."""
    return Blueprint(name, f"webapp.api.{name}", description=description)


class WholeRequest(Request):
    """A request whose body is read whole or refused.

    Werkzeug cuts a body of unknown length at the limit without a word; half a register must not be
    taken for the whole one.
    """

    def get_data(
        self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
    ) -> Any:
        """The body. :raise RequestEntityTooLarge:"""
        data = super().get_data(cache, as_text, parse_form_data)  # type: ignore[call-overload]
        most = self.max_content_length
        if self.content_length is None and most is not None and len(data) >= most:
            raise RequestEntityTooLarge
        return data


class SignedIn(UserMixin):
    """The session that a request came with, as Flask-Login holds it; or the API token."""

    def __init__(self, token: str, live: LiveSession, api_token: LiveToken | None = None) -> None:
        self.token = token
        self.live = live
        self.api_token = api_token

    @property
    def session_id(self) -> int:
        """The session's id. :raise AppError: ``token_not_here``, because a token has none"""
        if self.live.session_id is None:
            raise AppError("token_not_here")
        return self.live.session_id

    @cached_property
    def user(self) -> User:
        """Its user, whole: read when a view asks for more than the id."""
        return db.session.get_one(User, self.live.user_id)

    def get_id(self) -> str:
        """The token, which the signed cookie carries."""
        return self.token


@login_manager.user_loader
def _load_signed_in(token: str) -> SignedIn | None:
    if bearer_of(request.headers.get("Authorization", "")) is not None:
        return None  # Who shows a token acts by it, whatever cookie came along.
    found = identity_queries.live_session(db.session(), hash_token(token), now_utc())
    return SignedIn(token, found) if found else None


@login_manager.request_loader
def _load_by_token(asked: Request) -> SignedIn | None:
    text = bearer_of(asked.headers.get("Authorization", ""))
    found = live_token(db.session(), text, now_utc()) if text else None
    return SignedIn("", found.maker, found) if found else None


def signed_in() -> SignedIn:
    """The signed-in session.

    A phone names the user whose records it sends: should another tab have signed somebody else in
    meanwhile, that session must not become their author.

    :raise AppError: ``unauthenticated``
    """
    if not current_user.is_authenticated:
        raise AppError("unauthenticated")
    actor = cast(SignedIn, current_user._get_current_object())  # noqa: SLF001 - the proxy's own way
    if request.headers.get(MEANT_USER, "") not in ("", str(actor.live.user_id)):
        raise AppError("unauthenticated", reason="other_user")
    return actor


def administrator() -> SignedIn:
    """The signed-in session of an administrator. :raise AppError: ``unauthenticated``, ``forbidden``"""
    actor = signed_in()
    if not actor.live.is_admin or actor.api_token:
        raise AppError("forbidden")
    return actor


def require(right: Right, contract_code: str) -> Access:
    """The actor's access to the contract of the path, with the right that the view needs.

    :raise AppError: ``unauthenticated``; ``not_found`` when he is no member, as for a contract that
        does not exist; ``forbidden``
    """
    actor = signed_in()
    access = identity_queries.access_to(db.session(), actor.live, contract_code)
    token = actor.api_token
    if access is None or (token and token.contract_code not in (None, access.contract_code)):
        raise AppError("not_found")
    if token:
        access = replace(access, rights=access.rights - NEVER_BY_TOKEN)
    if not access.may(right):
        raise AppError("forbidden", right=right)
    return access


def page_of(statement: sa.Select[*tuple[Any, ...]], page: int, page_size: int) -> dict[str, Any]:
    """One page of a select as ``{"items": rows, "total", "page", "page_size"}``."""
    session = db.session()
    total = session.scalar(
        sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())
    )
    rows = session.execute(statement.limit(page_size).offset((page - 1) * page_size)).all()
    return {"items": rows, "total": total or 0, "page": page, "page_size": page_size}


def page_schema(item: type[ma.Schema]) -> type[ma.Schema]:
    """The schema of a page of ``item``."""
    name = item.__name__.removesuffix("Schema") + "PageSchema"
    fields = {
        "items": ma.fields.List(ma.fields.Nested(item), required=True),
        "total": ma.fields.Integer(required=True),
        "page": ma.fields.Integer(required=True),
        "page_size": ma.fields.Integer(required=True),
    }
    return type(name, (ma.Schema,), fields)


def install(app: Flask) -> None:
    """Bind request ids, the cross-site check, headers and error answers to the app."""
    app.request_class = WholeRequest
    app.before_request(_begin_request)
    app.after_request(_finish_response)
    answers.install(app)


def settings() -> Settings:
    """The running app's settings."""
    return cast(Settings, current_app.extensions["settings"])


def _begin_request() -> None:
    given = request.headers.get("X-Request-Id", "")
    request_id = given if 8 <= len(given) <= 64 and given.isascii() and given.isprintable() else ""
    g.request_id = request_id or secrets.token_hex(8)
    g.began_at = now_utc()
    log.request_id_var.set(g.request_id)
    writes = request.method not in ("GET", "HEAD", "OPTIONS")
    if writes and not came_from_here():
        raise AppError("cross_site")
    if request.path.startswith("/api/") and request.url_rule is not None:
        _let_nobody_in()
        if writes:
            _take_no_form()
            db.session.rollback()  # No transaction is held while a slow client sends its body.


def _let_nobody_in() -> None:
    """Refuse who isn't signed in, whatever the view: one that forgets to ask is closed, not open."""
    if is_open(request.method, request.path):
        request.max_content_length = _MOST_FROM_STRANGERS
    elif request.method != "OPTIONS":
        token = signed_in().api_token
        if token:
            let_token_in(token, request.blueprint or "", request.method, g.began_at)


def is_open(method: str, path: str) -> bool:
    """Whether a stranger may ask this."""
    return (method, path) in _OPEN or path.startswith(_OF_LINKS)


def _take_no_form() -> None:
    """Refuse a body that a foreign form could have sent, where a browser is too old to say so.

    A photo is put, which no form can.

    :raise AppError: ``not_json``
    """
    has_body = request.content_length or "Transfer-Encoding" in request.headers
    if has_body and request.method != "PUT" and request.mimetype in _KINDS_OF_FORMS:
        raise AppError("not_json")


def came_from_here() -> bool:
    """Whether a writing request came from our own pages, or from no page at all (a command line)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _finish_response(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    began: datetime | None = g.get("began_at")
    seconds = (now_utc() - began).total_seconds() if began else 0.0
    route = request.url_rule.rule if request.url_rule else "none"
    metrics.count_request(request.method, route, response.status_code, seconds)
    if request.path.startswith("/api/"):
        response.headers.setdefault("Cache-Control", "no-store")
        log.event(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1) if began else None,
        )
    return response


def touch_session() -> None:
    """Note that the session was used, at most every five minutes, in a transaction of its own."""
    actor = signed_in()
    now = now_utc()
    if now - actor.live.last_seen_at < SEEN_EVERY:
        return
    with unit_of_work() as session:
        session.execute(
            sa.update(UserSession)
            .where(UserSession.id == actor.session_id)
            .values(last_seen_at=now)
        )


def sign_in_cookie(token: str) -> None:
    """A new cookie session for a token; whatever cookie there was is dropped (fixation)."""
    cookie.clear()
    cookie["_user_id"] = token
    cookie["_fresh"] = True
    cookie.permanent = True


def sign_out_cookie() -> None:
    """Empty the cookie."""
    cookie.clear()
