"""Who a session token says is there: host tokens, own tokens, and what neither may ever be talked into."""

import threading
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from deskhand.accounts.jws import Verified
from deskhand.accounts.jwt import BadToken, HostVerifier, OwnTokens, looks_own
from deskhand.kit import clock
from deskhand.kit.signing import derive
from tests.support.tokens import HOST_KEYS, SECRET, alice, pem, private_pem, raw_token, token

NOW = 1_800_000_000
OWN = OwnTokens(b"o" * 32)
ALL_KEYS = {"HS256": SECRET, **HOST_KEYS}


def verifier(**settings: Any) -> HostVerifier:
    return HostVerifier(**{"secret": SECRET, "public_key_pem": "".join(map(pem, HOST_KEYS.values())), **settings})


@pytest.mark.parametrize("algorithm", ALL_KEYS)
def test_the_host_product_signs_alice_in(algorithm: str) -> None:
    claims = verifier().verify(token(alice(), ALL_KEYS[algorithm], algorithm, typ="JWT", kid="any"))
    assert claims.subject == "alice"
    assert claims.expires_at > clock.now()


def test_everything_a_token_may_say() -> None:
    account, usage = {"id": "acme", "plan": "pro"}, {"requests": 12, "share": 0.5}
    claims = verifier().verify(
        token(alice(email="Alice@Example.COM", name="Alice A.", account=account, usage=usage, team="support"))
    )
    assert (claims.email, claims.name) == ("Alice@example.com", "Alice A.")
    assert (claims.account, claims.usage) == (account, usage)
    assert claims.everything["team"] == "support"


@pytest.mark.parametrize(
    ("claim", "said", "meant"),
    [
        ("email", "not an address", None),
        ("email", ["alice@example.com"], None),
        ("email", f"{'a' * 300}@example.com", None),
        ("name", " A\x00l\nice\u2028 ", "Alice"),
        ("name", "\x07\n ", None),
        ("name", "é" * 300, "é" * 255),
        ("name", 7, None),
        ("account", "acme", None),
        ("account", [], None),
        ("usage", {"deep": None}, {"deep": None}),
    ],
)
def test_an_odd_optional_claim_keeps_nobody_out(claim: str, said: Any, meant: Any) -> None:
    assert getattr(verifier().verify(token(alice(**{claim: said}))), claim) == meant


@pytest.mark.parametrize("usage", [b'{"a":' * 300 + b"1" + b"}" * 300, b'{"many":[' + b"1e15," * 1100 + b"1]}"])
def test_an_object_that_cannot_be_stored_is_ignored(usage: bytes) -> None:
    """Nested too deeply to be written again; longer once its numbers are written out."""
    assert verifier().verify(token(b'{"sub":"alice","exp":4000000000,"usage":' + usage + b"}")).usage is None


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - 59},
        {"exp": NOW + 0.5},
        {"exp": 253_402_300_799},
        {"nbf": NOW + 60},
        {"iat": NOW + 60, "nbf": NOW - 5},
        {"sub": "x" * 255},
        {"sub": " a name with Ünïcödé "},
        {"aud": "somebody else, but nobody asked"},
    ],
)
def test_accepted(changes: dict[str, Any]) -> None:
    assert verifier().verify(token(alice(**changes)))


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    "changes", [{"exp": value} for value in (..., None, "1900000000", True, [], {}, NOW - 60, 0, -1)]
)
def test_a_token_must_end_and_not_have_ended(changes: dict[str, Any]) -> None:
    refused(token(alice(**changes)))


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e400", "1e300", "1" + "0" * 400, "1800000000000", "-1e20"]
)
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_times_are_finite_and_in_seconds(claim: str, number: str) -> None:
    payload = {"exp": "4000000000", "nbf": "1", "iat": "1", claim: number}
    times = ",".join(f'"{name}":{value}' for name, value in payload.items())
    refused(token(f'{{"sub":"alice",{times}}}'.encode()))


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize("value", [NOW + 61, "1", None, True, [1]])
def test_a_token_of_the_future_is_not_for_now(claim: str, value: Any) -> None:
    refused(token(alice(**{claim: value})))


