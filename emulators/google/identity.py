"""Google's ID tokens: signs them, and publishes the certificates to verify them."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

from emulators.google.store import Store

ISSUER = "https://accounts.google.com"
KEY_DAYS = 3650
"""The emulator's certificate is valid for years, so that a state file stays usable."""


def _new_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def ensure_keys(store: Store) -> bool:
    """Create the signing key, its certificate and a second key that is not published, once.

    Returns
    -------
    bool
        Whether they were created, so that the state changed.
    """
    if store.identity:
        return False
    store.identity = {"google": _new_key(), "other": _new_key()}
    store.identity["certificate"] = _certificate(_private_key(store, "google"), store.now())
    return True


def _private_key(store: Store, name: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(store.identity[name].encode(), password=None)
    return cast(rsa.RSAPrivateKey, key)


def _key_id(store: Store, name: str) -> str:
    return hashlib.sha1(store.identity[name].encode(), usedforsecurity=False).hexdigest()


def token(store: Store, wanted: dict[str, Any]) -> str:
    """An ID token for ``{"email", "audience", "expires_in", "claims", "key"}``."""
    name = "other" if wanted.get("key") == "other" else "google"
    issued = int(store.now().timestamp())
    email = wanted.get("email", "")
    claims = {
        "iss": ISSUER,
        "azp": wanted.get("audience", ""),
        "aud": wanted.get("audience", ""),
        "sub": str(int.from_bytes(hashlib.sha256(email.encode()).digest()[:8], "big")),
        "email": email,
        "email_verified": True,
        "iat": issued,
        "exp": issued + int(wanted.get("expires_in", 3600)),
    }
    _, at, domain = email.partition("@")
    if at and domain != "gmail.com":
        claims["hd"] = domain
    claims |= wanted.get("claims", {})
    claims = {key: value for key, value in claims.items() if value is not None}
    key_id = _key_id(store, name)
    return jwt.encode(_signer(store.identity[name], key_id), claims).decode()


@cache
def _signer(private_key: str, key_id: str) -> crypt.RSASigner:
    """Signer of a key; cached, because loading a key takes a hundred times as long as signing with it."""
    return crypt.RSASigner.from_string(private_key, key_id)


def certificates(store: Store) -> dict[str, str]:
    """``/oauth2/v1/certs``: key id -> X.509 certificate."""
    return {_key_id(store, "google"): store.identity["certificate"]}


def _certificate(key: rsa.RSAPrivateKey, now: datetime) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "emulator of accounts.google.com")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=KEY_DAYS))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def key_set(store: Store) -> dict[str, Any]:
    """``/oauth2/v3/certs``: the same key as JWK."""
    numbers = _private_key(store, "google").public_key().public_numbers()
    return {
        "keys": [
            {
                "kty": "RSA",
                "alg": "RS256",
                "use": "sig",
                "kid": _key_id(store, "google"),
                "n": _base64url(numbers.n),
                "e": _base64url(numbers.e),
            }
        ]
    }


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
