"""The knowledge base over HTTP: search, articles with their versions, what fits a case (clause 2)."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from webapp.api.cases import CASE, UID, RelatedCaseSchema
from webapp.api.http import CONTRACT, PageArgs, Schema, blueprint, require
from webapp.api.listing import list_views, sort_of, state_of
from webapp.api.rounds import ID
from webapp.db import db, now_utc, unit_of_work
from webapp.knowledge import queries, services
from webapp.knowledge.lists import ARTICLES
from webapp.knowledge.rules import LONGEST_WORDS, MOST_SUBJECTS
from webapp.knowledge.services import Draft

bp = blueprint("knowledge", "The knowledge base: articles, their versions, and what fits a case")
ARTICLE = f"{CONTRACT}/articles/<int:article>"
CASE_ARTICLE = f"{CASE}/articles/<int:article>"
_WORDS = validate.Length(max=LONGEST_WORDS)
_TYPES = fields.List(
    fields.String(validate=validate.Length(1, 32)),
    load_default=list,
    validate=validate.Length(max=MOST_SUBJECTS),
)


class ArticleArgs(PageArgs):
    """Which articles; ``q`` finds Chinese too, and puts the best answer first unless another order is asked."""

    state = state_of(ARTICLES, "live")
    type = fields.String(validate=validate.Length(1, 32))
    q = fields.String(load_default="", validate=validate.Length(max=100))
    sort = sort_of(ARTICLES)


class ArticleSchema(ma.Schema):
    """An article as it stands; ``uses`` counts the cases that it is linked with."""

    number = fields.Integer(required=True)
    name = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(ARTICLES.states))
    version = fields.Integer(required=True)
    title = fields.String(required=True)
    problem = fields.String(required=True)
    cause = fields.String(required=True)
    solution = fields.String(required=True)
    device_types = fields.List(fields.String(), required=True)
    models = fields.List(fields.String(), required=True)
    uses = fields.Integer(required=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    changed_at = fields.AwareDateTime(required=True)


class ArticleContentSchema(ma.Schema):
    """What a version says."""

    title = fields.String(required=True)
    problem = fields.String(required=True)
    cause = fields.String(required=True)
    solution = fields.String(required=True)
    device_types = fields.List(fields.String(), required=True)
    models = fields.List(fields.String(), required=True)


class ArticleVersionSchema(ma.Schema):
    """An article as it was written once."""

    number = fields.Integer(required=True)
    content = fields.Nested(ArticleContentSchema, required=True)
    note = fields.String(required=True)
    author = fields.String(required=True)
    author_en = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class ArticleDetailSchema(ArticleSchema):
    """An article with its versions, the latest first, and the cases that it was of use to."""

    written_at = fields.AwareDateTime(required=True)
    source = fields.String(required=True, allow_none=True)
    versions = fields.List(fields.Nested(ArticleVersionSchema), required=True)
    cases = fields.List(fields.Nested(RelatedCaseSchema), required=True)
    may_change = fields.Boolean(required=True)
    may_withdraw = fields.Boolean(required=True)


class CaseArticlesSchema(ma.Schema):
    """The articles of a case, and those that would fit it, the best first."""

    linked = fields.List(fields.Nested(ArticleSchema), required=True)
    suggested = fields.List(fields.Nested(ArticleSchema), required=True)
    may_link = fields.Boolean(required=True)


class DraftSchema(Schema):
    """What an article says; ``device_types`` are keys of the checklist."""

    title = fields.String(required=True, validate=validate.Length(1, 200))
    problem = fields.String(load_default="", validate=_WORDS)
    cause = fields.String(load_default="", validate=_WORDS)
    solution = fields.String(required=True, validate=validate.Length(1, LONGEST_WORDS))
    device_types = _TYPES
    models = fields.List(
        fields.String(validate=validate.Length(1, 120)),
        load_default=list,
        validate=validate.Length(max=MOST_SUBJECTS),
    )


class NewArticleSchema(DraftSchema):
    """A new article; ``uid`` keeps the same from being written twice, ``case`` is what it is made from."""

    uid = fields.String(required=True, validate=UID)
    case = fields.String(load_default=None, allow_none=True, validate=validate.Length(2, 10))


class ChangeArticleSchema(DraftSchema):
    """The next version; ``version`` is the one that its author has read, ``note`` why it is changed."""

    version = fields.Integer(required=True, validate=ID)
    note = fields.String(load_default="", validate=validate.Length(max=200))


list_views(bp, "articles", ARTICLES, ArticleArgs, ArticleSchema)


@bp.post(f"{CONTRACT}/articles")
@bp.arguments(NewArticleSchema)
@bp.response(201, ArticleDetailSchema)
def write_article(body: dict[str, Any], contract_code: str) -> dict[str, Any]:
    """Write an article; the same ``uid`` again gives the article that it had become."""
    access = require("handle", contract_code)
    uid, case = body.pop("uid"), body.pop("case")
    with unit_of_work() as session:
        number = services.write_article(session, access, uid, Draft(**body), now_utc(), case).number
    return queries.article_detail(db.session(), access, number)


@bp.get(ARTICLE)
@bp.response(200, ArticleDetailSchema)
def show_article(contract_code: str, article: int) -> dict[str, Any]:
    """One article with its versions and its cases."""
    return queries.article_detail(db.session(), require("view", contract_code), article)


@bp.patch(ARTICLE)
@bp.arguments(ChangeArticleSchema)
@bp.response(200, ArticleDetailSchema)
def change_article(body: dict[str, Any], contract_code: str, article: int) -> dict[str, Any]:
    """Make the next version of an article."""
    access = require("handle", contract_code)
    more = {"version": body.pop("version"), "note": body.pop("note")}
    with unit_of_work() as session:
        services.change_article(session, access, article, Draft(**body), now_utc(), **more)
    return queries.article_detail(db.session(), access, article)


@bp.post(f"{ARTICLE}/withdraw")
@bp.response(200, ArticleDetailSchema)
def withdraw_article(contract_code: str, article: int) -> dict[str, Any]:
    """Withdraw an article that no longer holds."""
    return _in_state(contract_code, article, "withdrawn")


@bp.post(f"{ARTICLE}/restore")
@bp.response(200, ArticleDetailSchema)
def restore_article(contract_code: str, article: int) -> dict[str, Any]:
    """Bring a withdrawn article back."""
    return _in_state(contract_code, article, "live")


def _in_state(contract_code: str, article: int, state: str) -> dict[str, Any]:
    access = require("review", contract_code)
    with unit_of_work() as session:
        services.set_state(session, access, article, state, now_utc())
    return queries.article_detail(db.session(), access, article)


@bp.get(f"{CASE}/articles")
@bp.response(200, CaseArticlesSchema)
def show_articles_of_case(contract_code: str, name: str) -> dict[str, Any]:
    """The articles of a case, and those that would fit it."""
    return queries.articles_of_case(db.session(), require("view", contract_code), name)


@bp.put(CASE_ARTICLE)
@bp.response(200, CaseArticlesSchema)
def link_article(contract_code: str, name: str, article: int) -> dict[str, Any]:
    """Note that an article was of use to a case."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        services.link_article(session, access, name, article, now_utc())
    return queries.articles_of_case(db.session(), access, name)


@bp.delete(CASE_ARTICLE)
@bp.response(200, CaseArticlesSchema)
def unlink_article(contract_code: str, name: str, article: int) -> dict[str, Any]:
    """Take the link of an article with a case away again."""
    access = require("handle", contract_code)
    with unit_of_work() as session:
        services.unlink_article(session, access, name, article, now_utc())
    return queries.articles_of_case(db.session(), access, name)
