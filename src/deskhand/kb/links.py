"""By what words articles call each other: the text of a link tells what is behind it."""

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence, Set

from deskhand.kb.fields import END, Doc
from deskhand.kb.plain import Link
from deskhand.kit.words import words

_LINKS_MAX, _WORDS_MAX = 500, 20  # of an article; of a link's text
_NAMES_MAX = 8  # of an address: the last ones
_ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)
_OURS = "/help/"
_REST = re.compile(r"[?#].*", re.DOTALL)
_ENDING = re.compile(r"\.(?:mdx?|html?)\Z|(?:^|(?<=/))(?:index|readme)(?:\.\w+)?\Z", re.IGNORECASE)
_STRANGE = re.compile(r"[^\w/]+")


def written(links: Iterable[Link], known: Set[str]) -> list[str]:
    """The links that lead to articles, each once, with those words of their texts that are `known`: a line each."""
    lines = dict.fromkeys(
        " ".join([where, *[word.text for word in words(link.text) if word.text in known][:_WORDS_MAX]])
        for link in links
        if (where := place(link.address))
    )
    return list(lines)[:_LINKS_MAX]


def place(address: str) -> str:
    """The names of the folders and the page that an address leads to, with / between; none where it leads elsewhere.

    A link to another host is one to this help centre where it looks like one: another may be its public name.
    """
    path = _REST.sub("", address)
    if _ELSEWHERE.match(path):
        _, found, path = path.partition(_OURS)
        if not found:
            return ""
    path = _ENDING.sub("", path.rstrip("/")).lower()
    names = (name for part in path.split("/") if (name := _STRANGE.sub("-", part).strip("-")))
    return "/".join(deque(names, _NAMES_MAX))


def called(docs: Sequence[Doc]) -> list[str]:
    """For each article the words of the links that lead to it from others, as terms, END and their groups."""
    places = _Places({doc.slug: doc.article_id for doc in docs})
    words: defaultdict[str, str] = defaultdict(str)
    groups: defaultdict[str, str] = defaultdict(str)
    for doc in sorted(docs, key=lambda doc: doc.article_id):  # so that it is the same in every process
        for link in doc.links:
            if (article_id := places.find(link.place)) != doc.article_id:
                words[article_id] += link.words
                groups[article_id] += link.groups
    return [words[doc.article_id] + END + groups[doc.article_id] for doc in docs]


class _Places:
    """Which article an address means, by the slugs of all."""

    def __init__(self, slugs: Mapping[str, str]) -> None:
        self._slugs = slugs
        # What was written in folders often keeps their names in its slug, and says them in no link of theirs.
        self._endings: dict[str, str] = {}
        for slug, article_id in slugs.items():
            for ending in _endings(slug):
                self._endings[ending] = "" if ending in self._endings else article_id

    def find(self, place: str) -> str:
        """The article's id, or nothing."""
        names = place.split("/")
        for at in range(len(names)):
            if found := self._slugs.get("-".join(names[at:])):
                return found
        return self._endings.get("-".join(names), "")


def _endings(slug: str) -> Iterable[str]:
    while (at := slug.find("-")) >= 0:
        slug = slug[at + 1 :]
        yield slug
