"""Run by Alembic inside the transaction that `storage.migrate` opened; there is no other way in."""

from __future__ import annotations

from alembic import context

from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can change its schema inside a transaction; Alembic doesn't ask for it by itself
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
