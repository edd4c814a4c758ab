"""German pages have no English left on them, neither in what is read nor in what is read aloud."""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.routing import Route

from deskhand import wiring
from deskhand.doors.web import dates
from deskhand.doors.web.languages import environment
from deskhand.kit.clock import DAY
from deskhand.notifications import urls
from tests.support.app import CAST, Desk, running
from tests.support.pages import Browser, page
from tests.test_words import SAME

GERMAN = {"Accept-Language": "de-CH,de;q=0.9,en;q=0.5"}
# Not for people to read, parts that a page asks for once it is open, and mails, which are written in English.
NO_PAGES = re.compile(r"\.(css|svg|txt|xml|csv)$|/(news|pulse|rail|(held|mail|attachments)/.*)$|^/$")
CATEGORIES = ("technical-issue", "billing", "feature-request", "account", "general")
NAMES = {name for _, name in CAST.values()}
# What people wrote in this story (all of it begins with x), who they are, and what is typed as it stands.
WRITTEN = {*CATEGORIES, *NAMES, *(name.split()[0] for name in NAMES), "English", "Deutsch", "api", "testclient"}
WRITTEN |= SAME | {"Filter"}  # "Filters" is what this is in German, and something else is "Filter" in English
TYPED = re.compile(
    r"\b[xX][\w-]* | \w+:\S* | \S+@\S+ | \w+_\w+ | \{\{.*?\}\} | \b(?:[A-Z]{2,3}|\w)\b | ALT-\d+"
    r"| [ ]·[ ]Deskhand | [\W\d]+",
    re.VERBOSE,
)


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, signup=True) as made:
        yield made


