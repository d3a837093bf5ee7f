"""What the store itself tells the workspace and the teams: facts about keys and erasure, sealed where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.store.database import SharedEvent
from remit.store.pen import Pen

if TYPE_CHECKING:
    from remit.domain.event import Event
    from remit.store.database import EventRow, Head
    from remit.store.keys import KeyRing

WORKSPACE = "workspace"


async def told(keys: KeyRing, event: Event, at: int, team: str = "", path: str = "") -> SharedEvent:
    """A fact for the stream of the workspace, or of a team."""
    of = team or WORKSPACE
    stream = f"team:{team}" if team else WORKSPACE
    key = await keys.team_key(of, at)

    def seal(head: Head) -> EventRow:
        return Pen(stream, of, key, head).write(event, path, at)

    draft = Pen(stream, of, key)
    draft.write(event, path, at)  # only for the blob of a large one: where it will stand is not known yet
    return SharedEvent(stream, seal, tuple(draft.take_blobs()))
