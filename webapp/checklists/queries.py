"""Reading checklist versions."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from webapp.checklists.models import ChecklistVersion
from webapp.errors import AppError
from webapp.estate.words import DEVICE_TYPES
from webapp.identity.models import User


def current_version(session: Session, contract_id: int) -> ChecklistVersion | None:
    """The version that a round opened now would use: the one published last, and not retired."""
    return session.scalars(
        sa.select(ChecklistVersion)
        .where(ChecklistVersion.contract_id == contract_id, ChecklistVersion.state == "published")
        .order_by(ChecklistVersion.published_at.desc().nulls_last(), ChecklistVersion.number.desc())
        .limit(1)
    ).one_or_none()


def own_types(session: Session, contract_id: int) -> dict[str, tuple[str, str]]:
    """The device types that the contract's checklist adds to the product's: key to (zh, en)."""
    current = current_version(session, contract_id)
    listed = current.content["types"] if current else []
    known = {"room", *DEVICE_TYPES}
    return {row["key"]: (row["zh"], row["en"]) for row in listed if row["key"] not in known}


def version(session: Session, contract_id: int, number: int) -> ChecklistVersion:
    """One version of the contract. :raise AppError: ``not_found``"""
    row = session.scalars(
        sa.select(ChecklistVersion).where(
            ChecklistVersion.contract_id == contract_id, ChecklistVersion.number == number
        )
    ).one_or_none()
    if row is None:
        raise AppError("not_found")
    return row


def versions(
    session: Session, contract_id: int, number: int | None = None
) -> list[tuple[ChecklistVersion, str | None, str | None]]:
    """Versions with the names of who made and who published them, the latest number first."""
    maker, publisher = aliased(User), aliased(User)
    statement = (
        sa.select(ChecklistVersion, maker.name, publisher.name)
        .outerjoin(maker, maker.id == ChecklistVersion.created_by_id)
        .outerjoin(publisher, publisher.id == ChecklistVersion.published_by_id)
        .where(ChecklistVersion.contract_id == contract_id)
        .order_by(ChecklistVersion.number.desc())
    )
    if number is not None:
        statement = statement.where(ChecklistVersion.number == number)
    return [(row, made_by, by) for row, made_by, by in session.execute(statement)]
