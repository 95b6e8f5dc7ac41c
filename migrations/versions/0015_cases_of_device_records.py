"""device records: of which case a row is; who looked again is read from signatures and inspections

Revision 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# What a case has written begins with its name: F4 and a space.
_CASES = """
UPDATE device_record SET case_id = (
    SELECT service_case.id FROM service_case
    WHERE service_case.contract_id = device_record.contract_id
    AND service_case.kind IN ('fault', 'repair', 'upgrade')
    AND device_record.anomaly LIKE (
        CASE service_case.kind WHEN 'fault' THEN 'F' WHEN 'repair' THEN 'R' ELSE 'U' END
        || CAST(service_case.number AS VARCHAR(12)) || ' %'
    )
)
WHERE inspection_id IS NULL
"""


def upgrade() -> None:
    # No table refers to this one, so SQLite may make it anew. The column was never written.
    with op.batch_alter_table("device_record") as batch_op:
        batch_op.add_column(sa.Column("case_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_device_record_case_id_service_case"), "service_case", ["case_id"], ["id"]
        )
        batch_op.drop_column("reviewed_by_id")
    op.execute(_CASES)


def downgrade() -> None:
    with op.batch_alter_table("device_record") as batch_op:
        batch_op.add_column(sa.Column("reviewed_by_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_device_record_reviewed_by_id_user"), "user", ["reviewed_by_id"], ["id"]
        )
        batch_op.drop_column("case_id")
