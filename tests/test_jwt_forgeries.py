"""Mallory writes tokens: thousands of them, and every one gets the same answer and no other exception."""

import base64
import json
import string
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from deskhand.accounts.jwt import BadToken, Claims, HostVerifier, OwnTokens, looks_own
from tests.support.tokens import (
    HOST_KEYS,
    MALLORYS_KEYS,
    SECRET,
    alice,
    b64,
    jwk,
    pem,
    private_pem,
    raw_token,
    signature,
    token,
)

ALL_KEYS = {"HS256": SECRET, **HOST_KEYS}
ALL_PEM = "".join(map(pem, HOST_KEYS.values()))
OWN = OwnTokens(b"o" * 32)

# Each way to configure the host's keys: alone, and all of them together.
VERIFIERS = {
    "HS256": HostVerifier(SECRET),
    **{algorithm: HostVerifier(public_key_pem=pem(key)) for algorithm, key in HOST_KEYS.items()},
    "all": HostVerifier(SECRET, ALL_PEM),
    "jwks": HostVerifier(
        jwks_url="https://host.example/jwks",
        fetch=lambda url: json.dumps({"keys": [jwk(key, kid=name) for name, key in HOST_KEYS.items()]}).encode(),
    ),
}
ALGORITHMS = [
    *("none", "None", "NONE", "nOnE", "", " ", "hs256", "Hs256", "HS256 ", " HS256", "HS256\n", "HS256\x00", "HS384"),
    *("HS512", "HS1", "rs256", "RS256\x00", "RS384", "RS512", "PS256", "PS384", "PS512", "RS1", "es256", "ES256K"),
    *("ES384", "ES512", "eddsa", "EDDSA", "EdDSA ", "Ed25519", "Ed448", "dir", "A128KW", "RSA-OAEP", "RSA1_5"),
    *("PBES2-HS256+A128KW", "ECDH-ES", "../../HS256", "HS256,none", "null", "true", "SHA256", "HMAC", "ΗS256"),
]
KEY_IDS = [
    *(
        "../../../../../../dev/null",
        "/dev/null",
        "/proc/sys/kernel/randomize_va_space",
        "file:///etc/passwd",
        "own",
        "",
    ),
    *(
        "' OR 1=1 --",
        "' UNION SELECT 'x",
        "| whoami",
        "$(whoami)",
        "https://mallory.example/key",
        "\x00",
        "RS256" * 100,
    ),
]

everywhere = pytest.mark.parametrize("host", VERIFIERS.values(), ids=VERIFIERS.keys())


def refused(bad: str, by: HostVerifier | OwnTokens) -> None:
    with pytest.raises(BadToken):
        by.verify(bad)


def understood_or_refused(odd: str, by: HostVerifier) -> None:
    try:
        assert isinstance(by.verify(odd), Claims)
    except BadToken:
        refused(odd, by)


@everywhere
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_other_algorithms(algorithm: str, host: HostVerifier) -> None:
    """Signed with the right keys, even: what the configuration does not name is not accepted."""
    header, body = json.dumps({"alg": algorithm}).encode(), json.dumps(alice()).encode()
    refused(f"{b64(header)}.{b64(body)}.", host)
    refused(f"{b64(header)}.{b64(body)}", host)
    for key in (*ALL_KEYS.values(), "", b"\x00", "secret"):
        refused(raw_token(header, body, key), host)


@everywhere
@pytest.mark.parametrize("algorithm", [None, True, 0, 256, ["HS256"], {"HS256": 1}, {}, [], 1.5])
def test_algorithms_that_are_no_text(algorithm: Any, host: HostVerifier) -> None:
    for key in ALL_KEYS.values():
        refused(raw_token(json.dumps({"alg": algorithm}).encode(), alice(), key), host)


@everywhere
def test_no_algorithm_at_all(host: HostVerifier) -> None:
    for header in (b"{}", b'{"typ":"JWT"}', b'{"Alg":"HS256"}', b"[]", b"null", b'"HS256"', b"", b"{", b"\xff"):
        for key in ALL_KEYS.values():
            refused(raw_token(header, alice(), key), host)