class Texts(HTMLParser):
    """What is seen on a page, and what is told by titles, labels and the like."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.code = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.code += tag in {"code", "kbd", "script"}
        told = {"title", "aria-label", "placeholder", "alt", "data-too-large", "data-failed", "data-remove"}
        self.texts |= {value for name, value in attrs if name in told and value}

    def handle_endtag(self, tag: str) -> None:
        self.code -= tag in {"code", "kbd", "script"}

    def handle_data(self, data: str) -> None:
        if not self.code:
            self.texts |= {line.strip(" ()·") for line in data.splitlines()}


def story(desk: Desk) -> dict[str, str]:
    """Something of everything; for each placeholder of an address what leads to it. All that is typed begins with x."""
    alice, sam, ada = desk.as_("alice"), desk.as_("sam"), desk.as_("ada")
    for slug in CATEGORIES:
        ada.patch(f"/staff/categories/{slug}", {"name": f"x{slug}", "description": "x"}, expect=200)
    ticket = desk.new_ticket(subject="xsubject", body="xbody", metadata={"xkey": "xvalue"}, category_slug="general")
    staff = f"/staff/tickets/{ticket['id']}"
    change = {"priority": "urgent", "category_slug": "billing", "tags": ["xtag"], "subject": "xother"}
    sam.patch(staff, change | {"assignee_id": desk.user_id("sam")}, expect=200)
    sam.post(f"{staff}/notes", {"body": "xnote"}, expect=201)
    sam.post(f"{staff}/replies", {"body": "xreply", "status": "resolved"}, expect=201)
    alice.post(f"/tickets/{ticket['id']}/satisfaction", {"rating": 4, "comment": "xcomment"}, expect=201)
    desk.new_ticket(subject="xopen", body="xbody")
    visitor = {"name": "xvera", "email": "vera@visitor.example", "subject": "xhello", "body": "xbody"}
    public = desk.anyone().post("/tickets/public", visitor, expect=201).json()
    desk.anyone().post("/tickets/public", visitor | {"honeypot": "x"}, expect=201)
    article = {"title": "xarticle", "summary": "x", "body": "xbody", "slug": "xarticle", "category_slug": "billing"}
    made = sam.post("/staff/kb/articles", article | {"status": "published"}, expect=201).json()
    sam.post("/staff/kb/articles", article | {"slug": "xdraft"}, expect=201)
    sam.patch(f"/staff/kb/articles/{made['id']}", {"body": "xbody\n\nxmore"}, expect=200)
    alice.post("/kb/xarticle/helpful", {"helpful": False, "comment": "xmissing"}, expect=200)
    alice.post("/api/v1/api-keys", {"name": "xkey", "scopes": ["tickets:read"]}, expect=201)
    return {
        "ref": ticket["readable_id"],
        "article_id": made["id"],
        "user_id": desk.user_id("alice"),
        "slug": "xarticle",
        "/help/categories/{slug}": "billing",
        "token": desk.services.signer.sign(urls.TICKET, [public["id"]], DAY),
        "/unsubscribe/{token}": desk.services.signer.sign(urls.SILENCE, [desk.user_id("alice"), None], DAY),
        "/contact/thanks/{token}": "x",
    }


def test_no_page_says_anything_in_english(desk: Desk) -> None:
    known, left = story(desk), {}
    for path in pages():
        address = re.sub(r"\{(\w+)\}", known.get(path) or r"{\1}", path).format(**known)
        english, german = (both(desk, address, language) for language in ("en", "de"))
        same = {TYPED.sub(" ", text).strip() for text in (english & german) - WRITTEN}
        if odd := same - WRITTEN - {""}:
            left[address] = odd
    assert left == {}


def pages() -> list[str]:
    routes = [route for route in wiring.PAGES if isinstance(route, Route) and "GET" in (route.methods or ())]
    paths = [route.path for route in routes if not NO_PAGES.search(route.path)]
    assert len(paths) > 40
    return [*paths, "/help/search?q=nothing+like+it", "/desk?q=is:x+from:+tag:x+foo:x", "/desk/reports?from=x"]


def both(desk: Desk, address: str, language: str) -> set[str]:
    """What that page says."""
    headers: Any = {"Accept-Language": language}
    if address.startswith(("/login", "/t/", "/contact")):
        answer = desk.client.get(address, headers=headers)
    else:
        answer = Browser(desk, "alice" if address.startswith("/support") else "ada").get(address, headers=headers)
    text = answer.text
    assert f'<html lang="{language}"' in text or "<html" not in text
    return Texts(text).texts


class TestRefusals:
    @pytest.mark.parametrize(
        ("path", "form", "said"),
        [
            ("/support/new", {"subject": " ", "body": "x"}, "Das darf nicht leer sein."),
            ("/support/new", {"subject": "x" * 256, "body": "x"}, "Das darf höchstens 255 Zeichen lang sein."),
            ("/support/new", {"subject": "x", "body": "x" * 65_537}, "Das darf höchstens 65.536 Zeichen lang sein."),
            ("/support/new", {"subject": "x", "body": "x", "priority": "x"}, "Bitte wählen Sie etwas von dem"),
            ("/desk/kb/new", {"title": "x", "body": "x", "slug": "search"}, "Diese Adresse ist reserviert."),
            ("/desk/settings/brand", {"name": "x", "accent": "#999999"}, "einen Kontrast von 2,84:1"),
            ("/desk/settings/macros", {"name": "x", "body": "{{x}}"}, "Den Platzhalter x gibt es nicht."),
            ("/desk/settings/views", {"name": "x", "query": "status:x"}, "Ein Status ist eines von open, pending,"),
            ("/login/signup", {"name": "x", "email": "x@y.example", "password": "short"}, "Mindestens 10 Zeichen"),
            ("/login/signup", {"name": "x", "email": "x@y.example"}, "Dieses Feld muss ausgefüllt sein."),
            ("/login", {"email": "x@y.example", "password": "x"}, "Bitte prüfen Sie Adresse und Passwort."),
        ],
    )
    def test_are_told_in_german(self, desk: Desk, path: str, form: dict[str, str], said: str) -> None:
        if path.startswith("/login"):
            answer = desk.client.post(path, data=form, headers=GERMAN)
        else:
            answer = Browser(desk, "ada").post(path, form, headers=GERMAN)
        assert answer.status_code in {401, 422}
        assert said in unescape(page(answer, answer.status_code))

    def test_a_limit_too(self, database_url: str, tmp_path: Path) -> None:
        with running(database_url, tmp_path, limit_logins="1/hour") as desk:
            form = {"email": "alice@acme.example", "password": "x"}
            _, second = (desk.client.post("/login", data=form, headers=GERMAN) for _ in range(2))
            assert re.search(r"Bitte versuchen Sie es in \d\.\d{3} Sekunden noch einmal\.", page(second, 429))

    def test_programs_get_english_whatever_they_accept(self, desk: Desk) -> None:
        for body, said in (
            ({"subject": "x" * 256, "body": "x"}, "This may be at most 255 characters long."),
            ({"subject": "x", "body": "x", "priority": "x"}, "Input should be an instance of Priority."),
        ):
            answer = desk.as_("alice").post("/tickets", body, headers=GERMAN, expect=422)
            assert [error["message"] for error in answer.json()["errors"]] == [said]


class TestFigures:
    @pytest.mark.parametrize(
        ("zone", "exact", "day"),
        [
            ("UTC", "18. Mai 2026, 22:23 UTC", "18. Mai 2026"),
            ("Europe/Berlin", "19. Mai 2026, 00:23 MESZ", "19. Mai 2026"),
            ("America/Lima", "18. Mai 2026, 17:23 -0500", "18. Mai 2026"),
        ],
    )
    def test_dates_are_the_readers(self, zone: str, exact: str, day: str) -> None:
        reader: Any = {"visit": SimpleNamespace(zone=zone)}
        german = dates.filters("de")
        assert german["exact"](reader, "2026-05-18T22:23:00Z") == exact
        assert german["day"](reader, "2026-05-18T22:23:00Z") == day
        assert german["day"](reader, "2026-05-18") == "18. Mai 2026", "a date has no zone"
        assert german["ago"](reader, "2020-05-18T22:23:00Z") == day.replace("2026", "2020")

    def test_numbers_are_written_as_in_german(self) -> None:
        env, tickets = environment("de"), 'ngettext("%(num)s ticket", "%(num)s tickets", {})'
        for text, written in (
            ("1234|number", "1.234"),
            ("4.5|number", "4,5"),
            ("2621440|bytes", "2,5 MB"),
            ("7200|duration", "2 Stunden"),
            ('_("Page %(page)s of %(last)s", page=1, last=1234)', "Seite 1 von 1.234"),
            (tickets.format(1), "1 Ticket"),
            (tickets.format(1234), "1.234 Tickets"),
        ):
            assert env.from_string("{{ " + text + " }}").render() == written
