"""Nonsense by the hundred: always a problem that says what is wrong, never a 500, and nothing changes."""

import base64
import json
from typing import Any

from deskhand.doors.api.envelope import MAX_JSON
from tests.support.api import api_routes, cast, fields, is_problem, nothing, rows, upload
from tests.support.app import SUPPORT, Caller, Desk

NUL, LONE = "a\x00b", "a\ud800b"
DEEP = "[" * 100_000
WRONG_TYPES: list[Any] = [1, 1.5, True, [], ["a"], {}, {"a": 1}]


def ticket(**changes: Any) -> dict[str, Any]:
    return {"subject": "A question", "body": "Why?"} | changes


def raw(caller: Caller, method: str, path: str, content: bytes, kind: str = "application/json") -> Any:
    return caller.request(method, path, content=content, headers={"Content-Type": kind})


def dumped(body: Any) -> bytes:
    return json.dumps(body).encode()  # Python's own writes NaN and lone surrogates, as hostile clients do


class Case:
    """One call with one thing wrong; `named` are fields that the problem must name."""

    def __init__(self, method: str, path: str, body: Any, *named: str, who: str = "alice") -> None:
        self.method, self.path, self.body, self.named, self.who = method, path, body, named, who

    def taken_by(self, caller: Caller) -> str:
        """What is wrong with the answer, or nothing."""
        answer = raw(caller, self.method, self.path, dumped(self.body))
        said = f"{self.method} {self.path} {str(self.body)[:100]}: {answer.status_code} {answer.text[:300]}"
        if answer.status_code != 422 or len(answer.content) > 20_000:
            return said
        named = fields(answer)
        right = all(any(field == name or field.startswith(f"{name}.") for field in named) for name in self.named)
        return "" if right else said


def ticket_cases() -> list[Case]:
    wrong: dict[str, list[Any]] = {
        "subject": [*WRONG_TYPES, None, "", "   ", "\u200b", "x" * 256, "two\nlines", "\u2028x\u2028y", "a\x07b", NUL],
        "body": [*WRONG_TYPES, None, "", " \n\t ", "x" * 65_537, NUL],
        "category_slug": [*WRONG_TYPES, "", "no-such", "x" * 121, NUL, "technical-issue ' OR 1=1"],
        "priority": [*WRONG_TYPES, None, "", "URGENT", "critical", NUL],
        "metadata": [
            *[value for value in WRONG_TYPES if not isinstance(value, dict)],
            None,
            "text",
            {"": 1},
            {"k" * 65: 1},
            {"k": "v" * 1025},
            {"k": []},
            {"k": {"deep": 1}},
            {"k": float("nan")},
            {"k": float("inf")},
            {"k": 10**30},
            {"k": NUL},
            {NUL: "v"},
            {f"k{n}": n for n in range(51)},
        ],
        "surprise": [1],
    }
    return [
        Case("POST", "/tickets", ticket(**{field: value}), field) for field, values in wrong.items() for value in values
    ] + [
        Case("POST", "/tickets", {"body": "b"}, "subject"),
        Case("POST", "/tickets", {"subject": "s"}, "body"),
        Case("POST", "/tickets", {}, "subject", "body"),
        Case("POST", "/tickets", {"subject": 1, "body": 2, "more": 3}, "subject", "body", "more"),
    ]


