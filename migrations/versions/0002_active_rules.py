"""The rules that are active, and the audit trail of what people did."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "active_rules",
        number(),
        column("scope", KEY),
        column("name", sa.Text()),
        column("config_hash", sa.Text()),
        column("parameters", sa.Text()),
        column("activated_at", MOMENT),
        column("activated_by", sa.Text()),
        column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("number", "scope", name="pk_active_rules"),
    )
    op.create_table(
        "audit_event",
        number(),
        column("at", MOMENT),
        column("actor", sa.Text()),
        column("action", sa.Text()),
        column("object", sa.Text()),
        column("reason", sa.Text()),
        column("details", sa.Text()),
        column("previous_hash", sa.Text()),
        column("hash", sa.Text()),
        sa.PrimaryKeyConstraint("number", name="pk_audit_event"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("audit_event")
    op.drop_table("active_rules")


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A column that is never null."""
    return sa.Column(name, kind, nullable=False)


def number() -> sa.Column[Any]:
    """1, 2, 3 …, given by the program."""
    return sa.Column("number", sa.BigInteger(), nullable=False, autoincrement=False)
