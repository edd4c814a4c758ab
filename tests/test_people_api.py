"""Staff look after people, and the host product tells what it knows of their accounts."""

from typing import Any
from urllib.parse import quote

from sqlalchemy import select

from deskhand.accounts import people
from deskhand.accounts.actor import Role
from deskhand.kit.events import events
from deskhand.kit.ids import new_id
from tests.support.app import CAST, Desk, email

NOBODY = new_id()
ACCOUNT = {"name": "Acme", "plan": "scale", "traits": {"seats": 12}, "usage": {"credits": 8_412, "failed": 0.02}}


def events_of(desk: Desk, subject_id: str) -> list[tuple[str, Any]]:
    rows = desk.read(lambda tx: tx.execute(select(events).where(events.c.subject_id == subject_id)).mappings().all())
    return [(row["name"], row["data"]) for row in rows]


def test_it_is_for_staff(desk: Desk) -> None:
    for method, path in (
        ("GET", "/staff/users"),
        ("POST", "/staff/users"),
        ("GET", f"/staff/users/{NOBODY}"),
        ("PATCH", f"/staff/users/{NOBODY}"),
        ("GET", "/staff/accounts/acme"),
        ("PUT", "/staff/accounts/acme"),
    ):
        body = None if method == "GET" else {}
        desk.anyone().request(method, path, body, expect=401)
        desk.as_("alice").request(method, path, body, expect=403)


def test_lists_people_by_name_and_role(desk: Desk) -> None:
    for who in ("mallory", "alice", "sam", "ada", "bob"):
        desk.user_id(who)
    listed = desk.as_("sam").get("/staff/users", expect=200).json()
    assert [user["name"] for user in listed["users"]] == [
        "Ada Brandt", "Alice Moreau", "Bob Lindqvist", "Mallory Stein", "Sam Okafor"
    ]  # fmt: skip
    assert (listed["total"], listed["page"], listed["per_page"]) == (5, 1, 20)
    answer = desk.as_("sam").get("/staff/users?role=customer&per_page=2&page=2", expect=200)
    assert [link.split("rel=")[1] for link in answer.headers["link"].split(", ")] == ['"first"', '"prev"', '"last"']
    customers = answer.json()
    assert ([user["name"] for user in customers["users"]], customers["total"]) == (["Mallory Stein"], 3)


def test_finds_people_by_how_they_begin(desk: Desk) -> None:
    everybody = [CAST[who][1] for who in ("ada", "alice", "bob", "mallory", "sam")]
    for who in CAST:
        desk.user_id(who)
    for q, found in {
        "AL": ["Alice Moreau"],
        "bob@ACME": ["Bob Lindqvist"],
        "%": [],
        "moreau": [],
        "": everybody,
    }.items():
        users = desk.as_("sam").get("/staff/users", params={"q": q}, expect=200).json()["users"]
        assert [user["name"] for user in users] == found


def test_refuses_what_it_cannot_list(desk: Desk) -> None:
    for query in ("role=visitor", "page=0", "per_page=101", "q=%00", "q=" + "x" * 256):
        desk.as_("sam").get(f"/staff/users?{query}", expect=422)


def test_an_admin_invites_a_colleague(desk: Desk) -> None:
    user = desk.as_("ada").post(
        "/staff/users", {"email": "Nils@Desk.example", "name": "Nils", "role": "agent"}, expect=201
    ).json()  # fmt: skip
    assert (user["email"], user["name"], user["role"]) == ("nils@desk.example", "Nils", "agent")
    assert (user["source"], user["verified"], user["disabled"]) == ("own", False, False)
    assert events_of(desk, user["id"]) == [("user.invited", {"role": "agent"})]
    assert desk.read(people.get, user["id"])["password_hash"] is None
    wrong = desk.anyone().post("/api/v1/auth/login", {"email": "nils@desk.example", "password": "anything at all"})
    assert wrong.status_code == 401


def test_an_agent_invites_nobody(desk: Desk) -> None:
    refusal = desk.as_("sam").post("/staff/users", {"email": "n@desk.example", "name": "N"}, expect=403).json()
    assert refusal["code"] == "admin_only"


def test_an_email_that_has_an_account_is_taken(desk: Desk) -> None:
    desk.user_id("alice")
    refusal = desk.as_("ada").post(
        "/staff/users", {"email": email("alice").upper(), "name": "Alice again"}, expect=409
    ).json()  # fmt: skip
    assert refusal["code"] == "email_taken"


def test_a_correspondent_can_be_invited(desk: Desk) -> None:
    desk.write(people.add_correspondent, email="c@corp.example", name="C", verified=True)
    desk.as_("ada").post("/staff/users", {"email": "c@corp.example", "name": "C"}, expect=201)


def test_an_invitation_must_be_right(desk: Desk) -> None:
    for body, field in (
        ({"name": "N"}, "email"),
        ({"email": "nobody", "name": "N"}, "email"),
        ({"email": "n@desk.example", "name": " "}, "name"),
        ({"email": "n@desk.example", "name": "a\x00b"}, "name"),
        ({"email": "n@desk.example", "name": "N", "role": "system"}, "role"),
        ({"email": "n@desk.example", "name": "N", "password": "secret"}, "password"),
    ):
        errors = desk.as_("ada").post("/staff/users", body, expect=422).json()["errors"]
        assert [error["field"] for error in errors] == [field]


def test_repeating_an_invitation_by_its_key_invites_once(desk: Desk) -> None:
    body, key = {"email": "n@desk.example", "name": "N"}, {"Idempotency-Key": "one"}
    first = desk.as_("ada").post("/staff/users", body, headers=key, expect=201).json()
    assert desk.as_("ada").post("/staff/users", body, headers=key, expect=201).json() == first
    assert len(events_of(desk, first["id"])) == 1