@pytest.mark.parametrize(
    "sub", [..., None, "", " ", "\t \u00a0", 7, True, ["alice"], {}, "x" * 256, "a\x00b", "a\nb", "a\x7f", "a\u2028b"]
)
def test_a_token_must_be_about_somebody(sub: Any) -> None:
    refused(token(alice(sub=sub)))


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"[]", b'"alice"', b"null", b"{", b"{}x", b'\xef\xbb\xbf{"sub":"a"}', b'{"sub":"\xff"}'),
        *(b'{"sub":"\\ud800"}', b"[" * 3000, b'{"sub":' * 800 + b"1" + b"}" * 800),
    ],
)
def test_a_payload_must_be_a_json_object(payload: bytes) -> None:
    refused(token(payload))


@pytest.mark.parametrize(
    "issuer", [..., None, "https://Host.example", "https://host.example/", ["https://host.example"], 1]
)
def test_the_issuer_is_checked_where_configured(issuer: Any) -> None:
    host = verifier(issuer="https://host.example")
    assert host.verify(token(alice(iss="https://host.example")))
    refused(token(alice(iss=issuer)), host)


@pytest.mark.parametrize(
    "audience", [..., None, "", "Support", "supports", [], ["other"], [["support"]], {"support": 1}, 1]
)
def test_the_audience_is_checked_where_configured(audience: Any) -> None:
    host = verifier(audience="support")
    assert host.verify(token(alice(aud="support")))
    assert host.verify(token(alice(aud=["other", "support"])))
    refused(token(alice(aud=audience)), host)


def test_every_refusal_looks_the_same() -> None:
    answers = set()
    for bad in (
        "",
        "x",
        "a.b.c",
        token(alice(exp=1)),
        token(alice(), "other"),
        token(alice(sub="")),
        "é.é.é",
        "\ud800",
    ):
        problem = refused(bad)
        answers.add((problem.status, problem.code, problem.detail, str(problem), tuple(problem.headers.items())))
    assert len(answers) == 1
    assert next(iter(answers))[:2] == (401, "unauthenticated")


def test_the_reason_is_told_for_the_log() -> None:
    assert refused(token(alice(exp=1))).reason == "expired"
    assert refused(token(alice(), "other")).reason == "no configured key verifies it"


def test_without_configuration_nobody_comes_in() -> None:
    for algorithm, key in ALL_KEYS.items():
        refused(token(alice(), key, algorithm), HostVerifier())
        refused(token(alice(), key, algorithm), HostVerifier("", "", "", "", ""))


def test_an_own_token_says_whose_session_it_is() -> None:
    own = OWN.issue("user-id", "session-id", clock.HOUR)
    assert looks_own(own)
    claims = OWN.verify(own)
    assert (claims.user_id, claims.session_id) == ("user-id", "session-id")
    assert 0 < claims.expires_at - clock.now() <= clock.HOUR
    assert OWN.verify(own) is claims


def test_an_own_token_ends() -> None:
    with time_machine.travel(NOW, tick=False) as when:
        own = OWN.issue("user-id", "session-id", 10 * clock.SECOND)
        when.shift(9)
        OWN.verify(own)
        when.shift(1)
        with pytest.raises(BadToken):
            OWN.verify(own)


def test_a_host_token_never_passes_for_an_own_one() -> None:
    """Not even where host and instance share a key, nor where the host claims to be Deskhand."""
    host, own = HostVerifier(SECRET), OwnTokens(SECRET.encode())
    payload = alice(iss="deskhand", sid="session-id")
    for forged in (token(payload), token(payload, typ="deskhand-session+jwt", kid="own"), token(alice())):
        refused(forged, own)
    refused(token(payload), host)
    refused(token(payload, typ="deskhand-session+jwt", kid="own"), host)
    assert not looks_own(token(alice()))


def test_an_own_token_never_passes_for_a_host_token() -> None:
    own = OWN.issue("alice", "session-id", clock.HOUR)
    refused(own, HostVerifier("o" * 32))
    refused(own, OwnTokens(b"p" * 32))
    refused(own, HostVerifier(public_key_pem=pem(HOST_KEYS["RS256"])))


