"""What Alembic runs for each command; `deskhand.migrations` hands it the connection."""

from alembic import context

from deskhand.migrations.compare import comparison

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("target_metadata"),
    transaction_per_migration=True,
    transactional_ddl=True,
    **comparison(),
)
with context.begin_transaction():
    context.run_migrations()