def customer_cases(ref: str) -> list[Case]:
    at = f"/tickets/{ref}"
    text = [*WRONG_TYPES, None, "", "  ", NUL, "x" * 65_537]
    cases = [Case("POST", f"{at}/replies", {"body": value}, "body") for value in text]
    cases += [Case("POST", f"{at}/replies", {"body": "b", "status": "closed"}, "status")]
    cases += [
        Case("POST", f"{at}/satisfaction", {"rating": value}, "rating")
        for value in (0, 6, -1, 2.5, 10**30, "5", True, None, [], {}, float("nan"))
    ]
    cases += [
        Case("POST", f"{at}/satisfaction", {"rating": 5, "comment": value}, "comment")
        for value in ("x" * 2001, 5, [], NUL)
    ]
    cases += [Case("PATCH", f"{at}/mute", {"muted": value}, "muted") for value in ("true", 1, None, [], {})]
    cases += [Case("PATCH", f"{at}/mute", {}, "muted")]
    cases += [
        Case("PATCH", at, {field: value}, field)
        for field, values in {
            "subject": [None, "", 1, "a\nb", NUL, "x" * 256],
            "priority": [None, "", "x", 2],
            "category_slug": [None, "", 1, "no-such", NUL],
            "status": ["closed"],
            "assignee_id": [None],
            "tags": [[]],
        }.items()
        for value in values
    ]
    cases += [
        Case("PATCH", "/preferences", {field: value}, field)
        for field in ("notify_on_reply", "notify_on_close", "notify_on_status_change", "email_digest")
        for value in ("true", 1, 0, None, [], {})
    ]
    return [*cases, Case("PATCH", "/preferences", {"sms": True}, "sms")]


def key_cases() -> list[Case]:
    keys = "/api/v1/api-keys"
    wrong = {
        "name": [None, 1, "", " ", "x" * 81, "a\nb", NUL],
        "scopes": ["tickets:read", [], ["everything"], [1], [None], {}],
        "expires_at": ["soon", "", 5, True, "2020-01-01T00:00:00Z", "2999-01-01T00:00:00", "99999-01-01T00:00:00Z"],
        "role": ["admin"],
    }
    cases = [
        Case("POST", keys, {"name": "k"} | {field: value}, field) for field, values in wrong.items() for value in values
    ]
    return [*cases, Case("POST", keys, {}, "name")]


def sign_in_cases() -> list[Case]:
    auth, good = "/api/v1/auth", {"email": "x@example.com", "password": "a long enough password"}
    wrong: dict[str, dict[str, list[Any]]] = {
        "login": {"email": [None, 1, [], "x" * 321, NUL], "password": [None, 1, "", "x" * 1025], "more": [1]},
        "password-reset": {"email": [None, 1, "", "nobody", "a@b@c", "a b@example.com", f"{NUL}@example.com", "@"]},
        "password-reset/confirm": {"password": [None, 1, "", "short", "1234567890", "x" * 1025], "token": [None, 1]},
        "verify": {"token": [None, 1, [], "x" * 1001]},
        "setup": {"email": [None, "nobody"], "name": [None, "", NUL], "token": [None], "password": ["short"]},
    }
    base: dict[str, dict[str, Any]] = {
        "login": good,
        "password-reset": {"email": good["email"]},
        "password-reset/confirm": {"token": "t", "password": good["password"]},
        "verify": {"token": "t"},
        "setup": {"token": "t", "name": "n", **good},
    }
    return [
        Case("POST", f"{auth}/{path}", base[path] | {field: value}, field, who="nobody")
        for path, by_field in wrong.items()
        for field, values in by_field.items()
        for value in values
    ]


def contact_cases() -> list[Case]:
    good = {"name": "Vi", "email": "vi@example.com", "subject": "Hello", "body": "Is there a free plan?"}
    wrong: dict[str, list[Any]] = {
        "name": [None, 1, "", " ", "x" * 121, "a\nb", NUL],
        "email": [None, 1, "", "vi", "vi@", "@example.com", "vi@example.com\nBcc: x@example.com", "a@b c", NUL],
        "subject": [None, 1, "", "x" * 256, "a\r\nBcc: x@example.com", NUL],
        "body": [None, 1, "", " ", "x" * 65_537, NUL],
        "honeypot": [None, 1, [], NUL],
        "priority": ["urgent"],
        "metadata": [{}],
    }
    return [
        Case("POST", "/tickets/public", good | {field: value}, field, who="nobody")
        for field, values in wrong.items()
        for value in values
    ]


