"""Reports as a page: figures, charts, tables, and the same as CSV."""

import re
from html import unescape

import pytest

from deskhand.doors.web.desk import charts
from tests.support.app import Desk
from tests.support.pages import Browser, page


@pytest.fixture
def sam(desk: Desk) -> Browser:
    return Browser(desk, "sam")


def test_an_empty_desk_has_a_report_too(sam: Browser) -> None:
    text = page(sam.get("/desk/reports"))
    assert "Nobody has rated in these days." in text


def test_figures_charts_and_words(desk: Desk, sam: Browser) -> None:
    ticket = desk.new_ticket()
    desk.as_("sam").post(f"/staff/tickets/{ticket['id']}/replies", {"body": "So.", "status": "resolved"}, expect=201)
    rating = {"rating": 4, "comment": "Quick & <b>kind</b>"}
    desk.as_("alice").post(f"/tickets/{ticket['id']}/satisfaction", rating, expect=201)
    text = page(sam.get("/desk/reports"))
    assert re.search(r"New tickets</dt><dd>1 ", text)
    assert 'aria-label="What came and what was resolved. 1 new and 1 resolved tickets, by day."' in text
    assert "Quick & <b>kind</b>" in unescape(text)
    assert "<b>kind" not in text


@pytest.mark.parametrize("table", ["by_day", "by_category", "by_agent", "by_channel", "ratings_by_day", "comments"])
def test_every_table_is_a_sheet_too(desk: Desk, sam: Browser, table: str) -> None:
    desk.new_ticket()
    answer = sam.get(f"/desk/reports.csv?table={table}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert f'filename="{table}.csv"' in answer.headers["content-disposition"]


@pytest.mark.parametrize("query", ["from=2026-02-30", "from=2026-05-02&to=2026-05-01", "from=1999-01-01", "to=x"])
def test_a_period_that_is_none_is_said(sam: Browser, query: str) -> None:
    text = page(sam.get(f"/desk/reports?{query}"), 422)
    assert 'role="alert"' in text


def test_odd_filters_are_no_bugs(sam: Browser) -> None:
    for query in ("agent=x", "category=nothing", "agent=none", "category=%00"):
        assert sam.get(f"/desk/reports?{query}").status_code in {200, 422}
    assert sam.get("/desk/reports.csv?table=users").status_code == 404


def test_reports_are_the_teams(desk: Desk) -> None:
    page(Browser(desk, "alice").get("/desk/reports"), 403)
    assert Browser(desk, "alice").get("/desk/reports.csv").status_code == 403


class TestCharts:
    def test_lines_stop_where_nothing_is_known(self) -> None:
        (line,) = charts.lines(["a", "b", "c"], [("waiting", [1, 2, None])]).lines
        assert len(line.points.split()) == 2
        assert line.value == 2

    def test_names_do_not_stand_on_each_other(self) -> None:
        drawn = charts.lines(["a", "b"], [("new", [3, 5]), ("resolved", [2, 5])]).lines
        assert abs(drawn[0].ends - drawn[1].ends) >= 20

    @pytest.mark.parametrize(("highest", "top"), [(0, 1), (1, 1), (3, 5), (7, 10), (11, 20), (480, 500), (0.3, 0.5)])
    def test_the_scale_ends_at_a_round_number(self, highest: float, top: float) -> None:
        marks = charts.bars(["a"], [highest]).values
        assert float(marks[-1].label) == pytest.approx(top)

    def test_no_days_are_no_bug(self) -> None:
        assert charts.lines([], [("new", [])]).days == []
        assert charts.bars([], []).bars == []
