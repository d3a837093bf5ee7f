"""A platform that serves, with one agent's key: below HTTP for what exchanges promise, behind a port for the rest."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from remit.agents.agent import Agent
from remit.control.platform import Platform
from remit.control.sections import ServerSettings
from remit.domain.clock import Clock
from remit.domain.fronting import Attribution, Caller, KeyScope
from remit.server.serving import serving


@dataclass(slots=True)
class Front:
    """A platform that serves, and a key for it."""

    platform: Platform
    key: str
    key_id: str
    url: str = ""

    async def caller(self, **said: str) -> Caller:
        """Whoever shows the key."""
        return await self.platform.fronts.caller(self.key, Attribution(**said))

    async def another(self, scope: KeyScope) -> str:
        """Another key."""
        return (await self.platform.new_agent_key(scope)).key


@asynccontextmanager
async def front(
    place: Path, agents: Sequence[Agent] = (), scope: KeyScope | None = None, clock: Clock | None = None,
    database: str = "", *, http: bool = False, worker: bool = False, server: ServerSettings | None = None,
) -> AsyncGenerator[Front]:  # fmt: skip
    """It, until the block ends; with `http` behind a port, with `worker` also executing other runs."""
    platform = await Platform.assemble(place, agents=agents, clock=clock, database=database)
    try:
        await (platform.start_worker() if worker else platform.start_front())
        made = await platform.new_agent_key(scope or KeyScope("bot"))
        found = Front(platform, made.key, made.id)
        if not http:
            yield found
            return
        async with serving(platform, server or ServerSettings(port=0)) as url:
            found.url = url
            yield found
    finally:
        await platform.close()
