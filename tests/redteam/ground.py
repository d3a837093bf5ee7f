"""What the red team's tests act with: tools that count what really reached them, an agent, rules for the occasion."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.agents.agent import Agent
from remit.testing import Stage, stage
from remit.tools.tool import tool
from tests.gate.desk import ALL_ALLOWED, write_policy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.engine.flow import Flow

__all__ = ["ALL_ALLOWED", "SENT", "clerk", "ground", "read_page", "refund", "send_mail"]
SENT: list[str] = []
"""What reached the world."""


@tool(effect="read")
async def read_page(address: str = "") -> str:
    """Read a page."""
    return f"the page {address}"


@tool(effect="irreversible", roles={"to": "destination", "text": "content"})
async def send_mail(to: str, text: str) -> str:
    """Send a mail."""
    SENT.append(to)
    return text


@tool(effect="write", roles={"order": "object"})
async def refund(order: str, amount: int) -> int:
    """Pay money back."""
    SENT.append(order)
    return amount


def clerk(*tools: Any, **more: Any) -> Agent:
    """The agent of these tests."""
    return Agent("clerk", prompt="You help.", tools=tools or (read_page, send_mail), **more)


@asynccontextmanager
async def ground(folder: Path, *flows: Flow, agents: Any, policy: str, **more: Any) -> AsyncGenerator[Stage]:
    """A workspace with these rules, alive, and its worker."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - a folder of the test
    write_policy(folder, policy)
    async with stage(*flows, workspace=folder, agents=agents, **more) as made:
        yield made
