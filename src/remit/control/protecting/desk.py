"""The part of the office where data is protected: erasure and its receipts, holds, the root key. It only hands on."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from remit.control.authority.duties import require
from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.control.ground.ground import Ground
    from remit.control.protecting import protection
    from remit.control.protecting.views import DeletionView, Erasure, HoldView, MovedKeyView, RotationView
else:
    protection = on_use("remit.control.protecting.protection")


class ProtectionDesk:
    """What can be asked about the protection of data, and ordered by whoever may."""

    @property
    @abstractmethod
    def ground(self) -> Ground:
        """Database, keys, clock and principal."""

    async def shred(self, subject: str) -> int:
        """Make everything about a subject unreadable; gives how many keys were destroyed."""
        done = await self.erase(subject)
        return len(done.keys) if done else 0

    async def erase(self, subject: str) -> Erasure | None:
        """Make everything about a subject unreadable, with a signed receipt; None if there is nothing about it."""
        await self._require("destroy what there is about somebody")
        return await protection.delete(self.ground, subject)

    async def deletions(self) -> list[DeletionView]:
        """The deletions of this team, newest first."""
        return await protection.deletions(self.ground)

    async def deletion_receipt(self, deletion: str) -> str:
        """The signed receipt of one deletion."""
        return await protection.receipt(self.ground, deletion)

    async def receipt_key(self) -> str:
        """The public key that receipts are verified with."""
        return await protection.signing_key(self.ground)

    async def hold(self, subject: str, reason: str) -> HoldView:
        """Let nobody and no rule destroy what there is about a subject."""
        await self._require("place a hold")
        return await protection.hold(self.ground, subject, reason)

    async def release(self, subject: str, reason: str) -> HoldView:
        """End a hold."""
        await self._require("release a hold")
        return await protection.release(self.ground, subject, reason)

    async def holds(self) -> list[HoldView]:
        """The open holds of this team."""
        return await protection.open_holds(self.ground)

    async def rotate_root_key(self) -> RotationView:
        """Put a new root key in place and wrap every data key under it, or finish what was begun."""
        await self._require("replace the root key")
        return await protection.rotate(self.ground)

    async def move_root_key(self, provider: str, said: Mapping[str, str]) -> MovedKeyView:
        """Have the root key kept by another provider, named in the words of the section `keys` of the settings."""
        await self._require("move the root key")
        return await protection.move(self.ground, provider, said)

    async def current_root_key(self) -> str:
        """The root key as text, for a variable that is to hold it."""
        await self._require("move the root key")
        return protection.current_root_key(self.ground)

    async def retire_root_keys(self) -> int:
        """Forget the older root keys; gives how many."""
        await self._require("retire root keys")
        return await protection.retire(self.ground)

    async def draft_root_key(self) -> str:
        """The next root key as text, for a variable that somebody else sets; it is not in use yet."""
        await self._require("draft a root key")
        return protection.draft_root_key(self.ground)

    async def _require(self, what: str) -> None:
        await require(self.ground, "admin", "retention", what)
