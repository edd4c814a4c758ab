"""Colour for code: Pygments by CSS class, for the languages below and for code that looks written by people.

Pygments' lexers are made for honest code: on hostile input many take quadratic time and some take minutes. So the
languages are a fixed list, long or odd code stays uncoloured, and tests/test_markdown.py measures each.
"""

import html
import re
from functools import cache

from pygments import highlight as _highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

LONGEST = 4_096
_ODD = re.compile(r"[^\n]{400}|\s{60}|(?:[ \t]*\n){8}")
# What people write after ``` → Pygments' name. C# and Java wear TypeScript's colours: nearly the same words, while
# their own lexers take seconds for `a\n` two thousand times.
_LEXERS = {
    "bash": "bash", "sh": "bash", "shell": "bash", "zsh": "bash", "console": "console",
    "c": "c", "cpp": "cpp", "csharp": "typescript", "cs": "typescript", "css": "css", "diff": "diff",
    "docker": "docker", "dockerfile": "docker", "go": "go", "graphql": "graphql", "html": "html", "http": "http",
    "ini": "ini", "java": "typescript", "javascript": "javascript", "js": "javascript", "jsx": "javascript",
    "json": "json", "kotlin": "kotlin", "make": "make", "nginx": "nginx", "php": "php", "powershell": "powershell",
    "python": "python", "py": "python", "ruby": "ruby", "rb": "ruby", "rust": "rust", "rs": "rust", "scala": "scala",
    "sql": "sql", "swift": "swift", "toml": "toml", "traceback": "pytb", "pytb": "pytb", "ts": "typescript",
    "tsx": "typescript", "typescript": "typescript", "xml": "xml", "yaml": "yaml", "yml": "yaml",
}  # fmt: skip
LANGUAGES = frozenset(_LEXERS)
CLASSES = frozenset(name for name in STANDARD_TYPES.values() if name)
_FORMATTER = HtmlFormatter(nowrap=True)


def highlight(code: str, language: str) -> str:
    """`code` as escaped HTML, with `<span class=…>` around what it can colour; `language` is one of LANGUAGES."""
    # Most lexers look for the end of each comment again, up to the end of the code.
    unclosed = code.count("/*") - code.count("*/")
    if len(code) > LONGEST or unclosed > 8 or _ODD.search(code):
        return html.escape(code)
    return _highlight(code, _lexer(_LEXERS[language]), _FORMATTER)


@cache
def _lexer(name: str) -> Lexer:
    return get_lexer_by_name(name, stripnl=False, ensurenl=False)
