"""Answers to senders, until the broker has them; beside the running version."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "acknowledgement",
        sa.Column("position", POSITION, sa.Identity(), nullable=False),
        given("topic", KEY),
        given("partition", sa.Integer()),
        given("offset", sa.BigInteger()),
        sa.Column("message_key", sa.LargeBinary()),
        given("outcome", sa.Text()),
        sa.Column("source", sa.Text()),
        sa.Column("event_id", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("field", sa.Text()),
        sa.Column("message", sa.Text()),
        given("deployment", sa.Text()),
        given("received_at", MOMENT),
        sa.PrimaryKeyConstraint("position", name="pk_acknowledgement"),
        sa.UniqueConstraint(
            "topic", "partition", "offset", name="uq_acknowledgement_topic_partition_offset"
        ),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("acknowledgement")


def given(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A column that is never null."""
    return sa.Column(name, kind, nullable=False)
