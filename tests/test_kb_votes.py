"""A vote with a word: why an article helped or did not, told to the team and to nobody else."""

from typing import Any

import pytest

from tests.support.api import fields, is_problem, later
from tests.support.app import Caller, Desk


@pytest.fixture
def article(desk: Desk) -> dict[str, Any]:
    new = {"title": "Proxies", "body": "Rotate them.", "slug": "proxies", "status": "published"}
    return desk.as_("sam").post("/staff/kb/articles", new, expect=201).json()


def vote(caller: Caller, helpful: bool, **more: Any) -> dict[str, int]:
    return caller.post("/kb/proxies/helpful", {"helpful": helpful} | more, expect=200).json()


def votes(desk: Desk, article: dict[str, Any], query: str = "") -> dict[str, Any]:
    return desk.as_("sam").get(f"/staff/kb/articles/{article['id']}/votes{query}", expect=200).json()


def words(desk: Desk, article: dict[str, Any]) -> list[str | None]:
    return [each["comment"] for each in votes(desk, article)["votes"]]


def test_staff_see_who_said_what_the_latest_first(desk: Desk, article: dict[str, Any]) -> None:
    vote(desk.as_("alice"), False, comment=" Which header?\r\nNone worked. ")
    with later(2):
        vote(desk.anyone(), True)
    with later(4):
        vote(desk.as_("bob"), True, comment="Thanks!")
    found = votes(desk, article)
    assert found["total"] == 3
    assert [(each["helpful"], each["comment"], each["voter"] and each["voter"]["name"]) for each in found["votes"]] == [
        (True, "Thanks!", "Bob Lindqvist"),
        (True, None, None),
        (False, "Which header?\nNone worked.", "Alice Moreau"),
    ]
    said = votes(desk, article, "?commented=true&per_page=1&page=2")
    assert (said["total"], [each["comment"] for each in said["votes"]]) == (2, ["Which header?\nNone worked."])


def test_the_last_word_counts(desk: Desk, article: dict[str, Any]) -> None:
    alice = desk.as_("alice")
    vote(alice, False, comment="Too short.")
    assert vote(alice, False) == {"helpful_count": 0, "not_helpful_count": 1}
    assert words(desk, article) == ["Too short."]
    vote(alice, False, comment="Much too short.")
    assert words(desk, article) == ["Much too short."]
    assert vote(alice, True) == {"helpful_count": 1, "not_helpful_count": 0}
    assert words(desk, article) == [None]
    vote(alice, True, comment="Now it is good.")
    vote(alice, False, comment="No, it is not.")
    assert words(desk, article) == ["No, it is not."]
    assert vote(alice, False, comment=" ") == {"helpful_count": 0, "not_helpful_count": 1}
    assert words(desk, article) == [None]


def test_a_browser_without_login_can_add_its_words(desk: Desk, article: dict[str, Any]) -> None:
    vote(desk.anyone(), False)
    vote(desk.anyone(), False, comment="It is outdated.")  # the client keeps its cookie
    assert votes(desk, article)["total"] == 1
    assert words(desk, article) == ["It is outdated."]


def test_no_reader_sees_it(desk: Desk, article: dict[str, Any]) -> None:
    vote(desk.as_("alice"), False, comment="xylophone")
    path = f"/staff/kb/articles/{article['id']}/votes"
    desk.anyone().get(path, expect=401)
    desk.as_("alice").get(path, expect=403)
    for caller in (desk.anyone(), desk.as_("alice"), desk.as_("bob")):
        for read in ("/kb/proxies", "/kb/search?q=proxies", "/kb/search?q=xylophone"):
            assert "xylophone" not in caller.get(read, expect=200).text.replace('"query":"xylophone"', "")


@pytest.mark.parametrize("comment", ["x" * 1001, "NUL \x00", 7, ["a"]])
def test_what_is_no_word_is_refused(desk: Desk, article: dict[str, Any], comment: Any) -> None:
    assert fields(desk.as_("alice").post("/kb/proxies/helpful", {"helpful": True, "comment": comment})) == {"comment"}
    assert votes(desk, article)["total"] == 0


def test_of_no_article_there_are_none(desk: Desk) -> None:
    is_problem(desk.as_("sam").get(f"/staff/kb/articles/{desk.user_id('sam')}/votes"), 404)
