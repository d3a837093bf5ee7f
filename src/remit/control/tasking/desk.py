"""The desk of tasks: what others may ask of the agents of a workspace, by their keys. It only hands on."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from remit.control.tasking.narrowing import tokens_of
from remit.control.tasking.offering import description_of, offer, version_of
from remit.control.tasking.served import Served
from remit.control.tasking.threads import Threads, thread_flow
from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.control.running.parts import Parts
    from remit.control.tasking import following, herald, hooks, signing, tasks
    from remit.control.tasking.following import News
    from remit.control.tasking.hooks import Hook
    from remit.control.tasking.views import Told
    from remit.domain.fronting import Caller
    from remit.domain.tasks import Task
else:
    following = on_use("remit.control.tasking.following")
    herald = on_use("remit.control.tasking.herald")
    hooks = on_use("remit.control.tasking.hooks")
    signing = on_use("remit.control.tasking.signing")
    tasks = on_use("remit.control.tasking.tasks")

Json = Any


class TaskDesk:
    """Tasks of others, for whoever they are."""

    def __init__(self, parts: Parts, served: Served) -> None:
        self._parts = parts
        self.served = served
        self._herald: herald.Herald | None = None
        parts.house.gate.parts.vault.run_token = tokens_of(parts.ground)
        kept = thread_flow()
        parts.flows[kept.name] = kept
        if served.names:
            offer(parts, served.names)
            if served.push or served.push_private:
                herald.introduce(parts, served)

    def threads(self, kind: str) -> Threads:
        """What another framework keeps of its threads in this workspace."""
        return Threads(self._parts, kind)

    def start(self) -> None:
        """Tell those who want to be told, from now on."""
        if self._herald is None and (self.served.push or self.served.push_private):
            self._herald = herald.Herald(self._parts)
            self._herald.start()

    async def stop(self) -> None:
        """Tell nobody more; what was not told yet, another process tells."""
        if self._herald is not None:
            await self._herald.stop()
            self._herald = None

    def abandon(self) -> None:
        """Stop at once, as a killed process would."""
        if self._herald is not None:
            self._herald.abandon()
            self._herald = None

    def description(self, agent: str) -> str:
        """What an agent says that it does."""
        return description_of(self._parts, agent)

    async def version(self, agent: str) -> str:
        """The name of everything that shapes what it does."""
        return await version_of(self._parts, agent)

    async def sign(self, card: Json) -> tuple[str, str]:
        """A signature under what others are told of an agent: a JWS over the canonical JSON, its head and itself."""
        return await signing.sign(self._parts.ground, card)

    async def signing_key(self) -> dict[str, str]:
        """The key by which that is verified, as a JWK."""
        return await signing.public_key(self._parts.ground)

    def check(self, caller: Caller, agent: str) -> None:
        """Refuse a caller who may not ask this agent."""
        tasks.may_ask(self._parts, caller, agent)

    def check_hook(self, hook: Hook) -> None:
        """Refuse to tell what may not be told, or at a host that is not on the list."""
        hooks.check(self.served, hook)

    async def give(
        self, caller: Caller, agent: str, said: list[dict[str, Json]], *, message: str = "", context: str = ""
    ) -> Task:
        """Start a task, or find the one that this very message has started already."""
        return await tasks.give(self._parts, caller, agent, said, message=message, context=context)

    async def find(self, caller: Caller, task: str, agent: str | None = None) -> Task:
        """One of the caller's tasks."""
        row = await tasks.find(self._parts, caller, task, agent)
        return await tasks.task_of(self._parts.ground, row)

    async def settled(self, caller: Caller, task: str, seconds: float) -> Task:
        """One of the caller's tasks, once it has ended or waits for somebody, or when the time is over."""
        row = await tasks.find(self._parts, caller, task)
        return await tasks.task_of(
            self._parts.ground, await tasks.settled(self._parts, row.id, seconds=seconds)
        )

    async def listed(self, caller: Caller, agent: str, **chosen: Any) -> Told:
        """The caller's tasks of an agent; by `context`, `state`, `since`, `limit`, `after`."""
        return await tasks.listed(self._parts, caller, agent, **chosen)

    async def say(self, caller: Caller, task: str, said: list[dict[str, Json]], *, message: str = "") -> Task:
        """Tell a task what it waits for."""
        return await tasks.say(self._parts, caller, task, said, message=message)

    async def decide(self, caller: Caller, task: str, answers: list[dict[str, Json]]) -> Task:
        """Answer what persons are asked in a task: `{"question", "decision", "value", "comment"}` each."""
        return await tasks.decide(self._parts, caller, task, answers)

    async def cancel(self, caller: Caller, task: str, why: str = "") -> Task:
        """Cancel a task."""
        return await tasks.cancel(self._parts, caller, task, why)

    async def told(self, caller: Caller, task: str) -> int:
        """How much its log tells of a task by now."""
        row = await tasks.find(self._parts, caller, task)
        return await tasks.length(self._parts, row.id)

    async def follow(self, caller: Caller, task: str, *, after: int = 0) -> AsyncGenerator[News]:
        """One of the caller's tasks as it goes; of what it had told by `after`, nothing again."""
        row = await tasks.find(self._parts, caller, task)
        async with aclosing(following.follow(self._parts, row.id, after=after)) as all_of_it:
            async for news in all_of_it:
                yield news

    async def hook(self, caller: Caller, task: str, hook: Hook, *, from_start: bool = False) -> Hook:
        """Let somebody be told how a task goes; with `from_start`, where it stands now as well."""
        return await hooks.add(self._parts, self.served, caller, task, hook, from_start=from_start)

    async def hooks(self, caller: Caller, task: str) -> list[Hook]:
        """Who is told."""
        return await hooks.listed(self._parts, caller, task)

    async def unhook(self, caller: Caller, task: str, hook: str) -> None:
        """Let nobody be told there."""
        await hooks.drop(self._parts, caller, task, hook)
