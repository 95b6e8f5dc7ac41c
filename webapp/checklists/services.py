"""Drafting, publishing and retiring checklist versions.

Content and standards of a check are never altered without authority (clause 45): a version that was
published is never edited again; a change is a new version, with an audit row field by field.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapper, Session

from webapp.audit import services as audit
from webapp.checklists import queries
from webapp.checklists.compare import compare_contents
from webapp.checklists.content import content_hash
from webapp.checklists.document import checked_content, default_content, invalid, normalise
from webapp.checklists.models import ChecklistVersion
from webapp.errors import AppError
from webapp.identity.models import Contract
from webapp.identity.rules import Access

MOST_AUDITED_DIFFERENCES = 200


def ensure_default(
    session: Session, contract_id: int, *, now: datetime, actor_id: int | None = None
) -> ChecklistVersion:
    """The contract's current version; without any version, the shipped one published as number 1.

    :raise checklist_missing: there are versions, but none is published
    """
    current = queries.current_version(session, contract_id)
    if current is not None:
        return current
    if _next_number(session, contract_id) > 1:
        raise AppError("checklist_missing")
    content: Any = default_content()
    row = ChecklistVersion(
        contract_id=contract_id,
        number=1,
        state="published",
        content=content,
        content_hash=content_hash(content),
        created_by_id=actor_id,
        created_at=now,
        published_by_id=actor_id,
        published_at=now,
    )
    session.add(row)
    session.flush()  # The caller opens a round with its id.
    _audit(session, row, "publish", actor_id, now, {"state": [None, "published"]})
    return row


def create_draft(
    session: Session,
    access: Access,
    *,
    now: datetime,
    from_number: int | None = None,
    note: str = "",
) -> ChecklistVersion:
    """A new draft with the content of a version: of the current one when none is named.

    :raise not_found: the contract has no such version
    """
    number = _next_number(session, access.contract_id)
    source = (
        queries.current_version(session, access.contract_id)
        if from_number is None
        else queries.version(session, access.contract_id, from_number)
    )
    content: Any = source.content if source else default_content()
    row = ChecklistVersion(
        contract_id=access.contract_id,
        number=number,
        content=content,
        content_hash=content_hash(content),
        note=note,
        created_by_id=access.user_id,
        created_at=now,
    )
    session.add(row)
    session.flush()  # The audit row names it.
    made_from = {"from_number": [None, source.number if source else None]}
    _audit(session, row, "create", access.user_id, now, made_from)
    return row


def save_draft(
    session: Session,
    access: Access,
    number: int,
    *,
    now: datetime,
    document: object | None = None,
    note: str | None = None,
    expected_hash: str | None = None,
) -> ChecklistVersion:
    """Save a draft's content, which may still have problems, and its note; None leaves as it is.

    :param expected_hash: the ``content_hash`` that the editor began with
    :raise not_found: no such version
    :raise checklist_published_immutable: it is not a draft any more (clause 45)
    :raise conflict: somebody else has saved it meanwhile
    :raise checklist_invalid: something of the document could not be kept; nothing is saved
    """
    row = _locked(session, access.contract_id, number)
    if row.state != "draft":
        raise AppError("checklist_published_immutable", number=number, state=row.state)
    if expected_hash is not None and expected_hash != row.content_hash:
        raise AppError("conflict", content_hash=row.content_hash)
    diff: dict[str, Any] = {}
    if note is not None and note != row.note:
        diff["note"] = [row.note, note]
        row.note = note
    if document is not None:
        diff |= _replace_content(row, document)
    if diff:
        _audit(session, row, "change", access.user_id, now, diff)
    return row


def publish(session: Session, access: Access, number: int, *, now: datetime) -> ChecklistVersion:
    """Publish a draft: rounds opened from now on use it, and it is never edited again (clause 45).

    :raise not_found: no such version
    :raise checklist_not_draft: it is published or retired already
    :raise checklist_invalid: it has problems
    """
    row = _locked(session, access.contract_id, number)
    if row.state != "draft":
        raise AppError("checklist_not_draft", number=number, state=row.state)
    checked_content(row.content)
    row.state = "published"
    row.published_by_id = access.user_id
    row.published_at = now
    diff = {"state": ["draft", "published"], "content_hash": [None, row.content_hash]}
    _audit(session, row, "publish", access.user_id, now, diff)
    return row


def retire(
    session: Session,
    access: Access,
    number: int,
    *,
    used_by_months: Sequence[str],
    now: datetime,
) -> ChecklistVersion:
    """Retire a version, or put a draft away. What names it stays readable.

    :param used_by_months: the months of the rounds that still work with it
    :raise not_found: no such version
    :raise checklist_in_use: a round works with it, or no other published version would be left
    """
    row = _locked(session, access.contract_id, number)
    if row.state == "retired":
        return row
    if used_by_months:
        raise AppError("checklist_in_use", number=number, months=list(used_by_months))
    if row.state == "published" and not _another_published(session, row):
        raise AppError("checklist_in_use", number=number, months=[], last_published=True)
    diff = {"state": [row.state, "retired"]}
    row.state = "retired"
    _audit(session, row, "retire", access.user_id, now, diff)
    return row


def _replace_content(row: ChecklistVersion, document: object) -> dict[str, Any]:
    normalised = normalise(document)
    if normalised.misshapen:
        raise invalid(normalised.misshapen)
    content: Any = normalised.content
    diff = _content_diff(row.content, content)
    if diff:
        row.content = content
        row.content_hash = content_hash(content)
    return diff


def _content_diff(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The differences as ``{"types.projector.filter.severity": [2, 3]}``."""
    differences = compare_contents(before, after)
    diff: dict[str, Any] = {}
    for one in differences[:MOST_AUDITED_DIFFERENCES]:
        names = (one["area"], one["type"], one["item"], one["field"])
        path = ".".join(name for name in names if name is not None)
        if one["change"] == "reordered":
            path += ".order"
        diff[path] = [one["before"], one["after"]]
    left_out = len(differences) - MOST_AUDITED_DIFFERENCES
    if left_out > 0:
        diff["differences_left_out"] = [0, left_out]
    return diff


