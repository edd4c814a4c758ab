"""The words and headers of every mail that goes out."""

from email.header import decode_header, make_header
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import UndefinedError

from deskhand.kit.mail_message import from_text, to_text
from deskhand.notifications.compose import KINDS, MARKER, Brand, Headers, compose
from tests.support.hostile import HTML, LINKS

ACME = Brand("Acme", "Acme Support <support@acme.example>", "https://desk.acme.example")
TICKET = "0196f0aa-7c00-7000-8000-000000000001"
THREAD = f"<ticket-{TICKET}@desk.acme.example>"
ABOUT = {
    "readable_id": "ALT-1042",
    "ticket_url": "https://desk.acme.example/support/ALT-1042",
    "subject": "Scrape returns empty",
}
PLAIN = {key: ABOUT[key] for key in ("readable_id", "ticket_url")}
ACCOUNT = {"link": "https://desk.acme.example/login/verify?token=t", "lasts": "3 days"}
CONTEXTS: dict[str, dict[str, Any]] = {
    "reply": ABOUT | {"author": "Sam", "body": "Try *again*, [see here](/help/scraping)."},
    "closed": ABOUT | {"closed_by": "Sam"},
    "status_changed": ABOUT | {"status": "resolved"},
    "reopened": ABOUT | {"author": "Alice", "body": "Still *broken*."},
    "new_ticket": ABOUT | {"author": "Alice", "category": "Technical Issue", "priority": "high", "body": "It *fails*."},
    "customer_reply": ABOUT | {"author": "Alice", "body": "Thank *you*."},
    "contact_link": PLAIN,
    "unverified_reply": PLAIN | {"author": "Sam", "body": "Which *browser* is it?"},
    "digest": {"tickets": [ABOUT | {"news": ["Sam answered: Try again", "Closed by Sam"]}]},
    "verify_email": ACCOUNT,
    "password_reset": ACCOUNT,
    "invitation": ACCOUNT,
}
TICKET_KINDS = sorted(set(KINDS) - {"digest", "verify_email", "password_reset", "invitation"})


def write(kind: str, context: dict[str, Any] | None = None, brand: Brand = ACME, **headers: Any):
    given = {"message_id": brand.message_id("m-1"), "at": 1_779_099_780_000_000, "thread": THREAD} | headers
    return compose(
        kind, brand=brand, to="alice@example.com", context=context or CONTEXTS[kind], headers=Headers(**given)
    )


def parts(message) -> tuple[str, str]:
    return message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()