@everywhere
@pytest.mark.parametrize("key", HOST_KEYS.values(), ids=HOST_KEYS.keys())
def test_a_public_key_is_no_secret(key: Any, host: HostVerifier) -> None:
    """Algorithm confusion: HS256 with what everybody knows of the public key, however it is spelled."""
    text, public = pem(key), key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    spellings: list[str | bytes] = [text, text.strip(), text.replace("\n", "\r\n"), text.replace("\n", "\\n"), ALL_PEM]
    spellings += [der, base64.b64encode(der), b64(der), "".join(text.splitlines()[1:-1]), text.encode() + b"\x00"]
    spellings += [json.dumps(jwk(key)), *(value for name, value in jwk(key).items() if name in ("n", "x", "y"))]
    spellings += [base64.urlsafe_b64decode(value + "==") for name, value in jwk(key).items() if name in ("n", "x")]
    for spelling in spellings:
        for algorithm in ("HS256", "RS256", "ES256", "EdDSA", "HS384", "HS512"):
            refused(token(alice(), spelling, algorithm), host)


@pytest.mark.parametrize("signer", ALL_KEYS)
@pytest.mark.parametrize("algorithm", ALL_KEYS)
def test_a_key_signs_for_its_own_algorithm_only(algorithm: str, signer: str) -> None:
    forged = token(alice(), ALL_KEYS[signer], algorithm)
    for name, host in VERIFIERS.items():
        if algorithm == signer and (name in ("all", signer) or (name == "jwks" and signer != "HS256")):
            assert host.verify(forged).subject == "alice"
        else:
            refused(forged, host)


@everywhere
@pytest.mark.parametrize("algorithm", MALLORYS_KEYS)
def test_a_token_does_not_bring_its_own_key(algorithm: str, host: HostVerifier) -> None:
    key = MALLORYS_KEYS[algorithm]
    url = "https://mallory.example/jwks.json"
    chain = ["".join(pem(key).splitlines()[1:-1])]
    for carried in (
        {},
        {"jwk": jwk(key)},
        {"jku": url},
        {"x5u": url},
        {"x5c": chain},
        {"x5t": "abc"},
        {"jwk": private_pem(key)},
    ):
        for kid in ({}, {"kid": algorithm}, {"kid": url}):
            refused(token(alice(), key, algorithm, **carried, **kid), host)
            refused(token(alice(), pem(key), "HS256", **carried, **kid), host)
    refused(token(alice(), "mallory", jwk={"kty": "oct", "k": b64(b"mallory")}), host)


@everywhere
@pytest.mark.parametrize("kid", KEY_IDS)
def test_a_key_id_leads_nowhere(kid: str, host: HostVerifier) -> None:
    for algorithm in ALL_KEYS:
        for key in ("", b"\x00", "x", *MALLORYS_KEYS.values()):
            refused(token(alice(), key, algorithm, kid=kid), host)


@pytest.mark.parametrize("algorithm", ALL_KEYS)
@pytest.mark.parametrize(
    "extension",
    [
        *({"crit": ["exp"], "exp": 1}, {"crit": []}, {"crit": None}, {"crit": "alg"}, {"crit": ["alg"]}),
        *({"b64": False}, {"b64": True}, {"crit": ["b64"], "b64": False}, {"crit": ["b64"], "b64": True}),
    ],
)
def test_extensions_are_refused_though_the_signature_is_right(algorithm: str, extension: dict[str, Any]) -> None:
    refused(token(alice(), ALL_KEYS[algorithm], algorithm, **extension), VERIFIERS["all"])


def test_an_unencoded_payload_is_refused() -> None:
    """RFC 7797, with a signature that fits it."""
    header = b64(b'{"alg":"HS256","b64":false,"crit":["b64"]}')
    payload = json.dumps(alice())
    for body in (payload, b64(payload.encode())):
        refused(f"{header}.{body}.{b64(signature(f'{header}.{body}'.encode(), SECRET))}", VERIFIERS["all"])


@pytest.mark.parametrize("algorithm", ALL_KEYS)
def test_a_token_has_one_spelling(algorithm: str) -> None:
    good = token(alice(), ALL_KEYS[algorithm], algorithm)
    header, payload, mac = good.split(".")
    spellings = [f" {good}", f"{good} ", f"{good}\n", f"\t{good}", good.replace(".", " .", 1), f"{good}=", f"{good}=="]
    spellings += [f"{header}=.{payload}.{mac}", f"{header}.{payload}==.{mac}", f"{good}.", f".{good}", f"{good}.{mac}"]
    spellings += [
        f"{header}.{payload}",
        f"{header}..{mac}",
        f".{payload}.{mac}",
        f"{good}\x00",
        f"{good}A",
        f"{good}AA",
    ]
    spellings += [
        f"{header}.{payload}.{mac}.{mac}.{mac}",
        f"Bearer {good}",
        f"\ufeff{good}",
        good.replace(".", "\u3002"),
    ]
    spellings += [
        f"{header}\n.{payload}.{mac}",
        f"{header}.{payload[:9]} {payload[9:]}.{mac}",
        f"{header}.{payload}.-{mac}",
    ]
    spellings += [
        json.dumps({"payload": payload, "protected": header, "signature": mac}),
        good.encode().hex(),
        good * 2,
    ]
    spellings += [good.translate(str.maketrans("-_", "+/"))] if {"-", "_"} & set(good) else []
    for spelling in spellings:
        refused(spelling, VERIFIERS["all"])
    assert VERIFIERS["all"].verify(good)


