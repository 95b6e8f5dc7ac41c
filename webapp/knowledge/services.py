"""Writing the knowledge base: articles and their versions, and the cases that they are linked with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webapp.audit import services as audit
from webapp.cases.models import Case
from webapp.cases.opening import called, case_named
from webapp.db import take_sequence
from webapp.errors import AppError
from webapp.identity.rules import Access
from webapp.knowledge.models import Article, ArticleLink, ArticleVersion
from webapp.knowledge.rules import MOST_SUBJECTS, listed, plain, subjects


@dataclass(frozen=True, slots=True)
class Draft:
    """What an article says; ``device_types`` are keys of the checklist."""

    title: str
    solution: str
    problem: str = ""
    cause: str = ""
    device_types: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)


def article_of(session: Session, contract_id: int, number: int) -> Article:
    """The article of a number. :raise AppError: ``not_found``"""
    row = session.scalar(
        sa.select(Article).where(Article.contract_id == contract_id, Article.number == number)
    )
    if row is None:
        raise AppError("not_found")
    return row


def write_article(
    session: Session,
    access: Access,
    uid: str,
    draft: Draft,
    now: datetime,
    case: str | None = None,
) -> Article:
    """Write a new article, perhaps out of a case, which it is then linked with.

    The same ``uid`` again gives the article that it had become.

    :raise AppError: ``invalid`` (by field); ``case_unknown``
    """
    take_sequence(session, access.contract_id)
    known = session.scalar(
        sa.select(Article).where(Article.contract_id == access.contract_id, Article.uid == uid)
    )
    if known is not None:
        return known
    origin = _case(session, access.contract_id, case) if case else None
    last = session.scalar(
        sa.select(sa.func.max(Article.number)).where(Article.contract_id == access.contract_id)
    )
    row = Article(
        contract_id=access.contract_id,
        uid=uid,
        number=(last or 0) + 1,
        case_id=origin.id if origin else None,
        written_by_id=access.user_id,
        written_at=now,
        changed_at=now,
    )
    content = _fill(row, draft)
    session.add(row)
    session.flush()  # its version and its link name its id
    _keep_version(session, access, row, content, "", now)
    _audit(session, access, "write", row, audit.first_values(content), now)
    if origin:
        _link(session, access, row, origin, now)
    return row


def change_article(
    session: Session,
    access: Access,
    number: int,
    draft: Draft,
    now: datetime,
    *,
    version: int,
    note: str = "",
) -> Article:
    """Make the next version of an article, from the one that its author has read.

    :raise AppError: ``not_found``; ``article_changed`` where somebody was quicker; ``article_withdrawn``;
        ``invalid`` (by field)
    """
    take_sequence(session, access.contract_id)
    row = article_of(session, access.contract_id, number)
    if row.state != "live":
        raise AppError("article_withdrawn", name=name_of(row))
    if row.version != version:
        raise AppError("article_changed", name=name_of(row), version=row.version)
    before = _content(row)
    content = _fill(row, draft)
    if content == before:
        return row
    row.version += 1
    row.written_by_id, row.changed_at = access.user_id, now
    _keep_version(session, access, row, content, note.strip(), now)
    _audit(session, access, "change", row, audit.differences(before, content), now)
    return row


def set_state(session: Session, access: Access, number: int, state: str, now: datetime) -> Article:
    """Withdraw an article that no longer holds, or bring it back. :raise AppError: ``not_found``"""
    take_sequence(session, access.contract_id)
    row = article_of(session, access.contract_id, number)
    if row.state != state:
        diff = {"state": [row.state, state]}
        row.state, row.changed_at = state, now
        _audit(session, access, "withdraw" if state == "withdrawn" else "restore", row, diff, now)
    return row


def link_article(
    session: Session, access: Access, name: str, number: int, now: datetime
) -> ArticleLink:
    """Note that an article was of use to a case; the same again changes nothing.

    :raise AppError: ``not_found`` (case or article); ``article_withdrawn``
    """
    take_sequence(session, access.contract_id)
    case = case_named(session, access.contract_id, name)
    row = article_of(session, access.contract_id, number)
    known = _known_link(session, row, case)
    if known is not None:
        return known
    if row.state != "live":
        raise AppError("article_withdrawn", name=name_of(row))
    return _link(session, access, row, case, now)


def unlink_article(session: Session, access: Access, name: str, number: int, now: datetime) -> None:
    """Take a link away again. :raise AppError: ``not_found`` (case or article)"""
    take_sequence(session, access.contract_id)
    case = case_named(session, access.contract_id, name)
    row = article_of(session, access.contract_id, number)
    known = _known_link(session, row, case)
    if known is not None:
        session.delete(known)
        _audit(session, access, "unlink", row, {"case": [called(case), None]}, now)


def name_of(article: Article) -> str:
    """What people call an article: K12."""
    return f"K{article.number}"


def _case(session: Session, contract_id: int, name: str) -> Case:
    try:
        return case_named(session, contract_id, name)
    except AppError as error:
        raise AppError("case_unknown", name=name) from error


def _known_link(session: Session, article: Article, case: Case) -> ArticleLink | None:
    return session.scalar(
        sa.select(ArticleLink).where(
            ArticleLink.article_id == article.id, ArticleLink.case_id == case.id
        )
    )


def _link(
    session: Session, access: Access, article: Article, case: Case, now: datetime
) -> ArticleLink:
    link = ArticleLink(
        article_id=article.id, case_id=case.id, linked_by_id=access.user_id, linked_at=now
    )
    session.add(link)
    _audit(session, access, "link", article, {"case": [None, called(case)]}, now)
    return link


def _fill(row: Article, draft: Draft) -> dict[str, Any]:
    """Give an article what the draft says, with its plain forms; the content as a version keeps it."""
    title = " ".join(draft.title.split())
    solution = draft.solution.strip()
    types, models = listed(draft.device_types), listed(draft.models)
    missing = {"title": title, "solution": solution}
    wrong = {key: ["missing"] for key, value in missing.items() if not value}
    for key, many in (("device_types", types), ("models", models)):
        if len(many) > MOST_SUBJECTS:
            wrong[key] = ["invalid"]
    if wrong:
        raise AppError("invalid", fields=wrong)
    row.title, row.solution = title, solution
    row.problem, row.cause = draft.problem.strip(), draft.cause.strip()
    row.device_types, row.models = types, models
    row.title_text = plain(title)
    row.body_text = plain("\n".join((row.problem, row.cause, row.solution, *models)))
    row.subjects = subjects(types, models)
    return _content(row)


def _content(row: Article) -> dict[str, Any]:
    return asdict(
        Draft(
            title=row.title,
            problem=row.problem,
            cause=row.cause,
            solution=row.solution,
            device_types=list(row.device_types),
            models=list(row.models),
        )
    )


def _keep_version(
    session: Session,
    access: Access,
    row: Article,
    content: dict[str, Any],
    note: str,
    now: datetime,
) -> None:
    version = ArticleVersion(
        article_id=row.id,
        number=row.version,
        content=content,
        note=note,
        author_id=access.user_id,
        at=now,
    )
    session.add(version)


def _audit(
    session: Session,
    access: Access,
    action: str,
    article: Article,
    diff: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        session,
        at=now,
        user_id=access.user_id,
        contract_id=access.contract_id,
        action=f"article_{action}",
        entity="knowledge_article",
        entity_id=name_of(article),
        diff=diff,
    )
