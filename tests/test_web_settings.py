"""The desk's settings: team, categories, brand, mail, limits, failed jobs."""

import re

import pytest
from sqlalchemy import select

from deskhand.kit import jobs
from tests.support.api import events_of, png, rows
from tests.support.app import Desk, email
from tests.support.pages import HOSTILE, Browser, error_of, page, value_of

ADMINS = ["staff", "categories", "brand", "mail", "limits"]


@pytest.fixture
def ada(desk: Desk) -> Browser:
    return Browser(desk, "ada")


@pytest.mark.parametrize("name", ADMINS)
def test_they_are_for_admins(desk: Desk, ada: Browser, name: str) -> None:
    page(ada.get(f"/desk/settings/{name}"))
    for who in ("sam", "alice"):
        page(Browser(desk, who).get(f"/desk/settings/{name}"), 403)
    assert desk.client.get(f"/desk/settings/{name}").status_code == 303


class TestTeam:
    def test_somebody_is_invited_by_mail(self, desk: Desk, ada: Browser) -> None:
        form = {"name": "Nadia", "email": "nadia@desk.example", "role": "agent"}
        assert ada.post("/desk/settings/staff", form).status_code == 303
        assert "invited" in page(ada.get("/desk/settings/staff"))
        assert len(events_of(desk, "user.invited")) == 1

    @pytest.mark.parametrize(
        ("given", "field"), [({"name": ""}, "name"), ({"email": "nobody"}, "email"), ({"role": "king"}, "role")]
    )
    def test_what_is_wrong_stands_beside_its_field(
        self, desk: Desk, ada: Browser, given: dict[str, str], field: str
    ) -> None:
        before = rows(desk)
        form = {"name": "Nadia", "email": "nadia@desk.example", "role": "agent"} | given
        assert f'id="{field}-error"' in page(ada.post("/desk/settings/staff", form), 422)
        assert rows(desk) == before

    def test_an_address_that_is_taken(self, desk: Desk, ada: Browser) -> None:
        desk.user_id("sam")
        form = {"name": "Sam", "email": email("sam"), "role": "agent"}
        assert error_of(page(ada.post("/desk/settings/staff", form), 422), "email")

    def test_roles_and_access_change_and_somebody_stays_admin(self, desk: Desk, ada: Browser) -> None:
        sam = f"/desk/settings/staff/{desk.user_id('sam')}"
        assert ada.post(sam, {"role": "admin"}).status_code == 303
        assert desk.as_("sam").get("/api/v1/me").json()["role"] == "admin"
        assert ada.post(sam, {"disabled": "yes"}).status_code == 303
        assert desk.as_("sam").get("/api/v1/me").status_code == 401
        text = page(ada.post(f"/desk/settings/staff/{desk.user_id('ada')}", {"role": "agent"}), 409)
        assert "Somebody must stay admin" in text
        page(ada.post(sam, {"role": "king"}), 422)


class TestCategories:
    def test_they_are_added_renamed_moved_retired_and_brought_back(self, desk: Desk, ada: Browser) -> None:
        place = "/desk/settings/categories"
        assert ada.post(place, {"name": "Integrations", "slug": "sdks", "description": "SDKs"}).status_code == 303
        assert ada.post(f"{place}/sdks", {"name": "SDKs", "description": ""}).status_code == 303
        assert ada.post(f"{place}/sdks", {"move": "up"}).status_code == 303
        order = [it["slug"] for it in desk.anyone().get("/categories").json()["categories"]]
        assert order[-2:] == ["sdks", "general"]
        assert ada.post(f"{place}/sdks", {"name": "SDKs", "description": "", "retired": "yes"}).status_code == 303
        assert "sdks" not in desk.anyone().get("/categories").text
        ada.post(f"{place}/sdks", {"name": "SDKs", "description": "", "retired": "no"})
        assert "sdks" in desk.anyone().get("/categories").text

    def test_moving_past_the_end_changes_nothing(self, desk: Desk, ada: Browser) -> None:
        before = rows(desk)
        assert ada.post("/desk/settings/categories/technical-issue", {"move": "up"}).status_code == 303
        after = rows(desk)
        assert before["categories"] == after["categories"]

    def test_bad_ones_are_said(self, desk: Desk, ada: Browser) -> None:
        place = "/desk/settings/categories"
        for given, field in (({"name": "X", "slug": "billing"}, "slug"), ({"name": "", "slug": "x"}, "name")):
            assert f'id="{field}-error"' in page(ada.post(place, given | {"description": ""}), 422)
        page(ada.post(f"{place}/general", {"name": "G", "description": "", "retired": "yes"}), 409)
        page(ada.post(f"{place}/nothing", {"name": "G", "description": ""}), 404)


class TestBrand:
    def test_name_and_colour_show_on_the_next_page(self, desk: Desk, ada: Browser) -> None:
        form = {"name": "Acme & Sons", "accent": "#0f6b4f", "support_address": "help@acme.example"}
        assert ada.post("/desk/settings/brand", form).status_code == 303
        text = page(desk.client.get("/nothing"), 404)
        assert "Acme &amp; Sons" in text
        assert "help@acme.example" in text
        (sheet,) = re.findall(r'"(/brand\.css\?v=\d+)"', text)
        assert "#0f6b4f" in desk.client.get(sheet).text

    def test_a_colour_on_which_white_cannot_be_read_is_refused(self, desk: Desk, ada: Browser) -> None:
        text = page(ada.post("/desk/settings/brand", {"name": "Acme", "accent": "#ffee00", "support_address": ""}), 422)
        assert "4.5" in error_of(text, "accent")
        assert value_of(text, "name") == "Acme"

    def test_a_logo_comes_and_goes(self, desk: Desk, ada: Browser) -> None:
        place = "/desk/settings/brand/logo"
        assert ada.post(place, files={"file": ("logo.png", png())}).status_code == 303
        assert desk.anyone().get("/brand/logo").headers["content-type"] == "image/png"
        for data, status in ((b"<svg onload='alert(1)'/>", 422), (b"x" * 300_000, 413)):
            page(ada.post(place, files={"file": ("logo.png", data)}), status)
        assert ada.post(place).status_code == 303
        assert desk.anyone().get("/brand/logo").status_code == 404


