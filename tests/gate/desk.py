"""What the gate's tests act with: tools over a small world, one agent, and policies written for the occasion."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.agents.agent import Agent
from remit.domain.events import StepDone, StepFailed
from remit.testing import Stage, stage
from remit.testing.scripting import Script
from remit.tools.tool import PythonTool, tool
from tests.engine.places import events

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from remit.domain.clock import Clock
    from remit.domain.event import Event
    from remit.engine.flow import Flow

ALL_ALLOWED = """
@id("everything") permit (principal, action, resource);
"""


@dataclass
class Bank:
    """Where refunds happen, and when it goes wrong."""

    refunds: list[tuple[str, int, str]] = field(default_factory=list[tuple[str, int, str]])
    """Order, cents, key: every call that arrived."""
    loses: int = 0
    """So many answers get lost after the refund took place."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_answer.set()

    @property
    def paid(self) -> set[tuple[str, int, str]]:
        """The refunds that took place: the same key again is the same refund."""
        return set(self.refunds)

    def refund(self, **declared: Any) -> PythonTool:
        """The tool without a key: a repetition pays again."""

        async def refund(order: str, cents: int = 100, note: str = "") -> int:
            """Pay money back."""
            del note
            return await self._pay(order, cents, "")

        return tool(name="refund", roles={"order": "object", "note": "content"}, timeout=3, **declared)(
            refund
        )

    def keyed_refund(self, **declared: Any) -> PythonTool:
        """The tool with a key."""

        async def refund(order: str, cents: int = 100, *, idempotency_key: str) -> int:
            """Pay money back, once for each key."""
            return await self._pay(order, cents, idempotency_key)

        return tool(name="refund", timeout=3, **declared)(refund)

    async def _pay(self, order: str, cents: int, key: str) -> int:
        self.refunds.append((order, cents, key))
        self.arrived.set()
        await self.may_answer.wait()
        if self.loses:
            self.loses -= 1
            raise ConnectionError("the line went dead")
        return cents


def agent(*tools: PythonTool | str, **more: Any) -> Agent:
    """The agent of these tests."""
    return Agent("clerk", prompt="You handle refunds.", tools=tools, **more)


def write_policy(folder: Path, text: str) -> None:
    """The rules of a workspace from now on."""
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "policies" / "default.cedar").write_text(text)


@asynccontextmanager
async def desk(
    folder: Path, script: Script, *flows: Flow, agents: Sequence[Agent] = (), clock: Clock | None = None,
    database: str = "", policy: str = ALL_ALLOWED,
) -> AsyncGenerator[Stage]:  # fmt: skip
    """A stage with these rules."""
    write_policy(folder, policy)
    async with stage(
        *flows, workspace=folder, database=database, agents=agents, clock=clock, script=script
    ) as made:
        yield made


async def outcomes(on: Stage, run: str, name: str) -> list[Any]:
    """What became of the steps of this name, in order."""
    kinds: tuple[type[Event], ...] = (StepDone, StepFailed)
    return [event for event in await events(on, run) if isinstance(event, kinds) and event.name == name]


def heard(scene: Any) -> list[str]:
    """What the model has been told by its tools."""
    return [
        "".join(inner.text for inner in part.parts)
        for message in scene.request.messages
        if message.role == "tool"
        for part in message.parts
    ]
