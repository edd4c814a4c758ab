"""How well the knowledge base's search finds, measured on a help centre and what people asked it.

    python scripts/quality_search.py FOLDER [DATABASE_URL]

The folder holds `kb_articles.jsonl` and `kb_queries.jsonl`, or articles as `*.md` and `queries.jsonl`. An article is
{id, slug, title, summary, body_markdown}, or a file with `title` and `summary` above its text, its slug for a name;
a query is {kind, query, relevant: [article ids]}. The database must be empty; without one, SQLite in memory serves.
"""

import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, create_engine

from deskhand.kb import search
from deskhand.kb.search_tables import entries, state
from deskhand.kit.db import engine_url as with_driver

AT = 5


class HelpCentre(NamedTuple):
    articles: list[dict[str, Any]]
    queries: list[dict[str, Any]]

    def every_other(self, first: int) -> "HelpCentre":
        """With half of the queries: the first, third… for 0, the second, fourth… for 1."""
        return self._replace(queries=self.queries[first::2])


class Line(NamedTuple):
    """`recall` of the relevant among the first five; `mrr` is the mean of 1 / rank of the first relevant one."""

    kind: str
    queries: int
    recall: float
    found: float  # share of queries with any relevant article among the first five
    mrr: float


class Table(NamedTuple):
    lines: list[Line]  # one a kind, the last over all
    milliseconds: float  # a query, on average


def read(folder: Path, queries: Path | None = None) -> HelpCentre:
    if (folder / "kb_articles.jsonl").exists():
        return HelpCentre(_lines(folder / "kb_articles.jsonl"), _lines(queries or folder / "kb_queries.jsonl"))
    articles = [_article(path) for path in sorted(folder.glob("*.md"))]
    published = [article for article in articles if article.get("status") != "draft"]
    return HelpCentre(published, _lines(queries or folder / "queries.jsonl"))


class Answers(NamedTuple):
    ids: list[list[str]]  # of articles, best first, a query each
    seconds: float


def measure(centre: HelpCentre, engine_url: str = "sqlite://") -> Table:
    """Index the articles, ask the queries and judge the answers."""
    answers = ask(centre, engine_url)
    scores: defaultdict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for query, found in zip(centre.queries, answers.ids, strict=True):
        score = _judge(found, set(query["relevant"]))
        scores[query["kind"]].append(score)
        scores["all"].append(score)
    kinds = sorted(scores, key=lambda kind: (kind == "all", kind))
    return Table([_line(kind, scores[kind]) for kind in kinds], 1000 * answers.seconds / len(centre.queries))


def ask(centre: HelpCentre, engine_url: str = "sqlite://") -> Answers:
    """Index the articles and ask the queries. The database is left as it was: without tables of these names."""
    engine = create_engine(with_driver(engine_url))
    tables = [entries, state]
    entries.metadata.create_all(engine, tables)
    with engine.begin() as tx:
        ids = {}
        for number, article in enumerate(centre.articles):
            ids[f"00000000-0000-7000-8000-{number:012d}"] = article["id"]
            _index(tx, f"00000000-0000-7000-8000-{number:012d}", article)
    with engine.begin() as tx:
        search.search(tx, "anything", limit=1)
        began = time.perf_counter()
        found = [search.search(tx, query["query"], limit=50, snippets=False).hits for query in centre.queries]
        seconds = time.perf_counter() - began
    entries.metadata.drop_all(engine, tables)
    engine.dispose()
    return Answers([[ids[hit.article_id] for hit in hits] for hits in found], seconds)


def show(table: Table) -> None:
    print(f"{'kind':12} {'queries':>7} {'recall@5':>9} {'found@5':>9} {'MRR':>7}")
    for line in table.lines:
        print(f"{line.kind:12} {line.queries:7} {line.recall:9.3f} {line.found:9.3f} {line.mrr:7.3f}")
    print(f"{table.milliseconds:.2f} ms a query")


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]  # texts may hold other line ends


def _article(path: Path) -> dict[str, Any]:
    _, head, body = path.read_text("utf-8").split("---\n", 2)
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    return fields | {"id": path.stem, "slug": path.stem, "body_markdown": body}


def _index(tx: Connection, article_id: str, article: dict[str, Any]) -> None:
    search.index(
        tx,
        article_id,
        title=article["title"],
        summary=article["summary"] or "",
        body=article["body_markdown"],
        slug=article.get("slug", ""),
    )


def _judge(found: list[str], relevant: set[str]) -> tuple[float, float, float]:
    ranks = [rank for rank, article in enumerate(found, 1) if article in relevant]
    hits = sum(rank <= AT for rank in ranks)
    return hits / len(relevant), float(hits > 0), 1 / ranks[0] if ranks else 0.0


def _line(kind: str, scores: list[tuple[float, float, float]]) -> Line:
    recall, found, mrr = (sum(part) / len(scores) for part in zip(*scores, strict=True))
    return Line(kind, len(scores), recall, found, mrr)


if __name__ == "__main__":
    show(measure(read(Path(sys.argv[1])), *sys.argv[2:3]))
