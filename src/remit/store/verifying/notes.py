"""Signed notes in the form of C2SP (`signed-note`, `tlog-checkpoint`): text, an empty line, Ed25519 signatures. It
reads and checks them; who may sign, and what a checkpoint must agree with, is said elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterable

_ED25519 = b"\x01"
_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_KEY_ID_BYTES = 4
_DASH = "\u2014"
_LEAST_LINES = 3


class MalformedNote(ValueError):
    """The text is no signed note."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signs notes, by its name."""

    name: str
    raw: bytes

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """The key that `NAME+ID+KEY` says."""
        found = _KEY.fullmatch(text.strip())
        name, identity, packed = found.groups() if found else ("", "", "")
        try:
            raw = base64.b64decode(packed, validate=True)
        except binascii.Error:
            raw = b""
        key = cls(name, raw[1:])
        if raw[:1] != _ED25519 or key.id.hex() != identity:
            raise MalformedNote(f"{text[:80]!r} is no public key of a log")
        return key

    @property
    def id(self) -> bytes:
        """Four bytes that signatures name it by."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:_KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """As it is handed around."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.raw).decode()}"

    def verifies(self, note: Note) -> bool:
        """Whether one of the note's signatures is of this key."""
        for name, identity, signature in note.signatures:
            if name == self.name and identity == self.id:
                try:
                    Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, note.text.encode())
                except (InvalidSignature, ValueError):
                    return False
                return True
        return False


@dataclass(frozen=True, slots=True)
class Note:
    """A text and who signed it."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]
    """The name of each signer, the id of its key, and the signature."""

    @classmethod
    def parse(cls, whole: str) -> Note:
        """Take a note apart, without believing any of it."""
        text, mark, rest = whole.rpartition(f"\n\n{_DASH} ")
        if not mark:
            raise MalformedNote("it has no signature")
        found: list[tuple[str, bytes, bytes]] = []
        for line in (_DASH + " " + rest).splitlines():
            dash, _, signed = line.partition(" ")
            name, _, packed = signed.partition(" ")
            try:
                raw = base64.b64decode(packed, validate=True)
            except binascii.Error:
                raise MalformedNote("a signature is not base64") from None
            if dash != _DASH or not name or len(raw) <= _KEY_ID_BYTES:
                raise MalformedNote("a signature has no signer")
            found.append((name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:]))
        return cls(text + "\n", tuple(found))


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one size."""

    origin: str
    size: int
    root: bytes
    at: int
    """Microseconds since 1970, by the clock of whoever signed."""
    after: int
    """The size of the checkpoint before it."""
    heads: str
    """How many streams went on since then, and the digest of their heads."""
    note: Note = field(repr=False)

    @classmethod
    def parse(cls, whole: str) -> Checkpoint:
        """Read a checkpoint; extension lines that are not known are left alone."""
        note = Note.parse(whole)
        lines = note.text.split("\n")
        if len(lines) <= _LEAST_LINES or not lines[0] or not lines[1].isdecimal():
            raise MalformedNote("it is no checkpoint")
        try:
            root = base64.b64decode(lines[2], validate=True)
        except binascii.Error:
            raise MalformedNote("its root is not base64") from None
        known = labelled(lines[_LEAST_LINES:])
        numbers = [known.get(name, "0") for name in ("time", "after")]
        if len(root) != hashlib.sha256().digest_size or not all(map(str.isdecimal, numbers)):
            raise MalformedNote("it is no checkpoint")
        return cls(
            lines[0], int(lines[1]), root, int(numbers[0]), int(numbers[1]), known.get("heads", ""), note
        )

    @property
    def short(self) -> str:
        """How people tell it from others."""
        return f"{self.root.hex()[:4]}\u2026{self.root.hex()[-2:]}"


def labelled(lines: Iterable[str]) -> dict[str, str]:
    """Lines of a note by their first word."""
    words = (line.partition(" ") for line in lines if line)
    return {word: rest for word, _, rest in words}


def checkpoint_text(origin: str, size: int, root: bytes, at: int, after: int, heads: str) -> str:
    """The text of a checkpoint, still unsigned."""
    lines = (
        origin,
        str(size),
        base64.b64encode(root).decode(),
        f"time {at}",
        f"after {after}",
        f"heads {heads}",
    )
    return "\n".join(lines) + "\n"


def introduction_text(origin: str, key: PublicKey, at: int) -> str:
    """What the key before a new one signs; the first one signs it itself."""
    return f"{origin}\nkey {key.text}\ntime {at}\n"


def signed(text: str, key: PublicKey, signature: bytes) -> str:
    """The whole note."""
    return f"{text}\n{_DASH} {key.name} {base64.b64encode(key.id + signature).decode()}\n"
