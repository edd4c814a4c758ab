"""The public keys that the host product signs with: from PEM text, or fetched from its JWKS."""

import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock
from typing import Any, NamedTuple

import orjson
import structlog
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.util import base64_to_int

from deskhand.kit import clock

MAX_AGE = 10 * clock.MINUTE
MIN_INTERVAL = clock.MINUTE  # between two fetches, however many unknown key ids arrive
RETRY_INTERVAL = 5 * clock.SECOND  # while there is no key at all

_MAX_KEYS = 64
_MAX_BYTES = 256 * 1024
_TIMEOUT = 5.0
_MIN_RSA_BITS = 2048  # RFC 7518 section 3.3
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)
# Only what describes the public key is taken over: no private part, no certificate, nothing else to trip over.
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_CLASSES: dict[str, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}

log = structlog.get_logger(__name__)


class PublicKey(NamedTuple):
    """A key and the only algorithm that it may verify."""

    key: Key
    algorithm: str
    kid: str | None


def keys_from_pem(text: str) -> list[PublicKey]:
    """The keys of one or more PEM blocks; `\\n` spelled out, as environment files often have it, is understood.

    Raises ValueError, with a message for the operator, where a block is no key that can be used.
    """
    blocks = list(_PEM.finditer(text.replace("\\n", "\n")))
    if not blocks:
        raise ValueError("holds no PEM block (-----BEGIN PUBLIC KEY-----)")
    return [_key_from_block(block[0], block[1]) for block in blocks]


def keys_from_jwks(body: bytes) -> list[PublicKey]:
    """The usable keys of a JWK set; others (symmetric, for encryption, of other types) are passed over.

    Raises ValueError where it is no JWK set at all.
    """
    document = orjson.loads(body)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a JWK set")
    found = (_key_from_jwk(entry) for entry in entries[:_MAX_KEYS])
    return [key for key in found if key is not None]


def fetch_jwks(url: str) -> bytes:
    """The document at `url`, which the operator configured and which may therefore be inside the network."""
    # Where no keys are fetched, nothing of HTTP is loaded: 5 MB, and a tenth of a second at each start.
    from deskhand.kit.http import fetch

    response = fetch(url, timeout=_TIMEOUT, max_bytes=_MAX_BYTES, allow_private=True)
    if response.status != 200:
        raise ValueError(f"answered {response.status}")
    return response.body


class RemoteKeys:
    """The keys at a JWKS address: fetched when first needed, when old, and when a token names a key not among them.

    A fetch that fails leaves the last good set in use. While one thread fetches, others go on with what there is.
    """

    def __init__(self, url: str, get: Callable[[str], bytes] = fetch_jwks) -> None:
        self._url = url
        self._get = get
        self._keys: list[PublicKey] = []
        self._fetched_at = 0
        self._next_fetch = 0
        self._lock = Lock()

    def find(self, algorithm: str, kid: str | None) -> list[PublicKey]:
        """The keys that may have signed a token: the named one, or where none is named, all of the type."""
        if clock.now() - self._fetched_at >= MAX_AGE:
            self._refresh(wait=not self._keys)
        found = _select(self._keys, algorithm, kid)
        if not found and kid is not None:
            self._refresh(wait=True)
            found = _select(self._keys, algorithm, kid)
        return found

    def _refresh(self, *, wait: bool) -> None:
        """Fetches unless that was done lately; `wait` for another thread that is fetching, or let it work."""
        if not self._lock.acquire(blocking=wait):
            return
        try:
            if clock.now() >= self._next_fetch:
                self._load()
        finally:
            self._lock.release()

    def _load(self) -> None:
        try:
            self._keys = keys_from_jwks(self._get(self._url))
        except Exception as problem:  # whatever went wrong out there, sign-in goes on with the last good keys
            log.warning("jwks.failed", url=self._url, problem=repr(problem))
            self._next_fetch = clock.now() + (MIN_INTERVAL if self._keys else RETRY_INTERVAL)
            return
        self._fetched_at = clock.now()
        self._next_fetch = self._fetched_at + MIN_INTERVAL


def _select(keys: Iterable[PublicKey], algorithm: str, kid: str | None) -> list[PublicKey]:
    return [k for k in keys if k.algorithm == algorithm and (kid is None or k.kid in (None, kid))]


def _key_from_block(block: str, label: str) -> PublicKey:
    if "PRIVATE" in label:
        raise ValueError("holds a private key; Deskhand needs the public one")
    for key_class in _CLASSES.values():
        with suppress(JoseError, ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # short RSA keys are refused below
            key = key_class.import_key(block)
            algorithm = _algorithm(key)
            if algorithm is not None:
                return PublicKey(key, algorithm, None)
    raise ValueError("holds a key that is neither RSA of 2048 bits or more, nor EC P-256, nor Ed25519")


def _key_from_jwk(entry: Any) -> PublicKey | None:
    kty = entry.get("kty") if isinstance(entry, dict) else None
    if kty not in ("RSA", "EC", "OKP") or entry.get("use", "sig") != "sig":
        return None
    try:
        if "verify" not in entry.get("key_ops", ["verify"]):
            return None
        if kty == "RSA" and base64_to_int(entry["n"]).bit_length() < _MIN_RSA_BITS:
            return None
        key = _CLASSES[kty].import_key({"kty": kty, **{name: entry[name] for name in _MEMBERS[kty]}})
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    algorithm, kid = _algorithm(key), entry.get("kid")
    if algorithm is None or entry.get("alg", algorithm) != algorithm:
        return None
    return PublicKey(key, algorithm, kid if isinstance(kid, str) else None)


def _algorithm(key: Key) -> str | None:
    """What a key of this type verifies, or None where it can verify nothing that Deskhand accepts."""
    if isinstance(key, RSAKey):
        return "RS256" if key.raw_value.key_size >= _MIN_RSA_BITS else None
    if isinstance(key, ECKey):
        return "ES256" if key.curve_name == "P-256" else None
    if isinstance(key, OKPKey):
        return "EdDSA" if key.curve_name == "Ed25519" else None
    return None
