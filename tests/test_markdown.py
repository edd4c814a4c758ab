"""Markdown: what it makes, what it refuses, and what it costs."""

import re
import time
from html.parser import HTMLParser
from itertools import product

import nh3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskhand.kit import highlight
from deskhand.kit.markdown import ATTACHMENTS, Heading, attachment_ids, render, to_text, toc
from tests.support import hostile
from tests.support.hostile import ID

SECONDS = 0.2  # for 65,536 hostile characters

ALLOWED = {
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title", "loading"},
    "ol": {"start", "class"},
    "input": {"type", "disabled", "checked", "class"},
    **{tag: {"class"} for tag in ("code", "span", "th", "td", "ul", "li", "div", "p")},
    **{f"h{level}": {"id"} for level in range(2, 7)},
    **{tag: set() for tag in ("br", "hr", "strong", "em", "s", "pre", "blockquote", "table", "thead", "tbody", "tr")},
}
LINK = re.compile(rf"https?://[^/]|mailto:|tel:\+?\d|#section-|{ATTACHMENTS}[0-9a-f-]{{36}}$|/[^/\\]")


class Checked(HTMLParser):
    """Reads HTML as a browser might and fails on anything that the allow-list does not name."""

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        assert set(names) <= ALLOWED[tag], (tag, names)
        given = dict(attrs)
        if tag == "a":
            assert given["rel"] == "nofollow noopener noreferrer"
            assert "href" not in given or LINK.match(given["href"]), given["href"]
        if tag == "img":
            assert re.fullmatch(ATTACHMENTS + "[0-9a-f-]{36}", given["src"])
            assert given["loading"] == "lazy"
            assert "alt" in given
        if tag == "input":
            assert given["type"] == "checkbox"
            assert "disabled" in given
        assert given.get("id", "section-").startswith("section-")

    def handle_comment(self, data):
        pytest.fail(f"comment: {data}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def check(source: str) -> None:
    for made in (render(source), render(source, headings=True), render(source, images=False)):
        checker = Checked(convert_charrefs=True)
        checker.feed(made)
        checker.close()
    assert "\0" not in made


@pytest.mark.parametrize("group", ["LINKS", "HTML"])
def test_nothing_runs_loads_or_escapes(group):
    sources = getattr(hostile, group)
    assert len(sources) > 1_000
    for source in sources:
        check(source)


def test_hostile_text_glued_together():
    for step in range(7):
        check("".join(hostile.EVERYTHING[step::97]))


@given(
    st.lists(
        st.sampled_from(
            [*"<>[]()!*_`~|#-+\\\"'&;:/=\n\t a1é", "](", "![", "http://", "<a ", "&#", "- [x] ", "\n\n", "```"]
        )
    )
)
@settings(deadline=None)
def test_any_mixture_of_marks_is_safe(parts):
    check("".join(parts))


@given(st.text())
@settings(deadline=None)
def test_any_text_is_safe_and_none_is_an_error(text):
    check(text)
    to_text(text)
    toc(text)
    assert attachment_ids(text) == []


@pytest.mark.parametrize("scheme", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "//evil.example", "x.png"])
def test_what_is_no_link_stays_as_it_was_written(scheme):
    assert render(f"[a]({scheme})") == f"<p>[a]({scheme})</p>\n"


def test_html_is_text():
    assert render("<b>x</b> &amp; <!-- y -->") == "<p>&lt;b&gt;x&lt;/b&gt; &amp; &lt;!-- y --&gt;</p>\n"


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>\n"),
        ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
        ("# Title", "<h2>Title</h2>\n"),
        ("3. c", '<ol start="3">\n<li>c</li>\n</ol>\n'),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>\n"),
        ("```\n<a>\n```", "<pre><code>&lt;a&gt;\n</code></pre>\n"),
        ("```unheard-of\nx\n```", "<pre><code>x\n</code></pre>\n"),
        ("main.py and README.md", "<p>main.py and README.md</p>\n"),
        ("שלום", "<p>שלום</p>\n"),
        ("", ""),
    ],
)
def test_what_people_write(source, made):
    assert render(source) == made