def _locked(session: Session, contract_id: int, number: int) -> ChecklistVersion:
    """The version, locked to the commit: two publishers do not both find a draft."""
    row = session.scalars(
        sa.select(ChecklistVersion)
        .where(ChecklistVersion.contract_id == contract_id, ChecklistVersion.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise AppError("not_found")
    return row


def _next_number(session: Session, contract_id: int) -> int:
    """The next version's number, the contract locked so that nobody takes the same."""
    session.execute(sa.select(Contract.id).where(Contract.id == contract_id).with_for_update())
    highest = session.scalar(
        sa.select(sa.func.max(ChecklistVersion.number)).where(
            ChecklistVersion.contract_id == contract_id
        )
    )
    return (highest or 0) + 1


def _another_published(session: Session, row: ChecklistVersion) -> bool:
    other = session.scalar(
        sa.select(ChecklistVersion.id)
        .where(
            ChecklistVersion.contract_id == row.contract_id,
            ChecklistVersion.state == "published",
            ChecklistVersion.id != row.id,
        )
        .limit(1)
    )
    return other is not None


def _audit(
    session: Session,
    row: ChecklistVersion,
    action: str,
    actor_id: int | None,
    now: datetime,
    diff: dict[str, Any],
) -> None:
    audit.record(
        session,
        at=now,
        user_id=actor_id,
        contract_id=row.contract_id,
        action=action,
        entity="checklist",
        entity_id=row.number,
        diff=diff,
    )


@event.listens_for(ChecklistVersion, "before_update")
def _refuse_to_edit_a_published_version(
    _mapper: Mapper[Any], _connection: sa.Connection, row: ChecklistVersion
) -> None:
    """Whoever writes, by whatever way: only a draft's content changes (clause 45)."""
    state = sa.inspect(row)
    was = state.attrs.state.history.deleted
    was_draft = (was[0] if was else row.state) == "draft"
    touched = [n for n in ("content", "content_hash") if state.attrs[n].history.has_changes()]
    if touched and not was_draft:
        raise AppError("checklist_published_immutable", number=row.number, state=row.state)