def staff_cases(ref: str) -> list[Case]:
    at, someone = f"/staff/tickets/{ref}", {"email": "alice@acme.example"}
    patch: dict[str, list[Any]] = {
        "status": [None, "", "done", 1],
        "priority": [None, "top"],
        "category_slug": [None, "no-such", NUL],
        "assignee_id": ["", "sam", 1, "01a20000-0000-7000-8000-000000000000", NUL],
        "subject": [None, "", "a\nb"],
        "tags": [None, "vip", [1], [""], ["x" * 41], ["a\nb"], [f"t{n}" for n in range(21)], ["t"] * 101],
        "requester": [someone],
    }
    cases = [Case("PATCH", at, {field: value}, field, who="sam") for field, values in patch.items() for value in values]
    cases += [
        Case("POST", "/staff/tickets", ticket(requester=value), named, who="sam")
        for value, named in [
            (None, "requester"),
            ("alice", "requester"),
            ({}, "requester.email"),
            ({"email": "nobody"}, "requester.email"),
            (someone | {"name": ""}, "requester.name"),
            (someone | {"role": "admin"}, "requester.role"),
        ]
    ]
    cases += [Case("POST", "/staff/tickets", ticket(requester=someone, assignee_id="x"), "assignee_id", who="sam")]
    cases += [Case("POST", f"{at}/notes", {"body": value}, "body", who="sam") for value in (None, "", 1, NUL)]
    cases += [Case("POST", f"{at}/replies", {"body": "b", "status": value}, "status", who="sam") for value in ("x", 1)]
    category = {"slug": "extra", "name": "Extra"}
    cases += [
        Case("POST", "/staff/categories", category | {field: value}, field, who="ada")
        for field, values in {
            "slug": [None, "", "Two Words", "-a", "a--b", "x" * 121, "ä", NUL],
            "name": [None, "", "x" * 81, "a\nb", NUL],
            "description": [None, 1, "x" * 301, NUL],
            "position": [-1, 10_001, "1", 1.5, 10**30],
            "retired": [True],
        }.items()
        for value in values
    ]
    return cases


def people_cases(user_id: str) -> list[Case]:
    person = {"email": "nia@example.com", "name": "Nia"}
    wrong: dict[str, list[Any]] = {
        "role": [None, "", "root", "system", 1, [], {}],
        "email": [None, "nia", 1],
        "name": [None, "", "a\nb", NUL],
        "password": ["x"],
    }
    cases = [
        Case("POST", "/staff/users", person | {field: value}, field, who="ada")
        for field, values in wrong.items()
        for value in values
    ]
    cases += [
        Case("PATCH", f"/staff/users/{user_id}", {field: value}, field, who="ada")
        for field, values in {"role": wrong["role"], "disabled": [None, "true", 1], "name": wrong["name"]}.items()
        for value in values
    ]
    return cases + [
        Case("PUT", "/staff/accounts/acme", {field: value}, field, who="sam")
        for field, values in {
            "name": [1, "x" * 256, NUL],
            "plan": [1, "x" * 121, "a\nb"],
            "traits": [None, [], "x", {"k": "x" * 17_000}, {"k": [NUL]}, {NUL: 1}, {"n": 10**30}],
            "usage": [None, 5, {"k": {"deep": NUL}}, {"k": LONE}, {"k": [float("nan")]}, {"k": float("-inf")}],
            "id": ["acme"],
        }.items()
        for value in values
    ]


def test_no_wrong_body_is_taken_and_each_wrong_field_is_named(desk: Desk) -> None:
    made = desk.new_ticket()
    callers = {who: desk.as_(who) for who in ("alice", "sam", "ada")} | {"nobody": desk.anyone()}
    cases = ticket_cases() + customer_cases(made["id"]) + key_cases() + contact_cases() + staff_cases(made["id"])
    cases += sign_in_cases() + people_cases(desk.user_id("alice"))
    before = rows(desk)
    nothing([case.taken_by(callers[case.who]) for case in cases])
    assert len(cases) > 250
    assert rows(desk) == before