class Tags(HTMLParser):
    """Every tag with its attributes, and the text between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_the_same_in_text_and_html(kind):
    message = write(kind)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text, page = parts(message)
    link = CONTEXTS[kind].get("ticket_url") or CONTEXTS[kind].get("link") or ABOUT["ticket_url"]
    assert link in text
    assert ("a", link) in [(tag, given.get("href")) for tag, given in Tags(page).tags]
    if "body" in KINDS[kind]:
        assert "*" not in text
        assert "<em>" in page
    assert "\n\n\n" not in text


@pytest.mark.parametrize("kind", KINDS)
def test_no_mail_loads_or_tracks_anything(kind):
    _, page = parts(write(kind))
    names = {tag for tag, _ in Tags(page).tags}
    assert not names & {"img", "script", "link", "iframe", "object", "form", "base", "video"}
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("kind", TICKET_KINDS)
def test_every_ticket_mail_names_the_ticket_and_joins_its_thread(kind):
    message = write(kind)
    assert "[ALT-1042]" in message["Subject"]
    assert message["In-Reply-To"] == message["References"] == THREAD
    assert message["Message-ID"] == "<m-1@desk.acme.example>"
    answered = write(kind, references=("<first@mail.example>", "<second@mail.example>"))
    assert answered["References"] == f"{THREAD} <first@mail.example> <second@mail.example>"
    assert answered["In-Reply-To"] == "<second@mail.example>"


def test_mail_clients_thread_by_subject_too():
    follow_ups = {
        str(write(kind)["Subject"]) for kind in ("reply", "closed", "status_changed", "reopened", "customer_reply")
    }
    assert follow_ups == {"Re: [ALT-1042] Scrape returns empty"}
    assert write("new_ticket")["Subject"] == "[ALT-1042] Scrape returns empty"


def test_headers():
    message = write(
        "reply", author="Jörg", reply_to="reply+abc@in.acme.example", unsubscribe="https://desk.acme.example/u/t"
    )
    assert message["From"].addresses[0].display_name == "Jörg via Acme"
    assert message["From"].addresses[0].addr_spec == "support@acme.example"
    assert message["To"] == "alice@example.com"
    assert message["Reply-To"] == "reply+abc@in.acme.example"
    assert message["Date"] == "Mon, 18 May 2026 10:23:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["List-Unsubscribe"] == "<https://desk.acme.example/u/t>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == "<tickets.desk.acme.example>"
    text, page = parts(message)
    assert text.startswith(MARKER)
    assert f'<p class="small">{MARKER}</p>' in page
    assert "https://desk.acme.example/u/t" in text
    assert "https://desk.acme.example/u/t" in page


def test_what_is_not_offered_is_not_promised():
    message = write("reply")
    assert message["From"].addresses[0].display_name == "Acme Support"
    assert {"Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"}.isdisjoint(message.keys())
    text, page = parts(message)
    assert MARKER not in text + page
    assert "nswer this mail" not in text + page
    assert "Fewer of these" not in text + page
    assert "References" not in write("verify_email", thread=None)


def test_the_same_arguments_make_the_same_bytes():
    once, again = (to_text(write("reply", author="Sam", unsubscribe="https://desk.acme.example/u")) for _ in range(2))
    assert once == again == to_text(from_text(once))
    assert once.isascii()
    assert to_text(write("reply", message_id="<m-2@desk.acme.example>")) != once


@pytest.mark.parametrize("kind", ["contact_link", "unverified_reply"])
def test_a_mail_to_an_unconfirmed_address_takes_nothing_that_its_visitor_typed(kind):
    for key in ("subject", "name", "requester"):
        with pytest.raises(ValueError, match=kind):
            write(kind, CONTEXTS[kind] | {key: "Buy pills at evil.example"})
    assert write("contact_link")["Subject"] == "[ALT-1042] We have your message"


def test_the_contact_link_is_fixed_text():
    marked = {"readable_id": "ALT-7", "ticket_url": "https://desk.acme.example/c/other"}
    one, other = to_text(write("contact_link")), to_text(write("contact_link", marked))
    swapped = other.replace("ALT-7", "ALT-1042").replace("/c/other", "/support/ALT-1042")
    assert unfolded(one) == unfolded(swapped)


def unfolded(wire: str) -> str:
    return wire.replace("=\r\n", "")


@pytest.mark.parametrize("kind", KINDS)
def test_context_is_exact(kind):
    lacking = dict(CONTEXTS[kind])
    lacking.popitem()
    for context in (lacking or {"x": 1}, CONTEXTS[kind] | {"more": 1}):
        with pytest.raises(ValueError, match=kind):
            write(kind, context)


def test_a_digest_of_half_a_ticket_is_an_error():
    with pytest.raises(UndefinedError):
        write("digest", {"tickets": [{"subject": "x"}]})


def test_a_digest_groups_by_ticket():
    tickets = [
        ABOUT | {"news": ["One", "Two"]},
        ABOUT | {"readable_id": "ALT-1043", "subject": "Other", "news": ["Three"]},
    ]
    message = write("digest", {"tickets": tickets}, thread=None)
    assert message["Subject"] == "Your tickets: 2 with news"
    text, page = parts(message)
    assert text.index("ALT-1042") < text.index("One") < text.index("Two") < text.index("ALT-1043") < text.index("Three")
    assert page.count("<li>") == 3


@pytest.mark.parametrize("kind", sorted(kind for kind in KINDS if "body" in KINDS[kind] or "subject" in KINDS[kind]))
def test_hostile_words_stay_words(kind):
    allowed = {tag for tag, _ in Tags(parts(write(kind))[1]).tags} | {
        *("p", "br", "h2", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "table", "thead"),
        *("tbody", "tr", "th", "td", "input", "span", "div"),
    }
    for hostile in (*HTML[::23], *LINKS[::23]):
        line = " ".join(hostile.replace("\0", "").split())
        typed = {"body": hostile, "subject": line, "author": line, "closed_by": line, "category": line}
        context = {key: typed.get(key, value) for key, value in CONTEXTS[kind].items()}
        _, page = parts(write(kind, context))
        for tag, given in Tags(page).tags:
            assert tag in allowed, hostile
            assert not any(name.startswith("on") or name in ("src", "srcset", "formaction") for name in given)
            assert str(given.get("href", "https://")).startswith(
                ("https://", "http://", "mailto:", "#section-", "tel:")
            )


@pytest.mark.parametrize(
    "subject",
    ["Hi\r\nBcc: mallory@example.com", "=?utf-8?q?Hi=0D=0ABcc:_m=40example.com?=", "ü" * 255, "😀 " * 100, "\u202egnp"],
)
def test_hostile_subjects_stay_subjects(subject):
    message = write("reply", CONTEXTS["reply"] | {"subject": subject}, author=subject)
    head = to_text(message).split("\r\n\r\n")[0]
    fields = [line.split(":")[0] for line in head.split("\r\n") if not line.startswith(" ")]
    assert fields == message.keys()
    assert "Bcc" not in fields
    raw = next(line for line in head.replace("\r\n ", " ").split("\r\n") if line.startswith("Subject: "))
    assert str(make_header(decode_header(raw.removeprefix("Subject: ")))) == message["Subject"]
    assert message["Subject"].startswith("Re: [ALT-1042] ")
    assert [address.addr_spec for address in message["From"].addresses] == ["support@acme.example"]


def test_what_a_mail_cannot_hold_is_replaced():
    text, page = parts(write("reply", CONTEXTS["reply"] | {"body": "a\ud800b\0c"}))
    assert "a?b\ufffdc" in text
    assert "a?b\ufffdc" in page


def test_links_lead_to_the_desk():
    attached = f"![shot](attachment:{TICKET}) [help](/help/x)"
    text, page = parts(write("reply", CONTEXTS["reply"] | {"body": attached}))
    links = [given["href"] for tag, given in Tags(page).tags if tag == "a"]
    assert f"https://desk.acme.example/api/v1/support/attachments/{TICKET}" in links
    assert "https://desk.acme.example/help/x" in links
    assert "help (https://desk.acme.example/help/x)" in text


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://localhost:8000", "localhost"),
        ("https://exämple.de/desk", "xn--exmple-cua.de"),
        ("http://[::1]:8000", "[IPv6:::1]"),
    ],
)
def test_message_ids_end_in_the_desks_host(url, host):
    brand = Brand("Acme", "support@acme.example", url)
    assert brand.thread_id("x") == f"<ticket-x@{host}>"
    assert write("reply", brand=brand)["Message-ID"] == f"<m-1@{host}>"
    assert write("reply", brand=brand)["From"].addresses[0].display_name == "Acme"
