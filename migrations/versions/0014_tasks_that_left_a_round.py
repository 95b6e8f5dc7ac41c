"""tasks that left a round: phones that were never told are told with their next pull

Revision 0014, after 0013.
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A pull gave phones the tasks of retired devices: they come again, as gone.
    op.execute(
        "UPDATE contract SET head_seq = head_seq + 1 WHERE id IN (SELECT contract_id FROM round_task WHERE removed)"
    )
    op.execute(
        "UPDATE round_task SET seq = (SELECT head_seq FROM contract WHERE contract.id = round_task.contract_id)"
        " WHERE removed"
    )


def downgrade() -> None:
    """Nothing was changed that would have to be changed back."""
