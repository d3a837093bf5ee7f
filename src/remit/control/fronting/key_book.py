"""Keys as the front doors know them: whose a key is, what it is limited to and whether it still opens anything,
looked at once a second at most (S21). It reads keys and people, and makes none; what a caller may do is asked
elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.control.ground.identity import access_key, has_people, person_named
from remit.domain.beside import Beside
from remit.domain.clock import MICROSECONDS, sleep_until
from remit.domain.errors import Infrastructure, Unauthenticated
from remit.domain.fronting import KeyScope
from remit.domain.people import AccessKey, KeyText, read_key, same_digest
from remit.domain.people_errors import KeyExpired, KeyRevoked, KeyUnknown, PersonDisabled

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.control.ground.ground import Ground
    from remit.store.database import Row

_log = logging.getLogger("remit.fronts")
_FRESH = MICROSECONDS
"""How old what is known of a key may be when somebody shows it."""
_LOOK_EVERY = MICROSECONDS // 2
_IDLE = 60 * MICROSECONDS
"""A key that nobody has shown for so long is forgotten."""
_MOST = 10_000
OWNER = "owner"


@dataclass(frozen=True, slots=True)
class FrontKey:
    """A key that opens the front doors."""

    id: str
    person: str
    scope: KeyScope | None = None
    """None: the key of a person, who is no agent."""
    expires_at: int | None = None


class _Known:
    """A key that was shown, and when it was looked at and used last."""

    __slots__ = ("key", "looked", "text", "used")

    def __init__(self, text: KeyText | None, key: FrontKey, now: int) -> None:
        self.text, self.key, self.looked, self.used = text, key, now, now


class KeyBook(Beside):
    """The keys that were shown lately; while it goes on, those in use are looked at twice a second."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._known: dict[bytes, _Known] = {}
        self.ended: Callable[[str], None] | None = None
        """Called with the id of a key that was in use and opens nothing any more."""

    async def find(self, secret: str) -> FrontKey:
        """Whose key this is; raises `Unauthenticated` for what opens nothing, also when that cannot be found out."""
        now = self._ground.clock.boot()
        digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        if known is not None and 0 <= now - known.looked < _FRESH:
            known.used = now
            self._check_time(known.key)
            return known.key
        text = read_key(secret)
        key = await self._opened(text) if text is not None else await self._owners(secret)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[digest] = _Known(text, key, now)
        return key

    async def by_id(self, identity: str) -> FrontKey:
        """A key that was shown before, as things stand now; raises for one that opens nothing any more."""
        if identity == OWNER:
            return FrontKey(OWNER, self._ground.principal.id)
        rows = await self._ground.database.fetch("people.key", identity)
        if not rows:
            raise KeyUnknown(f"the key {identity} opens nothing here.", "Make another: remit key new")
        return await self._standing(rows[0])

    # --- watching -------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Look at every key in use."""
        now = self._ground.clock.boot()
        for digest, known in list(self._known.items()):
            if now - known.used > _IDLE:
                del self._known[digest]
                continue
            try:
                known.key = await self.by_id(known.key.id)
                self._check_time(known.key)
                known.looked = self._ground.clock.boot()
            except Infrastructure as wrong:
                _log.warning("the key %s could not be looked at: %s", known.key.id, wrong)
            except Unauthenticated:
                self._known.pop(digest, None)
                if self.ended is not None:
                    self.ended(known.key.id)

    async def go_on(self) -> None:
        """See whether the keys in use still open anything."""
        clock = self._ground.clock
        while True:
            await sleep_until(clock, clock.now() + _LOOK_EVERY)
            try:
                await self.look()
            except Exception as wrong:  # noqa: BLE001 - whoever shows a key is looked at again anyway
                _log.warning("the keys in use could not be looked at: %s", wrong)

    # --- reading --------------------------------------------------------------------------------------

    async def _opened(self, text: KeyText) -> FrontKey:
        rows = await self._ground.database.fetch("people.key", text.id)
        known = str(rows[0][10]) if rows else ""
        shown = self._ground.keys.tag(text.tagged)  # also for a key that nobody has: time says nothing
        if not same_digest(shown, known):
            raise KeyUnknown("the key opens nothing here.", "Show a key of this workspace: remit key new")
        return await self._standing(rows[0])

    async def _standing(self, row: Row) -> FrontKey:
        """A key that is really there, if it and its owner still stand."""
        key, team = access_key(row), self._ground.principal.team
        if key.team != team:
            raise KeyUnknown("the key opens nothing here.", "Show a key of this workspace: remit key new")
        self._check(key)
        if await has_people(self._ground.database, team):
            person = await person_named(self._ground.database, team, key.person)
            if person is None or not person.active:
                raise PersonDisabled(f"{key.person} was disabled.", "An admin can change that.")
        scope = KeyScope.of(json.loads(row[11])) if row[11] else None
        return FrontKey(key.id, key.person, scope, key.expires_at)

    async def _owners(self, secret: str) -> FrontKey:
        """The key of whoever made the workspace, while it has no users: it is no more than the way to the first key."""
        database, team = self._ground.database, self._ground.principal.team
        digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        rows = await database.fetch("workspace.principal", digest) if secret else []
        if not rows or str(rows[0][1]) != team or await has_people(database, team):
            raise KeyUnknown("the key opens nothing here.", "Show a key of this workspace: remit key new")
        return FrontKey(OWNER, str(rows[0][0]))

    def _check(self, key: AccessKey) -> None:
        if key.revoked_at is not None:
            raise KeyRevoked("the key was revoked.", "Use another one: remit key new")
        if not key.lives(self._ground.clock.now()):
            raise KeyExpired("the key has expired.", "Use another one: remit key renew")

    def _check_time(self, key: FrontKey) -> None:
        if key.expires_at is not None and self._ground.clock.now() >= key.expires_at:
            raise KeyExpired("the key has expired.", "Use another one: remit key renew")
