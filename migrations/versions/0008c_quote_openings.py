"""openings of a quote's link

Revision 0008c, after 0008b.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008c"
down_revision = "0008b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quote_opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("quote_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["quote_id"], ["quote.id"], name=op.f("fk_quote_opening_quote_id_quote")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote_opening")),
    )
    with op.batch_alter_table("quote_opening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_opening_quote_id"), ["quote_id"], unique=False)


def downgrade() -> None:
    op.drop_table("quote_opening")
