"""The seam to the databases' full-text engines: FTS5 on SQLite, tsvector on PostgreSQL.

Both are given words that Python has folded and stemmed (kit/words.py), and answer only which entries match, newest
first. So both answer alike, and how well something matches is decided above, once.

An entry has a number that orders it, a `key` that its finder wants back, a title, a body, and an owner or none. A
search for an owner sees that owner's entries and no others; one for nobody in particular sees all.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, text

from deskhand.kit.statements import Statement

# Of an entry; later ones are not found. 6,000 words nobody ever wrote before take a tenth of a second to stem, and
# PostgreSQL knows no position above 16,383.
WORDS_MAX = 6_000
HEAD = 2_000  # characters of an entry's words that `heads` returns

# What the revisions come to. Nothing of it needs an extension.
DDL = {
    "sqlite": [
        # Sizes of columns serve only FTS5's own ranking. Prefixes of three and four letters have so many words that
        # gathering them would take longer than all else. `ascii` splits at ASCII punctuation, which no word holds.
        "CREATE VIRTUAL TABLE fulltext USING fts5(labels, title, body, tokenize='ascii', columnsize=0, prefix='3 4')",
        # Beside it and not in it: to look a key up there means to read the whole text.
        "CREATE TABLE fulltext_keys (number INTEGER PRIMARY KEY, key VARCHAR(36) NOT NULL)",
    ],
    "postgresql": [
        """
        CREATE TABLE fulltext (
            number BIGINT CONSTRAINT pk_fulltext PRIMARY KEY, key VARCHAR(36) NOT NULL,
            labels TEXT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, vector TSVECTOR NOT NULL
        )
        """,
        # A short list of pending entries: inserts cost a third of what they do without one, and no search reads a long
        # unsorted pile.
        "CREATE INDEX ix_fulltext_vector ON fulltext USING gin (vector) WITH (gin_pending_list_limit = 512)",
    ],
}

# Words are letters and digits, so nothing that somebody types becomes a label or a word of a title by itself.
_LABEL, _TITLE = "\u00b6", "\u00a7"


class Term(NamedTuple):
    """Words that stand side by side; with `prefix` the last of them may go on."""

    words: tuple[str, ...]
    prefix: bool = False


# All of these, of each one any.
Query = Sequence[Sequence[Term]]


class Entry(NamedTuple):
    number: int
    key: str


class Head(NamedTuple):
    """An entry's words as they are searched: the title's, and the first `HEAD` characters of the title's and body's."""

    title: str
    text: str


def add(tx: Connection, number: int, *, key: str, owner: str | None, title: Iterable[str], body: Iterable[str]) -> None:
    """Make an entry findable, in place of one with that number. Only a search for nobody finds one without owner.

    The words must come from `kit.words`: nothing but letters and digits.
    """
    _add(tx, entry(tx.dialect.name, number, key=key, owner=owner, title=title, body=body))


def entry(
    engine: str, number: int, *, key: str, owner: str | None, title: Iterable[str], body: Iterable[str]
) -> dict[str, Any]:
    """What that engine keeps of an entry, by column."""
    return _row(engine, number, key, _labels(key, owner), " ".join(title), " ".join(body))


def change(tx: Connection, number: int, *, owner: str | None = None, title: Iterable[str] | None = None) -> None:
    """Replace what is given. An entry that has no owner never gets one: it stays for those who see everything."""
    row = _ENTRY[tx.dialect.name].first(tx, {"number": number})
    if row is None:
        return
    key, labels, marked, body = row
    if owner and " " in labels:
        labels = _labels(key, owner)
    marked = marked.replace(_TITLE, "")
    body = body[len(marked) :].removeprefix(f" {_TITLE}").strip() if marked else body
    row = _row(tx.dialect.name, number, key, labels, marked if title is None else " ".join(title), body)
    _add(tx, row)


def clear(tx: Connection) -> None:
    """Forget every entry."""
    tx.exec_driver_sql("DELETE FROM fulltext")
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("DELETE FROM fulltext_keys")


def numbers(tx: Connection, key: str) -> list[int]:
    """The entries with that key, in order."""
    label = Term((_label("k", key),))
    return sorted(entry.number for entry in _match(tx, [[label]], 1 << 30))


def match(tx: Connection, query: Query, *, owner: str | None, titles: bool = False, limit: int) -> list[Entry]:
    """The newest `limit` entries that match, newest first: within titles, or within titles and bodies."""
    clauses = [[_in_title(term) for term in terms] for terms in query] if titles else query
    return _match(tx, _owned(clauses, owner), limit)


def count(tx: Connection, query: Query, *, owner: str | None, limit: int) -> int:
    """How many entries match; of more than `limit`, that many."""
    given = {"query": _written(tx, _owned(query, owner)), "limit": limit}
    return int(_COUNT[tx.dialect.name].value(tx, given))


def heads(tx: Connection, wanted: Sequence[int]) -> dict[int, Head]:
    """The beginnings of those entries, to judge how well they match."""
    lines = _HEADS[tx.dialect.name].value(tx, {"numbers": wanted, "head": HEAD}) if wanted else None
    rows = (line.split("|") for line in (lines or "").splitlines())
    return {int(number): Head(title.replace(_TITLE, ""), body) for number, title, body in rows}


def _add(tx: Connection, row: dict[str, Any]) -> None:
    _ADD[tx.dialect.name].run(tx, row)
    if tx.dialect.name == "sqlite":
        _ADD_KEY.run(tx, row)


def _owned(query: Query, owner: str | None) -> Query:
    return query if owner is None else [[Term((_label("o", owner),))], *query]


def _in_title(term: Term) -> Term:
    return Term(tuple(_TITLE + word for word in term.words), term.prefix)


def _label(kind: str, value: str) -> str:
    return _LABEL + kind + value.replace("-", "")


def _labels(key: str, owner: str | None) -> str:
    return " ".join([_label("k", key)] + ([_label("o", owner)] if owner is not None else []))


def _row(engine: str, number: int, key: str, labels: str, title: str, body: str) -> dict[str, Any]:
    marked = " ".join(_TITLE + word for word in title.split())
    # The mark alone is a word that nobody can type, so that no phrase spans title and body.
    whole = f"{title} {_TITLE} {body}" if title else body
    row: dict[str, Any] = {"number": number, "key": key, "labels": labels, "title": marked}
    words = whole.split(" ", WORDS_MAX)[:WORDS_MAX]
    if engine == "postgresql":
        row["vector"] = _vector(f"{labels} {marked}".split(), words)
    return row | {"body": " ".join(words)}


def _vector(plain: Iterable[str], words: Iterable[str]) -> str:
    """A tsvector's text: the marked words first, at positions of their own, then the text's."""
    positions: dict[str, list[str]] = {}
    for at, word in enumerate((*plain, *words), start=1):
        positions.setdefault(word, []).append(str(at))
    return " ".join(f"'{word}':{','.join(places)}" for word, places in positions.items() if word)


def _match(tx: Connection, query: Query, limit: int) -> list[Entry]:
    found = _MATCH[tx.dialect.name].first(tx, {"query": _written(tx, query), "limit": limit})
    if found is None or found[0] is None:
        return []
    numbers, keys = found
    return sorted(map(Entry, map(int, numbers.split()), keys.split()), reverse=True)


def _written(tx: Connection, query: Query) -> str:
    """The query in the engine's own language."""
    render, both = (_tsquery, " & ") if tx.dialect.name == "postgresql" else (_fts5, " AND ")
    either = " | " if both == " & " else " OR "
    return both.join(f"({either.join(render(term) for term in terms)})" for terms in query)