def test_tables_task_lists_and_callouts():
    table = render("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<th class="align-center">a</th>' in table
    assert '<td class="align-right">2</td>' in table
    assert "style" not in table
    tasks = render("- [x] done\n- [ ] open")
    assert tasks.count('type="checkbox"') == tasks.count("disabled") == 2
    assert tasks.count("checked") == 1
    assert '<div class="markdown-alert markdown-alert-note">' in render("> [!NOTE]\n> a")


def test_addresses_become_links():
    assert ">https://example.com/a?b=c&amp;d</a>.</p>" in render("See https://example.com/a?b=c&d.")
    assert 'href="mailto:a@example.com"' in render("<a@example.com>")
    assert render("http://" + "a" * 3_000) == "<p>http://" + "a" * 3_000 + "</p>\n"


def test_code_is_coloured_by_class():
    assert '<code class="language-python"><span class="k">def</span>' in render("```python\ndef f(): pass\n```")
    long = "x = 1\n" * 2_000
    assert "span" not in render(f"```go\n{'/* ' * 9}\n```")
    assert render(f"```python\n{long}```") == f'<pre><code class="language-python">{long}</code></pre>\n'


def test_remote_images_become_links():
    made = render("![a *cat*](https://example.com/cat.png)")
    assert made == '<p><a href="https://example.com/cat.png" rel="nofollow noopener noreferrer">a cat</a></p>\n'
    assert ">image</a>" in render("![](https://example.com/cat.png)")
    linked = render("[![badge](https://example.com/b.svg)](https://example.com)")
    assert linked == '<p><a href="https://example.com" rel="nofollow noopener noreferrer">badge</a></p>\n'


def test_attachments():
    image, link = f"![a shot](attachment:{ID})", f"[log.txt](attachment:{ID.upper()})"
    assert render(image) == f'<p><img src="{ATTACHMENTS}{ID}" alt="a shot" loading="lazy"></p>\n'
    assert f'<a href="{ATTACHMENTS}{ID}"' in render(link)
    assert f'<a href="https://desk.example{ATTACHMENTS}{ID}"' in render(
        image, images=False, origin="https://desk.example/"
    )
    assert '<img src="/files/1"' in render(image, links={ID: "/files/1"})
    assert '<a href="https://cdn.example/1"' in render(image, links={ID: "https://cdn.example/1"})


def test_attachment_ids_are_those_of_parsed_destinations():
    other = ID.replace("1", "2")
    source = f"""
![b](attachment:{other}) [a](attachment:{ID.upper()} "t") [again](attachment:{other})

    [code](attachment:{ID[:-1]}3)

`[code](attachment:{ID[:-1]}4)` \\[no](attachment:{ID[:-1]}5)

```
[code](attachment:{ID[:-1]}6)
```
<img src="attachment:{ID[:-1]}7"> attachment:{ID[:-1]}8

[by reference][r] [no](attachment:not-an-id) [no](https://example.com/attachment:{ID[:-1]}9)

[r]: attachment:{ID[:-1]}a
"""
    assert attachment_ids(source) == [other, ID, ID[:-1] + "a"]


def test_articles_have_anchors_and_contents():
    source = "# Set *up*\ntwo\nlines\n## Set up\n### `x` & y\n## Set up 2\n## 日本\n## !!!\n[there](#set-up)"
    made = render(source, headings=True)
    contents = toc(source)
    assert contents[:2] == [Heading(2, "Set up", "section-set-up"), Heading(2, "Set up", "section-set-up-2")]
    assert [entry.id for entry in contents[2:]] == ["section-x-y", "section-set-up-2-2", "section-日本", "section-part"]
    assert re.findall(' id="(.*?)"', made) == [entry.id for entry in contents]
    assert "two\nlines" in made
    assert 'href="#section-set-up"' in made
    assert " id=" not in render(source)


@pytest.mark.parametrize("name", hostile.COSTLY)
@pytest.mark.parametrize("function", [render, to_text])
def test_hostile_structure_costs_little(name, function):
    assert cheap(lambda: function(hostile.COSTLY[name]), SECONDS)


LINES = [
    "a\n",
    "$ a\n",
    "a b c d\n",
    '"a\\\n',
    "<<A\n",
    "a: b\n",
    "  a\n",
    "a = b\n",
    "/*\n",
    "|-\n",
    "(((\n",
    "a<b<c<\n",
]


@pytest.mark.parametrize("language", sorted(highlight.LANGUAGES))
def test_hostile_code_costs_little(language):
    for line, start in product(LINES, ("", '"', "<?php ")):
        block = start + line * ((highlight.LONGEST - 10) // len(line))
        assert cheap(lambda block=block: highlight.highlight(block, language), SECONDS / 4), line


def cheap(work, limit: float) -> bool:
    """Whether `work` stays under `limit` seconds of processor time, or is little beside honest work here."""
    honest = "Some **bold** words, a [link](https://example.com) and `code`.\n\n" * 400  # 42 ms where SECONDS was set
    for _ in range(3):
        if seconds(work) < limit or seconds(work) < 5 * (limit / SECONDS) * seconds(lambda: render(honest)):
            return True
    return False


def seconds(work) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.mark.parametrize("source", [">" * 30 + " word", "- " * 40 + "word", "*word* " * 9_000, "[word](/x) " * 6_000])
def test_what_is_too_costly_is_shown_as_written(source):
    made = render(source)
    assert made.startswith("<p>")
    assert "<a" not in made
    assert re.sub("<.*?>", "", made) == nh3.clean_text(source.strip()).replace("&#32;", " ").replace("&#47;", "/")
    assert to_text(source) == source.strip()
    assert toc(source) == attachment_ids(source) == []


def test_long_honest_text_is_formatted():
    source = "## Part\n\nSome **bold** words, a [link](https://example.com) and `code`.\n\n- one\n- two\n\n" * 390
    assert len(source) > 32_768
    assert render(source).count("<strong>") == 390


def test_references_do_not_multiply():
    source = "[a]: <https://example.com/" + "b" * 10_000 + ">\n\n" + "[a] " * 1_000
    assert len(render(source)) < 10 * len(source)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("*a* **b** `c` ~~d~~", "a b c d"),
        ("# Title\n\none\ntwo", "Title\n\none\ntwo"),
        ("[docs](https://example.com) https://example.com", "docs (https://example.com) https://example.com"),
        (f"![shot](attachment:{ID}) [log](attachment:{ID}) ![x](https://a.b/c)", "[shot] log [x] (https://a.b/c)"),
        ("- a\n  - b\n\n    c\n- [x] d", "- a\n  - b\n\n    c\n\n- [x] d"),
        ("3. c\n4. d", "3. c\n4. d"),
        ("> a\n> > b\n\nc", "> a\n>\n> > b\n\nc"),
        ("| a | b |\n|---|---|\n| 1 | *2* |\n\nend", "a | b\n1 | 2\n\nend"),
        ("```py\nx = 1\n```\nend", "x = 1\n\nend"),
        ("-\n- a", "-\n- a"),
        ("a\n\n---\n\nb", "a\n\n---\n\nb"),
        ("&lt;b&gt; <b>", "<b> <b>"),
    ],
)
def test_plain_text(source, text):
    assert to_text(source) == text
