"""What a search of the knowledge base is held against: the database's own full-text search over the same articles.

Deskhand searches articles in memory, and what SQL remains of that says nothing of the work. So the raw loop asks what a
desk would have asked that leaves it all to the database: any of the words, ranked with titles first, with an extract.
"""

import re

from scripts.bench.raw import Step
from sqlalchemy import Connection, text

_MAKE = {
    "sqlite": [
        "CREATE VIRTUAL TABLE bench_articles USING fts5(title, summary, body, tokenize='porter unicode61')",
        "INSERT INTO bench_articles SELECT title, summary, body FROM articles WHERE status = 'published'",
        "INSERT INTO bench_articles (bench_articles) VALUES ('optimize')",
    ],
    "postgresql": [
        """
        CREATE TABLE bench_articles AS SELECT id, title, summary, body,
            setweight(to_tsvector('english', title), 'A') || setweight(to_tsvector('english', summary), 'B')
            || setweight(to_tsvector('english', body), 'D') AS words
        FROM articles WHERE status = 'published'
        """,
        "CREATE INDEX ix_bench_articles ON bench_articles USING gin (words)",
        "ANALYZE bench_articles",
    ],
}
_ASK = {
    "sqlite": "SELECT rowid, title, summary, bm25(bench_articles, 8, 3, 1) AS score, "
    "snippet(bench_articles, 2, '<mark>', '</mark>', '…', 30) "
    "FROM bench_articles WHERE bench_articles MATCH :query ORDER BY score LIMIT 10",
    "postgresql": "SELECT id, title, summary, score, ts_headline('english', body, query) FROM "
    "(SELECT id, title, summary, body, query, ts_rank(words, query) AS score "
    "FROM bench_articles, CAST(%(query)s AS tsquery) AS query WHERE words @@ query "
    "ORDER BY score DESC LIMIT 10) AS best",
}


def make(tx: Connection) -> None:
    """Give the database its own index of the articles."""
    tx.exec_driver_sql("DROP TABLE IF EXISTS bench_articles")
    for statement in _MAKE[tx.dialect.name]:
        tx.execute(text(statement))


def steps(engine: str, queries: list[str]) -> list[Step]:
    """One statement a query."""
    found: list[Step] = []
    for query in queries:
        words = re.findall(r"\w+", query)
        either = " OR ".join(f'"{word}"' for word in words)
        if engine == "postgresql":
            either = " | ".join(f"'{word}'" for word in words)
        found.append([(_ASK[engine], {"query": either})])
    return found
