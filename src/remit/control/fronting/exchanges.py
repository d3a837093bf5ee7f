"""An exchange: one run while somebody is connected, and what can be done in it. Everything goes through the gate, as
the caller; when the caller leaves, or their key ends, `over` says so to whatever is under way.
"""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from remit.gate.actor import Actor
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.domain.errors import RemitError
    from remit.domain.fronting import Caller
    from remit.engine.attended import Attended
    from remit.gate.gate import Gate
    from remit.gate.model_passage import ModelAnswer, ModelAsk
    from remit.gate.relaying.asked import RelayAnswer, RelayAsk, Sink

_NOTHING: Mapping[str, tuple[int, int]] = MappingProxyType({})


class Exchange:
    """One run, while somebody is connected."""

    __slots__ = ("_gate", "actor", "caller", "execution", "left", "over", "tokens")

    def __init__(self, execution: Attended, gate: Gate, caller: Caller) -> None:
        self.execution = execution
        self.caller = caller
        self.actor = actor_of(caller)
        self._gate = gate
        self.over: asyncio.Future[RemitError | None] = asyncio.get_running_loop().create_future()
        """Done when nobody waits for the answer any more (None), or when it must not be given (why)."""
        self.tokens = 0
        """What it used, for the pace of its key."""
        self.left: Mapping[str, tuple[int, int]] = _NOTHING
        """Of what its key has a pace for, the limit and what is left of it, as the exchange begins."""

    @property
    def run_id(self) -> str:
        """The run that it is."""
        return self.execution.row.id

    @property
    def gate(self) -> Gate:
        """The one pipe."""
        return self._gate

    async def durable(self) -> None:
        """Return once everything so far is in the log: nothing is released to anybody before (S3)."""
        await self.execution.settled()

    async def ask_model(self, asked: ModelAsk) -> ModelAnswer:
        """Ask a route, in the neutral form."""
        answer = await self._gate.ask_model(self.execution, self.actor, asked)
        if answer.usage is not None:
            self.tokens += answer.usage.total
        return answer

    async def relay(self, ask: RelayAsk, sink: Sink) -> RelayAnswer:
        """Ask a model in the words of the client, and hand it the answer as it comes."""
        answer = await self._gate.relay(self.execution, self.actor, ask, sink)
        if answer.usage is not None:
            self.tokens += answer.usage.total
        return answer

    async def call_tool(self, name: str, arguments: dict[str, Any] | str) -> tuple[Any, str]:
        """Call a tool; gives the result as JSON, and what is to be said beside it."""
        text = arguments if isinstance(arguments, str) else canonical.encode(arguments).decode()
        return await self._gate.call_text(self.execution, self.actor, name, text)

    def end(self, why: RemitError | None = None) -> None:
        """Nobody waits any more; or it must not go on, and this is why."""
        if not self.over.done():
            self.over.set_result(why)

    def leave(self) -> None:
        """Cancel what is under way: a read or a wait at once, a claimed write after its receipt."""
        self.end()
        self.execution.leave()


class Recorded(Exchange):
    """An exchange that took place without whoever asked: they come back for what it gave, and nothing is done again."""

    __slots__ = ("_outcome", "_run")

    def __init__(self, run: str, outcome: tuple[Any, str], caller: Caller) -> None:
        self._run, self._outcome, self.caller = run, outcome, caller
        self.over = asyncio.get_running_loop().create_future()
        self.tokens, self.left = 0, _NOTHING

    @property
    def run_id(self) -> str:
        """The run that it was."""
        return self._run

    async def durable(self) -> None:
        """It is."""

    async def call_tool(self, name: str, arguments: dict[str, Any] | str) -> tuple[Any, str]:
        """What the call gave."""
        del name, arguments
        return self._outcome


def actor_of(caller: Caller) -> Actor:
    """Who acts in the exchanges of a caller: never more than the key lets, and policy is asked besides."""
    return Actor(
        caller.principal, caller.team, caller.agent, accounts=caller.accounts, tools=caller.tools,
    )  # fmt: skip
