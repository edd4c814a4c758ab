"""Signed tokens, before anybody asks what they claim: strict parsing, the signature check, a cache of what passed."""

import re
import warnings
from collections import OrderedDict
from hashlib import sha256
from threading import Lock
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

import orjson
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning, UnsupportedAlgorithmError
from joserfc.jwk import Key, OctKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from deskhand.kit import clock
from deskhand.kit.errors import Unauthenticated

MAX_TOKEN = 8 * 1024
MAX_HEADER = 2048
MIN_SECRET = 32  # bytes; RFC 7518 section 3.2: as long as the hash

_COMPACT = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_HEADER}}}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_CACHED = 4096
# A key that its owner has withdrawn must not live on in the cache.
_CACHED_FOR = 10 * clock.MINUTE

T = TypeVar("T")


class BadToken(Unauthenticated):
    """The same answer for every token that is not accepted; `reason` says why, for the log alone."""

    def __init__(self, reason: str) -> None:
        super().__init__("The token is not valid or has expired", headers={"WWW-Authenticate": "Bearer"})
        self.reason = reason


class Unverified(NamedTuple):
    """A token taken apart and not believed."""

    header: dict[str, Any]
    payload: dict[str, Any]


def take_apart(token: str) -> Unverified:
    """The two JSON objects of a compact JWS. Raises BadToken where it is anything else, or asks for an extension."""
    if len(token) > MAX_TOKEN:
        refuse("too long")
    if not _COMPACT.fullmatch(token):
        refuse("not a compact JWS")
    header, payload, _ = token.split(".")
    unverified = Unverified(json_object(header), json_object(payload))
    # RFC 7515 section 4.1.11, RFC 7797: whoever knows no extension must refuse tokens that need one.
    if "crit" in unverified.header or "b64" in unverified.header:
        refuse("needs an extension")
    return unverified


def json_object(segment: str) -> dict[str, Any]:
    """One part of a token. Raises BadToken where it is no JSON object, or not spelled in the one way (RFC 7515, 2)."""
    try:
        value = orjson.loads(urlsafe_b64decode(segment.encode()))
    except ValueError:  # also binascii's, Unicode's and orjson's
        refuse("not base64url of JSON")
    if not isinstance(value, dict):
        refuse("not a JSON object")
    return value


def check_signature(token: str, key: Key, algorithm: str) -> bool:
    """Whether `key` signed `token` by `algorithm`, which comes from the key's configuration, never from the token.

    The header's `jwk`, `jku`, `x5u` and `x5c` are never looked at.
    """
    try:
        jws.deserialize_compact(token, key, algorithms=[algorithm], registry=_OneAlgorithm(algorithm))
    # The library answers some malformed headers with the errors of the code that stumbled over them.
    except (JoseError, ValueError, TypeError, RecursionError):
        return False
    return True


def secret_key(secret: str | bytes) -> OctKey:
    """`secret` for HS256, however short. Raises ValueError where it is a public key or empty."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # HostVerifier.problems() tells the operator instead
        return OctKey.import_key(secret)


def refuse(reason: str) -> NoReturn:
    raise BadToken(reason)


class Verified(Generic[T]):
    """The answers for tokens that passed, by digest so that no token stays in memory. Bounded, safe for threads."""

    def __init__(self, size: int = _CACHED) -> None:
        self._size = size
        self._answers: OrderedDict[bytes, tuple[int, T]] = OrderedDict()
        self._lock = Lock()

    def get(self, token: str) -> T | None:
        digest = sha256(token.encode("utf-8", "replace")).digest()
        with self._lock:
            found = self._answers.get(digest)
            if found is None:
                return None
            if found[0] > clock.now():
                self._answers.move_to_end(digest)
                return found[1]
            del self._answers[digest]
            return None

    def put(self, token: str, answer: T, until: int) -> None:
        """Keeps `answer` until then (microseconds), and never for long."""
        digest = sha256(token.encode()).digest()
        with self._lock:
            self._answers[digest] = (min(until, clock.now() + _CACHED_FOR), answer)
            self._answers.move_to_end(digest)
            if len(self._answers) > self._size:
                self._answers.popitem(last=False)

    def __len__(self) -> int:
        return len(self._answers)


class _OneAlgorithm(JWSRegistry):
    """Knows a single algorithm, and no opinion on it: the library warns of `EdDSA`'s name (RFC 9864) at every use."""

    max_header_length = MAX_HEADER  # certificate chains in headers are common, if ignored
    max_signature_length = 2048

    def __init__(self, algorithm: str) -> None:
        # RFC 7515 section 4: header parameters that are not understood are ignored.
        super().__init__(algorithms=[algorithm], strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        if self.allowed is None or name not in self.allowed:
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[name]
