"""Data keys: one per run and per subject, wrapped by the root key, each erasable on its own (S7).

A `DataKey` seals bodies, salts commitments and names blobs; what it sealed is gone for good once its row is
shredded. This file knows which keys exist and when a new one is due, not what they protect.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from remit.domain.errors import Shredded, StoreCorrupt, WrongKey
from remit.store.ciphers import NONCE_BYTES, SECRET_BYTES, fresh_nonce, fresh_secret, keyed_digest
from remit.store.database import Commit, Op

if TYPE_CHECKING:
    from remit.store.database import Database
    from remit.store.key_provider import KeyProvider, RootKeeper

PERIOD = 7 * 24 * 3600 * 1_000_000
"""How long the key of a team or a subject is used for what is new."""
MOST_USES = 2**24
"""How often one process uses such a key before it makes the next one: random nonces of 96 bits are good for 2^32
messages of one key, and 2^24 leaves room for 256 processes that all use it to the end.
"""


class DataKey:
    """One secret and the three things derived from it: a cipher, a salt and a name giver."""

    __slots__ = ("_cipher", "_namer", "_salter", "id")

    def __init__(self, key_id: str, secret: bytes) -> None:
        self.id = key_id
        self._cipher = AESGCM(keyed_digest(secret, b"encrypt"))
        self._salter = keyed_digest(secret, b"commit")
        self._namer = keyed_digest(secret, b"blob")

    def seal(self, content: bytes, place: bytes) -> bytes:
        """Encrypt `content`, bound to the place where it will stand."""
        nonce = fresh_nonce()
        return nonce + self._cipher.encrypt(nonce, content, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Decrypt what `seal` made for the same place."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
        except InvalidTag:
            entry = place.hex() if len(place) == SECRET_BYTES else place.decode()
            raise StoreCorrupt(
                f"the entry {entry} of the log was altered or damaged.",
                "Restore a backup; remit doctor names every damaged entry.",
            ) from None

    def commit(self, content: bytes, place: bytes) -> bytes:
        """A commitment to `content`: binding, and unguessable once this key is gone."""
        return hashlib.sha256(keyed_digest(self._salter, place) + content).digest()

    def salt(self, place: bytes) -> bytes:
        """What the commitment at one place is salted with; who is given it can check that content, and no other."""
        return keyed_digest(self._salter, place)

    def name(self, content: bytes) -> bytes:
        """A keyed digest under which equal contents of the same key share one blob."""
        return keyed_digest(self._namer, content)


class KeyRing:
    """Makes, finds and shreds data keys."""

    def __init__(
        self, database: Database, provider: KeyProvider, keeper: RootKeeper | None = None,
        *, most_uses: int = MOST_USES,
    ) -> None:  # fmt: skip
        """`keeper` is asked again when a key turns out to be wrapped by a root key that is newer than ours."""
        self._database = database
        self._provider = provider
        self._keeper = keeper
        self._most_uses = most_uses
        self._known: dict[str, DataKey] = {}
        self._uses: Counter[str] = Counter()

    def tag(self, text: str) -> str:
        """A keyed name for personal text such as a subject."""
        return self._provider.tag(text)

    def new_run_key(self, run: str, team: str, subject: str, at: int) -> tuple[DataKey, Op]:
        """The key of a new run, and the operation that stores it in the run's own first commit."""
        return self.new_key(f"k-{run}", team, self.subject_tag(team, subject), at)

    def subject_tag(self, team: str, subject: str) -> str:
        """What stands for a subject in the database; empty for none."""
        return self._provider.tag(f"subject|{team}|{subject}") if subject else ""

    async def subject_key(self, team: str, subject: str, at: int) -> DataKey:
        """The key of everything about one subject that does not belong to a single run.

        It is looked up every time: another process may have destroyed it, and what comes later needs a new one.
        """
        tag = self.subject_tag(team, subject)
        living = [row[0] for row in await self._database.fetch("keys.of_subject", tag)]
        newest = max((key_id for key_id in living if key_id.startswith("s-")), default="")
        made = int(newest.rpartition("-")[2]) if newest else 0
        worn = at - made >= PERIOD or self._worn(newest)
        return await self._find_or_make(f"s-{tag}-{at}" if not newest or worn else newest, team, tag, at)

    async def team_key(self, team: str, at: int) -> DataKey:
        """The key of a team's own events; a new one every week, or sooner where it is used very often."""
        name, turn = f"t-{team}-{at // PERIOD}", 0
        while self._worn(key_id := f"{name}.{turn}" if turn else name):
            turn += 1
        return await self._find_or_make(key_id, team, "", at)

    async def get(self, key_id: str) -> DataKey:
        """A key by id, or `Shredded`."""
        known = self._known.get(key_id)
        return known or await self._load(key_id)

    async def still(self, key_id: str) -> DataKey:
        """A key by id, unless another process has destroyed it meanwhile: what is shown must not come from memory."""
        if key_id in self._known and not await self._database.fetch("keys.living", key_id):
            self.forget(key_id)
        return await self.get(key_id)

    def opened(self, key_id: str, wrapped: bytes) -> DataKey:
        """A key as somebody has just read it from the database, for one use; it is not kept."""
        return DataKey(key_id, self._provider.unwrap(wrapped, key_id.encode()))

    async def for_run(self, key_id: str, team: str, at: int) -> DataKey:
        """The key for a message to a run: its own, or its team's where that was shredded."""
        try:
            return await self.get(key_id)
        except Shredded:
            return await self.team_key(team, at)

    async def secret_of(self, key_id: str, team: str, at: int) -> bytes:
        """A secret for something else than sealing, such as signing: made at first use, wrapped as every other."""
        if not await self._database.fetch("keys.get", key_id):
            _, op = self.new_key(key_id, team, "", at)
            await self._database.submit(Commit(ops=[op]))
        return await self._unwrapped(key_id)

    def new_key(self, key_id: str, team: str, subject_tag: str, at: int) -> tuple[DataKey, Op]:
        """A key and the operation that stores it; known here only once that is durable."""
        secret = fresh_secret()
        wrapped = self._provider.wrap(secret, key_id.encode())
        # not known before it is durable: where another process commits first, its key under this id is the key
        return DataKey(key_id, secret), Op("keys.add", (key_id, team, subject_tag, wrapped, at))

    def forget(self, key_id: str) -> None:
        """Drop a key from memory; a parked or ended run keeps none here."""
        self._known.pop(key_id, None)

    async def forget_shredded(self, since: int) -> None:
        """Drop keys that another process has destroyed since then."""
        for row in await self._database.fetch("keys.shredded_since", since):
            self.forget(row[0])

    def _worn(self, key_id: str) -> bool:
        return self._uses[key_id] >= self._most_uses

    async def _find_or_make(self, key_id: str, team: str, subject_tag: str, at: int) -> DataKey:
        self._uses[key_id] += 1
        if key_id in self._known:
            return self._known[key_id]
        if not await self._database.fetch("keys.get", key_id):
            _, op = self.new_key(key_id, team, subject_tag, at)
            await self._database.submit(Commit(ops=[op]))  # another process may be first: its key is the key
        return await self._load(key_id)

    async def _load(self, key_id: str) -> DataKey:
        key = DataKey(key_id, await self._unwrapped(key_id))
        self._known[key_id] = key
        return key

    async def _unwrapped(self, key_id: str) -> bytes:
        rows = await self._database.fetch("keys.get", key_id)
        if not rows:
            raise WrongKey(
                f"the data key {key_id} is not in this database.",
                "Keys are kept apart from data: restore the key backup beside the data backup.",
            )
        wrapped: bytes | None = rows[0][0]
        if wrapped is None:
            raise Shredded(f"the data key {key_id} was shredded; what it protected cannot be read again.")
        try:
            return self._provider.unwrap(wrapped, key_id.encode())
        except WrongKey:
            if not await self.look_again():
                raise
            return self._provider.unwrap(wrapped, key_id.encode())

    async def look_again(self) -> bool:
        """Take up a root key that another process has put in place of ours; whether there was one."""
        if self._keeper is None:
            return False
        kept = await self._keeper.read()
        if kept is None or kept == self._provider:
            return False
        self._provider.adopt(kept)
        return True
