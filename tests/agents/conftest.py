"""A small world for agents: tickets in memory, tools over it, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from remit.testing.pytest_plugin import script
from remit.tools.tool import PythonTool, tool

__all__ = ["Resolution", "Ticket", "World", "script", "world"]


@dataclass
class Ticket:
    id: int
    status: str


@dataclass(frozen=True)
class Resolution:
    reply: str
    confidence: float = 1.0


@dataclass
class World:
    """Tickets, and every write in order."""

    tickets: dict[int, str] = field(default_factory=lambda: {1: "open", 2: "open", 3: "open"})
    writes: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    keys: set[str] = field(default_factory=set[str])
    """What the service has seen: the same key again changes nothing."""
    reads: int = 0
    get_ticket: PythonTool = field(init=False)
    set_status: PythonTool = field(init=False)

    def __post_init__(self) -> None:
        self.get_ticket, self.set_status = _reading(self), _writing(self)


def _reading(world: World) -> PythonTool:
    @tool(effect="read", reads="crm", name="get_ticket")
    async def get_ticket(id: int) -> Ticket:  # noqa: A002 - the tool's own word
        """Look a ticket up."""
        world.reads += 1
        return Ticket(id, world.tickets[id])

    return get_ticket


def _writing(world: World) -> PythonTool:
    @tool(effect="write", undo="restore", roles={"id": "object"}, name="set_status")
    async def set_status(id: int, status: str, *, idempotency_key: str) -> Ticket:  # noqa: A002 - the tool's own word
        """Change a ticket's status."""
        if idempotency_key in world.keys:
            return Ticket(id, world.tickets[id])
        world.keys.add(idempotency_key)
        world.writes.append((id, status))
        world.tickets[id] = status
        return Ticket(id, status)

    @set_status.before
    async def image(id: int, **_: object) -> Ticket:  # noqa: A002 - the tool's own word
        return Ticket(id, world.tickets[id])

    @set_status.restore
    async def put_back(image: Ticket) -> None:
        world.tickets[image.id] = image.status

    del image, put_back
    return set_status


@pytest.fixture
def world() -> World:
    return World()
