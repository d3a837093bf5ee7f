"""Memory as a run uses it: remember, recall, forget. Each is an action through the gate and a durable step.

It says what is wanted and how items are found; whether it may be, what is kept of it and how it is taken back are
the gate's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.memory import RECALLED, Memory, memory_of
from remit.engine.step import seconds
from remit.gate.memory.passage import MemoryAct
from remit.knowledge.labelling import label_of_remembered
from remit.knowledge.ranking import holding_all, ranked
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.domain.labels import Label
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor
    from remit.gate.gate import Gate


class Memories:
    """The memory of one actor in one run."""

    def __init__(self, gate: Gate, execution: Execution, actor: Actor) -> None:
        self._gate = gate
        self._execution = execution
        self._actor = actor

    async def remember(
        self, key: str, value: object, scope: str, label: Label | None = None, ttl: float | str | None = None
    ) -> tuple[Memory, str]:
        """Keep a value under a key, in the place of what was there; gives the item, and what is to be said of it."""
        carried = label_of_remembered(self._execution, self._actor, label)
        plain = canonical.accept(value, "what is to be remembered")
        kept = None if ttl is None else seconds(ttl)
        found, note = await self._do(MemoryAct("remember", scope, key, plain, carried, kept))
        return memory_of(found), note

    async def recall(
        self, text: str, key: str, scope: str, limit: int = RECALLED
    ) -> tuple[list[Memory], str]:
        """The item of a key; or those that fit some words, the best first; or the latest."""
        act = MemoryAct("recall", scope, key, text=text, limit=limit, choose=ranked)
        found, note = await self._do(act)
        return [memory_of(each) for each in found], note

    async def forget(self, key: str, matching: str, scope: str) -> tuple[list[str], str]:
        """Forget the item of a key, or all that hold every word of `matching`; gives their keys."""
        return await self._do(MemoryAct("forget", scope, key, text=matching, choose=holding_all))

    async def refuse(self, operation: str, why: Exception) -> None:
        """Let the gate refuse what a model asked for in a way that makes no sense; always raises."""
        await self._do(MemoryAct(operation, "", problem=why))

    async def _do(self, act: MemoryAct) -> tuple[Any, str]:
        return await self._gate.memory(self._execution, self._actor, act)