@pytest.mark.parametrize("header", [{}, {"typ": "JWT"}, {"typ": "deskhand-session+jwt"}])
@pytest.mark.parametrize("issuer", [..., "Deskhand", "https://host.example", ["deskhand"]])
def test_the_own_key_alone_does_not_make_an_own_token(header: dict[str, Any], issuer: Any) -> None:
    key = derive(b"o" * 32, "session-jwt")
    assert OWN.verify(token(alice(iss="deskhand", sid="session-id"), key, typ="deskhand-session+jwt"))
    refused(token(alice(iss=issuer, sid="session-id"), key, **header), OWN)
    refused(token(alice(iss="deskhand"), key, typ="deskhand-session+jwt"), OWN)


@pytest.mark.parametrize("odd", ["", ".", "..", "a", "e30", "e30.e30.e30", "\ud800", "é", "x" * 100_000, "W10.W10.W10"])
def test_what_is_no_token_does_not_look_own(odd: str) -> None:
    assert not looks_own(odd)


def test_a_verified_token_is_remembered_until_it_ends() -> None:
    host = verifier()
    with time_machine.travel(NOW, tick=False) as when:
        signed = token(alice(exp=NOW + 30))
        claims = host.verify(signed)
        assert host.verify(signed) is claims
        when.shift(89)
        assert host.verify(signed) is claims
        when.shift(1)
        refused(signed, host)


def test_a_verified_token_is_checked_again_now_and_then() -> None:
    """So that a key which the host has withdrawn does not live on."""
    with time_machine.travel(NOW, tick=False) as when:
        cache: Verified[str] = Verified()
        cache.put("a token", "alice", until=clock.now() + clock.DAY)
        when.shift(599)
        assert cache.get("a token") == "alice"
        when.shift(2)
        assert cache.get("a token") is None


def test_the_cache_forgets_what_was_not_asked_for_longest() -> None:
    cache: Verified[int] = Verified(size=3)
    for number in range(3):
        cache.put(str(number), number, until=clock.now() + clock.HOUR)
    cache.get("0")
    cache.put("3", 3, until=clock.now() + clock.HOUR)
    assert [cache.get(str(number)) for number in range(4)] == [0, None, 2, 3]
    assert len(cache) == 3


def test_threads_share_a_verifier() -> None:
    host, wrong = verifier(), []
    tokens = [(name, token(alice(sub=name))) for name in ("alice", "bob", "sam", "ada")]

    def work() -> None:
        for _ in range(300):
            wrong.extend(name for name, signed in tokens if host.verify(signed).subject != name)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_short_secret_works_and_is_reported() -> None:
    host = HostVerifier("dev")
    assert host.verify(token(alice(), "dev")).subject == "alice"
    assert "32 bytes" in host.problems()[0]
    assert verifier().problems() == []
    assert "own" in verifier(issuer="deskhand").problems()[0]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"secret": pem(HOST_KEYS["RS256"])}, "DESKHAND_JWT_SECRET is a public key"),
        ({"public_key_pem": "no key"}, "holds no PEM block"),
        ({"public_key_pem": private_pem(HOST_KEYS["ES256"])}, "holds a private key"),
        ({"public_key_pem": pem(ec.generate_private_key(ec.SECP384R1()))}, "neither RSA"),
        ({"public_key_pem": pem(rsa.generate_private_key(65537, 1024))}, "neither RSA"),
        ({"leeway": 61}, "leeway"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        verifier(**settings)


def test_a_pem_from_an_environment_file_is_understood() -> None:
    host = HostVerifier(public_key_pem=pem(HOST_KEYS["ES256"]).replace("\n", "\\n"))
    assert host.verify(token(alice(), HOST_KEYS["ES256"], "ES256"))


def test_header_members_that_nobody_needs_are_ignored() -> None:
    assert verifier().verify(token(alice(), x5t="abc", jku="https://mallory.example/jwks", custom={"a": 1}))
    refused(raw_token(b'{"alg":"HS256","kid":7}', alice(), SECRET))


def refused(bad: str, by: HostVerifier | OwnTokens | None = None) -> BadToken:
    with pytest.raises(BadToken) as caught:
        (by or verifier()).verify(bad)
    return caught.value
