"""One article with its story, and the articles of a case: linked ones, and those that would fit."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.cases.kinds import name_of as case_name
from webapp.cases.models import Case
from webapp.cases.opening import case_named
from webapp.estate.models import Device
from webapp.identity.models import User
from webapp.identity.rules import Access
from webapp.knowledge.lists import ARTICLES, article_line
from webapp.knowledge.models import Article, ArticleLink, ArticleVersion
from webapp.knowledge.search import IN_TITLE, OF_TYPE, fit
from webapp.knowledge.services import article_of

MOST_SUGGESTED = 5
_MOST_CASES = 50


def article_detail(session: Session, access: Access, number: int) -> dict[str, Any]:
    """An article, its versions (latest first) and its cases. :raise AppError: ``not_found``"""
    article = article_of(session, access.contract_id, number)
    row = session.execute(ARTICLES.select.where(Article.id == article.id)).one()
    return {
        **article_line(row),
        "written_at": article.written_at,
        "source": _source(session, article),
        "versions": _versions(session, article),
        "cases": _cases(session, article),
        "may_change": access.may("handle") and article.state == "live",
        "may_withdraw": access.may("review"),
    }


def _source(session: Session, article: Article) -> str | None:
    """The name of the case that it was made from."""
    case = session.get(Case, article.case_id) if article.case_id else None
    return case_name(case.kind, case.number) if case else None


def _versions(session: Session, article: Article) -> list[dict[str, Any]]:
    statement = (
        sa.select(ArticleVersion, User.name, User.name_en)
        .join(User, User.id == ArticleVersion.author_id)
        .where(ArticleVersion.article_id == article.id)
        .order_by(ArticleVersion.number.desc())
    )
    return [
        {
            "number": version.number,
            "content": version.content,
            "note": version.note,
            "author": name,
            "author_en": name_en,
            "at": version.at,
        }
        for version, name, name_en in session.execute(statement)
    ]


def _cases(session: Session, article: Article) -> list[dict[str, Any]]:
    statement = (
        sa.select(Case)
        .join(ArticleLink, ArticleLink.case_id == Case.id)
        .where(ArticleLink.article_id == article.id)
        .order_by(ArticleLink.id.desc())
        .limit(_MOST_CASES)
    )
    return [
        {
            "name": case_name(case.kind, case.number),
            "kind": case.kind,
            "state": case.state,
            "live": case.live,
            "title": case.title,
        }
        for case in session.scalars(statement)
    ]


def articles_of_case(session: Session, access: Access, name: str) -> dict[str, Any]:
    """The articles that are linked with a case, and those that may help: by device and by words.

    :raise AppError: ``not_found``
    """
    case = case_named(session, access.contract_id, name)
    linked = sa.select(ArticleLink.article_id).where(ArticleLink.case_id == case.id)
    rows = session.execute(ARTICLES.select.where(Article.id.in_(linked)).order_by(Article.number))
    return {
        "linked": [article_line(row) for row in rows],
        "suggested": _suggested(session, case) if case.live else [],
        "may_link": access.may("handle"),
    }


def _suggested(session: Session, case: Case) -> list[dict[str, Any]]:
    device = session.get(Device, case.device_id) if case.device_id else None
    worth = fit(case.title, device.type if device else "", device.model if device else "")
    linked = sa.select(ArticleLink.article_id).where(ArticleLink.case_id == case.id)
    statement = (
        ARTICLES.select.where(
            Article.contract_id == case.contract_id,
            Article.state == "live",
            Article.id.not_in(linked),
            # A word in the title, or two below it; the device's type alone says too little.
            worth >= (OF_TYPE + 1 if device else IN_TITLE),
        )
        .order_by(worth.desc(), Article.id.desc())
        .limit(MOST_SUGGESTED)
    )
    return [article_line(row) for row in session.execute(statement)]
