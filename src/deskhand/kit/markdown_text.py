"""Markdown as plain text, for mails and previews."""

import re
from collections.abc import Iterable

from markdown_it.token import Token

from deskhand.kit.markdown_parser import TooCostly, attachment_id, parse

# What may begin or end markup inside a line, and at a line's start; within a word an underscore does neither.
_MARKUP = re.compile(r"[\\`*\[\]<>~|]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|:(?=//)")
_AT_START = re.compile(r"^(|\d+(?=[.)]))([-+#=.)])")
_STANZAS = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "div"))


def to_text(source: str, *, origin: str = "") -> str:
    """`source` without marks of emphasis, with links followed by their address; lists and quotes stay marked.

    `origin` (`https://desk.example`) goes before paths, for mails.
    """
    try:
        tokens = parse(source)
    except TooCostly:
        return source.strip()
    writer = _Writer(origin.rstrip("/"))
    for token in tokens:
        writer.add(token)
    return "\n".join(writer.lines).strip()


def literal(text: str) -> str:
    """One line of Markdown that shows `text` as it is, wherever in a line it stands; plain names are left alone."""
    line = _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))
    return _AT_START.sub(r"\g<1>\\\g<2>", line)


def words(children: Iterable[Token]) -> str:
    """The bare text of inline tokens on one line: for headings and `alt`."""
    return " ".join("".join(_bare(children)).split())


class _Writer:
    """Writes blocks as lines."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.lines: list[str] = []
        self.marks: list[str] = []  # what stands before a line for each block around it
        self.bullet: str | None = None  # stands instead of the innermost mark, once
        self.counts: list[int | None] = []  # the next number of each list around
        self.row: list[str] | None = None

    def add(self, token: Token) -> None:
        if token.type == "inline":
            self._inline(_spelled(token.children or [], self.origin))
        elif token.type in ("fence", "code_block"):
            self._lines(token.content.rstrip("\n"))
            self._gap()
        elif token.type == "hr":
            self._lines("---")
            self._gap()
        elif token.nesting == 1:
            self._open(token)
        elif token.nesting == -1:
            self._close(token)

    def _open(self, token: Token) -> None:
        if token.type in ("blockquote_open", "alert_open"):
            self.marks.append("> ")
        elif token.tag == "ul":
            self.counts.append(None)
        elif token.tag == "ol":
            self.counts.append(int(token.attrs.get("start", 1)))
        elif token.tag == "li":
            self._item(token)
        elif token.tag == "tr":
            self.row = []

    def _item(self, token: Token) -> None:
        number = self.counts[-1]
        self.bullet = "- " if number is None else f"{number}. "
        if number is not None:
            self.counts[-1] = number + 1
        self.marks.append(" " * len(self.bullet))
        if "checked" in token.meta:
            self.bullet += "[x] " if token.meta["checked"] else "[ ] "

    def _close(self, token: Token) -> None:
        if token.tag == "tr" and self.row is not None:
            self._lines(" | ".join(self.row))
            self.row = None
        elif token.tag == "li":
            if self.bullet:
                self._lines("")
            self.marks.pop()
        elif token.type in ("blockquote_close", "alert_close"):
            self.marks.pop()
        elif token.tag in ("ul", "ol"):
            self.counts.pop()
        if token.tag in _STANZAS and not token.hidden:
            self._gap()

    def _inline(self, text: str) -> None:
        if self.row is not None:
            self.row.append(" ".join(text.split()))
        else:
            self._lines(text)

    def _lines(self, text: str) -> None:
        for line in text.split("\n"):
            marks = [*self.marks[:-1], self.bullet] if self.bullet else self.marks
            self.bullet = None
            self.lines.append(("".join(marks) + line).rstrip())

    def _gap(self) -> None:
        """One line between what came before and what follows, empty but for the marks."""
        empty = "".join(self.marks).rstrip()
        if self.lines and not self.lines[-1].strip("> "):
            self.lines[-1] = empty
        elif self.lines:
            self.lines.append(empty)


def _bare(children: Iterable[Token]) -> Iterable[str]:
    for token in children:
        if token.children:
            yield from _bare(token.children)
        else:
            yield " " if token.type.endswith("break") else token.content


def _spelled(children: list[Token], origin: str) -> str:
    """Inline tokens as text; a link's address follows its words where they do not already say it."""
    out: list[str] = []
    href, start = "", 0
    for token in children:
        if token.type == "link_open":
            href, start = str(token.attrs["href"]), len(out)
        elif token.type == "link_close":
            said = "".join(out[start:])
            if token.info != "auto" and said != href and not attachment_id(href):
                out.append(f" ({origin + href if href.startswith('/') else href})")
        elif token.type == "image":
            out.append(_picture(token))
        else:
            out.append("\n" if token.type.endswith("break") else token.content)
    return "".join(out)


def _picture(token: Token) -> str:
    url = str(token.attrs["src"])
    alt = words(token.children or []) or "image"
    return f"[{alt}]" if attachment_id(url) else f"[{alt}] ({url})"
