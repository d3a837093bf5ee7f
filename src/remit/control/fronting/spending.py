"""What may be used once, by whatever process it is brought to: the first one has it, and everybody after is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from remit.control.running.parts import Parts


async def spend(parts: Parts, what: str) -> bool:
    """Whether it was unspent until now. What is not good any more for other reasons may be forgotten meanwhile."""
    ground = parts.ground
    tag = ground.keys.tag(f"once|{ground.principal.team}|{what}")
    try:
        await ground.database.submit(
            Commit(ops=[Op("exchanges.add", (tag, "", "request", "", ground.clock.now()))])
        )
    except Conflict:
        return False
    return True
