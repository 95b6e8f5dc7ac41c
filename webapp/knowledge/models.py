"""The knowledge base: articles, their versions, and the cases that they were of use to (clause 2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class Article(Base):
    """An article as it stands; ``number`` counts within the contract: K12.

    ``device_types`` are keys of the checklist, ``models`` in the words of the asset register. The plain
    forms of what is searched stand beside it: ``title_text``, ``body_text``, and ``subjects``, which is
    ``|type:codec|model:cx-30|``. ``case_id`` is the fault that it was made from.
    """

    __tablename__ = "knowledge_article"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "number"),
        sa.UniqueConstraint("contract_id", "uid"),
        sa.CheckConstraint("state IN ('live', 'withdrawn')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    uid: Mapped[str] = mapped_column(sa.String(36))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(16), default="live")
    version: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    problem: Mapped[str] = mapped_column(sa.Text, default="")
    cause: Mapped[str] = mapped_column(sa.Text, default="")
    solution: Mapped[str] = mapped_column(sa.Text, default="")
    device_types: Mapped[list[Any]] = mapped_column(default_factory=list)
    models: Mapped[list[Any]] = mapped_column(default_factory=list)
    title_text: Mapped[str] = mapped_column(sa.Text, default="")
    body_text: Mapped[str] = mapped_column(sa.Text, default="")
    subjects: Mapped[str] = mapped_column(sa.Text, default="")
    case_id: Mapped[int | None] = mapped_column(sa.ForeignKey("service_case.id"), default=None)
    written_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    written_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ArticleVersion(Base):
    """An article as it was written once; append-only. ``content`` is all that its author gave."""

    __tablename__ = "knowledge_version"
    __table_args__ = (sa.UniqueConstraint("article_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("knowledge_article.id"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    at: Mapped[datetime]


class ArticleLink(Base):
    """An article that was of use to a case."""

    __tablename__ = "knowledge_link"
    __table_args__ = (sa.UniqueConstraint("article_id", "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    article_id: Mapped[int] = mapped_column(sa.ForeignKey("knowledge_article.id"))
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("service_case.id"), index=True)
    linked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    linked_at: Mapped[datetime]
