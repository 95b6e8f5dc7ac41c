"""The search as the database does it: plain substrings, counted, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from webapp.knowledge.models import Article
from webapp.knowledge.rules import model_mark, needed, question, terms_of, type_mark

# What a hit weighs: a title says what an article is of.
IN_TITLE, IN_BODY, OF_MODEL, OF_TYPE = 4, 1, 12, 6
_MOST_OF_CASE = 16


class place_in(GenericFunction[int]):  # noqa: N801 - SQLAlchemy names a function after its class
    """Where a text stands in another, from 1; 0 where it doesn't. Case counts, nothing is a wildcard."""

    type = sa.Integer()
    inherit_cache = True
    name = "instr"


@compiles(place_in, "postgresql")
def _strpos(element: Any, compiler: Any, **more: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **more)})"


def _has(column: Any, text: str) -> sa.ColumnElement[bool]:
    return place_in(column, text) > 0


def _weighed(condition: sa.ColumnElement[bool], weight: int) -> sa.ColumnElement[int]:
    return sa.case((condition, weight), else_=0)


def _sum(parts: list[sa.ColumnElement[int]]) -> sa.ColumnElement[int]:
    total: sa.ColumnElement[int] = sa.literal(0)
    for part in parts:
        total = total + part
    return total


def _somewhere(term: str) -> sa.ColumnElement[bool]:
    return sa.or_(_has(Article.title_text, term), _has(Article.body_text, term))


def answering(text: str) -> sa.ColumnElement[bool]:
    """The articles that have every word of a question, at least half of each word's terms."""
    words = question(text)
    if not words:
        # What holds no letter at all asks for nothing that could be there.
        return sa.false()
    return sa.and_(
        *(
            _sum([_weighed(_somewhere(term), 1) for term in terms]) >= needed(terms)
            for terms in words
        )
    )


def _worth(terms: list[str]) -> list[sa.ColumnElement[int]]:
    return [
        part
        for term in terms
        for part in (
            _weighed(_has(Article.title_text, term), IN_TITLE),
            _weighed(_has(Article.body_text, term), IN_BODY),
        )
    ]


def score(text: str) -> sa.ColumnElement[int]:
    """How well an article answers a question."""
    return _sum([part for terms in question(text) for part in _worth(terms)])


def of_type(key: str) -> sa.ColumnElement[bool]:
    """The articles of a device type."""
    return _has(Article.subjects, f"|{type_mark(key)}|")


def fit(title: str, device_type: str, model: str) -> sa.ColumnElement[int]:
    """How well an article fits a case: by its device, and by the words of its subject."""
    terms = [term for word in title.split() for term in terms_of(word)][:_MOST_OF_CASE]
    parts = _worth(terms)
    if device_type:
        parts.append(_weighed(of_type(device_type), OF_TYPE))
    if model:
        parts.append(_weighed(_has(Article.subjects, f"|{model_mark(model)}|"), OF_MODEL))
    return _sum(parts)
