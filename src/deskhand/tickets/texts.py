"""What is made of a message before it is stored. Pure, and slow for long ones: no transaction should wait for it."""

from typing import NamedTuple

from deskhand.kit import fulltext
from deskhand.kit.markdown import attachment_ids, render
from deskhand.kit.words import stems


class Words(NamedTuple):
    """Stems to be found by: those of the subject, which a ticket's first message has, and of the body."""

    subject: list[str]
    body: list[str]

    @classmethod
    def of(cls, subject: str | None, body: str) -> "Words":
        return cls(stems(subject or "", fulltext.WORDS_MAX), stems(body, fulltext.WORDS_MAX))


class Written(NamedTuple):
    """A message as it was written, as HTML, its words, and the ids of the files that it names."""

    body: str
    html: str
    words: Words
    files: list[str]

    @classmethod
    def of(cls, body: str, subject: str | None = None) -> "Written":
        return cls(body, render(body), Words.of(subject, body), files_in(body))


def files_in(body: str) -> list[str]:
    """The ids of the files that a message names."""
    # Few messages have any, and reading Markdown twice costs as much as storing the message.
    return attachment_ids(body) if "attachment:" in body.lower() else []
