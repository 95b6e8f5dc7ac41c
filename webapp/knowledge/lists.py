"""The list of articles: filtered, searched, the best answer first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.identity.models import User
from webapp.knowledge.models import Article, ArticleLink
from webapp.knowledge.search import answering, of_type, score
from webapp.listing import Column, Listing, Rows

_uses = (
    sa.select(ArticleLink.article_id, sa.func.count().label("uses"))
    .group_by(ArticleLink.article_id)
    .subquery()
)
STATE_WORDS = {"live": ("有效", "In use"), "withdrawn": ("已撤下", "Withdrawn")}


class Searched(Listing):
    """A list that a question sorts: the best answer first, unless another order is asked for."""

    def statement(
        self, contract_id: int, wanted: Mapping[str, Any], sort: str = ""
    ) -> sa.Select[*tuple[Any, ...]]:
        """The rows that the filters let through, in order."""
        statement = super().statement(contract_id, wanted, sort)
        if wanted.get("q") and sort in ("", self.sort):
            statement = statement.order_by(None).order_by(
                score(wanted["q"]).desc(), self.tie.desc()
            )
        return statement


def dress_articles(
    _session: Session, _contract_id: int, rows: Rows, _now: datetime
) -> list[dict[str, Any]]:
    """The rows of :data:`ARTICLES` as plain data."""
    return [article_line(row) for row in rows]


def article_line(row: sa.Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """One row of :data:`ARTICLES`."""
    article = row.Article
    return {
        "number": article.number,
        "name": f"K{article.number}",
        "state": article.state,
        "version": article.version,
        "title": article.title,
        "problem": article.problem,
        "cause": article.cause,
        "solution": article.solution,
        "device_types": article.device_types,
        "models": article.models,
        "types": ", ".join(article.device_types),
        "model_names": ", ".join(article.models),
        "uses": row.uses,
        "author": row.author,
        "author_en": row.author_en,
        "changed_at": article.changed_at,
    }


ARTICLES = Searched(
    name="articles",
    title=("知识库", "Knowledge base"),
    select=sa.select(
        Article,
        sa.func.coalesce(_uses.c.uses, 0).label("uses"),
        User.name.label("author"),
        User.name_en.label("author_en"),
    )
    .join(User, User.id == Article.written_by_id)
    .outerjoin(_uses, _uses.c.article_id == Article.id),
    contract=Article.contract_id,
    filters={"state": Article.state, "type": of_type, "q": answering},
    sorts={
        "changed_at": (Article.changed_at,),
        "number": (Article.number,),
        "title": (Article.title,),
        "uses": (sa.func.coalesce(_uses.c.uses, 0),),
    },
    backwards=frozenset({"changed_at", "uses"}),
    sort="changed_at",
    tie=Article.id,
    tab="state",
    states=("live", "withdrawn"),
    dress=dress_articles,
    columns=(
        Column("name", "编号", "Number"),
        Column("state", "状态", "State", STATE_WORDS),
        Column("title", "标题", "Title"),
        Column("problem", "现象", "Problem"),
        Column("cause", "原因", "Cause"),
        Column("solution", "处理", "Solution"),
        Column("types", "设备类型", "Device types"),
        Column("model_names", "型号", "Models"),
        Column("version", "版本", "Version"),
        Column("uses", "引用", "Cases"),
        Column("author", "作者", "Author"),
        Column("changed_at", "更新时间", "Changed"),
    ),
)
