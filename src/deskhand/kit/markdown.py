"""Markdown to HTML that is safe to show, to plain text, and to the attachments it names.

What stands in a ticket is written by strangers, so:

* No HTML passes through, and nh3 has the last word over what comes out.
* Nothing loads from elsewhere: `![alt](https://…)` becomes a link; only attachments become `<img>`.
* A source that is too costly (see `markdown_parser`), or whose links would make it grow tenfold, is shown as it was
  written: in paragraphs, without formatting, with every word there.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import nh3
from markdown_it.token import Token

from deskhand.kit import highlight
from deskhand.kit.markdown_parser import TooCostly, attachment_id, md, parse
from deskhand.kit.markdown_text import to_text as to_text
from deskhand.kit.markdown_text import words

ATTACHMENTS = "/api/v1/support/attachments/"
ANCHOR = "section-"  # before every id, so that no heading can stand in for an element of the page
COLOURED = (
    8_192  # characters of code that are coloured in a message; four times as many in an article, which staff write
)

_ALIGNED = {f"text-align:{side}": f"align-{side}" for side in ("left", "center", "right")}
_ALERTS = ("note", "tip", "important", "warning", "caution")


@dataclass(frozen=True, slots=True)
class Heading:
    """One line of a table of contents: `level` 2–6, `id` as it stands in the HTML."""

    level: int
    text: str
    id: str


def render(
    source: str,
    *,
    links: Mapping[str, str] | None = None,
    headings: bool = False,
    images: bool = True,
    origin: str = "",
) -> str:
    """`source` as HTML that is safe anywhere.

    `links` maps attachment ids to their places, where those are not under ATTACHMENTS. `headings=True` is for articles:
    headings get the ids of `toc()`, and line ends flow as in any Markdown file; in messages each one breaks the line.
    `images=False` makes links of attached images. `origin` (`https://desk.example`) goes before paths, for mails.
    """
    try:
        tokens = parse(source)
        if headings:
            _name(tokens)
        shape = _Shape(links or {}, images, origin.rstrip("/"), flowing=headings)
        shape.blocks(tokens)
        if shape.grown > 10 * len(source) + 10_000:
            raise TooCostly
        made = md.renderer.render(tokens, md.options, {})
    except TooCostly:
        made = _as_written(source)
    return _CLEANER.clean(made)


def toc(source: str) -> list[Heading]:
    """The headings of an article, with the ids that `render(source, headings=True)` gives them."""
    try:
        return _name(parse(source))
    except TooCostly:
        return []


def attachment_ids(source: str) -> list[str]:
    """The ids in `attachment:<uuid>` destinations of links and images, in order, each once; code does not count."""
    try:
        tokens = parse(source)
    except TooCostly:
        return []
    places = (child.attrs.get("href") or child.attrs.get("src") for token in tokens for child in token.children or [])
    found = (attachment_id(str(place)) for place in places if place)
    return list(dict.fromkeys(id_ for id_ in found if id_))


def _name(tokens: list[Token]) -> list[Heading]:
    """Gives each heading an id and moves h1 below the page's own title."""
    found: list[Heading] = []
    taken: dict[str, int] = {}  # how often a name was asked for
    for token, inline in pairwise(tokens):
        if token.type != "heading_open":
            continue
        text = words(inline.children or [])
        base = re.sub(r"\W+", "-", text[:200].casefold()).strip("-") or "part"
        id_ = base
        while id_ in taken:
            taken[base] += 1
            id_ = f"{base}-{taken[base]}"
        taken[id_] = 1
        token.attrSet("id", id_)  # nh3 puts ANCHOR before it
        found.append(Heading(max(2, int(token.tag[1])), text, ANCHOR + id_))
    return found


