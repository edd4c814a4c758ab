"""The desk's query language, without a desk: what is read, what is not understood, and what writing gives back."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from deskhand.kit.clock import DAY, from_datetime
from deskhand.tickets import ask, days
from deskhand.tickets.ask import Known, Member, read, spell, whom, write

SAM = Member("019e3a5b-0000-7000-8000-000000000001", "Sam Okafor", "sam@desk.example")
SAMANTHA = Member("019e3a5b-0000-7000-8000-000000000002", "Samantha Reed", "reed@desk.example")
ADA = Member("019e3a5b-0000-7000-8000-000000000003", "Ada Brandt", None)
KNOWN = Known({"billing": "Billing", "technical-issue": "Technical Issue"}, [SAM, SAMANTHA, ADA])


def understood(text: str, known: Known | None = KNOWN) -> list[tuple[str, tuple[str, ...]]]:
    question = read(text, known)
    assert question.misread == []
    return [(part.key, part.values) for part in question.parts if part.key]


def codes(text: str) -> list[str]:
    return [part.problem.code for part in read(text, KNOWN).parts if part.problem]


def test_filters_and_words_stand_in_any_order() -> None:
    question = read('broken status:Open,pending "exact words" from:"Alice Moreau" tag:VIP pipe sort:-updated_at', KNOWN)
    assert [(part.text, part.key, part.values) for part in question.parts] == [
        ("broken", "", ()),
        ("status:Open,pending", "status", ("open", "pending")),
        ('"exact words"', "", ()),
        ('from:"Alice Moreau"', "from", ("Alice Moreau",)),
        ("tag:VIP", "tag", ("vip",)),
        ("pipe", "", ()),
        ("sort:-updated_at", "sort", ("-updated_at",)),
    ]
    assert question.words == 'broken "exact words" pipe'
    assert question.misread == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("status:open status:open,resolved", [("status", ("open",)), ("status", ("open", "resolved"))]),
        ("STATUS:Open", [("status", ("open",))]),
        ('category:"technical issue"', [("category", ("technical-issue",))]),
        ('category:billing,"Technical Issue"', [("category", ("billing", "technical-issue"))]),
        ("priority:high,URGENT", [("priority", ("high", "urgent"))]),
        ('from:"Moreau, Alice",bob', [("from", ("Moreau, Alice", "bob"))]),
        ("from:ali@acme.example", [("from", ("ali@acme.example",))]),
        ("assignee:me,none", [("assignee", ("me", "none"))]),
        ("assignee:ME", [("assignee", ("me",))]),
        ("channel:mail is:unverified", [("channel", ("mail",)), ("is", ("unverified",))]),
        ("created:2026-01-01..2026-02-01", [("created", ("2026-01-01..2026-02-01",))]),
        ("created:7D", [("created", ("7d",))]),
        ('from:"Alice Mor', [("from", ("Alice Mor",))]),
        ("", []),
    ],
)
def test_what_is_understood(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert understood(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("colour:red", "unknown_key"),
        ("Error:timeout", "unknown_key"),
        ("status:opne", "unknown_value"),
        ("status:open,opne", "unknown_value"),
        ("category:nonsense", "unknown_value"),
        ("priority:3", "unknown_value"),
        ("assignee:nobody", "unknown_value"),
        ("channel:pigeon", "unknown_value"),
        ("is:late", "unknown_value"),
        ("sort:subject", "unknown_value"),
        ("from:...", "unknown_value"),
        ("created:soon", "unknown_value"),
        ("created:2026-02-30", "unknown_value"),
        ("created:2026-02-02..2026-01-01", "unknown_value"),
        ("created:..", "unknown_value"),
        ("created:0d", "unknown_value"),
        ("created:today,yesterday", "too_many"),
        ("status:", "no_value"),
        ('tag:""', "no_value"),
        ("tag:,", "no_value"),
        ("from:a,b,c,d,e,f", "too_many"),
    ],
)
def test_what_is_not_understood_is_searched_for_and_told(text: str, code: str) -> None:
    question = read(f"before {text} after", KNOWN)
    (part,) = question.misread
    assert part.problem is not None
    assert (part.text, part.key, part.problem.code) == (text, "", code)
    assert len(part.problem.message) > 10
    assert question.words == f"before {text} after"


def test_what_merely_has_a_colon_is_no_mistake() -> None:
    for text in ("https://example.com/a?b=c", "12:30", "10.0.0.1:8080", ":", "::1", "urgent:"):
        assert codes(text) == [], text
        assert read(text).words == text


def test_without_a_list_of_categories_and_people_any_will_do() -> None:
    assert understood("category:sales assignee:grace", None) == [("category", ("sales",)), ("assignee", ("grace",))]


def test_a_part_can_be_taken_out_or_put_in() -> None:
    question = read('broken status:open "exact words" tag:vip tag:eu status:pending', KNOWN)
    assert question.without(1) == 'broken "exact words" tag:vip tag:eu status:pending'
    assert question.without(2) == "broken status:open tag:vip tag:eu status:pending"
    assert question.put("status") == 'tag:vip tag:eu broken "exact words"'
    assert question.put("status", "resolved", "closed") == (
        'tag:vip tag:eu status:resolved,closed broken "exact words"'
    )
    assert question.put("from", "Alice Moreau") == (
        'status:open tag:vip tag:eu status:pending from:"Alice Moreau" broken "exact words"'
    )
    assert read("lonely", KNOWN).without(0) == ""


def test_an_open_quote_reads_on_and_closes_when_written() -> None:
    assert write(read('status:open from:"Alice Mor')) == 'status:open from:"Alice Mor"'
    assert read('find "exact wor').words == "find exact wor"


@given(st.text(st.sampled_from('ab:",. \t\n\\-status:open from:tag:é退'), max_size=40) | st.text(max_size=60))
def test_writing_what_was_read_means_the_same(text: str) -> None:
    once = read(text, KNOWN)
    assert read(write(once), KNOWN) == once
    for number in range(len(once.parts)):
        left = once.parts[:number] + once.parts[number + 1 :]
        assert read(once.without(number), KNOWN).parts == left


@given(st.sampled_from(["tag", "from", "assignee"]), st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_value_can_be_spelled(key: str, value: str) -> None:
    value = " ".join(value.replace('"', " ").split()).lower()
    question = read(spell(key, value), None)
    if value and not question.misread:
        assert [(part.key, part.values) for part in question.parts] == [(key, (value,))]


def test_members_are_called_by_what_their_names_begin_with() -> None:
    me = ADA.id

    def called(value: str) -> list[str]:
        return whom(value, me, KNOWN.team)

    assert called("me") == [me]
    assert whom("me", None, KNOWN.team) == []
    assert called("none") == ["none"]
    assert called("sam") == [SAM.id, SAMANTHA.id]
    assert called("sam okafor") == called("OKA") == called("sam@desk.example") == called("sam@desk") == [SAM.id]
    assert called("reed sam") == [SAMANTHA.id]
    assert called("amantha") == []
    assert called(SAM.id.upper()) == [SAM.id]


def day(*numbers: int, zone: str = "UTC") -> int:
    return from_datetime(datetime(*numbers, tzinfo=ZoneInfo(zone)))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-01-01..2026-02-01", day(2026, 1, 1), day(2026, 2, 2)),
        ("2026-01-01", day(2026, 1, 1), day(2026, 1, 2)),
        ("2026-01-01..", day(2026, 1, 1), None),
        ("..2026-01-01", None, day(2026, 1, 2)),
        ("today", day(2026, 3, 29), day(2026, 3, 30)),
        ("yesterday", day(2026, 3, 28), day(2026, 3, 29)),
        ("7d", day(2026, 3, 29, 12) - 7 * DAY, None),
        ("..2199-12-31", None, day(2200, 1, 1)),
    ],
)
def test_days_span_moments(text: str, since: int | None, until: int | None) -> None:
    with time_machine.travel("2026-03-29T12:00:00Z", tick=False):
        assert days.moments(text) == (since, until)


def test_days_are_the_readers() -> None:
    """The day on which Berlin's clocks go forward has 23 hours."""
    berlin = ZoneInfo("Europe/Berlin")
    since, until = days.moments("2026-03-29", berlin)
    assert (since, until) == (day(2026, 3, 28, 23), day(2026, 3, 29, 22))
    with time_machine.travel(datetime(2026, 3, 28, 23, 30, tzinfo=UTC), tick=False):
        assert days.moments("today", berlin) == (since, until)


def test_a_query_is_read_so_far_and_no_further() -> None:
    assert len(write(read("x " * 2_000))) <= ask.MAX_QUERY
    assert read('from:"' + "a" * 5_000).parts[0].values == ("a" * (ask.MAX_QUERY - 6),)
