"""Markdown as search reads it: the words that a reader sees, and which of them are headings or links."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_TAG = re.compile(r"<[^<>]*>")
_BREAKS = {"softbreak", "hardbreak"}


class Link(NamedTuple):
    address: str
    text: str


class Plain(NamedTuple):
    """`text` has one line a block; `headings` are those of its lines that were headings."""

    text: str
    headings: str
    links: list[Link]


def plain(markdown: str) -> Plain:
    lines: list[str] = []
    headings: list[str] = []
    links: list[Link] = []
    before = ""
    for token in _MARKDOWN.parse(markdown):
        line = " ".join(_words(token).split())
        if line:
            lines.append(line)
            if before == "heading_open":
                headings.append(line)
        links += _links(token.children or ())
        before = token.type
    return Plain("\n".join(lines), "\n".join(headings), links)


def _links(tokens: Sequence[Token]) -> list[Link]:
    found: list[Link] = []
    opened = 0
    for at, token in enumerate(tokens):
        if token.type == "link_open":
            opened = at
        elif token.type == "link_close":
            address = str(tokens[opened].attrs["href"])
            found.append(Link(address, " ".join("".join(map(_inline, tokens[opened:at])).split())))
    return found


def _words(token: Token) -> str:
    if token.type == "inline":
        return "".join(_inline(child) for child in token.children or ())
    if token.type == "html_block":
        return _TAG.sub(" ", token.content)
    return token.content if token.type in {"fence", "code_block"} else ""


def _inline(token: Token) -> str:
    if token.type == "image":
        return f" {token.content} "
    if token.type in _BREAKS:
        return " "
    return token.content if token.type in {"text", "code_inline"} else ""
