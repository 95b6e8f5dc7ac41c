"""indexes of the mails that wait and the faults that are open, so that counting them does not grow with the years

Revision 0011d, after 0011c.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011d"
down_revision = "0011c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.create_index(
            "ix_mail_waiting",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
    with op.batch_alter_table("service_case", schema=None) as batch_op:
        batch_op.create_index(
            "ix_service_case_open_faults",
            ["severity"],
            unique=False,
            sqlite_where=sa.text("live = 1 AND kind = 'fault'"),
            postgresql_where=sa.text("live AND kind = 'fault'"),
        )


def downgrade() -> None:
    with op.batch_alter_table("service_case", schema=None) as batch_op:
        batch_op.drop_index("ix_service_case_open_faults")
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.drop_index("ix_mail_waiting")