class TestMail:
    def test_every_mail_is_there_with_its_text(self, desk: Desk, ada: Browser) -> None:
        desk.user_id("sam")
        desk.new_ticket(subject=HOSTILE)
        desk.work()
        text = page(ada.get("/desk/settings/mail?state=kept"))
        assert "<script>alert" not in text
        (first, *_) = re.findall(r'"(/desk/settings/mail/[0-9a-f-]{36})"', text)
        assert "Alice Moreau" in page(ada.get(first))
        page(ada.get("/desk/settings/mail?state=odd&page=x"))
        page(ada.get("/desk/settings/mail/nothing"), 404)


class TestJobs:
    def test_what_failed_is_tried_again(self, desk: Desk) -> None:
        sam = Browser(desk, "sam")
        assert "Nothing failed" in page(sam.get("/desk/settings/jobs"))
        desk.write(jobs.enqueue, "mail.send", {"mail_id": "gone"})
        with desk.store.begin() as tx:
            tx.execute(jobs.jobs.update().values(state="dead", error="<b>no</b>", attempts=20))
        text = page(sam.get("/desk/settings/jobs"))
        assert "&lt;b&gt;no" in text
        (retry,) = re.findall(r'"(/desk/settings/jobs/[0-9a-f-]{36}/retry)"', text)
        assert sam.post(retry).status_code == 303
        assert desk.read(lambda tx: tx.execute(select(jobs.jobs.c.state)).scalar_one()) == "queued"


def test_limits_are_told_with_their_settings(ada: Browser) -> None:
    text = page(ada.get("/desk/settings/limits"))
    assert "DESKHAND_LIMIT_TICKETS" in text
    assert "5 within 60 minutes" in text


VIEW = {"name": "VIP", "query": "status:open tag:vip", "sort": ""}


class TestViews:
    def test_a_view_is_saved_shared_changed_and_deleted(self, desk: Desk) -> None:
        sam, place = Browser(desk, "sam"), "/desk/settings/views"
        made = sam.post(place, VIEW).headers["location"]
        view_id = made.removeprefix("/desk?view=")
        assert "VIP" in page(sam.get(place))
        assert "VIP" not in page(Browser(desk, "ada").get(place))
        assert sam.post(f"{place}/{view_id}", VIEW | {"shared": "true", "name": "Very"}).status_code == 303
        assert "Very" in page(Browser(desk, "ada").get(place))
        assert sam.post(f"{place}/{view_id}", {"delete": "yes"}).status_code == 303
        assert "No views yet" in page(sam.get(place))
        page(sam.post(f"{place}/{view_id}", VIEW), 404)

    def test_a_search_that_is_not_understood_is_said(self, desk: Desk) -> None:
        sam = Browser(desk, "sam")
        text = page(sam.post("/desk/settings/views", VIEW | {"query": "status:gone"}), 422)
        assert error_of(text, "query")
        assert value_of(text, "name") == "VIP"

    def test_another_agents_own_view_does_not_exist(self, desk: Desk) -> None:
        sam = Browser(desk, "sam")
        view_id = sam.post("/desk/settings/views", VIEW).headers["location"].removeprefix("/desk?view=")
        page(Browser(desk, "ada").post(f"/desk/settings/views/{view_id}", {"delete": "yes"}), 404)


MACRO = {"name": "Refund", "body": "Hi {{customer.first_name}}", "status": "resolved", "add_tags": "refund, Money"}


class TestMacros:
    def test_one_is_written_shared_changed_and_deleted(self, desk: Desk) -> None:
        sam, place = Browser(desk, "sam"), "/desk/settings/macros"
        assert sam.post(place, MACRO | {"shared": "true"}).status_code == 303
        (found,) = desk.as_("ada").get("/staff/macros").json()["macros"]
        assert found["actions"] == {"status": "resolved", "add_tags": ["refund", "money"]}
        changed = MACRO | {"name": "Money back", "status": "", "assignee": "me"}
        assert sam.post(f"{place}/{found['id']}", changed).status_code == 303
        assert "Money back" in page(sam.get(place))
        assert sam.post(f"{place}/{found['id']}", {"delete": "yes"}).status_code == 303
        assert "No macros yet" in page(sam.get(place))

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"name": ""}, "name"),
            ({"body": "Hi {{customer.password}}"}, "body"),
            ({"body": "", "status": "", "add_tags": ""}, "body"),
            ({"category_slug": "nothing"}, "category_slug"),
            ({"add_tags": "x" * 41}, "add_tags"),
        ],
    )
    def test_what_is_wrong_stands_beside_its_field(self, desk: Desk, given: dict[str, str], field: str) -> None:
        before = rows(desk)
        text = page(Browser(desk, "sam").post("/desk/settings/macros", MACRO | given), 422)
        assert error_of(text, field)
        assert rows(desk)["macros"] == before["macros"]
