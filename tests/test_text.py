"""The string types that all inputs share."""

from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from deskhand.kit.text import Block, Email, Line, Slug, email, excerpt, normal_email, slugify


class Form(BaseModel):
    subject: Annotated[str, Line(10)] = "x"
    comment: Annotated[str, Line(10, blank=True)] = ""
    body: Annotated[str, Block(20)] = "x"
    address: Email = "alice@example.com"
    slug: Slug = "x"


def refusal(**field: object) -> tuple[str, str]:
    """The code and the message with which one field is refused."""
    with pytest.raises(ValidationError) as caught:
        Form(**field)
    [error] = caught.value.errors()
    assert error["loc"] == tuple(field)
    return error["type"], error["msg"]


def test_a_line_is_trimmed_and_a_block_is_kept():
    assert Form(subject=" \t Hello \n").subject == "Hello"
    assert Form(body="  a\r\nb\rc\n ").body == "  a\nb\nc\n "


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000", "\u200b", "\u200d\ufeff \u2060"])
def test_blank_is_refused(text):
    assert refusal(subject=text)[0] == "blank"
    assert refusal(body=text)[0] == "blank"
    assert Form(comment=text).comment == text.strip()


@pytest.mark.parametrize("char", list(map(chr, [*range(32), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xD800, 0xDFFF])))
def test_a_line_has_no_control_characters(char):
    assert refusal(subject=f"a{char}b")[0] == "characters"
    if char not in "\t\r\n":
        assert refusal(subject=f"a{char}")[0] == "characters"
        assert refusal(comment=f"{char}a")[0] == "characters"


@pytest.mark.parametrize("char", list(map(chr, [0, 0xD800, 0xDFFF])))
def test_what_no_database_stores_is_refused_everywhere(char):
    for field in ("subject", "body", "address", "slug"):
        assert refusal(**{field: f"a{char}"})[0] == "characters"


def test_lengths_are_code_points_after_trimming_and_the_message_names_the_maximum():
    assert Form(subject=" " + "😀" * 10 + " ").subject == "😀" * 10
    assert refusal(subject="😀" * 11) == ("too_long", "This may be at most 10 characters long.")
    assert Form(body="\r\n" * 10 + "x" * 10).body == "\n" * 10 + "x" * 10
    assert refusal(body="x" * 21) == ("too_long", "This may be at most 20 characters long.")


def test_other_scripts_and_directions_are_welcome():
    for text in ("שלום", "مرحبا\u200f", "日本語", "e\u0301", "👩‍👩‍👧", "🫨"):
        assert Form(subject=text, body=text).subject == text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Alice@EXAMPLE.com", "Alice@example.com"),
        (" bob+tag@example.co.uk ", "bob+tag@example.co.uk"),
        ("bob@desk.test", "bob@desk.test"),
        ("jörg@exämple.de", "jörg@exämple.de"),
        ("a@XN--EXMPLE-CUA.de", "a@exämple.de"),
    ],
)
def test_addresses(written, kept):
    assert Form(address=written).address == kept == email(written)


@pytest.mark.parametrize("text", ["alice", "@example.com", "a@b", "a b@example.com", "a@example..com", "a@[127.0.0.1]"])
def test_what_is_no_address(text):
    assert refusal(address=text) == ("email", "This is not an e-mail address we can write to.")


def test_an_address_smuggles_nothing():
    assert refusal(address="a@example.com\r\nBcc: b@example.com")[0] == "characters"
    assert refusal(address="a@example.com\u2028")[0] == "characters"
    assert refusal(address="a@example.com,b@example.com")[0] == "email"
    assert refusal(address="Alice <a@example.com>")[0] == "email"
    assert refusal(address="a" * 60 + "@" + "b" * 190 + ".com")[0] == "too_long"


def test_addresses_compare_whole():
    assert normal_email(" ALICE@Example.COM ") == normal_email("alice@example.com")
    assert normal_email("jo\u0308rg@example.com") == normal_email("JÖRG@example.com")
    assert normal_email("alice@example.com") != normal_email("alice+x@example.com")


def test_slugs():
    assert Form(slug="reset-2fa").slug == "reset-2fa"
    for text in ("A", "a--b", "-a", "a-", "a b", "ä", "a/b", "a.b", "a_b"):
        assert refusal(slug=text)[0] == "slug"
    assert refusal(slug="")[0] == "blank"
    assert refusal(slug="a" * 121)[0] == "too_long"


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("How do I reset my password?", "how-do-i-reset-my-password"),
        ("Größe über Öl", "groesse-ueber-oel"),
        ("Größe über Öl".upper(), "groesse-ueber-oel"),
        ("u\u0308ber", "ueber"),
        ("Crème brûlée — łódź", "creme-brulee-lodz"),
        ("日本語", "article"),
        ("  !!! ", "article"),
        ("a" * 200, "a" * 120),
        ("a" * 119 + " b", "a" * 119),
    ],
)
def test_slugify(text, slug):
    assert slugify(text) == slug


@given(st.text())
@settings(deadline=None)
def test_every_text_has_a_valid_slug(text):
    Form(slug=slugify(text))


def test_excerpts():
    assert excerpt("short\n\ntext ", 40) == "short text"
    assert excerpt("one two three four", 12) == "one two…"
    assert excerpt("x" * 50, 10) == "x" * 9 + "…"


@given(st.text(), st.integers(2, 200))
@settings(deadline=None)
def test_an_excerpt_is_never_too_long(text, maximum):
    short = excerpt(text, maximum)
    assert len(short) <= maximum
    assert "\n" not in short


def test_the_documentation_states_the_limits():
    fields = Form.model_json_schema()["properties"]
    assert fields["subject"] == {
        "default": "x",
        "maxLength": 10,
        "minLength": 1,
        "pattern": r"\S",
        "type": "string",
    } | {"title": "Subject"}
    assert fields["address"]["format"] == "email"
    assert fields["slug"]["maxLength"] == 120
