"""photos of cases: expected, received, copied, shown to who reported the fault

Revision 0004, after 0007b.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0007b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    no, none = sa.false(), "0"
    with op.batch_alter_table("case_file") as table:
        table.add_column(sa.Column("width", sa.Integer(), server_default=none, nullable=False))
        table.add_column(sa.Column("height", sa.Integer(), server_default=none, nullable=False))
        table.add_column(sa.Column("received_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("shown", sa.Boolean(), server_default=no, nullable=False))
        table.add_column(sa.Column("unreadable", sa.Boolean(), server_default=no, nullable=False))
        table.add_column(sa.Column("copied", sa.Boolean(), server_default=no, nullable=False))
        table.create_index("ix_case_file_sha256", ["contract_id", "sha256"])
    waiting = sa.text("NOT copied AND NOT unreadable")
    op.create_index(
        "ix_case_file_without_copies",
        "case_file",
        ["received_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def downgrade() -> None:
    op.drop_index("ix_case_file_without_copies", table_name="case_file")
    with op.batch_alter_table("case_file") as table:
        table.drop_index("ix_case_file_sha256")
        for name in ("copied", "unreadable", "shown", "received_at", "height", "width"):
            table.drop_column(name)
