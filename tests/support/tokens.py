"""Tokens of every kind, honest and forged, put together by hand: a test of the verifier must not trust its library."""

import base64
import hmac
import json
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
SigningKey = PrivateKey | str | bytes

SECRET = "the secret that the host product shares"
HOST_KEYS: dict[str, PrivateKey] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
MALLORYS_KEYS: dict[str, PrivateKey] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def alice(**changes: Any) -> dict[str, Any]:
    """A payload that is valid for an hour; a claim set to `...` is left out."""
    payload = {"sub": "alice", "exp": int(time.time()) + 3600, **changes}
    return {name: value for name, value in payload.items() if value is not ...}


def token(payload: dict[str, Any] | bytes, key: SigningKey = SECRET, alg: str = "HS256", **header: Any) -> str:
    """`payload` (bytes: as they are) under a header that says `alg`, signed by whatever `key` is for."""
    return raw_token(json.dumps({"alg": alg, **header}).encode(), payload, key)


def raw_token(header: bytes, payload: dict[str, Any] | bytes, key: SigningKey) -> str:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = f"{b64(header)}.{b64(body)}"
    return f"{signed}.{b64(signature(signed.encode(), key))}"


def signature(message: bytes, key: SigningKey) -> bytes:
    if isinstance(key, str | bytes):
        return hmac.digest(key.encode() if isinstance(key, str) else key, message, "sha256")
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def pem(key: PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key: PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def jwk(key: PrivateKey, **members: Any) -> dict[str, Any]:
    """The public key as JSON, with further members such as `kid` and `use`."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), **members}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), **members}
    point = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": b64(point.x.to_bytes(32)), "y": b64(point.y.to_bytes(32)), **members}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8))
