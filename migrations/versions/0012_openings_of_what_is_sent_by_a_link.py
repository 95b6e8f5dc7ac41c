"""openings of what is sent by a link: first, last and how many, of a report and a quote

Where a quote was opened from is dropped: who sent it needs to know that it was read, not on which computer.

Revision 0012, after 0009c.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009c"
branch_labels = None
depends_on = None

SENT = ("report", "quote")
_COUNTED = """
    UPDATE quote SET
        first_opened_at = (SELECT min(at) FROM quote_opening WHERE quote_id = quote.id),
        last_opened_at = (SELECT max(at) FROM quote_opening WHERE quote_id = quote.id),
        openings = (SELECT count(*) FROM quote_opening WHERE quote_id = quote.id)
"""
_KEPT = """
    INSERT INTO quote_opening (quote_id, at, address)
    SELECT id, first_opened_at, '' FROM quote WHERE openings > 0
    UNION ALL SELECT id, last_opened_at, '' FROM quote WHERE openings > 1
"""


def upgrade() -> None:
    for table in SENT:
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in ("first_opened_at", "last_opened_at"):
                batch_op.add_column(sa.Column(column, sa.DateTime(timezone=True), nullable=True))
            batch_op.add_column(
                sa.Column("openings", sa.Integer(), server_default="0", nullable=False)
            )
    op.execute(_COUNTED)
    op.drop_table("quote_opening")


def downgrade() -> None:
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
    op.create_index(op.f("ix_quote_opening_quote_id"), "quote_opening", ["quote_id"], unique=False)
    op.execute(_KEPT)
    for table in SENT:
        # Not in a batch: SQLite would make the table anew, to which others refer.
        for column in ("openings", "last_opened_at", "first_opened_at"):
            op.drop_column(table, column)
