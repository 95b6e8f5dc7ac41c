"""Who did what, field by field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class AuditRow(Base):
    """One change, written in the same transaction as the change itself.

    The database itself refuses to change or delete a row (the migration's triggers).
    """

    __tablename__ = "audit_row"
    __table_args__ = (sa.Index("ix_audit_row_entity", "contract_id", "entity", "entity_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    contract_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contract.id"), index=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    action: Mapped[str] = mapped_column(sa.String(64))
    entity: Mapped[str] = mapped_column(sa.String(64))
    entity_id: Mapped[str] = mapped_column(sa.String(64))
    diff: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    request_id: Mapped[str] = mapped_column(sa.String(64), default="")
