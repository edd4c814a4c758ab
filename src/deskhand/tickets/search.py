"""Searching tickets by what was written in them, best match first.

The database finds candidates: the newest `depth` messages that hold all words of the query. Here they become
tickets and are ranked: words in the subject count more than in a message, words side by side more than scattered, and
of equals the ticket with the newest match comes first. Where hardly anything holds all words, tickets that hold most
of them follow.
"""

import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from deskhand.kit import fulltext
from deskhand.kit.fulltext import Entry, Head, Query, Term
from deskhand.kit.stopwords import ENGLISH
from deskhand.kit.words import fold, stem, unspaced, words
from deskhand.tickets.texts import Words

_QUERY_MAX = 500  # characters
_CLAUSES_MAX = 8
_PREFIX_MIN = 3
DEPTH = 500
_OFTEN = 100  # messages that hold a query, or a word of it, as it was typed: then nothing else is tried
_TITLED = 50  # messages with everything in their subject that are enough
_JUDGED = 120  # messages whose words are looked at; what ranks below them keeps its place
_FEW = 5  # below so many tickets with all words, those with most of them are shown too
_RELAXED = 200  # messages a word
_ROOT_MIN = 5

_QUOTED = re.compile(r'"([^"]*)"|(\S+)')
# Of those who have no umlauts on their keyboard, and of those who have.
_SPELT_OUT = re.compile("(?<![aeq])([aou])e")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


class TicketHit(NamedTuple):
    ticket_id: str
    score: float


class Found(NamedTuple):
    """`complete` where no message that holds all words was left out."""

    hits: list[TicketHit]
    complete: bool


class Clause(NamedTuple):
    """One thing that a ticket should hold: a word, the beginning of one, or words side by side."""

    words: tuple[str, ...]
    begun: str | None = None  # the last word as typed, where it may be unfinished
    like: tuple[Term, ...] = ()  # other spellings of a word and other German forms, for where it is hardly found itself


def index_message(tx: Connection, *, seq: int, ticket_id: str, owner_id: str, words: Words, internal: bool) -> None:
    """Make a message findable; an internal one is found by staff alone."""
    owner = None if internal else owner_id
    fulltext.add(tx, seq, key=ticket_id, owner=owner, title=words.subject, body=words.body)


def change_subject(tx: Connection, ticket_id: str, subject: str) -> None:
    first = fulltext.numbers(tx, ticket_id)[:1]
    for seq in first:
        fulltext.change(tx, seq, title=Words.of(subject, "").subject)


def move_owner(tx: Connection, ticket_id: str, owner_id: str) -> None:
    """Let another customer find the ticket, and the former one no longer; internal messages stay the staff's."""
    for seq in fulltext.numbers(tx, ticket_id):
        fulltext.change(tx, seq, owner=owner_id)


def search(tx: Connection, query: str, *, owner_id: str | None, limit: int, depth: int = DEPTH) -> Found:
    """The best `limit` tickets. With `owner_id` only that customer's, by what is not internal; None searches all.

    Words are found in any inflection, the last one also unfinished; `"in quotes"` they must stand side by side. Any
    string is a query; one without a word finds nothing. Of messages that hold all words the newest `depth` count.
    """
    clauses = understand(query)
    if not clauses or limit < 1:
        return Found([], complete=True)
    wanted: list[list[Term]] = [[Term(clause.words)] for clause in clauses]
    entries = fulltext.match(tx, wanted, owner=owner_id, limit=depth)
    if len(entries) < _OFTEN:
        exact, wanted = wanted, [_alternatives(tx, clause, owner_id) for clause in clauses]
        if wanted != exact:
            entries = fulltext.match(tx, wanted, owner=owner_id, limit=depth)
    complete = len(entries) < depth
    if not complete:
        # There are more, and an older one that holds everything in its subject is better than the newest that does not.
        titled = fulltext.match(tx, wanted, owner=owner_id, titles=True, limit=_TITLED)
        entries = list(dict.fromkeys([*titled, *entries]))
    scores = _ranked(tx, clauses, entries)
    if len(scores) < _FEW and len(clauses) > 1:
        scores = _with_most(tx, wanted, owner_id) | scores
    best = sorted(scores.items(), key=lambda item: item[1], reverse=True)[:limit]
    return Found([TicketHit(ticket_id, score) for ticket_id, (score, _) in best], complete)


