"""Every word of the pages has its German, and readers get the language that they chose."""

import re
from string import Formatter

from babel.messages.pofile import read_po
from scripts.words import LOCALES, gathered, texts

from deskhand.doors.web.languages import translations
from tests.support.app import Desk
from tests.support.pages import Browser

# Names, shapes of input, and words that are the same in both languages.
SAME = {
    "Admin", "Deskhand", "Details", "Logo", "Mail", "Name", "Person", "Problem", "Server", "Spam", "Status",
    "Status: %(name)s", "Support", "Team", "Text", "Tickets",
}  # fmt: skip
PLACES = re.compile(r"%\(\w+\)s|%%")


def catalogue() -> dict[str | tuple[str, str], tuple[str, ...]]:
    with (LOCALES / "de.po").open("rb") as file:
        found = read_po(file, locale="de")
    return {_key(it.id): it.string if isinstance(it.string, tuple) else (it.string,) for it in found if it.id}


def _key(message: object) -> str | tuple[str, str]:
    return tuple(message) if isinstance(message, list | tuple) else str(message)  # type: ignore[return-value]


def test_the_catalogue_holds_what_pages_say_and_nothing_else() -> None:
    said, known = {_key(it.id) for it in gathered() if it.id}, catalogue()
    assert sorted(map(str, said - known.keys())) == [], "run make words, and translate what is new"
    assert sorted(map(str, known.keys() - said)) == [], "run make words: nothing says this any more"
    assert [english for english, german in known.items() if not all(german)] == []


def test_a_counted_text_has_one_plural() -> None:
    counted = {text.words for text in texts() if isinstance(text.words, tuple)}
    assert len({singular for singular, _ in counted}) == len(counted)


def test_placeholders_are_the_same() -> None:
    def places(text: str) -> list[str]:
        return sorted(PLACES.findall(text)) + sorted(name for _, name, _, _ in Formatter().parse(text) if name)

    for english, german in catalogue().items():
        singular = english if isinstance(english, str) else english[0]
        for text in german:
            assert places(text) == places(singular), english


def test_german_is_german() -> None:
    assert {english for english, german in catalogue().items() if german[0] == english} == SAME


def test_the_choice_outlives_the_browsers_wish(desk: Desk) -> None:
    chosen = desk.client.post("/appearance", data={"language": "de", "next": "/help"})
    assert chosen.headers["location"] == "/help"
    assert '<html lang="de"' in desk.client.get("/help", headers={"Accept-Language": "en"}).text
    desk.client.post("/appearance", data={"language": "xx", "next": "//evil.example"})
    assert '<html lang="de"' in desk.client.get("/help").text


def test_unknown_languages_get_english(desk: Desk) -> None:
    for wish in ("fr", "", "de;q=x", "*", "en;q=0.1, de;q=0", ",,;;"):
        assert '<html lang="en"' in desk.client.get("/help", headers={"Accept-Language": wish}).text


def test_dates_are_written_in_the_readers_language_and_zone(desk: Desk) -> None:
    ticket = desk.new_ticket()
    place = f"/support/{ticket['readable_id']}"
    alice = Browser(desk, "alice")
    alice.cookie += "; deskhand_zone=Asia/Tokyo"
    (exact, *_) = re.findall(r'<time[^>]* title="([^"]+)"', alice.get(place).text)
    assert re.fullmatch(r"\d+ [A-Z][a-z]+ \d{4}, \d\d:\d\d (JST|\+0900)", exact)
    german = alice.get(place, headers={"Accept-Language": "de"}).text
    assert re.search(r'title="\d+\. [A-ZÄ]\w+\.? \d{4}, \d\d:\d\d', german)


def test_words_that_are_counted_have_both_forms() -> None:
    german = translations("de")
    assert german.ngettext("%(num)s ticket", "%(num)s tickets", 1) == "%(num)s Ticket"
    assert german.ngettext("%(num)s line is the same", "%(num)s lines are the same", 2) == "%(num)s unveränderte Zeilen"
