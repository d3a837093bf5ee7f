"""An open root key: one secret that wraps data keys, older ones that still open them, and one for names.

While a key is being replaced, both are here: what is new is wrapped by the newest, and what is old can still be read.
Names (`tag`) come from a secret that stays the same, so that a subject keeps its name when the key changes.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from remit.domain.errors import WrongKey
from remit.store.ciphers import NONCE_BYTES, fresh_nonce, keyed_digest

KEY_BYTES = 32
_MARK = b"R1"
_ID_BYTES = 8
_HEAD_BYTES = len(_MARK) + _ID_BYTES
_OLD = "old:"
_TAGS = "tags:"


class RootKey:
    """Wraps data keys with AES-256-GCM under 32-byte secrets."""

    def __init__(self, secret: bytes, *older: bytes, tags: bytes | None = None) -> None:
        self._take(secret, older, tags or keyed_digest(older[-1] if older else secret, b"tag"))

    def _take(self, secret: bytes, older: tuple[bytes, ...], tags: bytes) -> None:
        self._secrets = (secret, *older)
        self._tagger = tags
        self._ciphers = {_id_of(each): AESGCM(keyed_digest(each, b"wrap")) for each in self._secrets}
        self._head = _MARK + _id_of(secret)

    @classmethod
    def fresh(cls) -> RootKey:
        """A new one."""
        return cls(os.urandom(KEY_BYTES))

    # --- what it is for -------------------------------------------------------------------------------

    def wrap(self, secret: bytes, context: bytes) -> bytes:
        """Encrypt a data key under the newest secret."""
        nonce = fresh_nonce()
        return self._head + nonce + self._ciphers[self._head[len(_MARK) :]].encrypt(nonce, secret, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt a data key under whichever secret has wrapped it."""
        named = self._ciphers.get(wrapped[len(_MARK) : _HEAD_BYTES])
        tries = [(named, wrapped[_HEAD_BYTES:])] if named is not None and wrapped.startswith(_MARK) else []
        tries += [
            (cipher, wrapped) for cipher in self._ciphers.values()
        ]  # those of the first days name nobody
        for cipher, sealed in tries:
            try:
                return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
            except InvalidTag:
                continue
        raise WrongKey(
            "the root key does not open the data keys of this database.",
            "Put back the key that the workspace was created with (.remit/keys/root.key or REMIT_ROOT_KEY).",
        )

    def tag(self, text: str) -> str:
        """A keyed, shortened digest."""
        return keyed_digest(self._tagger, text.encode()).hex()[:24]

    # --- its replacement ------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """What the newest secret is called in the log; it says nothing about it."""
        return _id_of(self._secrets[0]).hex()

    @property
    def older(self) -> int:
        """How many secrets are only kept to read what they wrapped."""
        return len(self._secrets) - 1

    def wraps(self, wrapped: bytes) -> bool:
        """Whether the newest secret has wrapped this."""
        return wrapped.startswith(self._head)

    def shares(self, other: RootKey) -> bool:
        """Whether one opens something that the other has wrapped."""
        return bool(self._ciphers.keys() & other._ciphers.keys())

    def successor(self) -> RootKey:
        """A new secret in front, all others behind it, the same names."""
        return RootKey(os.urandom(KEY_BYTES), *self._secrets, tags=self._tagger)

    def alone(self) -> RootKey:
        """The newest secret without the others, the same names."""
        return RootKey(self._secrets[0], tags=self._tagger)

    def adopt(self, other: RootKey) -> None:
        """Become another root key of the same database, in place: everybody who holds this one has it."""
        if other.tag("") != self.tag(""):
            raise WrongKey("another root key lies where this one was.", "Put back the one of this database.")
        self._take(other._secrets[0], other._secrets[1:], other._tagger)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RootKey) and self.to_text() == other.to_text()

    def __hash__(self) -> int:
        return hash(self._secrets)

    def __repr__(self) -> str:
        return f"<root key {self.id}>"

    # --- as text --------------------------------------------------------------------------------------

    def to_text(self) -> str:
        """The newest secret in hexadecimal digits, then those it replaces and the one that names come from."""
        first, *older = self._secrets
        words = [first.hex(), *(f"{_OLD}{each.hex()}" for each in older)]
        if self._tagger != keyed_digest(first, b"tag"):
            words.append(f"{_TAGS}{self._tagger.hex()}")
        return " ".join(words)

    @classmethod
    def from_text(cls, text: str, place: str) -> RootKey:
        """Read what `to_text` wrote; `place` is named in the sentence on what is wrong with it."""
        words = text.split()
        if not words:
            raise WrongKey(f"{place} is empty.", "Put back the key that the workspace was created with.")
        first, *rest = words
        older = [word.removeprefix(_OLD) for word in rest if word.startswith(_OLD)]
        tags = [word.removeprefix(_TAGS) for word in rest if word.startswith(_TAGS)]
        if len(older) + len(tags) != len(rest) or len(tags) > 1:
            raise WrongKey(f"{place} holds more than a root key.", "Put back the key as it was.")
        secrets = [_secret(word, place) for word in (first, *older)]
        return cls(*secrets, tags=_secret(tags[0], place) if tags else None)


def _secret(word: str, place: str) -> bytes:
    try:
        secret = bytes.fromhex(word)
    except ValueError:
        raise WrongKey(
            f"{place} is not hexadecimal.", f"A root key has {KEY_BYTES * 2} hexadecimal digits."
        ) from None
    if len(secret) != KEY_BYTES:
        raise WrongKey(
            f"{place} has {len(secret)} bytes; it needs {KEY_BYTES}.",
            "It is damaged or cut off: put back the key that the workspace was created with.",
        )
    return secret


def _id_of(secret: bytes) -> bytes:
    return keyed_digest(secret, b"id")[:_ID_BYTES]
