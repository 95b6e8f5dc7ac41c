"""devices that were replaced: which one stands in the place of which

Revision 0012, after 0009c.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0009c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("replaces_id", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_device_replaces_id"), ["replaces_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_device_replaces_id_device"), "device", ["replaces_id"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_device_replaces_id_device"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_device_replaces_id"))
        batch_op.drop_column("replaces_id")
