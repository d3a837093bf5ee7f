"""The signature under what others are told of an agent: a JWS (Ed25519) over canonical JSON, by a key of the workspace
that signs nothing else. It knows no protocol.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from remit.wire import canonical

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

Json = Any
_KEY = "sign-cards-1"
_TEAM = "workspace"


async def sign(ground: Ground, card: Json) -> tuple[str, str]:
    """The protected head and the signature, both as a JWS carries them."""
    private = await _private(ground)
    head = _text(canonical.encode({"alg": "EdDSA", "kid": _name(private), "typ": "JOSE"}))
    return head, _text(private.sign(f"{head}.{_text(canonical.encode(card))}".encode()))


async def public_key(ground: Ground) -> dict[str, str]:
    """The key that verifies it, as a JWK."""
    private = await _private(ground)
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": _name(private),
        "x": _text(_raw(private)),
    }


async def _private(ground: Ground) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(await ground.keys.secret_of(_KEY, _TEAM, ground.clock.now()))


def _raw(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _name(private: Ed25519PrivateKey) -> str:
    return hashlib.sha256(_raw(private)).hexdigest()[:16]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
