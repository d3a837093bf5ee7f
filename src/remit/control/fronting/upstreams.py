"""The servers of other tools, as a front that speaks their protocol needs them: whom their questions go to while it
carries a call, what they say that changes, and that a party is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.tools.mcp.relaying import Relay, Unanswered, relay
from remit.tools.mcp.source import servers_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.control.running.parts import Parts

__all__ = ["Relay", "Unanswered", "carry", "hear", "leave"]

Heard = tuple[str, str]


def carry(party: Relay) -> None:
    """From now on, what this task asks of a server it asks for this party."""
    relay.set(party)


def hear(parts: Parts, listener: Callable[[Heard, str], None]) -> None:
    """Be told what changes at any server, and over whose connection it was heard."""
    for server in servers_of(parts.house.gate.parts.registry).values():
        server.listen(listener)


async def leave(parts: Parts, owner: str) -> None:
    """Close what was opened for a party that is gone."""
    for server in servers_of(parts.house.gate.parts.registry).values():
        await server.leave(owner)
