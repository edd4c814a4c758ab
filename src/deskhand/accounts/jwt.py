"""Session tokens: the host product's, verified by what is configured, and Deskhand's own, signed with a key of its own.

Neither can pass for the other: own tokens are verified with the own key alone, and a host's token that names Deskhand
as its issuer is refused whoever signed it. Rules: RFC 7515, RFC 7519, RFC 8725.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.jwk import Key, OctKey

from deskhand.accounts.claims import Claims, host_claims, text, times
from deskhand.accounts.jwks import PublicKey, RemoteKeys, fetch_jwks, keys_from_pem
from deskhand.accounts.jws import (
    MAX_HEADER,
    MIN_SECRET,
    BadToken,
    Verified,
    check_signature,
    json_object,
    refuse,
    secret_key,
    take_apart,
)
from deskhand.kit import clock
from deskhand.kit.signing import derive

OWN_ISSUER = "deskhand"
MAX_LEEWAY = 60  # seconds

_OWN_TYPE = "deskhand-session+jwt"


@dataclass(frozen=True, slots=True)
class OwnClaims:
    user_id: str
    session_id: str
    expires_at: int  # microseconds


class HostVerifier:
    """Verifies the host product's tokens. Configuration alone pairs algorithms with keys.

    The secret verifies HS256 and nothing else; a public key verifies what its type is for: RSA RS256, EC P-256 ES256,
    Ed25519 EdDSA. Raises ValueError, with a message for the operator, where the configuration cannot work.
    """

    def __init__(
        self,
        secret: str | None = None,
        public_key_pem: str | None = None,
        jwks_url: str | None = None,
        issuer: str | None = None,
        audience: str | None = None,
        leeway: int = MAX_LEEWAY,
        fetch: Callable[[str], bytes] = fetch_jwks,
    ) -> None:
        if not 0 <= leeway <= MAX_LEEWAY:
            raise ValueError(f"the leeway must be between 0 and {MAX_LEEWAY} seconds")
        self._secret = _configured_secret(secret) if secret else None
        self._pem_keys = _configured_keys(public_key_pem) if public_key_pem else []
        self._remote = RemoteKeys(jwks_url, fetch) if jwks_url else None
        self._issuer = issuer or None
        self._audience = audience or None
        self._leeway = leeway
        self._verified: Verified[Claims] = Verified()

    def problems(self) -> list[str]:
        """What works and yet should not stay so, for the operator to read at start."""
        found = []
        if self._secret and len(self._secret.raw_value) < MIN_SECRET:
            found.append(f"DESKHAND_JWT_SECRET is shorter than {MIN_SECRET} bytes: it can be guessed (RFC 7518, 3.2)")
        if self._issuer == OWN_ISSUER:
            found.append(f"DESKHAND_JWT_ISSUER is {OWN_ISSUER!r}, Deskhand's own: no host token will be accepted")
        return found

    def verify(self, token: str) -> Claims:
        """The claims of a valid token. Raises BadToken for any other. May wait for the JWKS: see verify_async."""
        cached = self._verified.get(token)
        if cached is not None:
            return cached
        header, payload = take_apart(token)
        # What is cheap comes first: a stale token costs no signature check and no fetch.
        expires_at = self._check(payload)
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or not isinstance(kid, str | None):
            refuse("odd header")
        if not any(check_signature(token, key, algorithm) for key in self._keys_for(algorithm, kid)):
            refuse("no configured key verifies it")
        claims = host_claims(payload, expires_at)
        self._verified.put(token, claims, until=expires_at + self._leeway * clock.SECOND)
        return claims

    async def verify_async(self, token: str) -> Claims:
        """As `verify`, off the event loop where the JWKS may have to be fetched."""
        if self._remote is None:
            return self.verify(token)
        cached = self._verified.get(token)
        return cached if cached is not None else await asyncio.to_thread(self.verify, token)

    def _keys_for(self, algorithm: str, kid: str | None) -> Iterator[Key]:
        if algorithm == "HS256":
            if self._secret is not None:
                yield self._secret
            return
        yield from (known.key for known in self._pem_keys if known.algorithm == algorithm)
        if self._remote is not None and algorithm in ("RS256", "ES256", "EdDSA"):
            yield from (known.key for known in self._remote.find(algorithm, kid))

    def _check(self, payload: dict[str, Any]) -> int:
        """The time when the token ends. Raises BadToken unless it is for now, for us, and about somebody."""
        issuer, audience = payload.get("iss"), payload.get("aud")
        if issuer == OWN_ISSUER or (self._issuer is not None and issuer != self._issuer):
            refuse("wrong issuer")
        if self._audience is not None and self._audience not in (
            audience if isinstance(audience, list) else [audience]
        ):
            refuse("wrong audience")
        text(payload, "sub")
        return times(payload, self._leeway)


class OwnTokens:
    """Issues and verifies the tokens of Deskhand's own login. `key` is the instance's, at least 32 random bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(derive(key, "session-jwt"))
        self._verified: Verified[OwnClaims] = Verified()

    def issue(self, user_id: str, session_id: str, ttl: int) -> str:
        """A token that is good for `ttl` microseconds."""
        now = clock.now()
        claims: dict[str, Any] = {
            "iss": OWN_ISSUER,
            "sub": user_id,
            "sid": session_id,
            "iat": now // clock.SECOND,
            "exp": (now + ttl) // clock.SECOND,
        }
        header = {"alg": "HS256", "typ": _OWN_TYPE, "kid": "own"}
        return jwt.encode(header, claims, self._key, algorithms=["HS256"])

    def recall(self, token: str) -> OwnClaims | None:
        """What `verify` said of this token a while ago."""
        return self._verified.get(token)

    def verify(self, token: str) -> OwnClaims:
        """Raises BadToken. Whether the session still lives is the database's affair."""
        cached = self._verified.get(token)
        if cached is not None:
            return cached
        header, payload = take_apart(token)
        if header.get("typ") != _OWN_TYPE or payload.get("iss") != OWN_ISSUER:
            refuse("not an own token")
        if not check_signature(token, self._key, "HS256"):
            refuse("not signed with the own key")
        claims = OwnClaims(text(payload, "sub"), text(payload, "sid"), times(payload, leeway=0))
        self._verified.put(token, claims, until=claims.expires_at)
        return claims


def looks_own(token: str) -> bool:
    """Whether the token, not yet verified, says that Deskhand made it: which verifier to ask, nothing more.

    The header says so alone, for this is asked at every request. A token that says it elsewhere only, in `iss`, is
    refused by either verifier.
    """
    try:
        return json_object(token[:MAX_HEADER].partition(".")[0]).get("typ") == _OWN_TYPE
    except BadToken:
        return False


def _configured_secret(secret: str) -> OctKey:
    try:
        return secret_key(secret)
    except ValueError as problem:
        raise ValueError("DESKHAND_JWT_SECRET is a public key; it belongs into DESKHAND_JWT_PUBLIC_KEY") from problem


def _configured_keys(pem: str) -> list[PublicKey]:
    try:
        return keys_from_pem(pem)
    except ValueError as problem:
        raise ValueError(f"DESKHAND_JWT_PUBLIC_KEY {problem}") from problem
