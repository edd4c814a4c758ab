"""Messages as the acts would store them: each text of the pool is rendered and cut into words once, by their code."""

from typing import Any, NamedTuple

from scripts.bench import texts
from sqlalchemy import Connection

from deskhand.categories import learning
from deskhand.categories.classify import read
from deskhand.kit import fulltext
from deskhand.kit.markdown import render
from deskhand.kit.words import stems

_FILED = 500  # of the texts, the first ones, are those that tickets are filed with: the classifier reads these alone
# In their place each message has ids of its own.
_TICKET, _OWNER = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"


class Written(NamedTuple):
    body: str
    html: str
    text: int
    subject: bool
    token: str


class Writing:
    """The pool, and all that is derived from its texts."""

    def __init__(self, tx: Connection, size: int) -> None:
        self.pool = texts.pool(size)
        self._engine = tx.dialect.name
        self._html: dict[int, str] = {}
        self._rows: dict[tuple[int, bool, bool], dict[str, Any]] = {}
        self.filed = min(size, _FILED)
        self._guesses = [learning.suggest(tx, read(text.subject, text.body)) for text in self.pool[: self.filed]]

    def guess(self, text: int) -> dict[str, Any]:
        """What the classifier makes of the text, as a ticket's row keeps it."""
        guess = self._guesses[text]
        words = [{"text": word.text, "weight": word.weight} for word in guess.words]
        return {"slug": guess.slug, "probability": round(guess.probability, 3), "words": words}

    def message(self, text: int, number: int, *, subject: bool) -> Written:
        if text not in self._html:
            self._html[text] = render(self.pool[text].body)
        token = token_of(number)
        body = self.pool[text].body.replace(texts.TOKEN, token)
        return Written(body, self._html[text].replace(texts.TOKEN, token), text, subject, token)

    def words(self, written: Written, number: int, ticket_id: str, owner_id: str | None) -> dict[str, Any]:
        """The row that search keeps of the message; without owner, of a note."""
        key = (written.text, written.subject, owner_id is None)
        known = self._rows.get(key)
        if known is None:
            known = self._rows[key] = self._record(*key)
        row = known | {"number": number, "key": ticket_id}
        for name in ("labels", "body", "vector"):
            if name in row:
                row[name] = _own(row[name], ticket_id, owner_id or _OWNER, written.token)
        return row

    def _record(self, text: int, subject: bool, internal: bool) -> dict[str, Any]:
        it = self.pool[text]
        owner, title = None if internal else _OWNER, it.subject if subject else ""
        title_stems, body_stems = stems(title, fulltext.WORDS_MAX), stems(it.body, fulltext.WORDS_MAX)
        return fulltext.entry(self._engine, 0, key=_TICKET, owner=owner, title=title_stems, body=body_stems)


def token_of(number: int) -> str:
    """The word that no other message has."""
    return f"req{number:011d}"


def _own(text: str, ticket_id: str, owner_id: str, token: str) -> str:
    text = text.replace(_TICKET.replace("-", ""), ticket_id.replace("-", ""))
    return text.replace(_OWNER.replace("-", ""), owner_id.replace("-", "")).replace(texts.TOKEN, token)
