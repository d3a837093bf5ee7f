"""Replacing the root key: a new one in front of the old one, every data key wrapped again, then the old one gone.

Content is not touched: only the small wrapped keys are. It can be stopped at any moment and goes on where it was, and
others keep writing meanwhile: a process that meets a key under a root key it does not know asks the keeper again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.errors import Refused, WrongState
from remit.domain.protection_events import RootKeyRetired, RootKeyRotated
from remit.store.database import Commit, Op
from remit.store.relocation import check_settled
from remit.store.telling import told

if TYPE_CHECKING:
    from remit.domain.event import Event
    from remit.store.database import Database
    from remit.store.key_provider import RootKeeper
    from remit.store.key_providers.root import RootKey
    from remit.store.keys import KeyRing

_PAGE = 500
_NOTED = "root_key_in_use"
_SINCE = "root_key_since"


@dataclass(frozen=True, slots=True)
class Rotation:
    """How far a rotation came."""

    root: str
    """The root key in use from here on."""
    begun: bool
    """Whether this very call made it; else it went on with one that was begun before."""
    rewrapped: int
    older: int
    """Root keys that are still kept to read what a process that knows no better has wrapped meanwhile."""


async def rotate(
    database: Database, keys: KeyRing, root: RootKey, keeper: RootKeeper, *, by: str, at: int
) -> Rotation:
    """Put a new root key in place and wrap every data key under it; or finish what was begun."""
    await check_settled(database, keeper)
    await keys.look_again()
    begun = False
    if not root.older and not await _left(database, root):
        begun = await keeper.write(root.successor(), root)
        await keys.look_again()  # ours, or that of another process that was faster
    await _note(database, keys, root, RootKeyRotated(root.id, by), at)
    rewrapped = 0
    while done := await _rewrap(database, keys, root):
        rewrapped += done
    if rewrapped:
        await database.scrub()
    return Rotation(root.id, begun, rewrapped, root.older)


async def retire(
    database: Database, keys: KeyRing, root: RootKey, keeper: RootKeeper, *, by: str, at: int
) -> int:
    """Forget the older root keys; how many. Refused while something or somebody could still need one."""
    await keys.look_again()
    older = root.older
    if not older:
        return 0
    left = await _left(database, root)
    if left:
        raise WrongState(
            f"{left} data keys are still under an older root key.", "Run remit key rotate first."
        )
    since = await database.fetch("workspace.get", _SINCE)
    began = int(since[0][0]) if since else at
    workers = await database.fetch("protection.live_workers_since", began, await database.lease_now())
    if workers:
        raise Refused(
            f"{len(workers)} workers have been running since before the root key was replaced, and may still wrap keys"
            " under the older one.",
            "Restart them one after the other, then run remit key rotate --retire again.",
        )
    if not await keeper.write(root.alone(), root):
        raise WrongState("another process has replaced the root key in this very moment.", "Try again.")
    await keys.look_again()
    event = RootKeyRetired(root.id, by, older)
    await database.submit(Commit(shared=[await told(keys, event, at)]))
    return older


async def under_older(database: Database, root: RootKey) -> int:
    """How many data keys are not under the newest root key."""
    return await _left(database, root)


async def _note(database: Database, keys: KeyRing, root: RootKey, event: Event, at: int) -> None:
    """Say once that this root key is in use, also where the process that made it died before it could."""
    noted = await database.fetch("workspace.get", _NOTED)
    if noted and noted[0][0] == root.id:
        return
    ops = [Op("protection.note", (_NOTED, root.id)), Op("protection.note", (_SINCE, str(at)))]
    await database.submit(Commit(ops=ops, shared=[await told(keys, event, at)]))


async def _rewrap(database: Database, keys: KeyRing, root: RootKey) -> int:
    """One pass over all keys; how many were wrapped again."""
    done, after = 0, ""
    while rows := await database.fetch("keys.wrapped_after", after, _PAGE):
        after = rows[-1][0]
        ops: list[Op] = []
        for key_id, wrapped in rows:
            if not root.wraps(wrapped):
                secret = root.unwrap(wrapped, key_id.encode())
                ops.append(Op("keys.rewrap", (key_id, wrapped, root.wrap(secret, key_id.encode()))))
        if ops:
            await database.submit(Commit(ops=ops))
            done += len(ops)
        if await keys.look_again():
            break  # somebody replaced it while we worked: begin anew, under that one
    return done


async def _left(database: Database, root: RootKey) -> int:
    left, after = 0, ""
    while rows := await database.fetch("keys.wrapped_after", after, _PAGE):
        after = rows[-1][0]
        left += sum(not root.wraps(row[1]) for row in rows)
    return left
