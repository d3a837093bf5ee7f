"""The receipt of a deletion: what was destroyed, when, by whom, and what could not be reached; signed, and nameless.

The subject stands in it as a keyed tag only, so the receipt may be kept for ever. It is verified with nothing but the
file and the public key; it knows no database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from remit.domain.errors import InvalidInput, StoreCorrupt
from remit.wire import canonical

FORMAT = "remit-deletion/1"
_FIELDS = frozenset(
    {"format", "id", "workspace", "team", "subject", "by", "started", "finished", "keys", "counts", "exports",
     "public_key", "signature"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checked:
    """What a receipt says, once its signature holds."""

    receipt: dict[str, Any]
    digest: str
    public_key: str
    pinned: bool
    """Whether the public key was known beforehand; else it is the one that the receipt itself names."""


def sign(content: dict[str, Any], seed: bytes) -> str:
    """The receipt as one line of canonical JSON."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    whole = {"format": FORMAT, **content, "public_key": public_key(seed)}
    signature = key.sign(canonical.encode(whole)).hex()
    return canonical.encode({**whole, "signature": signature}).decode()


def public_key(seed: bytes) -> str:
    """The public half, in hexadecimal digits."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def digest_of(text: str) -> str:
    """What the log holds of a receipt."""
    return hashlib.sha256(text.strip().encode()).hexdigest()


def check(text: str, pinned: str = "") -> Checked:
    """Verify a receipt, by the public key that the verifier holds or else by its own; raises if it does not hold."""
    value = canonical.parse(text.strip())
    receipt = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    if receipt.get("format") != FORMAT or frozenset(receipt) != _FIELDS:
        raise InvalidInput("this is no receipt of a deletion.", f"A receipt is one line of JSON: {FORMAT}.")
    own = str(receipt["public_key"])
    if pinned and pinned.strip().lower() != own:
        raise StoreCorrupt(
            f"the receipt {receipt['id']} was signed with another key than the one you hold ({own}).",
            "Whoever signed it is not the workspace that you trust, or its key was replaced: ask there.",
        )
    unsigned = {name: value for name, value in receipt.items() if name != "signature"}
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(own))
        public.verify(bytes.fromhex(str(receipt["signature"])), canonical.encode(unsigned))
    except (InvalidSignature, ValueError):
        raise StoreCorrupt(
            f"the receipt {receipt['id']} was altered: its signature does not hold.", "Ask for it once more."
        ) from None
    return Checked(receipt, digest_of(text), own, bool(pinned))