@dataclass(slots=True)
class _Shape:
    """Turns the parser's tokens into those we want to show, in place."""

    links: Mapping[str, str]
    images: bool
    origin: str
    flowing: bool
    coloured: int = 0
    grown: int = 0  # characters of destinations and titles: references repeat them at no cost to the writer

    def blocks(self, tokens: list[Token]) -> None:
        for token in tokens:
            if token.children:
                token.children = self.inline(token.children)
            elif token.type == "fence":
                self.fence(token)
            elif token.tag == "h1":
                token.tag = "h2"
            elif token.tag in ("th", "td") and "style" in token.attrs:
                token.attrs = {"class": _ALIGNED[str(token.attrs["style"])]}

    def fence(self, token: Token) -> None:
        """Colours the code: the renderer takes what begins with `<pre` as it is."""
        language = token.info.split(maxsplit=1)[0].lower() if token.info.strip() else ""
        self.coloured += 100 + len(token.content)
        known = language in highlight.LANGUAGES
        if known and self.coloured <= COLOURED * (4 if self.flowing else 1):
            body = highlight.highlight(token.content, language)
        else:
            body = html.escape(token.content)
        label = f' class="language-{language}"' if known else ""
        token.type, token.content = "html_block", f"<pre><code{label}>{body}</code></pre>\n"

    def inline(self, children: list[Token]) -> list[Token]:
        out: list[Token] = []
        inside = False
        for token in children:
            if token.type == "link_open":
                inside = True
                self.grown += len(str(token.attrs["href"])) + len(str(token.attrs.get("title", "")))
                token.attrs["href"] = self.place(str(token.attrs["href"]))
            elif token.type == "link_close":
                inside = False
            elif token.type == "softbreak" and not self.flowing:
                token.type = "hardbreak"
            elif token.type == "image":
                out += self.image(token, inside)
                continue
            out.append(token)
        return out

    def image(self, token: Token, inside: bool) -> list[Token]:
        """The image itself where it is attached, else a link to it; only its words within another link."""
        url = str(token.attrs["src"])
        self.grown += len(url)
        place = self.place(url)
        alt = words(token.children or [])
        if self.images and attachment_id(url) and place.startswith("/"):
            token.attrs = {"src": place, "alt": alt}
            token.children = [Token("text", "", 0, content=alt)]
            return [token]
        text = Token("text", "", 0, content=alt or "image")
        return [text] if inside else [Token("link_open", "a", 1, {"href": place}), text, Token("link_close", "a", -1)]

    def place(self, url: str) -> str:
        if id_ := attachment_id(url):
            url = self.links.get(id_) or ATTACHMENTS + id_
        if url.startswith("#"):
            return "#" + ANCHOR + url[1:]
        return self.origin + url if url.startswith("/") else url


def _as_written(source: str) -> str:
    safe = html.escape(source.encode("utf-8", "replace").decode().replace("\0", "\ufffd"))
    parts = re.split(r"\n{2,}", safe.strip())
    return "\n".join("<p>" + part.replace("\n", "<br>\n") + "</p>" for part in parts)


def _own_image(tag: str, attribute: str, value: str) -> str | None:
    """Lets an image load from a path of this host only."""
    return None if (tag, attribute) == ("img", "src") and not value.startswith("/") else value


def _own_path(url: str) -> str | None:
    """Lets a link without a scheme lead to this host's pages only."""
    return url if re.match(rf"/(?![/\\])|#{ANCHOR}", url) else None


_TAGS = (
    "p br hr h2 h3 h4 h5 h6 strong em s code pre blockquote ul ol li a img table thead tbody tr th td input span div"
)
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes={
        "a": {"href", "title"},
        "img": {"src", "alt", "title"},
        "ol": {"start"},
        "input": {"checked"},
        **{f"h{level}": {"id"} for level in range(2, 7)},
    },
    attribute_filter=_own_image,
    allowed_classes={
        "code": {f"language-{name}" for name in highlight.LANGUAGES},
        "span": set(highlight.CLASSES),
        "th": set(_ALIGNED.values()),
        "td": set(_ALIGNED.values()),
        "ul": {"contains-task-list"},
        "ol": {"contains-task-list"},
        "li": {"task-list-item"},
        "input": {"task-list-item-checkbox"},
        "div": {"markdown-alert", *(f"markdown-alert-{kind}" for kind in _ALERTS)},
        "p": {"markdown-alert-title"},
    },
    set_tag_attribute_values={
        "img": {"loading": "lazy"},
        "input": {"type": "checkbox", "disabled": ""},
    },
    url_relative=_own_path,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="nofollow noopener noreferrer",
    id_prefix=ANCHOR,
)