def understand(query: str) -> list[Clause]:
    """What to look for. Words such as "the" are left out, unless there is nothing else or they stand in quotes."""
    cut = query[:_QUERY_MAX]
    clauses: list[Clause] = []
    fillers: list[Clause] = []
    for found in _QUOTED.finditer(cut):
        quoted, chunk = found.groups()
        said = list(words(quoted if chunk is None else chunk, asked=True))
        if not said:
            continue
        folded = [word.text for word in said]
        clause = Clause(tuple(map(stem, folded)))
        if chunk is not None and len(folded) == 1:
            clause = clause._replace(like=_like(chunk[said[0].start : said[0].end], folded[0]))
        last = folded[-1]
        if chunk is not None and (unspaced(last) or (found.end() == len(cut) and len(last) >= _PREFIX_MIN)):
            clause = clause._replace(begun=last)
        (fillers if chunk is not None and ENGLISH.issuperset(folded) else clauses).append(clause)
    return list(dict.fromkeys(clauses or fillers))[:_CLAUSES_MAX]


def _like(typed: str, word: str) -> tuple[Term, ...]:
    """Words are indexed by their English stems: German forms share a beginning with the German one."""
    spellings = {word, _SPELT_OUT.sub(r"\1", word), fold(typed.lower().translate(_UMLAUTS))}
    forms = {stem(spelling) for spelling in spellings} - {stem(word)}
    roots = {stem(spelling, "german") for spelling in spellings} - {stem(word)}
    begun = [Term((root,), prefix=True) for root in sorted(roots) if len(root) >= _ROOT_MIN]
    return (*(Term((form,)) for form in sorted(forms)), *begun)


def _alternatives(tx: Connection, clause: Clause, owner: str | None) -> list[Term]:
    """What satisfies a clause. A word that is often found as it stands is finished; trying its longer forms is slow."""
    exact = [Term(clause.words)]
    if clause.begun is None and not clause.like:
        return exact
    often = fulltext.count(tx, [exact], owner=owner, limit=_OFTEN)
    if often == _OFTEN:
        return exact
    # A stem may be shorter or longer than what was typed, so either may begin the word.
    longer = [] if clause.begun is None else [Term((*clause.words[:-1], clause.begun), prefix=True)]
    return list(dict.fromkeys([*exact, *longer, *(clause.like if often < _FEW else ())]))


Rank = tuple[float, int]  # score, newest message that matches


class _Sought(NamedTuple):
    """A query as text, to be held against texts: of each clause its words between spaces, and its `begun` after one."""

    clauses: list[tuple[str, str | None]]
    whole: str

    @classmethod
    def of(cls, clauses: Sequence[Clause]) -> "_Sought":
        words = [" ".join(clause.words) for clause in clauses]
        begun = [f" {clause.begun}" if clause.begun else None for clause in clauses]
        return cls([(f" {each} ", start) for each, start in zip(words, begun, strict=True)], " ".join(words))

    def worth(self, head: Head) -> float:
        """0 to 10, in steps of a half, so that small differences leave the order to recency."""
        title, text = f" {head.title} ", f" {head.text} "
        dense = sum(min(3, text.count(words)) for words, _ in self.clauses) / (3 * len(self.clauses))
        worth = 2 * dense
        if len(self.clauses) > 1:
            worth += 2 * (f" {self.whole}" in title) + (f" {self.whole}" in text)
        if head.title:
            held = sum(words in title or (begun is not None and begun in title) for words, begun in self.clauses)
            worth += 4 * held / len(self.clauses) + (head.title == self.whole)
        return round(2 * worth) / 2


def _ranked(tx: Connection, clauses: Sequence[Clause], entries: Sequence[Entry]) -> dict[str, Rank]:
    sought, judged = _Sought.of(clauses), fulltext.heads(tx, [entry.number for entry in entries[:_JUDGED]])
    scores: dict[str, Rank] = {}
    for entry in entries[:_JUDGED]:
        score, newest = scores.get(entry.key, (0.0, 0))
        scores[entry.key] = max(score, 10 + sought.worth(judged[entry.number])), max(newest, entry.number)
    for entry in entries[_JUDGED:]:
        scores.setdefault(entry.key, (10.0, entry.number))
    return scores


def _with_most(tx: Connection, query: Query, owner: str | None) -> dict[str, Rank]:
    """Tickets by how much of the query they hold, over all their messages; rare words count more."""
    weights: dict[str, float] = {}
    newest: dict[str, int] = {}
    total = 0.0
    for terms in query:
        words = terms[0].words
        parts = [[Term((word,))] for word in words] if len(words) > 1 else [terms]
        entries = fulltext.match(tx, parts, owner=owner, limit=_RELAXED)
        weight = 1 / math.log2(4 + len(entries))
        total += weight
        for key, number in _newest(entries):
            weights[key] = weights.get(key, 0.0) + weight
            newest[key] = max(newest.get(key, 0), number)
    enough = max(weights.values(), default=0.0) * 0.7
    return {key: (round(9 * weight / total, 1), newest[key]) for key, weight in weights.items() if weight >= enough}


def _newest(entries: Iterable[Entry]) -> Iterable[tuple[str, int]]:
    seen: dict[str, int] = {}
    for entry in entries:
        seen.setdefault(entry.key, entry.number)
    return seen.items()
