"""keys beside the words that tickets are found by."""

from alembic import op

revision = "0005"
down_revision = "0004"

_ON_SQLITE = (
    "CREATE TABLE fulltext_keys (number INTEGER PRIMARY KEY, key VARCHAR(36) NOT NULL)",
    "INSERT INTO fulltext_keys SELECT rowid, key FROM fulltext",
    "CREATE TABLE fulltext_before AS SELECT rowid AS number, labels, title, body FROM fulltext",
    "DROP TABLE fulltext",
    "CREATE VIRTUAL TABLE fulltext USING fts5(labels, title, body, tokenize='ascii', columnsize=0, prefix='3 4')",
    "INSERT INTO fulltext (rowid, labels, title, body) SELECT number, labels, title, body FROM fulltext_before",
    "DROP TABLE fulltext_before",
)


def upgrade() -> None:
    """An FTS5 table loses no column: it is made anew. PostgreSQL has its keys at hand where they are."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in _ON_SQLITE:
            op.execute(statement)
