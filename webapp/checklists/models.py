"""Checklist versions: immutable once published (clause 45)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base, Synced


class ChecklistVersion(Base, Synced):
    """One version of the contract's whole checklist document: types, items, causes, actions, exceptions."""

    __tablename__ = "checklist_version"
    __table_args__ = (
        sa.UniqueConstraint("contract_id", "number"),
        sa.CheckConstraint("state IN ('draft', 'published', 'retired')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int] = mapped_column(sa.ForeignKey("contract.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(16), default="draft")
    content: Mapped[dict[str, Any]]
    content_hash: Mapped[str] = mapped_column(sa.String(64))
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    created_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), default=None)
    published_at: Mapped[datetime | None] = mapped_column(default=None)
