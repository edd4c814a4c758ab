"""Markdown as search reads it: the words that a reader sees, and which of them are headings."""

import re
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_TAG = re.compile(r"<[^<>]*>")
_BREAKS = {"softbreak", "hardbreak"}


class Plain(NamedTuple):
    """`text` has one line a block; `headings` are those of its lines that were headings."""

    text: str
    headings: str


def plain(markdown: str) -> Plain:
    lines: list[str] = []
    headings: list[str] = []
    before = ""
    for token in _MARKDOWN.parse(markdown):
        line = " ".join(_words(token).split())
        if line:
            lines.append(line)
            if before == "heading_open":
                headings.append(line)
        before = token.type
    return Plain("\n".join(lines), "\n".join(headings))


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
