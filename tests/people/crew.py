"""A workspace with users: their keys, the office as each of them sees it, and runs started in their name."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from remit.control.platform import Platform
from remit.testing import Stage
from tests.engine.places import until
from tests.gate.desk import desk

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.control.approving.views import InboxItem
    from remit.control.office import Office
    from remit.domain.clock import Clock
    from remit.testing import StagedRun
    from remit.testing.scripting import Script

CREW = {
    "ada": ("admin",), "lea": ("leads",), "max": ("leads", "reviewer"), "dora": ("directors",),
    "nia": ("support",), "aud": ("auditor",),
}  # fmt: skip
EVERYTHING = (
    '@id("tools") permit (principal, action in [Action::"call", Action::"undo", Action::"model", '
    'Action::"delegate", Action::"list"], resource);\n'
)


@dataclass
class Crew:
    """People at work."""

    stage: Stage
    folder: Path
    database: str
    agents: Sequence[Agent]
    keys: dict[str, str] = field(default_factory=dict[str, str])

    async def hire(self) -> None:
        """The first user is made by the local owner, all others by the first."""
        office: Office = self.stage.platform
        for name, roles in CREW.items():
            _, key = await office.add_person(name, roles)
            assert key is not None
            self.keys[name] = key.key
            if name == "ada":
                office = await self.as_("ada")
        _, key = await office.add_person("robot", ["leads"], service=True)
        assert key is not None
        self.keys["robot"] = key.key

    async def as_(self, name: str) -> Office:
        """The office as somebody sees it."""
        return await self.stage.platform.acting_as(self.keys[name])

    async def start(self, name: str, agent: str = "clerk", question: str = "refund") -> StagedRun:
        """A run in somebody's name, from a process of their own."""
        platform = await Platform.assemble(
            self.folder, database=self.database, agents=self.agents, key=self.keys[name],
            clock=self.stage.platform.ground.clock,
        )  # fmt: skip
        try:
            run = await platform.start(agent, question=question)
        finally:
            await platform.close()
        self.stage.platform.dispatcher.submit(run.id)
        return self.stage.run(run.id)

    async def next_question(self, seen: set[str]) -> InboxItem:
        """Wait for one that was not there before."""
        found: list[InboxItem] = []

        async def there() -> bool:
            found[:] = [item for item in await self.stage.inbox() if item.id not in seen]
            return bool(found)

        await until(there)
        seen.add(found[0].id)
        return found[0]

    async def question(self) -> InboxItem:
        """The one that is open."""
        (item,) = await self.stage.inbox()
        return item


@asynccontextmanager
async def crew(
    folder: Path, script: Script, *agents: Agent, policy: str, database: str = "", clock: Clock | None = None,
    everything: str = EVERYTHING,
) -> AsyncGenerator[Crew]:  # fmt: skip
    """A stage on which decisions need keys."""
    async with desk(
        folder, script, agents=agents, policy=everything + policy, database=database, clock=clock
    ) as stage:
        made = Crew(stage, folder, database, agents)
        await made.hire()
        yield made
