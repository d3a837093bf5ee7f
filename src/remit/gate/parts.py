"""What the gate holds, and nobody else: tools that can act, models that can be asked, secrets, authority, budgets."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.domain.action_errors import Quarantined
from remit.domain.clock import MICROSECONDS, SteadyTime
from remit.gate.answer_cache import AnswerCache
from remit.gate.containment.board import HaltBoard
from remit.gate.containment.fuses import Fuses
from remit.gate.containment.outbox import Outbox
from remit.gate.figures import Figures
from remit.gate.flag_board import FlagBoard
from remit.gate.guards.book import GuardBook
from remit.gate.memory_board import MemoryBoard
from remit.gate.roles import Roles
from remit.gate.sealing import SealedTexts
from remit.gate.standing.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from remit.domain.budgets import Account
    from remit.domain.clock import Clock
    from remit.gate.actor import Actor
    from remit.gate.budgeting.budgets import BudgetBook
    from remit.gate.models import ModelDesk
    from remit.gate.rates import Rates
    from remit.gate.secrets.vault import Vault
    from remit.gate.streams import Streams
    from remit.policy.authority import Authority
    from remit.policy.world import World
    from remit.store.keys import KeyRing
    from remit.tools.acceptance import Acceptance
    from remit.tools.registry import Registry
    from remit.tools.tool import Tool

_LOOK_AGAIN = 10 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class GateParts:
    """Everything behind the gate."""

    clock: Clock
    registry: Registry
    acceptance: Acceptance
    authority: Authority
    world: Callable[[], World]
    """What rules may speak about, as things stand now."""
    budgets: BudgetBook
    vault: Vault
    models: ModelDesk
    rates: Rates
    streams: Streams
    keys: KeyRing
    environment: str = "dev"
    accounts: dict[str, Account] = field(default_factory=dict[str, "Account"])
    """Shared budgets of this workspace by account: `agent:NAME`, `team:NAME`."""
    largest_result: int = 4 * 1024 * 1024
    refresh: Callable[[str], Awaitable[None]] | None = None
    """Opens a source of tools again, as it is now."""
    looked: dict[str, int] = field(default_factory=dict[str, int])
    """When each source was opened again last."""
    learning: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever takes in new tools does it alone."""
    meeting: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One looks at who people are and what is in force, for everybody who waits for that."""
    roles: Roles = field(default_factory=Roles)
    """Who people are, as it stands now."""
    halts: HaltBoard = field(kw_only=True)
    """What may not act."""
    fuses: Fuses = field(default_factory=Fuses)
    """Breakers that halt by themselves."""
    outbox: Outbox = field(default_factory=Outbox)
    """How long what cannot be undone is held back."""
    flags: FlagBoard = field(default_factory=FlagBoard)
    """What is switched for a share of runs."""
    guards: GuardBook = field(default_factory=GuardBook)
    """Checks on content, and what runs keep from their models."""
    memory: MemoryBoard = field(default_factory=MemoryBoard)
    """Turns at memory, and what forks believe of it."""
    unreadable: dict[str, str] = field(default_factory=dict[str, str])
    """What becomes of content that a model's provider may not read, by its class: `refuse` or `redact`."""
    cache: AnswerCache = field(default_factory=AnswerCache)
    """Answers that are given again."""
    figures: Figures = field(default_factory=Figures)
    """What models were used for by agents that are not ours."""
    texts: SealedTexts = field(default_factory=SealedTexts)
    """What quarantined agents said in words, which nobody who can act has read."""
    standing: Standing = field(init=False)
    """What stands beside the rules: who may say what is in force, what was revoked."""
    time: SteadyTime = field(init=False)
    """What stored times are held against."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "standing", Standing(self.authority))
        object.__setattr__(self, "time", SteadyTime(self.clock))
        self.standing.time = self.time

    async def meet(self) -> None:
        """See who people are by now, which rules are in force and what was revoked: all of it, or a look at one of
        them would pass for a look at the others. One look serves a second.
        """
        if not self.roles.stale(self.clock.boot()):
            return
        async with self.meeting:
            now = self.clock.boot()  # how old a look is, nobody can set
            if self.roles.stale(now):
                await self.standing.look()
                await self.flags.look()
                await self.roles.look(now)  # which is what the next one goes by

    async def learn(self, *tools: Tool) -> None:
        """Take in tools that no source lists: their definitions are accepted and ruled on as all others."""
        if all(self.registry.find(tool.name) is tool for tool in tools):
            return
        async with self.learning:
            new = [tool for tool in tools if self.registry.find(tool.name) is not tool]
            if not new:
                return
            for tool in new:
                tool.check()
                if tool.name in self.registry:
                    self.registry.add(tool)  # refuses the name of another
            await self.acceptance.boot(new)
            self.registry.add(*new)
            self.authority.know(self.world())
            await self.vault.learn(name for tool in new for name in tool.manifest.secrets)

    async def be_accepted(self, tool: Tool) -> None:
        """Raise `Quarantined` unless somebody accepted this very definition."""
        try:
            await self.acceptance.admit(tool)
        except Quarantined:
            if not await self.look_again(tool):
                raise
            raise Quarantined(
                f"{tool.name} has another definition, which was accepted meanwhile.", "Call it again."
            ) from None

    async def look_again(self, tool: Tool) -> bool:
        """Whether a stranger's tool, which is not what was accepted, is another one by now: somebody may have accepted
        what its source says today. A model that asks again and again does not make us ask the source each time.
        """
        source, now = self.registry.source_of(tool.name), self.clock.boot()
        if self.refresh is None or tool.manifest.source in {"python", "builtin"}:
            return False
        if now - self.looked.get(source, -_LOOK_AGAIN) < _LOOK_AGAIN:
            return False
        self.looked[source] = now
        async with self.learning:
            await self.refresh(source)
            await self.acceptance.boot(
                each for each in self.registry if self.registry.source_of(each.name) == source
            )
            self.authority.know(self.world())
        found = self.registry.find(tool.name)
        return found is not None and found is not tool and self.acceptance.accepts(found)

    def forget(self, run: str, *, ended: bool) -> None:
        """A run has left this process: nothing that was kept for it stays."""
        self.vault.forget(run)
        self.budgets.forget_run(run)
        self.standing.forget(run)
        self.memory.forget(run)
        self.guards.forget(run)
        self.texts.forget(run)
        if ended:
            self.streams.close(run)

    def accounts_of(self, actor: Actor) -> Sequence[Account]:
        """The budgets that an actor draws on, its own and the shared ones."""
        if actor.apart or not self.accounts:
            return actor.accounts
        names = [f"agent:{agent}" for agent in (*actor.chain, actor.agent) if agent]
        shared = [self.accounts[name] for name in (*names, f"team:{actor.team}") if name in self.accounts]
        return [*actor.accounts, *shared]
