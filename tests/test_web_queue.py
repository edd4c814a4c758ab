"""The desk's queue: views, asking in words, going down the list, news, and the frame around it."""

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from tests.support.api import UNLIMITED, rows
from tests.support.app import Desk, running
from tests.support.pages import HOSTILE, Browser, page, value_of

HTMX = {"HX-Request": "true"}


@pytest.fixture
def calm(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    with running(database_url, tmp_path, **UNLIMITED) as desk:
        yield desk


@pytest.fixture
def sam(calm: Desk) -> Browser:
    return Browser(calm, "sam")


def change(desk: Desk, ticket: dict[str, Any], **fields: Any) -> None:
    desk.as_("sam").patch(f"/staff/tickets/{ticket['id']}", fields, expect=200)


def listed(text: str) -> list[str]:
    """Readable ids of the rows, from the top down."""
    return re.findall(r'id="t-(ALT-\d+)"', text)


def row_of(text: str, ticket: dict[str, Any]) -> str:
    found = re.search(rf'<li class="ticket[^>]*id="t-{ticket["readable_id"]}".*?</li>', text, re.DOTALL)
    assert found is not None
    return found[0]


def attribute(text: str, element: str, name: str) -> str:
    found = re.search(rf'<[a-z]+ [^>]*id="{element}"[^>]*>', text)
    assert found is not None
    value = re.search(rf' {name}="([^"]*)"', found[0])
    assert value is not None
    return unescape(value[1])


class TestViews:
    def test_each_shows_its_tickets(self, calm: Desk, sam: Browser) -> None:
        fresh, taken, waiting, solved, closed = (calm.new_ticket(subject=name) for name in "ABCDE")
        change(calm, taken, assignee_id=calm.user_id("sam"))
        change(calm, waiting, status="pending", assignee_id=calm.user_id("ada"))
        change(calm, solved, status="resolved")
        change(calm, closed, status="closed")
        for view, expected in {
            "": [fresh],
            "?view=unassigned": [fresh],
            "?view=mine": [taken],
            "?view=open": [taken, fresh],
            "?view=pending": [waiting],
            "?view=resolved": [solved],
            "?view=all": [closed, solved, waiting, taken, fresh],
        }.items():
            assert listed(page(sam.get(f"/desk{view}"))) == [ticket["readable_id"] for ticket in expected], view

    def test_the_rail_counts_them(self, calm: Desk, sam: Browser) -> None:
        for name in "AB":
            calm.new_ticket(subject=name)
        change(calm, calm.new_ticket(), assignee_id=calm.user_id("sam"))
        text = page(sam.get("/desk"))
        ways = re.findall(r'<a class="item" id="rail-(\w+)"(.*?)</a>', text, re.DOTALL)
        counts = {view: "".join(re.findall(r'class="count">([^<]+)<', way)) for view, way in ways}
        assert counts == {"mine": "1", "unassigned": "2", "open": "3", "pending": "", "resolved": "", "spam": ""}
        assert 'id="rail-unassigned" href="/desk?view=unassigned" aria-current="page"' in text

    def test_the_rail_is_sent_anew_only_when_it_has_changed(self, calm: Desk, sam: Browser) -> None:
        poll = attribute(page(sam.get("/desk")), "rail-views", "hx-get")
        assert sam.get(poll, headers=HTMX).status_code == 204
        calm.new_ticket()
        answer = sam.get(poll, headers=HTMX)
        assert answer.status_code == 200
        assert "<html" not in answer.text
        assert sam.get(attribute(answer.text, "rail-views", "hx-get"), headers=HTMX).status_code == 204

    def test_a_saved_one_is_a_query_with_a_name(self, calm: Desk, sam: Browser) -> None:
        vip, other = (calm.new_ticket(subject=name) for name in "AB")
        for ticket in (vip, other):
            change(calm, ticket, tags=["vip"])
        change(calm, other, status="pending")
        view = {"name": "VIP <b>who</b> wait", "query": "tag:vip status:open", "shared": True, "sort": "created_at"}
        made = calm.as_("ada").post("/staff/views", view, expect=201).json()
        hidden = calm.as_("ada").post("/staff/views", view | {"shared": False, "name": "Mine"}, expect=201).json()
        text = page(sam.get(f"/desk?view={made['id']}"))
        assert listed(text) == [vip["readable_id"]]
        assert "VIP &lt;b&gt;who&lt;/b&gt; wait" in text
        assert "Oldest first" in text
        assert f'id="rail-{made["id"]}" href="/desk?view={made["id"]}" aria-current="page"' in text
        assert hidden["id"] not in text
        assert listed(page(sam.get(f"/desk?view={made['id']}&q=status:pending"))) == [other["readable_id"]]
        page(sam.get(f"/desk?view={hidden['id']}"), 404)

    def test_what_is_asked_can_be_saved(self, calm: Desk, sam: Browser) -> None:
        text = page(sam.get("/desk?view=mine&q=status:pending+tag:vip"))
        (place,) = re.findall(r'href="(/desk/settings/views\?query=[^"]+)"', text)
        assert value_of(page(sam.get(unescape(place))), "query") == (
            "assignee:me sort:-updated_at status:pending tag:vip"
        )

    @pytest.mark.parametrize("view", ["", "?view=mine", "?view=open", "?view=pending", "?view=all", "?view=resolved"])
    def test_an_empty_one_says_so(self, sam: Browser, view: str) -> None:
        text = page(sam.get(f"/desk{view}"))
        assert 'class="empty"' in text
        assert 'id="bulk"' not in text

    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
    def test_days_of_a_saved_one_are_the_readers_in_counts_too(self, calm: Desk, sam: Browser, zone: str) -> None:
        calm.new_ticket()
        first_to_have_it = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()  # where it is never that of Pago Pago
        view = calm.as_("sam").post("/staff/views", {"name": "Day", "query": f"created:{first_to_have_it}"}, expect=201)
        sam.cookie += f"; deskhand_zone={zone}"
        expected = 1 if zone == "Pacific/Kiritimati" else 0
        for path in (f"/desk?view={view.json()['id']}", "/desk/customers", "/desk/rail"):
            text = page(sam.get(path))
            (way,) = re.findall(rf'id="rail-{view.json()["id"]}"(.*?)</a>', text, re.DOTALL)
            assert re.findall(r'class="count">([^<]+)<', way) == ["1"] * expected, path
        assert len(listed(page(sam.get(f"/desk?view={view.json()['id']}")))) == expected

    def test_one_that_there_is_not(self, sam: Browser) -> None:
        for view in ("nonsense", "01a209a6-b354-71b6-9fc9-617097eabf15", "%00", "a" * 500):
            page(sam.get(f"/desk?view={view}"), 404)


class TestRow:
    def test_tells_what_the_ticket_is_about(self, calm: Desk, sam: Browser) -> None:
        calm.as_("sam").put("/staff/accounts/acme", {"name": "Acme Ltd", "plan": "pro"}, expect=200)
        ticket = calm.new_ticket(subject="Charged twice", body="The **bank** says\n\n- twice", priority="urgent")
        change(calm, ticket, tags=["vip", "refund", "bank"], assignee_id=calm.user_id("ada"))
        row = row_of(page(sam.get("/desk?view=all")), ticket)
        shown = unescape(re.sub(r"<[^>]+>|\s+", " ", row))
        for word in ("Charged twice", "The bank says twice", "Alice Moreau", "Ada Brandt", "Urgent", "bank", "+1"):
            assert word in shown, word
        assert 'class="ticket waits"' in row

    def test_is_in_full_ink_while_it_waits_for_us(self, calm: Desk, sam: Browser) -> None:
        ticket = calm.new_ticket()
        path = f"/staff/tickets/{ticket['id']}/replies"
        calm.as_("sam").post(path, {"body": "Seen.", "status": "open"}, expect=201)
        row = row_of(page(sam.get("/desk?view=all")), ticket)
        assert "waits" not in row
        assert "We wrote:" in row
        calm.as_("alice").post(f"/tickets/{ticket['id']}/replies", {"body": "And now?"}, expect=201)
        row = row_of(page(sam.get("/desk?view=all")), ticket)
        assert "waits" in row
        assert "And now?" in row

    def test_a_note_is_not_what_was_said_last(self, calm: Desk, sam: Browser) -> None:
        ticket = calm.new_ticket()
        calm.as_("sam").post(f"/staff/tickets/{ticket['id']}/notes", {"body": "Quokka."}, expect=201)
        assert "Quokka" not in page(sam.get("/desk"))

    def test_says_when_the_address_was_never_confirmed(self, calm: Desk, sam: Browser) -> None:
        form = {"name": "Vi", "email": "vi@visitors.example", "subject": "Hello", "body": "Anyone?"}
        ticket = calm.anyone().post("/tickets/public", form, expect=201).json()
        known = calm.new_ticket()
        text = page(sam.get("/desk"))
        assert "unverified" in row_of(text, ticket)
        assert "unverified" not in row_of(text, known)

    def test_hostile_words_stay_words(self, calm: Desk, sam: Browser) -> None:
        ticket = calm.new_ticket(subject=HOSTILE, body=HOSTILE + " `<b>`")
        change(calm, ticket, tags=[HOSTILE[:40]])
        text = page(sam.get("/desk"))
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert HOSTILE in unescape(row_of(text, ticket))

    def test_the_density_is_remembered(self, calm: Desk, sam: Browser) -> None:
        calm.new_ticket()
        assert 'class="tickets-list"' in page(sam.get("/desk"))
        answer = sam.post("/desk/density", {"density": "wide", "next": "/desk?view=all"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk?view=all")
        cookie = answer.headers["set-cookie"].partition(";")[0]
        wide = calm.client.get("/desk", headers={"Cookie": f"{sam.cookie}; {cookie}"})
        assert 'class="tickets-list wide"' in page(wide)
        assert sam.post("/desk/density", {"next": "//evil.example"}).headers["location"] == "/desk"


class TestAsking:
    def test_filters_are_chips_that_go_one_by_one(self, calm: Desk, sam: Browser) -> None:
        wanted = calm.new_ticket(subject="Wanted", category_slug="billing", priority="high")
        calm.new_ticket(subject="Other", category_slug="billing")
        text = page(sam.get("/desk?view=open&q=category:billing+priority:high+is:verified"))
        assert listed(text) == [wanted["readable_id"]]
        chips = [unescape(url) for url in re.findall(r'<a class="chip" href="([^"]+)"', text)]
        assert chips == [
            "/desk?view=open&q=priority%3Ahigh+is%3Averified",
            "/desk?view=open&q=category%3Abilling+is%3Averified",
            "/desk?view=open&q=category%3Abilling+priority%3Ahigh",
        ]
        assert len(listed(page(sam.get(chips[2])))) == 1
        assert len(listed(page(sam.get("/desk?view=open&q=category:billing")))) == 2
        assert "Billing" in text

    def test_what_is_typed_outranks_the_view(self, calm: Desk, sam: Browser) -> None:
        solved = calm.new_ticket()
        change(calm, solved, status="resolved")
        assert listed(page(sam.get("/desk?view=unassigned&q=status:resolved"))) == [solved["readable_id"]]

    def test_words_alone_are_looked_for_everywhere(self, calm: Desk, sam: Browser) -> None:
        found = calm.new_ticket(subject="Zanzibar calling")
        change(calm, found, status="closed")
        calm.new_ticket()
        text = page(sam.get("/desk?q=zanzibar"))
        assert listed(text) == [found["readable_id"]]
        assert "Best match first" in text
        assert listed(page(sam.get("/desk?view=unassigned&q=zanzibar"))) == []

    def test_what_was_not_understood_is_said_kindly(self, sam: Browser) -> None:
        text = unescape(page(sam.get("/desk?q=colour:red+status:lost")))
        assert "There is no filter “colour”." in text
        assert "A status is one of open, pending, resolved, closed." in text
        assert "It was searched for as it stands." in text

    def test_the_order_is_a_choice(self, calm: Desk, sam: Browser) -> None:
        low, urgent, high = (calm.new_ticket(priority=priority) for priority in ("low", "urgent", "high"))
        text = page(sam.get("/desk?view=all&q=sort:-priority"))
        assert listed(text) == [ticket["readable_id"] for ticket in (urgent, high, low)]
        assert 'class="chip"' not in text  # the order has its own place
        assert listed(page(sam.get("/desk?view=all&q=sort:created_at")))[0] == low["readable_id"]

    @pytest.mark.parametrize(
        "query",
        ["%00", "\ud7ff", "q=" * 300, '"', "status:", "created:9999-99-99", "from:%22", "'; DROP TABLE tickets", "%F0"],
    )
    def test_any_text_is_a_query(self, calm: Desk, sam: Browser, query: str) -> None:
        calm.new_ticket()
        page(sam.get(f"/desk?view=all&q={query}"))

    def test_a_hostile_query_stays_text(self, calm: Desk, sam: Browser) -> None:
        text = page(sam.get(f"/desk?{urlencode({'q': f'tag:{HOSTILE} {HOSTILE}'})}"))
        assert "<script>alert" not in text


class TestDepth:
    def test_the_list_goes_on_by_link_and_by_itself(self, calm: Desk, sam: Browser) -> None:
        made = [calm.new_ticket(subject=str(number))["readable_id"] for number in range(65)]
        text, seen = page(sam.get("/desk?view=all")), []
        while True:
            seen += listed(text)
            more = re.search(r'<li class="more" hx-get="([^"]+)" hx-trigger="revealed"', text)
            if more is None:
                break
            answer = sam.get(unescape(more[1]), headers=HTMX)
            assert "<html" not in answer.text
            assert "<html" in sam.get(unescape(more[1])).text
            text = answer.text
        assert seen == made[::-1]

    def test_what_a_search_found_goes_on_too(self, calm: Desk, sam: Browser) -> None:
        for number in range(31):
            calm.new_ticket(subject=f"Zanzibar {number}")
        first = page(sam.get("/desk?q=zanzibar"))
        more = re.search(r'<li class="more" hx-get="([^"]+)"', first)
        assert more is not None
        rest = listed(sam.get(unescape(more[1]), headers=HTMX).text)
        assert len({*listed(first), *rest}) == 31

    @pytest.mark.parametrize("place", ["cursor=x", "cursor=%00", "page=0", "page=-1", "page=x", "page=" + "9" * 30])
    def test_odd_places(self, calm: Desk, sam: Browser, place: str) -> None:
        calm.new_ticket()
        assert sam.get(f"/desk?view=all&{place}").status_code in {200, 422}


class TestNews:
    def poll(self, text: str) -> str:
        return attribute(text, "news", "hx-get")

    def test_new_tickets_are_told_and_shift_nothing(self, calm: Desk, sam: Browser) -> None:
        first = calm.new_ticket()
        text = page(sam.get("/desk"))
        assert sam.get(self.poll(text), headers=HTMX).status_code == 204
        calm.new_ticket()
        calm.new_ticket("bob")
        change(calm, calm.new_ticket(), assignee_id=calm.user_id("sam"))  # which is not in this list
        answer = sam.get(self.poll(text), headers=HTMX)
        assert "2 new tickets" in answer.text
        assert listed(answer.text) == []
        assert sam.get(self.poll(answer.text), headers=HTMX).status_code == 204
        assert first["readable_id"] in text

    def test_rows_that_were_changed_are_sent_anew(self, calm: Desk, sam: Browser) -> None:
        ticket, other = calm.new_ticket(), calm.new_ticket()
        text = page(sam.get("/desk"))
        shown = "".join(f"&v={seen}" for seen in re.findall(r'name="v" value="([^"]+)"', text))
        assert sam.get(self.poll(text) + shown, headers=HTMX).status_code == 204
        change(calm, ticket, assignee_id=calm.user_id("ada"))
        answer = sam.get(f"{self.poll(text)}{shown}&tickets={ticket['readable_id']}", headers=HTMX).text
        assert listed(answer) == [ticket["readable_id"]]
        assert 'hx-swap-oob="true"' in answer
        assert " checked" in answer
        assert "Ada Brandt" in answer
        assert other["readable_id"] not in answer

    @pytest.mark.parametrize("odd", ["v=x", "v=ALT-999999.1", "v=%00", "since=x&had=y", "since=" + "9" * 17])
    def test_odd_questions(self, calm: Desk, sam: Browser, odd: str) -> None:
        calm.new_ticket()
        assert sam.get(f"/desk/news?view=all&{odd}", headers=HTMX).status_code in {200, 204}


def test_looking_changes_nothing(calm: Desk, sam: Browser) -> None:
    calm.new_ticket()
    before = rows(calm)
    for path in ("/desk", "/desk?view=all&q=empty", "/desk/news?view=all", "/desk/rail", "/desk/palette?q=a"):
        sam.get(path)
    assert rows(calm) == before


@pytest.mark.parametrize("path", ["/desk", "/desk/news", "/desk/rail", "/desk/palette"])
def test_it_is_the_teams_alone(calm: Desk, path: str) -> None:
    page(Browser(calm, "alice").get(path), 403)
    answer = calm.client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")