@pytest.mark.parametrize("algorithm", ALL_KEYS)
def test_no_character_can_be_changed(algorithm: str) -> None:
    good = token(alice(name="Alice"), ALL_KEYS[algorithm], algorithm, typ="JWT")
    alphabet = string.ascii_letters + string.digits + "-_"
    for place, there in enumerate(good):
        for step in (1, 2, 7, 32):
            other = alphabet[(alphabet.find(there) + step) % len(alphabet)]
            refused(good[:place] + other + good[place + 1 :], VERIFIERS["all"])
        refused(good[:place] + good[place + 1 :], VERIFIERS["all"])
        refused(good[:place], VERIFIERS["all"])


@pytest.mark.parametrize("algorithm", ALL_KEYS)
def test_a_signature_is_good_for_one_payload(algorithm: str) -> None:
    mallorys, admins = (token(alice(sub=who), ALL_KEYS[algorithm], algorithm).split(".") for who in ("mallory", "ada"))
    refused(".".join([mallorys[0], admins[1], mallorys[2]]), VERIFIERS["all"])


def test_a_long_token_is_not_even_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    fitting = token(alice(padding="x" * 5900))
    assert len(fitting) < 8192
    assert VERIFIERS["all"].verify(fitting)
    monkeypatch.setattr("deskhand.accounts.jws.json_object", None)
    refused(token(alice(padding="x" * 6200)), VERIFIERS["all"])
    refused("x" * 10_000_000, VERIFIERS["all"])


@pytest.mark.parametrize("nested", [b"[" * 740 + b"]" * 740, b"[" * 1490, b'{"a":' * 280])
def test_a_header_nested_without_end(nested: bytes) -> None:
    """Deeper than a parser may go, whichever of them meets it first, and however deep the caller stands."""

    def verify(depth: int, odd: str) -> None:
        if depth:
            verify(depth - 1, odd)
        else:
            understood_or_refused(odd, HostVerifier(SECRET))

    for key in (SECRET, "mallory"):
        for depth in (0, 300):
            verify(depth, raw_token(b'{"alg":"HS256","x":' + nested + b"}", alice(), key))


def test_a_jwe_is_not_a_session() -> None:
    header = b64(b'{"alg":"dir","enc":"A128CBC-HS256"}')
    refused(f"{header}..{b64(b'i' * 16)}.{b64(b'c' * 32)}.{b64(b't' * 16)}", VERIFIERS["all"])


json_values: Callable[..., Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    ["alg", "typ", "kid", "jwk", "jku", "x5c", "x5u", "crit", "b64", "zip", "enc", "cty", "x5t#S256"]
)
claims = st.sampled_from(["sub", "exp", "nbf", "iat", "iss", "aud", "jti", "email", "name", "account", "usage", "sid"])


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[\w=+/.-]{0,40}\.[\w=-]{0,60}\.[\w=-]{0,60}"))
def test_any_text(text: str) -> None:
    for host in VERIFIERS.values():
        refused(text, host)
    refused(text, OWN)
    assert not looks_own(text)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(names, json_values, max_size=5), st.sampled_from([*ALL_KEYS, "none"]))
def test_any_header_over_a_wrong_signature(header: dict[str, Any], algorithm: str) -> None:
    written = json.dumps({"alg": algorithm, **header}).encode()
    for key in ("mallory", MALLORYS_KEYS["ES256"]):
        for host in (VERIFIERS["all"], VERIFIERS["jwks"], OWN):
            refused(raw_token(written, alice(), key), host)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(names, json_values, max_size=4), st.dictionaries(claims, json_values, max_size=6))
def test_whatever_the_host_signs_is_understood_or_refused(header: dict[str, Any], payload: dict[str, Any]) -> None:
    written = json.dumps({"alg": "HS256", **header}).encode()
    understood_or_refused(raw_token(written, alice() | payload, SECRET), HostVerifier(SECRET))