def _fts5(term: Term) -> str:
    return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'


def _tsquery(term: Term) -> str:
    return " <-> ".join(f"'{word}'" for word in term.words) + (":*" if term.prefix else "")


def _statements(
    sqlite: str, postgresql: str, lists: tuple[str, ...] = (), *, planned: bool = False
) -> dict[str, Statement]:
    expanding = [bindparam(name, expanding=True) for name in lists]
    given = {"sqlite": sqlite, "postgresql": postgresql}
    return {name: Statement(text(sql).bindparams(*expanding), planned=planned) for name, sql in given.items()}


_ADD = _statements(
    "INSERT OR REPLACE INTO fulltext (rowid, labels, title, body) VALUES (:number, :labels, :title, :body)",
    "INSERT INTO fulltext (number, key, labels, title, body, vector) "
    "VALUES (:number, :key, :labels, :title, :body, CAST(:vector AS tsvector)) ON CONFLICT (number) DO UPDATE "
    "SET key = excluded.key, labels = excluded.labels, title = excluded.title, body = excluded.body, "
    "vector = excluded.vector",
)
_ADD_KEY = Statement(text("INSERT OR REPLACE INTO fulltext_keys (number, key) VALUES (:number, :key)"))
_ENTRY = _statements(
    "SELECT k.key, f.labels, f.title, f.body FROM fulltext f JOIN fulltext_keys k ON k.number = f.rowid "
    "WHERE f.rowid = :number",
    "SELECT key, labels, title, body FROM fulltext WHERE number = :number",
)
# What finds many entries answers in one row: SQLite's driver lets go of the interpreter for each row, and has to get it
# back from whatever thread works meanwhile. Of searches at the same time that took the most.
# How to search depends on how often the words are there: a plan that was made for any words reads the whole table for
# those that are rare.
_MATCH = _statements(
    "SELECT group_concat(number, ' '), group_concat(key, ' ') FROM (SELECT f.rowid AS number, k.key AS key "
    "FROM fulltext f CROSS JOIN fulltext_keys k ON k.number = f.rowid "
    "WHERE fulltext MATCH :query ORDER BY f.rowid DESC LIMIT :limit) AS found",
    "SELECT string_agg(CAST(number AS TEXT), ' '), string_agg(key, ' ') FROM (SELECT number, key "
    "FROM fulltext WHERE vector @@ CAST(:query AS tsquery) ORDER BY number DESC LIMIT :limit) AS found",
    planned=True,
)
_COUNT = _statements(
    "SELECT count(*) FROM (SELECT rowid FROM fulltext WHERE fulltext MATCH :query ORDER BY rowid DESC LIMIT :limit)",
    "SELECT count(*) FROM (SELECT number FROM fulltext WHERE vector @@ CAST(:query AS tsquery) "
    "ORDER BY number DESC LIMIT :limit) AS found",
    planned=True,
)
# From the table that FTS5 keeps the texts in, by its columns' own names: through FTS5 each row took twice as long.
_HEADS = _statements(
    "SELECT group_concat(id || '|' || c1 || '|' || substr(c2, 1, :head), char(10)) "
    "FROM fulltext_content WHERE id IN :numbers",
    "SELECT string_agg(number || '|' || title || '|' || substr(body, 1, :head), chr(10)) "
    "FROM fulltext WHERE number IN :numbers",
    lists=("numbers",),
)
