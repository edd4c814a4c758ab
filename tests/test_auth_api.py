"""Proving who one is: host tokens, own sessions, API keys, the pages' cookie; and ways back in."""

import base64
import hmac
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import select

from deskhand.accounts import links
from deskhand.accounts.actor import Role
from deskhand.accounts.csrf import csrf_token
from deskhand.kit.schema import metadata
from tests.support import tokens
from tests.support.api import (
    api_key,
    at_once,
    bearer,
    cast,
    count,
    fields,
    is_problem,
    later,
    rows,
    second_app,
    with_key,
)
from tests.support.app import PASSWORD, Caller, Desk, email, running

AUTH = "/api/v1/auth"
NEW_PASSWORD = "another horse, another battery"
HOST = {"jwt_secret": tokens.SECRET, "jwt_public_key": tokens.pem(tokens.HOST_KEYS["RS256"])}


@pytest.fixture
def hosted(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk inside a host product, whose tokens it takes."""
    strict = {"jwt_audience": "support", "jwt_issuer": "acme"}
    with running(database_url, tmp_path, **HOST, **strict) as desk:
        yield desk


def minted(**changes: Any) -> str:
    return tokens.token(tokens.alice(aud="support", iss="acme", **changes))


def me(caller: Caller) -> dict[str, Any]:
    return caller.get("/api/v1/me", expect=200).json()


def login(desk: Desk, who: str = "alice", password: str = PASSWORD, **more: Any) -> httpx2.Response:
    return desk.anyone().post(f"{AUTH}/login", {"email": email(who), "password": password}, **more)


def mailed(desk: Desk, who: str) -> list[str]:
    """The tokens of links in mails to this person, oldest first, once the worker has done its work."""
    desk.work()
    ada = desk.as_("ada")
    mails = [mail for mail in ada.get("/staff/outbox?per_page=100").json()["mails"] if mail["recipient"] == email(who)]
    texts = [ada.get(f"/staff/outbox/{mail['id']}", expect=200).json()["text"] for mail in reversed(mails)]
    return [
        found[1] for text in texts if (found := re.search(r"/(?:login/\w+|setup)[/?](?:token=)?([\w-]{30,})", text))
    ]


def forgeries(desk: Desk) -> dict[str, str]:
    """Tokens of every kind that must not pass, all of them about somebody who exists."""
    now, good = int(time.time()), tokens.alice(aud="support", iss="acme")
    rsa_pem, own = HOST["jwt_public_key"], desk.token("alice")
    header, payload, signature = own.split(".")
    return {
        "no algorithm": tokens.raw_token(b'{"alg":"none"}', good, "").rpartition(".")[0] + ".",
        "none, signed": tokens.token(good, alg="none"),
        "the public key as a secret": tokens.token(good, key=rsa_pem),
        "another secret": tokens.token(good, key="a secret that the host does not have, not at all"),
        "an empty secret": tokens.token(good, key=""),
        "another RSA key": tokens.token(good, key=tokens.MALLORYS_KEYS["RS256"], alg="RS256"),
        "a curve nobody set up": tokens.token(good, key=tokens.HOST_KEYS["ES256"], alg="ES256"),
        "HS512 said": tokens.token(good, alg="HS512"),
        "its own key": tokens.token(
            good, key=tokens.MALLORYS_KEYS["RS256"], alg="RS256", jwk=tokens.jwk(tokens.MALLORYS_KEYS["RS256"])
        ),
        "expired": minted(exp=now - 61),
        "not yet": minted(nbf=now + 120),
        "no end": minted(exp=...),
        "an end that is no number": minted(exp="tomorrow"),
        "nobody": minted(sub=...),
        "an empty subject": minted(sub=""),
        "a subject that is a number": minted(sub=7),
        "for somebody else": tokens.token(tokens.alice(aud="billing", iss="acme")),
        "for nobody": tokens.token(tokens.alice(iss="acme")),
        "from somebody else": tokens.token(tokens.alice(aud="support", iss="evil")),
        "from us": tokens.token(tokens.alice(aud="support", iss="deskhand", sid="x")),
        "our type": tokens.token(good, typ="deskhand-session+jwt", kid="own"),
        "our type, our issuer": tokens.token({**good, "iss": "deskhand", "sid": "x"}, typ="deskhand-session+jwt"),
        "a changed payload": f"{header}.{tokens.b64(json.dumps(good).encode())}.{signature}",
        "a cut signature": own[:-4],
        "another signature": f"{header}.{payload}.{'A' * len(signature)}",
        "two parts": f"{header}.{payload}",
        "no token": "nonsense",
        "a key's beginning": "dh_live_",
        "a made-up key": "dh_live_" + "0" * 38,
        "blank": " ",
        "long": "x" * 20_000,
    }


def test_no_forged_or_stale_token_passes_and_all_get_the_same_answer(hosted: Desk) -> None:
    cast(hosted)
    assert me(bearer(hosted, minted()))["name"]
    before = rows(hosted)
    answers = {name: bearer(hosted, token).get("/api/v1/me") for name, token in forgeries(hosted).items()}
    answers["nothing"] = hosted.anyone().get("/api/v1/me")
    answers["basic"] = hosted.anyone(Authorization="Basic YWRhOmFkYQ==").get("/api/v1/me")
    answers["an unknown key"] = with_key(hosted, "dh_live_nothing").get("/api/v1/me")
    answers["an odd cookie"] = hosted.anyone(Cookie="deskhand_session=nonsense").get("/api/v1/me")
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert {answer.content for answer in answers.values()} == {answers["nothing"].content}
    assert {answer.headers["WWW-Authenticate"] for answer in answers.values()} == {'Bearer realm="deskhand"'}
    assert rows(hosted) == before
    # On routes for everyone too, a wrong credential is refused rather than passed over.
    assert bearer(hosted, forgeries(hosted)["expired"]).get("/categories").status_code == 401


def test_a_host_token_makes_and_refreshes_its_user_and_enriches_tickets(hosted: Desk) -> None:
    account = {"id": "acct_7", "name": "Acme", "plan": "pro", "seats": 5}
    usage = {"requests": 1204, "errors": 3}
    first = bearer(hosted, minted(email="Alice@Host.example", name="Alice Host", account=account, usage=usage))
    who = me(first)
    assert (who["email"], who["name"], who["role"]) == ("alice@host.example", "Alice Host", "customer")
    ticket = first.post("/tickets", {"subject": "s", "body": "b"}, expect=201).json()
    known = hosted.as_("sam").get(f"/staff/tickets/{ticket['id']}", expect=200).json()
    assert known["enrichment"]["account"] == account
    assert known["enrichment"]["usage"] == usage
    assert known["requester"]["email"] == "alice@host.example"
    again = bearer(hosted, minted(name="Alice Changed", usage={"requests": 9}))
    assert me(again) == who | {"name": "Alice Changed"}
    other = again.post("/tickets", {"subject": "s", "body": "b"}, expect=201).json()
    known = hosted.as_("sam").get(f"/staff/tickets/{other['id']}").json()["enrichment"]
    assert (known["account"], known["usage"]) == (account, {"requests": 9})  # what a token leaves out stays
    hosted.as_("sam").put("/staff/accounts/acct_7", {"name": "Acme Ltd", "plan": "team"}, expect=200)
    third = again.post("/tickets", {"subject": "s", "body": "b"}, expect=201).json()
    known = hosted.as_("sam").get(f"/staff/tickets/{third['id']}").json()["enrichment"]["account"]
    assert (known["name"], known["plan"], known["seats"]) == ("Acme Ltd", "team", 5)
    by_rsa = tokens.token(tokens.alice(aud="support", iss="acme"), key=tokens.HOST_KEYS["RS256"], alg="RS256")
    assert me(bearer(hosted, by_rsa))["id"] == who["id"]


def test_odd_claims_are_passed_over(hosted: Desk) -> None:
    odd: list[dict[str, Any]] = [
        {"email": "no address", "name": 5, "account": "x", "usage": []},
        {"account": {"id": "a\x00b", "name": "n\x00", "plan": 7}, "name": "a\x00b\nc"},
        {"account": {"id": {"deep": 1}}, "usage": {"k": "\x00"}},
        {"account": {"id": 5 * 10**30, "name": "x" * 1000}},
        {"account": {"id": "x" * 1000}},
        {"account": {"id": ""}, "name": " ", "email": None},
    ]
    for number, claims in enumerate(odd):
        caller = bearer(hosted, minted(sub=f"odd-{number}", **claims))
        assert me(caller)["role"] == "customer"
        caller.post("/tickets", {"subject": "s", "body": "b"}, expect=201)


def test_a_host_token_never_becomes_anyone_else(hosted: Desk) -> None:
    cast(hosted)
    for who in ("ada", "sam", "alice"):
        for sub in (hosted.user_id(who), email(who)):
            token = minted(sub=sub, email=email(who), role="admin", roles=["admin"], staff=True, admin=True)
            caller = bearer(hosted, token)
            stranger = me(caller)
            assert stranger["id"] != hosted.user_id(who)
            assert stranger["role"] == "customer"
            assert caller.get("/staff/tickets").status_code == 403
            assert caller.get("/tickets").json()["total"] == 0
    assert me(hosted.as_("ada"))["role"] == "admin"


def test_only_the_configured_claim_makes_staff(database_url: str, tmp_path: Path) -> None:
    with running(database_url, tmp_path, **HOST, jwt_staff_claim="desk_role") as desk:
        said = {"admin": "admin", "agent": "agent", "customer": "customer", "root": "customer", "": "customer"}
        for value, role in said.items():
            assert me(bearer(desk, tokens.token(tokens.alice(sub=f"s-{value}", desk_role=value))))["role"] == role
        assert me(bearer(desk, tokens.token(tokens.alice(sub="l", desk_role=["x", "agent"]))))["role"] == "agent"
        assert me(bearer(desk, tokens.token(tokens.alice(sub="l", role="admin"))))["role"] == "customer"
        for value in (True, 1, {"admin": 1}, None, [["admin"]]):
            assert me(bearer(desk, tokens.token(tokens.alice(sub="odd", desk_role=value))))["role"] == "customer"


def test_without_configuration_no_host_token_is_taken(desk: Desk) -> None:
    for key, alg in ((tokens.SECRET, "HS256"), (tokens.HOST_KEYS["RS256"], "RS256"), ("", "none")):
        assert bearer(desk, tokens.token(tokens.alice(), key=key, alg=alg)).get("/api/v1/me").status_code == 401


def test_login_gives_a_session_and_logout_ends_it(desk: Desk) -> None:
    cast(desk)
    assert set(login(desk, expect=200).json()) == {"access_token", "token_type", "expires_in"}
    first, second = (login(desk, expect=200).json()["access_token"] for _ in range(2))
    assert me(bearer(desk, first))["email"] == email("alice")
    assert me(bearer(desk, first)) == {
        "id": desk.user_id("alice"),
        "email": email("alice"),
        "name": "Alice Moreau",
        "role": "customer",
    }
    assert (
        desk.anyone().post(f"{AUTH}/login", {"email": " ALICE@Acme.Example ", "password": PASSWORD}).status_code == 200
    )
    bearer(desk, first).post(f"{AUTH}/logout", expect=204)
    assert bearer(desk, first).get("/api/v1/me").status_code == 401
    with second_app(desk) as other:
        assert bearer(other, first).get("/api/v1/me").status_code == 401
        assert me(bearer(other, second))["id"] == desk.user_id("alice")
    with later(desk.settings.session_hours * 3600 + 1):
        assert bearer(desk, second).get("/api/v1/me").status_code == 401
    keyed = with_key(desk, api_key(desk, "alice")[1])
    is_problem(keyed.post(f"{AUTH}/logout"), 409, "no_session")


def test_a_login_says_not_what_was_wrong(desk: Desk) -> None:
    cast(desk)
    desk.as_("ada").patch(f"/staff/users/{desk.user_id('bob')}", {"disabled": True}, expect=200)
    wrong = [login(desk, "alice", "wrong password"), login(desk, "nobody"), login(desk, "bob")]
    wrong += [login(desk, "alice", PASSWORD.upper()), login(desk, "alice", PASSWORD + " ")]
    assert {answer.status_code for answer in wrong} == {401}
    assert len({answer.content for answer in wrong}) == 1


def test_guesses_are_counted_also_when_they_come_at_once(desk: Desk) -> None:
    cast(desk)
    guesses = at_once(*(lambda n=n: login(desk, "alice", f"guess number {n}").status_code for n in range(30)))
    assert sorted(guesses) == [401] * 10 + [429] * 20
    shut = login(desk)
    is_problem(shut, 429)  # the right one too: else every guess would tell
    assert login(desk, "bob").status_code == 200
    with later(int(shut.headers["Retry-After"])):
        login(desk, expect=200)
        for _ in range(9):
            assert login(desk, "alice", "wrong again").status_code == 401
        login(desk, expect=200)  # which gives the attempts back
        assert login(desk, "alice", "wrong again").status_code == 401


def test_guesses_at_many_accounts_are_counted_by_client(desk: Desk) -> None:
    cast(desk)
    refused = [desk.anyone().post(f"{AUTH}/login", {"email": f"u{n}@example.com", "password": "p"}) for n in range(51)]
    assert [answer.status_code for answer in refused] == [401] * 50 + [429]
    with second_app(desk, client=("192.0.2.1", 1)) as elsewhere:
        assert login(elsewhere, expect=200)


def test_a_disabled_person_is_out_at_once(hosted: Desk) -> None:
    cast(hosted)
    key = with_key(hosted, api_key(hosted, "bob")[1])
    host = bearer(hosted, minted(sub="bob-of-host"))
    callers = {hosted.user_id("bob"): [hosted.as_("bob"), key], me(host)["id"]: [host]}
    for user_id, out in callers.items():
        assert [caller.get("/tickets").status_code for caller in out] == [200] * len(out)
        hosted.as_("ada").patch(f"/staff/users/{user_id}", {"disabled": True}, expect=200)
        assert [caller.get("/tickets").status_code for caller in out] == [401] * len(out)
    hosted.as_("ada").patch(f"/staff/users/{hosted.user_id('bob')}", {"disabled": False}, expect=200)
    assert key.get("/tickets").status_code == 200
    assert hosted.as_("bob").get("/tickets").status_code == 401  # that session has ended


def test_a_demoted_agent_is_none_from_then_on(desk: Desk) -> None:
    sam, key = desk.as_("sam"), with_key(desk, api_key(desk, "sam")[1])
    assert [caller.get("/staff/tickets").status_code for caller in (sam, key)] == [200, 200]
    desk.as_("ada").patch(f"/staff/users/{desk.user_id('sam')}", {"role": "customer"}, expect=200)
    assert [caller.get("/staff/tickets").status_code for caller in (sam, key)] == [403, 403]
    is_problem(desk.as_("ada").patch(f"/staff/users/{desk.user_id('ada')}", {"role": "agent"}), 409, "last_admin")


def test_a_reset_link_works_once_and_ends_every_session(desk: Desk) -> None:
    cast(desk)
    session, key = bearer(desk, login(desk).json()["access_token"]), with_key(desk, api_key(desk, "alice")[1])
    known = desk.anyone().post(f"{AUTH}/password-reset", {"email": email("alice")}, expect=202)
    unknown = desk.anyone().post(f"{AUTH}/password-reset", {"email": "nobody@example.com"}, expect=202)
    assert known.content == unknown.content
    desk.anyone().post(f"{AUTH}/password-reset", {"email": email("alice")}, expect=202)
    links_ = mailed(desk, "alice")
    newest = links_[-1]
    confirm = f"{AUTH}/password-reset/confirm"
    for forged in ("", "x", newest[:-2] + "AA", newest + "A", links_[0] if len(links_) > 1 else "y"):
        is_problem(desk.anyone().post(confirm, {"token": forged, "password": NEW_PASSWORD}), 404)
    assert fields(desk.anyone().post(confirm, {"token": newest, "password": "short"})) == {"password"}
    desk.anyone().post(confirm, {"token": newest, "password": NEW_PASSWORD}, expect=204)
    is_problem(desk.anyone().post(confirm, {"token": newest, "password": NEW_PASSWORD}), 404, "bad_link")
    assert session.get("/api/v1/me").status_code == 401
    assert desk.as_("alice").get("/api/v1/me").status_code == 401
    assert key.get("/api/v1/me").status_code == 200
    assert login(desk).status_code == 401
    login(desk, password=NEW_PASSWORD, expect=200)


def test_a_link_is_for_its_purpose_and_its_time(desk: Desk) -> None:
    cast(desk)
    made = {name: desk.write(links.issue, desk.services.signer, name, desk.user_id("bob")) for name in links.LIFETIMES}
    confirm = f"{AUTH}/password-reset/confirm"
    for name in ("verify", "first-admin"):
        is_problem(desk.anyone().post(confirm, {"token": made[name], "password": NEW_PASSWORD}), 404)
    is_problem(desk.anyone().post(f"{AUTH}/verify", {"token": made["reset"], "password": PASSWORD}), 404)
    with later(3601):
        is_problem(desk.anyone().post(confirm, {"token": made["reset"], "password": NEW_PASSWORD}), 404)
        desk.anyone().post(confirm, {"token": made["invite"], "password": NEW_PASSWORD}, expect=204)
    race = desk.write(links.issue, desk.services.signer, "reset", desk.user_id("bob"))
    body = {"token": race, "password": NEW_PASSWORD}
    answers = at_once(*[lambda: desk.anyone().post(confirm, body).status_code] * 10)
    assert sorted(answers) == [204] + [404] * 9


def test_sign_up_where_it_is_open(database_url: str, tmp_path: Path) -> None:
    new = {"email": email("alice"), "name": "Alice", "password": NEW_PASSWORD}
    with running(database_url, tmp_path, signup=True, limit_account_mails="3/hour") as desk:
        with second_app(desk, signup=False) as shut:
            is_problem(shut.anyone().post(f"{AUTH}/signup", new), 403, "signup_closed")
        answer = desk.anyone().post(f"{AUTH}/signup", new, expect=202)
        is_problem(login(desk, password=NEW_PASSWORD), 403, "email_unverified")
        assert login(desk, password="some other password").status_code == 401
        again = desk.anyone().post(f"{AUTH}/signup", new, expect=202)
        assert again.content == answer.content
        token = mailed(desk, "alice")[-1]
        desk.anyone().post(f"{AUTH}/verify", {"token": token, "password": NEW_PASSWORD}, expect=204)
        is_problem(desk.anyone().post(f"{AUTH}/verify", {"token": token, "password": NEW_PASSWORD}), 404)
        login(desk, password=NEW_PASSWORD, expect=200)
        known = desk.anyone().post(f"{AUTH}/signup", new | {"password": "a stranger's password"}, expect=202)
        assert known.content == answer.content
        login(desk, password=NEW_PASSWORD, expect=200)
        is_problem(desk.anyone().post(f"{AUTH}/signup", new), 429)
        assert count(desk, "users") == 2  # with Ada, who read the outbox


def test_the_first_admin_comes_by_a_link_once(desk: Desk) -> None:
    token = desk.write(links.issue, desk.services.signer, "first-admin", None)
    new = {"email": "root@example.com", "name": "Root", "password": NEW_PASSWORD}
    is_problem(desk.anyone().post(f"{AUTH}/setup", new | {"token": "nonsense"}), 404)
    assert fields(desk.anyone().post(f"{AUTH}/setup", new | {"token": token, "password": "1234567890"})) == {"password"}
    made = desk.anyone().post(f"{AUTH}/setup", new | {"token": token}, expect=201).json()
    assert me(bearer(desk, made["access_token"]))["role"] == Role.ADMIN
    is_problem(desk.anyone().post(f"{AUTH}/setup", new | {"token": token}), 404)
    other = desk.write(links.issue, desk.services.signer, "first-admin", None)
    is_problem(desk.anyone().post(f"{AUTH}/setup", new | {"token": other}), 409, "already_set_up")


def test_keys_are_shown_once_listed_expire_and_are_revoked(desk: Desk) -> None:
    alice, ends = desk.as_("alice"), int(time.time()) + 3600
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))
    body = {"name": "laptop", "scopes": ["tickets:read"], "expires_at": stamp}
    made = alice.post("/api/v1/api-keys", body, expect=201).json()
    plain = made["key"]
    assert re.fullmatch(r"dh_live_[0-9A-Za-z]{30,}", plain)
    (listed,) = alice.get("/api/v1/api-keys", expect=200).json()["api_keys"]
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert (listed["name"], listed["scopes"], listed["expires_at"]) == ("laptop", ["tickets:read"], stamp)
    assert listed["last_used_at"] is None
    assert plain.startswith(listed["prefix"])
    assert len(listed["prefix"]) < 20
    callers = [with_key(desk, plain), bearer(desk, plain), desk.anyone(Authorization=f"bearer {plain}")]
    assert [caller.get("/tickets").status_code for caller in callers] == [200] * 3
    assert alice.get("/api/v1/api-keys").json()["api_keys"][0]["last_used_at"] is not None
    assert with_key(desk, plain[:-1] + ("a" if plain[-1] != "a" else "b")).get("/tickets").status_code == 401
    with later(3601):
        assert with_key(desk, plain).get("/tickets").status_code == 401
    is_problem(desk.as_("mallory").delete(f"/api/v1/api-keys/{made['id']}"), 404)
    assert with_key(desk, plain).get("/tickets").status_code == 200
    alice.delete(f"/api/v1/api-keys/{made['id']}", expect=204)
    assert with_key(desk, plain).get("/tickets").status_code == 401
    assert alice.get("/api/v1/api-keys").json()["api_keys"] == []
    is_problem(alice.delete(f"/api/v1/api-keys/{made['id']}"), 404)
    stored = repr(desk.read(lambda tx: tx.execute(select(metadata.tables["api_keys"])).all()))
    assert plain not in stored


def test_of_two_credentials_each_must_hold(desk: Desk) -> None:
    key = api_key(desk, "bob")[1]
    wrong = desk.anyone(Authorization="Bearer nonsense", Cookie=f"deskhand_session={desk.token('alice')}")
    assert wrong.get("/api/v1/me").status_code == 401
    both = desk.anyone(**{"X-API-Key": key, "Cookie": f"deskhand_session={desk.token('alice')}"})
    assert me(both)["id"] == desk.user_id("bob")


def test_the_cookie_needs_a_csrf_token_to_write(desk: Desk) -> None:
    token = desk.token("alice")
    session_id = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["sid"]
    cookie = {"Cookie": f"deskhand_session={token}"}
    right = csrf_token(desk.services.signer, session_id)
    ticket = {"subject": "From a page", "body": "b"}
    browser = desk.anyone(**cookie)
    assert me(browser)["id"] == desk.user_id("alice")
    others = csrf_token(desk.services.signer, desk.user_id("bob"))
    for wrong in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": others}, {"X-CSRF-Token": token}):
        is_problem(browser.post("/tickets", ticket, headers=wrong), 403, "csrf")
        is_problem(browser.patch("/preferences", {"email_digest": True}, headers=wrong), 403, "csrf")
    assert count(desk, "tickets") == 0
    made = browser.post("/tickets", ticket, headers={"X-CSRF-Token": right}, expect=201).json()
    assert desk.as_("sam").get(f"/staff/tickets/{made['id']}").json()["channel"] == "web"
    browser.post(f"{AUTH}/logout", headers={"X-CSRF-Token": right}, expect=204)
    assert browser.get("/api/v1/me").status_code == 401
    # A browser sends an ended session's cookie unasked: it must not keep its owner out.
    assert browser.get("/categories").status_code == 200
    browser.post(f"{AUTH}/login", {"email": email("alice"), "password": PASSWORD}, expect=200)


def test_a_message_says_how_sure_we_are_of_its_author(hosted: Desk) -> None:
    keyed = with_key(hosted, api_key(hosted, "alice")[1])
    ticket_id = hosted.new_ticket()["id"]
    keyed.post(f"/tickets/{ticket_id}/replies", {"body": "By key."}, expect=201)
    messages = hosted.as_("sam").get(f"/staff/tickets/{ticket_id}").json()["messages"]
    assert [message["identity"] for message in messages] == ["session", "api_key"]
    by_host = bearer(hosted, minted()).post("/tickets", {"subject": "s", "body": "b"}, expect=201).json()["id"]
    assert hosted.as_("sam").get(f"/staff/tickets/{by_host}").json()["messages"][0]["identity"] == "session"


def test_the_signature_is_not_compared_by_its_spelling(hosted: Desk) -> None:
    """Base64 has spare bits: another spelling of the same signature is another token, and refused."""
    token = minted()
    head, body, mac = token.split(".")
    digest = hmac.digest(tokens.SECRET.encode(), f"{head}.{body}".encode(), "sha256")
    assert tokens.b64(digest) == mac
    assert bearer(hosted, token).get("/api/v1/me").status_code == 200
    assert bearer(hosted, f"{head}.{body}.{mac}=").get("/api/v1/me").status_code == 401


def test_a_key_makes_and_revokes_no_keys(desk: Desk) -> None:
    alice = desk.as_("alice")
    made = alice.post("/api/v1/api-keys", {"name": "nightly"}, expect=201).json()
    other = alice.post("/api/v1/api-keys", {"name": "other"}, expect=201).json()
    key = desk.anyone(**{"X-API-Key": made["key"]})
    is_problem(key.post("/api/v1/api-keys", {"name": "child"}), 403, "session_required")
    is_problem(key.delete(f"/api/v1/api-keys/{other['id']}"), 403, "session_required")
    desk.anyone(**{"X-API-Key": other["key"]}).get("/api/v1/me", expect=200)
