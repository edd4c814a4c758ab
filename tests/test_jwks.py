"""The host product's keys at an address of its own: which count, when they are fetched, and what an outage does."""

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from pytest_httpserver import HTTPServer

from deskhand.accounts.jwks import fetch_jwks, keys_from_jwks
from deskhand.accounts.jwt import BadToken, HostVerifier
from tests.support.tokens import HOST_KEYS, MALLORYS_KEYS, SECRET, alice, b64, jwk, token

NOW = 1_800_000_000
URL = "https://host.example/.well-known/jwks.json"
RSA, OTHER_RSA = HOST_KEYS["RS256"], MALLORYS_KEYS["RS256"]


class Host:
    """The host product's end of the line: what it publishes, and how often it was asked."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.down = False
        self.asked = 0

    def fetch(self, url: str) -> bytes:
        assert url == URL
        self.asked += 1
        if self.down:
            raise OSError("nobody there")
        return json.dumps({"keys": self.keys}).encode()

    def verifier(self, **settings: Any) -> HostVerifier:
        return HostVerifier(jwks_url=URL, fetch=self.fetch, **settings)


def signed(kid: str | None = "1", key: Any = RSA, algorithm: str = "RS256", **claims: Any) -> str:
    return token(alice(**{"exp": NOW + 86400, **claims}), key, algorithm, **({"kid": kid} if kid is not None else {}))


def refused(bad: str, by: HostVerifier) -> None:
    with pytest.raises(BadToken):
        by.verify(bad)


@pytest.mark.parametrize("kid", ["1", None])
@pytest.mark.parametrize("algorithm", HOST_KEYS)
def test_published_keys_sign_alice_in(algorithm: str, kid: str | None) -> None:
    key = HOST_KEYS[algorithm]
    host = Host(jwk(key, kid="1", use="sig", alg=algorithm, key_ops=["verify"]))
    assert host.verifier().verify(token(alice(), key, algorithm, **({"kid": kid} if kid else {}))).subject == "alice"


@time_machine.travel(NOW)
def test_a_named_key_is_the_one_that_counts() -> None:
    host = Host(jwk(RSA, kid="1"), jwk(OTHER_RSA, kid="2")).verifier()
    assert host.verify(signed("1"))
    assert host.verify(signed("2", OTHER_RSA))
    refused(signed("2"), host)
    assert host.verify(signed(None)), "without a name every key of the type is tried"
    assert host.verify(signed(None, OTHER_RSA))


@time_machine.travel(NOW)
def test_a_key_without_a_name_answers_to_any() -> None:
    assert Host(jwk(RSA)).verifier().verify(signed("whatever"))


@time_machine.travel(NOW)
@pytest.mark.parametrize(
    "changes",
    [
        *({"use": "enc"}, {"use": ["sig"]}, {"alg": "RS512"}, {"alg": "HS256"}, {"alg": "RSA-OAEP"}, {"n": "AQAB"}),
        *({"key_ops": ["encrypt"]}, {"key_ops": []}, {"kty": "oct"}, {"kty": "EC"}, {"kty": ["RSA"]}, {"kty": None}),
        *({"n": 5}, {"n": "!"}, {"n": ""}, {"e": None}, {"e": ""}, {"e": "AA"}, {"key_ops": 5}, {"key_ops": None}),
    ],
)
def test_a_key_that_is_not_for_this_is_passed_over(changes: dict[str, Any]) -> None:
    host = Host({**jwk(RSA, kid="1"), **changes}, None, [], "key", {}, jwk(HOST_KEYS["ES256"], kid="2")).verifier()  # type: ignore[arg-type]
    refused(signed(), host)
    assert host.verify(signed("2", HOST_KEYS["ES256"], "ES256")), "the others of the set still count"


@time_machine.travel(NOW)
@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_a_published_secret_is_no_secret(algorithm: str) -> None:
    host = Host({"kty": "oct", "kid": "1", "k": b64(SECRET.encode()), "alg": algorithm}).verifier()
    refused(token(alice(), SECRET, algorithm, kid="1"), host)


@time_machine.travel(NOW)
def test_of_a_private_key_only_the_public_part_is_taken() -> None:
    (known,) = keys_from_jwks(json.dumps({"keys": [jwk(HOST_KEYS["EdDSA"], d="c2VjcmV0", x5c=["?"])]}).encode())
    assert not known.key.is_private


def test_keys_are_fetched_when_needed_and_then_kept() -> None:
    with time_machine.travel(NOW, tick=False) as when:
        host = Host(jwk(RSA, kid="1"))
        verifier = host.verifier(secret=SECRET)
        verifier.verify(token(alice()))
        refused(signed(exp=NOW - 100), verifier)
        assert host.asked == 0, "neither a secret nor a stale token needs them"
        for number in range(20):
            verifier.verify(signed(jti=number))
        assert host.asked == 1
        when.shift(601)
        verifier.verify(signed(jti="late"))
        assert host.asked == 2


def test_a_new_key_is_found_and_strangers_cannot_make_us_ask() -> None:
    with time_machine.travel(NOW, tick=False) as when:
        host = Host(jwk(RSA, kid="1"))
        verifier = host.verifier()
        verifier.verify(signed())
        host.keys.append(jwk(OTHER_RSA, kid="2"))
        for number in range(50):
            refused(signed(f"unknown-{number}"), verifier)
        assert host.asked == 1, "not within a minute of the last time"
        when.shift(60)
        assert verifier.verify(signed("2", OTHER_RSA))
        for number in range(50):
            refused(signed(f"unknown-{number}"), verifier)
        assert host.asked == 2


def test_a_withdrawn_key_dies() -> None:
    with time_machine.travel(NOW, tick=False) as when:
        host = Host(jwk(RSA, kid="1"))
        verifier, session = host.verifier(), signed()
        verifier.verify(session)
        host.keys[:] = [jwk(OTHER_RSA, kid="2")]
        when.shift(1201)
        refused(session, verifier)


def test_an_outage_leaves_the_last_good_keys() -> None:
    with time_machine.travel(NOW, tick=False) as when:
        host = Host(jwk(RSA, kid="1"))
        verifier = host.verifier()
        verifier.verify(signed())
        host.down = True
        when.shift(3600)
        for number in range(20):
            assert verifier.verify(signed(jti=number))
        assert host.asked == 2, "one attempt a minute"


def test_a_start_without_keys_recovers_soon() -> None:
    with time_machine.travel(NOW, tick=False) as when:
        host = Host(jwk(RSA, kid="1"))
        host.down = True
        verifier = host.verifier()
        for _ in range(20):
            refused(signed(), verifier)
        assert host.asked == 1
        host.down = False
        when.shift(5)
        assert verifier.verify(signed())


@time_machine.travel(NOW)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'{"keys":null}', b'{"keys":{"a":1}}', b"{}", b"\xff" * 99]
)
def test_a_document_that_is_no_key_set(body: bytes) -> None:
    refused(signed(), HostVerifier(jwks_url=URL, fetch=lambda url: body))


@time_machine.travel(NOW)
def test_a_fetch_holds_up_only_those_who_need_it() -> None:
    """While one thread waits for the host, sessions signed with keys that are known go on."""
    host = Host(jwk(RSA, kid="1"))
    fetching, answer = threading.Event(), threading.Event()

    def slow(url: str) -> bytes:
        if host.asked:
            fetching.set()
            assert answer.wait(10)
        return host.fetch(url)

    verifier = HostVerifier(jwks_url=URL, fetch=slow)
    verifier.verify(signed())
    host.keys.append(jwk(OTHER_RSA, kid="2"))
    with time_machine.travel(NOW + 700):
        results: list[str] = []
        waiting = [threading.Thread(target=_into(results, verifier, signed("2", OTHER_RSA, jti=n))) for n in range(3)]
        for thread in waiting:
            thread.start()
        assert fetching.wait(10)
        assert verifier.verify(signed(jti="meanwhile"))
        answer.set()
        for thread in waiting:
            thread.join(10)
    assert results == ["alice"] * 3
    assert host.asked == 2


def _into(results: list[str], verifier: HostVerifier, session: str) -> Callable[[], None]:
    return lambda: results.append(verifier.verify(session).subject)


@time_machine.travel(NOW)
def test_the_event_loop_does_not_wait_for_the_host() -> None:
    threads: list[int] = []
    host = Host(jwk(RSA, kid="1"))

    def fetch(url: str) -> bytes:
        threads.append(threading.get_ident())
        return host.fetch(url)

    verifier, session = HostVerifier(jwks_url=URL, fetch=fetch), signed()
    claims = asyncio.run(verifier.verify_async(session))
    assert asyncio.run(verifier.verify_async(session)) is claims
    assert threads != [threading.get_ident()]
    assert asyncio.run(HostVerifier(SECRET).verify_async(token(alice()))).subject == "alice"


def test_the_document_comes_from_inside_the_network_too(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/jwks").respond_with_json({"keys": [jwk(RSA, kid="1")]})
    httpserver.expect_request("/gone").respond_with_data("{}", status=404)
    assert len(keys_from_jwks(fetch_jwks(httpserver.url_for("/jwks")))) == 1
    with pytest.raises(ValueError, match="404"):
        fetch_jwks(httpserver.url_for("/gone"))
    with time_machine.travel(NOW):
        assert HostVerifier(jwks_url=httpserver.url_for("/jwks")).verify(signed())
