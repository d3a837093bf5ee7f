"""Moving the root key: the same key kept by another keeper, from which processes take it once their settings name that.

Nothing is wrapped again, so everything goes on meanwhile. What lies in the old place opens everything until the root
key is replaced and the old one retired, which is refused while a process lives that would look for it in the old place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.errors import Refused, WrongState
from remit.domain.protection_events import RootKeyMoved
from remit.store.database import Commit, Op
from remit.store.key_providers.sealed import SealedKey
from remit.store.telling import told

if TYPE_CHECKING:
    from remit.store.database import Database
    from remit.store.key_provider import RootKeeper
    from remit.store.key_providers.root import RootKey
    from remit.store.keys import KeyRing

_PLACE = "root_key_place"
_SINCE = "root_key_moved"


async def move(
    database: Database,
    keys: KeyRing,
    root: RootKey,
    before: RootKeeper,
    after: RootKeeper,
    *,
    by: str,
    at: int,
) -> bool:
    """Have another keeper keep the root key, too; whether it did not already. The settings have to follow."""
    await keys.look_again()
    if isinstance(before, SealedKey) and isinstance(after, SealedKey):
        moved = before.place != after.place
        if moved and not await after.take_over(root):
            raise WrongState("another process has replaced the root key in this very moment.", "Try again.")
    else:
        found = await after.read()
        if found is not None and found != root:
            raise WrongState(
                f"{after.place} holds another root key already.",
                "Name an empty place, or move that key away first.",
            )
        moved = found is None
        if moved and not await after.write(root, None):
            raise WrongState(
                f"{after.place} was written by another process in this very moment.", "Try again."
            )
    ops = [Op("protection.note", (_PLACE, after.place)), Op("protection.note", (_SINCE, str(at)))]
    event = RootKeyMoved(root.id, by, before.place, after.place)
    await database.submit(Commit(ops=ops, shared=[await told(keys, event, at)]))
    return moved


async def check_settled(database: Database, keeper: RootKeeper) -> None:
    """Refuse to replace the root key where somebody still looks for it in the place that it was moved from."""
    noted = await database.fetch("workspace.get", _PLACE)
    if not noted:
        return
    if noted[0][0] != keeper.place:
        raise Refused(
            f"the root key was moved to {noted[0][0]}, and the settings of this process name {keeper.place}.",
            "Put the new place into [keys] of remit.toml.",
        )
    since = int((await database.fetch("workspace.get", _SINCE))[0][0])
    workers = await database.fetch("protection.live_workers_since", since, await database.lease_now())
    if workers:
        raise Refused(
            f"{len(workers)} workers have been running since before the root key was moved, and look for it in the old"
            " place.",
            "Restart them one after the other, then run remit key rotate again.",
        )
