"""A root key held in memory: the cipher that the file and environment providers share."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from remit.domain.errors import WrongKey
from remit.store.ciphers import NONCE_BYTES, fresh_nonce, keyed_digest

KEY_BYTES = 32


class RootKey:
    """Wraps data keys with AES-256-GCM under one 32-byte secret."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(keyed_digest(secret, b"wrap"))
        self._tagger = keyed_digest(secret, b"tag")

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Encrypt a data key."""
        nonce = fresh_nonce()
        return nonce + self._cipher.encrypt(nonce, secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key."""
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except InvalidTag:
            raise WrongKey(
                "the root key does not open the data keys of this database.",
                "Put back the key that the workspace was created with (.remit/keys/root.key or REMIT_ROOT_KEY).",
            ) from None

    def tag(self, text: str) -> str:
        """A keyed, shortened digest."""
        return keyed_digest(self._tagger, text.encode()).hex()[:24]
