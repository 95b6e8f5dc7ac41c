"""devices that were replaced: which one stands in the place of which

Revision 0013, after 0012.
"""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: SQLite would make the table anew, to which others refer.
    op.execute(
        "ALTER TABLE device ADD COLUMN replaces_id INTEGER"
        " CONSTRAINT fk_device_replaces_id_device REFERENCES device (id)"
    )
    op.create_index("ix_device_replaces_id", "device", ["replaces_id"])


def downgrade() -> None:
    op.drop_index("ix_device_replaces_id", "device")
    op.execute("ALTER TABLE device DROP COLUMN replaces_id")
