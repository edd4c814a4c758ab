"""The Markdown parser, with its cost bounded.

Cost is bounded by counting the parser's steps, not by a clock, so that the same source always gives the same answer.
"""

import re
from typing import Any

from linkify_it import LinkifyIt
from markdown_it import MarkdownIt
from markdown_it.token import Token

from deskhand.kit.ids import parse_id

STEPS = 12_288  # a source may take this many steps, or one for each 8 characters where that is more
DEPTH = 16  # levels of nesting; a list takes two. Beyond its own limit the parser drops text, so ours comes first.
URL = 2_048  # a longer address in plain text stays plain text

_FOLLOWED = re.compile(r"https?://[^/?#]|mailto:[^?]|tel:\+?\d|/(?![/\\])|#.", re.IGNORECASE)


_WORD = re.compile(r"\S+")
_COSTS = {"<": 5, "[": 2, "!": 2}  # characters whose rules take longer than others


class TooCostly(Exception):
    """The source takes too many steps, or nests too deep."""


def parse(source: str) -> list[Token]:
    """The block tokens of `source`. Raises `TooCostly`."""
    env = {"steps": max(STEPS, len(source) // 8), "made": 0}
    # A lone surrogate would fail in nh3, far from where it came in.
    tokens = md.parse(source.encode("utf-8", "replace").decode(), env)
    if any(token.level >= DEPTH for token in tokens):
        raise TooCostly
    return tokens


def attachment_id(url: str) -> str | None:
    """The id in `attachment:<uuid>`."""
    return parse_id(url[len("attachment:") :]) if url[: len("attachment:")].lower() == "attachment:" else None


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
        """Decides what is a link at all; anything else stays visible as it was written."""
        return bool(_FOLLOWED.match(url) or attachment_id(url))


class _Linkify(LinkifyIt):
    def match_at_start(self, text: str) -> Any:
        """Looks at one window of the text: some of the library's patterns read to the end at each bracket."""
        found = super().match_at_start(text[:URL])
        return found if found and found.last_index < URL else None


def _parser() -> _Parser:
    options = {"html": False, "linkify": True, "tasklists": True, "alerts": True, "maxNesting": DEPTH + 4}
    parser = _Parser("commonmark", options)
    parser.enable(["table", "strikethrough"])
    # Only http:// and https:// in plain text: `main.py` and `README.md` are no web sites. The inline rule finds those;
    # the core rule of the same name, which looks for bare domains and addresses, is slow and stays off.
    parser.inline.ruler.enable("linkify")
    parser.linkify = _Linkify({"ftp:": None, "//": None, "mailto:": None})
    # Rules that never match but are asked at each step: the meter.
    parser.inline.ruler.before("text", "meter", _meter_inline)
    parser.block.ruler.before("table", "meter", _meter_block, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    return parser


def _meter_block(state: Any, _start: int, _end: int, _silent: bool) -> bool:
    # Tokens count as well, since one line of a table can make thousands.
    made = len(state.tokens)
    _spend(state.env, 1 + (made - state.env["made"]) // 2)
    state.env["made"] = made
    return False


def _meter_inline(state: Any, _silent: bool) -> bool:
    _spend(state.env, _COSTS.get(state.src[state.pos], 1))
    if state.src.startswith("://", state.pos):
        # The link rule reads all the text that is pending before the colon, copies all that comes after, and matches
        # the next word again and again.
        word = _WORD.match(state.src, state.pos, state.pos + URL)
        matched = word.end() - state.pos if word else 0
        _spend(state.env, 4 + len(state.pending) // 128 + len(state.src) // 16_384 + matched // 64)
    return False


def _spend(env: dict[str, Any], steps: int) -> None:
    env["steps"] -= steps
    if env["steps"] < 0:
        raise TooCostly


md = _parser()
