"""A root key held in memory: the cipher that the file and environment providers share."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from remit.domain.errors import WrongKey

KEY_BYTES = 32
_NONCE_BYTES = 12


class RootKey:
    """Wraps data keys with AES-256-GCM under one 32-byte secret."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(hmac.digest(secret, b"remit/wrap", hashlib.sha256))
        self._tagger = hmac.digest(secret, b"remit/tag", hashlib.sha256)

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Encrypt a data key."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key."""
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except InvalidTag:
            raise WrongKey(
                "the root key does not open the data keys of this database.",
                "Put back the key that the workspace was created with (.remit/keys/root.key or REMIT_ROOT_KEY).",
            ) from None

    def tag(self, text: str) -> str:
        """A keyed, shortened digest."""
        return hmac.digest(self._tagger, text.encode(), hashlib.sha256).hex()[:24]