def test_an_id_of_nobody_is_not_found(desk: Desk) -> None:
    for bad in ("x", NOBODY, NOBODY[:-1], "%00", "1%00", "..%2f..", "é"):
        desk.as_("ada").get(f"/staff/users/{bad}", expect=404)
        desk.as_("ada").patch(f"/staff/users/{bad}", {"name": "New"}, expect=404)


def test_an_agent_corrects_a_customers_name_and_no_more(desk: Desk) -> None:
    alice, ada = desk.user_id("alice"), desk.user_id("ada")
    assert desk.as_("sam").patch(f"/staff/users/{alice}", {"name": "Alice M."}, expect=200).json()["name"] == "Alice M."
    assert desk.as_("sam").get(f"/staff/users/{alice.upper()}", expect=200).json()["name"] == "Alice M."
    for user_id, change in (
        (alice, {"role": "agent"}),
        (alice, {"disabled": True}),
        (ada, {"name": "Not Ada"}),
        (desk.user_id("sam"), {"role": "admin"}),
    ):
        desk.as_("sam").patch(f"/staff/users/{user_id}", change, expect=403)
    assert desk.read(people.get, alice)["role"] == Role.CUSTOMER


def test_an_admin_gives_roles_and_takes_access(desk: Desk) -> None:
    alice = desk.user_id("alice")
    assert desk.as_("ada").patch(f"/staff/users/{alice}", {"role": "agent"}, expect=200).json()["role"] == "agent"
    desk.as_("alice").get("/staff/users", expect=200)
    assert desk.as_("ada").patch(f"/staff/users/{alice}", {"disabled": True}, expect=200).json()["disabled"] is True
    desk.as_("alice").get("/staff/users", expect=401)


def test_somebody_stays_admin(desk: Desk) -> None:
    ada = desk.user_id("ada")
    for change in ({"role": "agent"}, {"disabled": True}):
        assert desk.as_("ada").patch(f"/staff/users/{ada}", change, expect=409).json()["code"] == "last_admin"
    assert desk.read(people.get, ada)["role"] == Role.ADMIN


def test_a_change_must_be_right(desk: Desk) -> None:
    for body in ({"role": "visitor"}, {"name": ""}, {"email": "x@y.example"}, {"disabled": 1}):
        desk.as_("ada").patch(f"/staff/users/{desk.user_id('alice')}", body, expect=422)


def test_the_host_pushes_an_account(desk: Desk) -> None:
    pushed = desk.as_("sam").put("/staff/accounts/acct_1", ACCOUNT, expect=200).json()
    assert pushed == {"external_id": "acct_1", **ACCOUNT, "updated_at": pushed["updated_at"]}
    assert desk.as_("ada").get("/staff/accounts/acct_1", expect=200).json() == pushed
    replaced = desk.as_("sam").put("/staff/accounts/acct_1", {"name": "Acme Ltd"}, expect=200).json()
    assert (replaced["name"], replaced["plan"], replaced["traits"], replaced["usage"]) == ("Acme Ltd", None, {}, {})


def test_a_hosts_ids_may_look_like_anything(desk: Desk) -> None:
    for external_id in ("acme/eu", "x" * 255, "Zoë & co", "a%b", "acme/", "none"):
        path = f"/staff/accounts/{quote(external_id, safe='')}"
        assert desk.as_("sam").put(path, ACCOUNT, expect=200).json()["external_id"] == external_id
        assert desk.as_("sam").get(path, expect=200).json()["external_id"] == external_id


def test_an_accounts_id_must_be_one(desk: Desk) -> None:
    for bad in ("", "%20", "a%0Db", "a%7Fb", "x" * 256):
        for answer in (
            desk.as_("sam").get(f"/staff/accounts/{bad}", expect=422),
            desk.as_("sam").put(f"/staff/accounts/{bad}", ACCOUNT, expect=422),
        ):
            assert [error["field"] for error in answer.json()["errors"]] == ["external_id"]
    for never in ("%00", "a%00b", "a%0Ab"):
        desk.as_("sam").get(f"/staff/accounts/{never}", expect=404)
        desk.as_("sam").put(f"/staff/accounts/{never}", ACCOUNT, expect=404)


def test_an_account_nobody_spoke_of_is_not_found(desk: Desk) -> None:
    desk.as_("sam").get("/staff/accounts/unknown", expect=404)


def test_a_push_must_be_right(desk: Desk) -> None:
    for body in (
        {"owner": "x"},
        {"name": "a\x00b"},
        {"traits": []},
        {"traits": {"x": "\x00"}},
        {"traits": {"x": "y" * 16_400}},
        {"plan": "p" * 121},
    ):
        desk.as_("sam").put("/staff/accounts/acct_1", body, expect=422)


def test_an_api_key_pushes_with_its_scope(desk: Desk) -> None:
    made = [
        desk.as_("ada").post("/api/v1/api-keys", {"name": "host", "scopes": [scope]}, expect=201).json()["key"]
        for scope in ("staff:read", "staff:write")
    ]
    reads, writes = ({"X-API-Key": key} for key in made)
    desk.anyone(**reads).put("/staff/accounts/acct_1", ACCOUNT, expect=403)
    desk.anyone(**writes).put("/staff/accounts/acct_1", ACCOUNT, expect=200)
    desk.anyone(**reads).get("/staff/accounts/acct_1", expect=200)
    desk.anyone(**writes).get("/staff/accounts/acct_1", expect=403)