def test_bodies_that_are_no_json_or_no_object(desk: Desk) -> None:
    ref = desk.new_ticket()["id"]
    targets = [("alice", "POST", "/tickets"), ("alice", "POST", f"/tickets/{ref}/replies")]
    targets += [("alice", "PATCH", "/preferences"), ("sam", "PATCH", f"/staff/tickets/{ref}")]
    bodies = [b"", b"{", b"nonsense", b"null", b"[]", b"1", b'"text"', b"true", b"\xff\xfe", b'{"subject": "\xff"}']
    bodies += [b'{"subject": "\xed\xa0\x80", "body": "b"}', b'{"subject": NaN, "body": "b"}', b"{'subject': 1}"]
    bodies += [b"9" * 5000, DEEP.encode(), b'{"metadata":' * 50_000, dumped(ticket(metadata={"k": LONE}))]
    bodies += [dumped(ticket(subject=LONE)), dumped(ticket(body=LONE)), dumped({LONE: 1}), dumped({NUL: 1})]
    bodies += [dumped({"x" * 100_000: 1}), dumped({f"field{n}": n for n in range(20_000)}), b"\x1f\x8b\x08\x00"]
    cast(desk)
    before, wrong = rows(desk), []
    for who, method, path in targets:
        for body in bodies:
            answer = raw(desk.as_(who), method, path, body)
            if answer.status_code not in {400, 422} or len(answer.content) > 20_000:
                wrong.append(f"{method} {path} {body[:60]!r}: {answer.status_code} {answer.text[:300]}")
            is_problem(answer)
    nothing(wrong)
    assert rows(desk) == before


def test_a_body_that_is_too_large_is_refused_whatever_it_says_of_itself(desk: Desk) -> None:
    ref = desk.new_ticket()["id"]
    large = dumped(ticket(body="x" * 10_000_000))
    assert len(large) > MAX_JSON
    before = rows(desk)
    for path in ("/tickets", f"/tickets/{ref}/replies"):
        is_problem(raw(desk.as_("alice"), "POST", path, large), 413, "too_large")
        chunked = desk.as_("alice").post(
            path,
            content=iter([large[:1000], large[1000:]]),
            headers={"Content-Type": "application/json"},
        )
        is_problem(chunked, 413, "too_large")
    # A path that ends like the one for uploads takes no files, and so no more than any other.
    is_problem(raw(desk.as_("alice"), "PATCH", "/tickets/attachments", large), 413, "too_large")
    assert rows(desk) == before


def test_another_content_type(desk: Desk) -> None:
    cast(desk)
    before = rows(desk)
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ";"):
        is_problem(raw(desk.as_("alice"), "POST", "/tickets", dumped(ticket()), kind), 415, "unsupported_media_type")
        is_problem(raw(desk.anyone(), "POST", "/tickets/public", b"a=b", kind), 415)
    assert rows(desk) == before


def test_json_by_another_name_is_json(desk: Desk) -> None:
    for kind in ("application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"):
        assert raw(desk.as_("alice"), "POST", "/tickets", dumped(ticket()), kind).status_code == 201


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


ODD_NUMBERS = ["", *"0 -1 1.5 abc 1e3 0x1 NaN 1;2 %00 %ED%A0%80 null १2x".split(), "9" * 30]  # noqa: SIM905
ODD_QUERIES = """
" ' \"\"\" * a* NEAR(a,b) AND OR NOT ( a:b subject:x ^a - -- % _ \\ a&b|!c :* <-> $$ {} 💥 あ ﬁ '; {x}
""".split()  # noqa: SIM905
ODD_QUERIES += ["a AND", "NOT x", "NEAR(a b)", "'; DROP TABLE tickets", "x" * 1000, "a " * 400]


