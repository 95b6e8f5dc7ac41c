"""who told of a case is answered by mail: reporters, and mails with a link that is signed when they are sent

Revision 0008, after 0011d.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0011d"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_reporter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contract_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["service_case.id"], name=op.f("fk_case_reporter_case_id_service_case")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contract.id"], name=op.f("fk_case_reporter_contract_id_contract")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["case_event.id"], name=op.f("fk_case_reporter_event_id_case_event")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_reporter")),
        sa.UniqueConstraint("event_id", name=op.f("uq_case_reporter_event_id")),
    )
    with op.batch_alter_table("case_reporter", schema=None) as batch_op:
        batch_op.create_index("ix_case_reporter_address", ["address"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_reporter_case_id"), ["case_id"], unique=False)

    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("link_for", sa.String(length=40), server_default="", nullable=False)
        )
        batch_op.create_index("ix_mail_to_address", ["to_address", "created_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_to_address")
        batch_op.drop_column("link_for")

    op.drop_table("case_reporter")
