"""What became of refused deliveries, and what they named; beside the running version."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
COLUMNS: tuple[tuple[str, Any], ...] = (
    ("record_id", sa.Text()),
    ("record_version", sa.BigInteger()),
    ("original_timestamp", sa.BigInteger()),
    ("consumer_group", sa.Text()),
    ("app_version", sa.Text()),
    ("error_class", sa.Text()),
    ("redrive_count", sa.Integer()),
    ("redriven_at", MOMENT),
    ("closed_at", MOMENT),
    ("closed_as", sa.Text()),
    ("closed_topic", sa.Text()),
    ("closed_partition", sa.Integer()),
    ("closed_offset", sa.BigInteger()),
    ("closed_who", sa.Text()),
    ("closed_why", sa.Text()),
)
IS_OPEN = "closed_at IS NULL"
INDEXES = (
    ("ix_quarantine_open", ["reason", "received_at"], IS_OPEN),
    ("ix_quarantine_open_event", ["source", "event_id"], IS_OPEN),
    ("ix_quarantine_open_record", ["source", "record_id"], IS_OPEN),
    ("ix_quarantine_open_patient", ["study_id", "patient_id"], IS_OPEN),
    ("ix_quarantine_redriven", ["redriven_at"], "redriven_at IS NOT NULL"),
)


def upgrade() -> None:
    """Apply."""
    for name, kind in COLUMNS:
        counts = name == "redrive_count"
        default = sa.text("0") if counts else None
        column = sa.Column(name, kind, nullable=not counts, server_default=default)
        op.add_column("quarantine", column)
    for name, columns, where in INDEXES:
        condition = sa.text(where)
        op.create_index(
            name, "quarantine", columns, postgresql_where=condition, sqlite_where=condition
        )


def downgrade() -> None:
    """Undo."""
    for name, _, _ in INDEXES:
        op.drop_index(name, "quarantine")
    for name, _ in reversed(COLUMNS):
        op.drop_column("quarantine", name)