def test_odd_queries_find_nothing_or_something_and_never_fail(desk: Desk) -> None:
    desk.new_ticket(subject="Near miss AND more", body="(a OR b) NOT c: 100%")
    lists = [("alice", "/tickets"), ("sam", "/staff/tickets"), ("nobody", "/kb/search"), ("sam", "/staff/kb/articles")]
    for who, path in lists:
        caller = desk.anyone() if who == "nobody" else desk.as_(who)
        for q in ODD_QUERIES:
            answer = caller.get(path, params={"q": q})
            assert answer.status_code == 200, f"{path} {q!r}: {answer.status_code} {answer.text[:300]}"
        for q in ("%00", "a%00b"):
            assert "q" in fields(caller.get(f"{path}?q={q}"))
        assert caller.get(f"{path}?q=%ff%fe").status_code == 200  # no UTF-8: read as unknown characters


def test_odd_pages_filters_and_cursors(desk: Desk) -> None:
    ticket_id = desk.new_ticket()["id"]
    cast(desk)
    before = rows(desk)
    cursors = ["x", "%00", "====", "é", cursor(1), cursor("-created_at", 1), cursor("created_at", 1, ticket_id)]
    cursors += [cursor("-created_at", value, ticket_id) for value in (None, True, 1.5, "1", 2**63, -(2**70), [])]
    cursors += [cursor("-created_at", 1, value) for value in (None, 5, "", "x" * 36, ticket_id[:-1] + "\x00")]
    common = {
        "page": ODD_NUMBERS,
        "per_page": [*ODD_NUMBERS, "101"],
        "status": ["", "OPEN", "open,", "open,done", ",", "%00"],
        "priority": ["", "0", "top", "high,low"],
        "sort": ["", "id", "-id", "created_at desc", "subject"],
        "category": ["%00", "a%0Ab"],
    }
    desk_only = {"view": ["", "everyone"], "assignee": ["sam", "%00", "' OR 1=1"], "tag": ["%00"], "cursor": cursors}
    articles = {name: common[name] for name in ("page", "per_page", "status", "category")}
    asked = [("alice", "/tickets", common), ("sam", "/staff/tickets", common | desk_only)]
    asked += [("sam", "/staff/kb/articles", articles), ("alice", "/kb/search", {"limit": [*ODD_NUMBERS, "51"]})]
    wrong = [
        f"{path}?{name}={value}: {answer.status_code} {answer.text[:200]}"
        for who, path, by_name in asked
        for name, values in by_name.items()
        for value in values
        if (answer := desk.as_(who).get(f"{path}?{name}={value}")).status_code != 422 or fields(answer) != {name}
    ]
    nothing(wrong)
    ranks = cursor("-priority", 2**62, ticket_id)
    assert fields(desk.as_("sam").get("/staff/tickets", params={"cursor": ranks, "sort": "-priority"})) == {"cursor"}
    assert desk.as_("sam").get("/staff/tickets?requester=nobody&tag=x").json()["total"] == 0
    assert rows(desk) == before


ODD_IDS = """
0 -1 ALT- ALT-0 alt-1e3 ALT-１００１ null %2e%2e … %00 a%00b %ff %ED%A0%80 * 💥 {ticket_id} [] %0a public ..; ~ %2525
01a20000-0000-7000-8000-000000000000 01A20000000070008000000000000000
""".split()  # noqa: SIM905
ODD_IDS += ["ALT-" + "9" * 12, "ALT-" + "9" * 13, "' OR 1=1", "x" * 5000, "a b"]


def test_odd_ids_and_paths(desk: Desk) -> None:
    desk.new_ticket()
    ada = desk.as_("ada")
    bodies: dict[str, Any] = {"body": "b", "rating": 5, "muted": True, "helpful": True}
    before = rows(desk)
    for method, route in api_routes(desk):
        if not route.param_convertors or "accounts" in route.path:
            continue
        for odd in ODD_IDS:
            path = route.path
            for name in route.param_convertors:
                path = path.replace("{" + name + "}", odd)
            body = {name: bodies[name] for name in _body_of(route) if name in bodies} if _body_of(route) else None
            answer = ada.request(method, path, body)
            said = f"{method} {path[:150]}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code in {404, 405, 422}, said
            is_problem(answer)
    assert rows(desk) == before


