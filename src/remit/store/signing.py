"""Who signs checkpoints: an Ed25519 key of the log, wrapped as every other secret, and how it is replaced. The old key
introduces the new one, so that a reader who trusts the first can follow. It does not know what it signs.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from remit.domain.evidence_events import SigningKeyMade
from remit.store.database import Commit, Conflict, Op
from remit.store.telling import WORKSPACE, told
from remit.store.verifying.notes import PublicKey, introduction_text, signed

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.store.database import Database
    from remit.store.keys import KeyRing

BY_ITSELF = "remit"
_ORIGIN = "log_origin"


class Signer:
    """The key that signs now."""

    def __init__(self, number: int, private: Ed25519PrivateKey, public: PublicKey) -> None:
        self.number = number
        self.public = public
        self._private = private

    @property
    def origin(self) -> str:
        """What the log is called in everything that is signed."""
        return self.public.name

    def sign(self, text: str) -> str:
        """The text as a signed note."""
        return signed(text, self.public, self._private.sign(text.encode()))


async def open_signer(database: Database, keys: KeyRing, clock: Clock) -> Signer:
    """The key that signs now; the first one is made here."""
    rows = await database.fetch("evidence.keys")
    if not rows:
        return await _make(database, keys, clock, 1, None, BY_ITSELF)
    number, public = rows[-1][0], rows[-1][1]
    signer = await _signer(database, keys, clock, number)
    if signer.public.text != public:  # its secret is not here any more: nobody can vouch for the next one
        return await _make(database, keys, clock, number + 1, None, BY_ITSELF)
    return signer


async def rotate(database: Database, keys: KeyRing, clock: Clock, by: str) -> Signer:
    """A new key, introduced by the one that signed until now."""
    before = await open_signer(database, keys, clock)
    return await _make(database, keys, clock, before.number + 1, before, by)


async def _make(
    database: Database, keys: KeyRing, clock: Clock, number: int, before: Signer | None, by: str
) -> Signer:
    signer, now = await _signer(database, keys, clock, number), clock.now()
    introduction = (before or signer).sign(introduction_text(signer.origin, signer.public, now))
    event = SigningKeyMade(number, signer.public.text, introduction, by)
    add = Op("evidence.add_key", (number, signer.public.text, introduction, now))
    try:
        await database.submit(Commit(ops=[add], shared=[await told(keys, event, now)]))
    except Conflict:  # another process was first: its introduction counts
        return await open_signer(database, keys, clock)
    return signer


async def _signer(database: Database, keys: KeyRing, clock: Clock, number: int) -> Signer:
    private = Ed25519PrivateKey.from_private_bytes(
        await keys.secret_of(f"sign-log-{number}", WORKSPACE, clock.now())
    )
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Signer(number, private, PublicKey(await origin_of(database), raw))


async def origin_of(database: Database) -> str:
    """What this log is called; chosen once, at random, so that no two logs are confused."""
    rows = await database.fetch("workspace.get", _ORIGIN)
    if not rows:
        chosen = f"remit.log/{secrets.token_hex(8)}"
        await database.submit(Commit(ops=[Op("workspace.set", (_ORIGIN, chosen))]))
        rows = await database.fetch("workspace.get", _ORIGIN)
    return rows[0][0]
