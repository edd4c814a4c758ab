"""What search keeps of the published articles: their words, cut and stemmed once, when an article is published."""

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text

from deskhand.kit.schema import Id, metadata

entries = Table(
    "kb_search_entries",
    metadata,
    Column("article_id", Id, primary_key=True),
    Column("stamp", String(32), nullable=False),  # random, another with every change
    Column("language", String(16), nullable=False),
    Column("words", Text, nullable=False),  # lines: of title, headings, summary, body; the slug; a link each
    Column("stems", Text, nullable=False),  # of the words in alphabetical order, each once
    Column("text", Text, nullable=False),  # the body as a reader sees it, for extracts
    Column("places", LargeBinary, nullable=False),  # where in it each word starts and ends
)

# One row, whose stamp changes with every change of the entries: one look tells whether what is in memory still holds.
state = Table(
    "kb_search_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("stamp", String(32), nullable=False),
)
