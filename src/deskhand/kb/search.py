"""Searching the knowledge base: titles before summaries before text, forgiving typos, knowing synonyms.

Each published article's words stand in a row, cut and stemmed when it was published. A process reads them once, and
later only those that changed: a stamp, which every change replaces by a random one, is looked at before each search.
So every process answers from what is committed, both databases answer alike, and a search costs one tiny query.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from sys import intern
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, text
from sqlalchemy.engine import URL

from deskhand.kb import links, ranking
from deskhand.kb.fields import BODY, Doc, Source
from deskhand.kb.plain import plain
from deskhand.kb.query import language_of, understand
from deskhand.kb.search_index import Index
from deskhand.kb.search_tables import entries, state
from deskhand.kb.snippets import Snippet, extract, pack
from deskhand.kit.ids import new_secret
from deskhand.kit.statements import Statement
from deskhand.kit.words import stem, words

_WORDS_MAX = 20_000  # of an article's body; later ones are not found


class Hit(NamedTuple):
    """`spans` are the parts of `snippet` that match, as (start, end) in order."""

    article_id: str
    score: float
    snippet: str
    spans: list[tuple[int, int]]


class Found(NamedTuple):
    """`total` counts what is worth showing; at most `ranking.CANDIDATES`."""

    hits: list[Hit]
    total: int


def index(tx: Connection, article_id: str, *, title: str, summary: str, body: str, slug: str = "") -> None:
    """Make a published article findable, or what changed of it. `body` is Markdown.

    The words of `slug` count like headings: it often keeps what the article was called before. Those of its links count
    for the articles that they lead to.
    """
    reading = plain(body)
    texts = (title, f"{slug}\n{reading.headings}", summary, reading.text)
    found = [list(islice(words(text), _WORDS_MAX)) for text in texts]
    fields = [[word.text for word in field] for field in found]
    language = language_of(word for field in fields for word in field)
    stems = [stem(word, language) for word in sorted({word for field in fields for word in field})]
    row = {
        "article_id": article_id,
        "stamp": _change(tx),
        "language": language,
        "words": "\n".join([*map(" ".join, fields), slug, *links.written(reading.links, set(fields[BODY]))]),
        "stems": " ".join(stems),
        "text": reading.text,
        "places": pack(found[BODY]),
    }
    tx.execute(_FORGET, {"id": article_id})
    tx.execute(_KEEP, row)


def remove(tx: Connection, article_id: str) -> None:
    """Let an article no longer be found. Harmless where it is not."""
    _change(tx)
    tx.execute(_FORGET, {"id": article_id})


def search(tx: Connection, query: str, *, limit: int, snippets: bool = True) -> Found:
    """The best `limit` articles for any string. Without `snippets` these are empty, and the database reads no text."""
    asked = (query, limit, snippets)
    with _current(tx) as known:
        if answer := known.recall(asked):
            return answer
        stamp, concepts = known.stamp, understand(known, query)
        ranked = ranking.rank(known, concepts)
        docs = {found.article_id: doc for found in ranked[:limit] if (doc := known.find(found.article_id))}
        marks = ranking.marks(known, concepts)
    extracts = _extracts(tx, marks, docs) if snippets else {}
    none = Snippet("", [])
    hits = [Hit(*found, *extracts.get(found.article_id, none)) for found in ranked[:limit]]
    answer = Found(hits, len(ranked))
    with _current(tx) as known:
        if known.stamp == stamp:  # or else what was found may be gone
            known.remember(asked, answer)
    return answer


def recall(tx: Connection, query: str, *, limit: int) -> Found | None:
    """What `search` answers, where that is at hand: a look-up in memory, fit for the event loop."""
    kept = _kept.get(tx.engine.url)
    if kept is None or not kept[1].acquire(blocking=False):
        return None
    try:
        known = kept[0]
        return known.recall((query, limit, True)) if known.stamp == _stamp(tx) else None
    finally:
        kept[1].release()


def related(tx: Connection, article_id: str, *, limit: int) -> list[str]:
    """The articles most like a published one, best first; none where it is not published."""
    with _current(tx) as known:
        doc = known.find(article_id)
        alike = [] if doc is None else ranking.alike(known, doc)
    return [found.article_id for found in alike[:limit]]


def _extracts(tx: Connection, marks: dict[str, float], docs: dict[str, Doc]) -> dict[str, Snippet]:
    rows = _TEXTS.rows(tx, {"ids": list(docs)}) if docs else []
    # The text may be newer than what was ranked: then its words are elsewhere, and its beginning serves.
    return {
        article_id: extract(body, places, docs[article_id], marks if stamp == docs[article_id].stamp else {})
        for article_id, stamp, body, places in rows
    }


def _change(tx: Connection) -> str:
    stamp = new_secret(12)
    tx.execute(_STAMP, {"stamp": stamp})
    return stamp


_KEPT_MAX = 8  # databases a process holds in memory; one, but in tests
_kept: dict[URL, tuple[Index, Lock]] = {}
_keeping = Lock()


@contextmanager
def _current(tx: Connection) -> Iterator[Index]:
    """The process's index of this database, as of now, for this thread alone."""
    stamp = _stamp(tx)
    with _keeping:
        known, lock = _kept.pop(tx.engine.url, None) or (Index(), Lock())
        _kept[tx.engine.url] = known, lock
        if len(_kept) > _KEPT_MAX:
            del _kept[next(iter(_kept))]
    with lock:
        if known.stamp != stamp:
            _refresh(tx, known)
            # Taken before the rows were read: if they are newer already, the next search looks once more.
            known.stamp = stamp
        yield known


def _stamp(tx: Connection) -> str:
    return _NOW.value(tx, {}) or ""


def _refresh(tx: Connection, known: Index) -> None:
    before = known.stamps()
    now = dict(map(tuple, tx.execute(_STAMPS)))
    for article_id in before.keys() - now.keys():
        known.remove(article_id)
    changed = [article_id for article_id, stamp in now.items() if before.get(article_id) != stamp]
    for at in range(0, len(changed), _CHUNK):
        for row in tx.execute(_ENTRIES, {"ids": changed[at : at + _CHUNK]}):
            known.add(_source(row))
    known.link()


def _source(row: Any) -> Source:
    lines = row.words.split("\n")
    fields = tuple(line.split() for line in lines[: BODY + 1])
    slug, *leading = lines[BODY + 1 :] or [""]  # none was written before articles had links
    # Interned: a copy of its own in each of 2,000 articles would take more memory than all the rest.
    forms = map(intern, sorted({word for field in fields for word in field}))
    stems = dict(zip(forms, map(intern, row.stems.split()), strict=True))
    calls = [(to, called) for to, *called in map(str.split, leading)]
    return Source(row.article_id, row.stamp, row.language, fields, stems, slug, calls)


_CHUNK = 200
_NOW = Statement(select(state.c.stamp).where(state.c.id == 1))
_STAMPS = select(entries.c.article_id, entries.c.stamp)
_ENTRIES = select(entries.c.article_id, entries.c.stamp, entries.c.language, entries.c.words, entries.c.stems).where(
    entries.c.article_id.in_(bindparam("ids", expanding=True))
)
_TEXTS = Statement(
    select(entries.c.article_id, entries.c.stamp, entries.c.text, entries.c.places).where(
        entries.c.article_id.in_(bindparam("ids", expanding=True))
    )
)
_STAMP = text(
    "INSERT INTO kb_search_state (id, stamp) VALUES (1, :stamp) ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp"
)
_FORGET = delete(entries).where(entries.c.article_id == bindparam("id"))
_KEEP = entries.insert()
