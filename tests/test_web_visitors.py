"""The page behind a visitor's signed link, beyond what tests/test_pages.py holds it to: files, closing, rating."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from deskhand.kit.clock import DAY
from deskhand.notifications import urls
from tests.support.api import UNLIMITED, count, png, rows, upload
from tests.support.app import Desk, running
from tests.support.pages import HOSTILE, error_of, secret_page, text_of, value_of

HTMX = {"HX-Request": "true"}
Files = list[tuple[str, tuple[str, bytes]]]


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED | {"limit_uploads": "11/hour"}) as made:
        yield made


@pytest.fixture
def ticket(desk: Desk) -> dict[str, Any]:
    form = {"name": "Vera", "email": "vera@visitor.example", "subject": "Hello", "body": "Is anyone there?"}
    desk.user_id("sam")
    return desk.anyone().post("/tickets/public", form, expect=201).json()


@pytest.fixture
def url(desk: Desk, ticket: dict[str, Any]) -> str:
    return f"/t/{desk.services.signer.sign(urls.TICKET, [ticket['id']], DAY)}"


def files(*named: tuple[str, bytes]) -> Files:
    return [("files", pair) for pair in named]


def last(desk: Desk, ticket: dict[str, Any]) -> dict[str, Any]:
    return desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()["messages"][-1]


class TestFiles:
    def test_go_with_the_answer_and_stand_where_they_were_put(
        self, desk: Desk, ticket: dict[str, Any], url: str
    ) -> None:
        sent = files(("shot.png", png()), ("log.txt", b"words"))
        assert desk.client.post(url, data={"body": "Look:"}, files=sent).status_code == 303
        message = last(desk, ticket)
        assert [file["filename"] for file in message["attachments"]] == ["shot.png", "log.txt"]
        assert message["body"].startswith("Look:\n\n![shot.png](attachment:")
        text, (shot, log) = secret_page(desk.client.get(url)), message["attachments"]
        assert f'src="{url}/attachments/{shot["id"]}/thumbnail"' in text
        (link,) = re.findall(rf'class="file" href="{url}/attachments/{log["id"]}">(.*?)</a>', text, re.DOTALL)
        assert re.search("log.txt <span[^>]*>5 B</span>$", link)
        (opener,) = set(re.findall(r'popovertarget="([^"]+)"', text))
        assert text.count(f'id="{opener}" popover') == 1
        small = desk.client.get(f"{url}/attachments/{shot['id']}/thumbnail")
        assert (small.status_code, small.headers["content-type"]) == (200, "image/webp")
        assert desk.client.get(f"{url}/attachments/{log['id']}/thumbnail").status_code == 404

    def test_alone_are_an_answer(self, desk: Desk, ticket: dict[str, Any], url: str) -> None:
        assert desk.client.post(url, data={"body": ""}, files=files(("a.txt", b"a"))).status_code == 303
        assert last(desk, ticket)["body"].startswith("[a.txt](attachment:")

    def test_no_file_chosen_is_none(self, desk: Desk, url: str) -> None:
        """Browsers send an empty part all the same."""
        answer = desk.client.post(url, data={"body": "Only words."}, files=files(("", b"")))
        assert answer.status_code == 303
        assert count(desk, "attachments") == 0

    def test_what_is_refused_is_told_beside_the_field_and_the_others_are_kept(
        self, desk: Desk, ticket: dict[str, Any], url: str
    ) -> None:
        sent = files(("good.txt", b"good"), ("empty.txt", b""), (f"{HOSTILE}.txt", b""))
        answer = desk.client.post(url, data={"body": "Look:"}, files=sent)
        text = secret_page(answer, 422)
        assert "empty.txt: The file is empty." in error_of(text, "files")
        assert "<script>alert" not in text
        kept = text_of(text, "body")
        assert kept.startswith("Look:\n\n[good.txt](attachment:")
        assert last(desk, ticket)["body"] == "Is anyone there?"
        assert desk.client.post(url, data={"body": kept}).status_code == 303
        assert [file["filename"] for file in last(desk, ticket)["attachments"]] == ["good.txt"]

    def test_more_than_ten_are_too_many(self, desk: Desk, url: str) -> None:
        sent = files(*((f"{n}.txt", b"x") for n in range(11)))
        text = secret_page(desk.client.post(url, data={"body": "Look:"}, files=sent), 422)
        assert "at most 10" in error_of(text, "files")
        assert count(desk, "attachments") == 0
        assert desk.client.post(url, data={"body": "x"}, files=files(*[("x", b"x")] * 40)).status_code == 400

    def test_count_as_uploads_by_the_api_do(self, desk: Desk, url: str) -> None:
        ten = files(*((f"{n}.txt", b"x") for n in range(10)))
        assert desk.client.post(url, data={"body": "Ten"}, files=ten).status_code == 303
        # What was refused cost nothing.
        secret_page(desk.client.post(url, data={"body": ""}, files=files(("e.txt", b""))), 422)
        assert desk.client.post(url, data={"body": "One more"}, files=files(("a", b"a"))).status_code == 303
        text = secret_page(desk.client.post(url, data={"body": "Too many"}, files=files(("a", b"a"))), 422)
        assert "try again in" in error_of(text, "files")
        assert text_of(text, "body") == "Too many"

    def test_a_picture_that_is_none_is_a_link(self, desk: Desk, ticket: dict[str, Any], url: str) -> None:
        sam = desk.as_("sam")
        file = upload(sam, b"words", "log.txt", expect=201).json()
        body = {
            "body": f"![so called](attachment:{file['id']}) [![in a link](attachment:{file['id']})](https://x.example)"
        }
        sam.post(f"/staff/tickets/{ticket['id']}/replies", body, expect=201)
        text = secret_page(desk.client.get(url))
        assert '<img src="/t' not in text
        assert "popover" not in text
        assert f'class="file" href="{url}/attachments/{file["id"]}"' in text


def test_a_double_click_answers_once(desk: Desk, ticket: dict[str, Any], url: str) -> None:
    form = {"body": "Once.", "once": value_of(desk.client.get(url).text, "once")}
    for _ in range(2):
        assert desk.client.post(url, data=form, files=files(("a.txt", b"a"))).status_code == 303
    assert desk.client.post(url, data=form, files=files(("b.txt", b"another"))).status_code == 303
    view = desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()
    named = [[file["filename"] for file in message["attachments"]] for message in view["messages"]]
    assert named == [[], ["a.txt"], ["b.txt"]]


class TestAll:
    """What a customer can do on a ticket's page, a visitor can by the link, on that ticket alone."""

    def view(self, desk: Desk, ticket: dict[str, Any]) -> dict[str, Any]:
        return desk.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()

    def resolve(self, desk: Desk, ticket: dict[str, Any]) -> None:
        body = {"body": "Solved.", "status": "resolved"}
        desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", body, expect=201)

    def test_it_is_the_customers_page_without_what_wants_an_account(self, desk: Desk, url: str) -> None:
        text = secret_page(desk.client.get(url))
        assert f'action="{url}/close"' in text
        assert f'data-files="{url}/attachments"' in text
        for other in ('href="/support"', "Save changes", "/support/preview", "/api/v1/support/attachments"):
            assert other not in text

    def test_closes_opens_again_and_mutes(self, desk: Desk, ticket: dict[str, Any], url: str) -> None:
        for act, status in (("close", "closed"), ("reopen", "open")):
            answer = desk.client.post(f"{url}/{act}")
            assert (answer.status_code, answer.headers["location"]) == (303, url)
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert self.view(desk, ticket)["status"] == status
        assert "Mute" in secret_page(desk.client.get(url))
        desk.client.post(f"{url}/mute", data={"muted": "true"})
        assert "Unmute" in secret_page(desk.client.get(url))
        self.resolve(desk, ticket)
        desk.work()
        mails = desk.as_("ada").get("/staff/outbox?per_page=100", expect=200).json()["mails"]
        assert [mail for mail in mails if "vera@" in mail["recipient"] and mail["kind"] != "contact_link"] == []

    def test_rates_once(self, desk: Desk, ticket: dict[str, Any], url: str) -> None:
        self.resolve(desk, ticket)
        assert "How was our help?" in secret_page(desk.client.get(url))
        secret_page(desk.client.post(f"{url}/rate", data={"rating": "6"}), 422)
        rating = {"rating": "4", "comment": f"Quick {HOSTILE}"}
        assert desk.client.post(f"{url}/rate", data=rating).status_code == 303
        text = secret_page(desk.client.get(url))
        assert "You rated our help" in text
        assert "<script>alert" not in text
        secret_page(desk.client.post(f"{url}/rate", data={"rating": "1"}), 409)
        assert self.view(desk, ticket)["satisfaction"]["rating"] == 4

    def test_hears_of_news_while_the_page_is_open(self, desk: Desk, ticket: dict[str, Any], url: str) -> None:
        text = secret_page(desk.client.get(url))
        pulse = re.search(r'id="news" hidden hx-get="([^"]+)"', text)
        assert pulse is not None
        place = unescape(pulse[1])
        assert place.startswith(f"{url}/news?")
        assert desk.client.get(place, headers=HTMX).status_code == 204
        self.resolve(desk, ticket)
        part = desk.client.get(place, headers=HTMX)
        assert part.text.count("<article") == 1
        assert "Solved." in part.text
        assert part.headers["cache-control"] == "no-store"

    def test_looks_at_what_is_being_written(self, desk: Desk, url: str) -> None:
        part = desk.client.post(f"{url}/preview", data={"body": f"**Now** {HOSTILE}"}, headers=HTMX).text
        assert "<strong>Now</strong>" in part
        assert f'hx-post="{url}/preview"' in part
        assert "<script>alert" not in part

    def test_a_file_may_go_up_first(self, desk: Desk, ticket: dict[str, Any], url: str) -> None:
        sent = desk.client.post(f"{url}/attachments", files={"file": ("shot.png", png())})
        assert sent.status_code == 201
        file = sent.json()
        # Nobody's but the writer's until it is sent.
        assert desk.client.get(f"{url}/attachments/{file['id']}").status_code == 404
        assert desk.client.post(url, data={"body": file["markdown"]}).status_code == 303
        assert [found["id"] for found in last(desk, ticket)["attachments"]] == [file["id"]]
        assert desk.client.get(f"{url}/attachments/{file['id']}").status_code == 200
        for sent in ({"files": {"file": ("e.txt", b"")}}, {"data": {"file": "text"}}, {}):
            refused = desk.client.post(f"{url}/attachments", **sent)
            assert refused.status_code == 422
            assert refused.json()["detail"]
        for _ in range(10):
            desk.client.post(f"{url}/attachments", files={"file": ("a.txt", b"a")})
        over = desk.client.post(f"{url}/attachments", files={"file": ("a.txt", b"a")})
        assert (over.status_code, int(over.headers["retry-after"]) > 0) == (429, True)

    def test_no_act_works_without_the_link(self, desk: Desk, ticket: dict[str, Any], url: str) -> None:
        desk.client.get(url)
        before = rows(desk)
        for act in ("close", "reopen", "rate", "mute", "preview", "attachments"):
            secret_page(desk.client.post(f"/t/{'A' * 60}/{act}", data={"muted": "true", "rating": "1"}), 404)
        for act in ("change", "nothing"):
            assert desk.client.post(f"{url}/{act}", data={"subject": "Mine"}).status_code in (404, 405)
        assert rows(desk) == before
