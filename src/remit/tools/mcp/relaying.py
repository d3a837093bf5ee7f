"""The party for whom a server is asked, while a front carries its call: what it can do, and how it is reached.

A server that asks something back, reports progress or logs is heard by this party and by nobody else. Everything is
in the words of the wire, so that this knows neither the SDK nor who the party is. Without one, nothing is served.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

Json = Any

KINDS = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}
"""What a server may ask back, and the ability that its client must have declared for it."""


class Unanswered(Exception):
    """The party did not answer, and the server is told so."""


@dataclass
class Relay:
    """One call of one party; a front makes a kind of its own that really reaches somebody."""

    owner: str = ""
    """Whose connection to the server it is: one session of the party, or its key."""
    alone: bool = True
    """Whether a connection carries one call of this owner at a time: what a server asks back then has one address."""
    abilities: dict[str, Json] = field(default_factory=dict[str, Json])
    """What the party declared that it can do: `elicitation`, `sampling`, `roots`."""
    log_level: str = ""
    meta: dict[str, Json] = field(default_factory=dict[str, Json])
    """What of the request's `_meta` goes on to the server: the trace it belongs to, and no more."""
    answers: dict[str, Json] = field(default_factory=dict[str, Json])
    """What the party answered before it was asked."""
    state: str = ""
    """What a server that keeps nothing gave the party to bring back."""
    refusal: dict[str, Json] | None = None
    """The error of the protocol by which the server refused: `code`, `message`, `data`."""

    @property
    def key(self) -> tuple[str, ...]:
        """Which connections may serve it: those of its owner, opened with its abilities."""
        return (self.owner, *sorted(kind for kind in KINDS.values() if self.can(kind)))

    def can(self, ability: str) -> bool:
        """Whether the party declared an ability."""
        return isinstance(self.abilities.get(ability), dict)

    async def ask(self, asked: dict[str, Json], state: str = "") -> dict[str, Json]:
        """What the party answers to requests of the server, by the names that they have."""
        del state
        raise Unanswered(f"Nobody answers {', '.join(asked)}.")

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """How far the server is."""

    async def log(self, said: dict[str, Json]) -> None:
        """What the server logged about this call."""


relay: ContextVar[Relay | None] = ContextVar("remit_mcp_relay", default=None)
"""Set by a front around the calls that it carries."""