def _body_of(route: Any) -> set[str]:
    field = route.body_field
    return set(field.field_info.annotation.model_fields) if field is not None else set()


def test_methods_that_there_are_not(desk: Desk) -> None:
    for method in ("PUT", "DELETE", "TRACE", "PROPFIND", "QUERY", "X" * 200):
        answer = desk.as_("alice").request(method, "/tickets")
        is_problem(answer, 405, "method_not_allowed")
        assert {name.strip() for name in answer.headers["Allow"].split(",")} >= {"GET", "POST"}
    allowed = desk.anyone().request("DELETE", f"{SUPPORT}/tickets/ALT-1001").headers["Allow"]
    assert {name.strip() for name in allowed.split(",")} >= {"GET", "PATCH"}


ODD_HEADERS = [
    ("Idempotency-Key", ""),
    ("Idempotency-Key", "x" * 256),
    ("Idempotency-Key", "a\x07b"),
    ("If-Match", "soon"),
    ("If-None-Match", '"' * 5000),
    ("Range", "bytes=-"),
    ("Authorization", "Bearer \xff"),
    ("Authorization", "Bearer"),
    ("Authorization", "\xe9"),
    ("X-API-Key", "dh_live_" + "é" * 38),
    ("Cookie", "deskhand_session=\xff; ;;=;"),
    ("Content-Length", "²"),
    ("Content-Length", "-5"),
    ("X-Request-ID", "a\nb: c"),
    ("X-Forwarded-For", "garbage, , %%%"),
    ("User-Agent", "\xff" * 5000),
    ("User-Agent", "a\x00b"),
    ("Accept", "text/nonsense"),
]


def test_odd_headers(desk: Desk) -> None:
    alice = {key.encode(): text.encode() for key, text in desk.as_("alice").headers.items()}
    calls = [
        ("GET", "/tickets", alice),
        ("POST", "/tickets", alice),
        ("GET", "/kb/search", {}),
        ("GET", "/tickets", {}),
    ]
    for header, value in ODD_HEADERS:
        for method, path, credentials in calls:
            more: Any = {"json": ticket()} if method == "POST" else {}
            sent = credentials | {header.encode(): value.encode("latin-1")}
            answer = desk.client.request(method, SUPPORT + path, headers=[*sent.items()], **more)
            assert answer.status_code < 500, f"{method} {path} {header} {value[:50]!r}: {answer.text[:300]}"
            if answer.status_code >= 400:
                is_problem(answer)


def test_odd_forms_of_uploads(desk: Desk) -> None:
    alice = desk.as_("alice")
    before = rows(desk)
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    bodies = [b"", b"--b", b"--b--", head, head + b"text", head + b"text\r\n--c--", b"\r\n" * 1000, b"x" * 100_000]
    bodies += [head.replace(b"file", b"other", 1) + b"text\r\n--b--\r\n", 2 * (head + b"text\r\n") + b"--b--\r\n"]
    bodies += [head.replace(b'; filename="a.txt"', b"") + b"text\r\n--b--\r\n", head + b"\r\n--b--\r\n", b"\x00" * 100]
    for body in bodies:
        answer = raw(alice, "POST", "/attachments", body, "multipart/form-data; boundary=b")
        assert fields(answer) == {"file"}, f"{body[:80]!r}: {answer.text}"
    form = "multipart/form-data"
    for kind in ("application/json", form, f"{form}; boundary=", "multipart/mixed; boundary=b"):
        assert raw(alice, "POST", "/attachments", b"{}", kind).status_code in {415, 422}
    is_problem(upload(alice, b""), 422)
    assert rows(desk) == before
