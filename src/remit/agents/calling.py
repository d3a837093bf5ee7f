"""The tool calls of one turn: reads side by side, writes one after the other, every outcome told to the model.

A refusal or a failure of a tool is no end: the model is told precisely, and may do something else. What ends the ask
is raised: a budget that is used up, a run that is cancelled, code that is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents import remembering
from remit.agents.delegation import delegate
from remit.agents.talk import Result
from remit.domain.action_errors import BadArguments, BudgetExhausted, Denied, Quarantined
from remit.domain.errors import (
    CircuitOpen,
    InvalidInput,
    Refused,
    Rejected,
    RemitError,
    StepFailed,
    TimedOut,
    UnresolvedEffect,
)
from remit.engine import branching
from remit.knowledge.offer import READS
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.agents.agent import Agent
    from remit.agents.asked import Ask
    from remit.wire.messages import ToolCall

_TOLD = (Refused, Rejected, StepFailed, TimedOut, CircuitOpen, UnresolvedEffect)
_ENDS = (BudgetExhausted,)


async def perform_all(asked: Ask, calls: Sequence[ToolCall]) -> list[Result]:
    """All calls of a turn, in the order in which they were asked for."""
    limits = asked.profile.agent.limits
    taken, left = calls[: limits.calls_per_turn], calls[limits.calls_per_turn :]
    results: list[Result] = []
    for together in _groups(asked, taken, limits.parallel):
        if len(together) == 1:
            results.append(await perform_one(asked, together[0]))
            continue
        work = [perform_one(asked, call) for call in together]
        results.extend(await branching.gather(asked.run.execution, work, keep_errors=False))
    many = f"not called: one answer may ask for {limits.calls_per_turn} calls. Ask again for what you still need."
    results.extend(Result(call, many, failed=True) for call in left)
    return results


async def perform_one(asked: Ask, call: ToolCall) -> Result:
    """One call, and what the model is told about it; sealed texts that come back with it stay handles."""
    texts, identity = asked.run.house.gate.parts.texts, asked.run.execution.row.id
    try:
        said, failed = await _performed(asked, call), False
    except _ENDS:
        raise
    except _TOLD as wrong:
        said, failed = told(wrong), True
        if texts.holds(identity, call.arguments):  # why may repeat a part of what nobody here may read
            said = _unread(wrong)
    return Result(call, texts.hidden(identity, said), failed=failed)


async def _performed(asked: Ask, call: ToolCall) -> str:
    colleague = asked.profile.delegates.get(call.name)
    if colleague is not None:
        return _text(await _delegate(asked, colleague, call))
    gate, run = asked.run.house.gate, asked.run
    offered = asked.profile.memory
    if call.name in offered:
        value, note = await remembering.perform(gate, run.execution, asked.actor, offered, call)
    else:
        value, note = await gate.call_text(run.execution, asked.actor, call.name, call.arguments)
    return f"{_text(value)}\n({note})" if note else _text(value)


def _unread(wrong: RemitError) -> str:
    """A failure of a call that passes a sealed text on: a refusal of ours quotes nothing, and others may."""
    if isinstance(wrong, Denied):
        return told(wrong)
    return "the call failed; no more is said, because it passes on a text that you cannot read."


def told(wrong: RemitError) -> str:
    """A failure in words that a model can act on."""
    if isinstance(wrong, Quarantined):
        return "this tool cannot be called before a person has looked at it; go on without it."
    if isinstance(wrong, StepFailed) and wrong.reason:
        return wrong.reason
    return f"{wrong.message} {wrong.hint}".strip()


async def _delegate(asked: Ask, colleague: Agent, call: ToolCall) -> Any:
    """Another agent acts for this one: with its tools at most, and out of its budget."""
    try:
        task = canonical.parse(call.arguments or "{}").get("task", "")
    except (InvalidInput, AttributeError):
        raise BadArguments('the arguments are no JSON object with a "task".') from None
    return await delegate(asked.run, asked.actor, colleague, task)


def _groups(asked: Ask, calls: Sequence[ToolCall], most: int) -> list[list[ToolCall]]:
    """Calls that may take place side by side: reads that follow each other, `most` at a time."""
    if len(calls) == 1:
        return [list(calls)]
    reads = {tool.name for tool in asked.profile.tools if not tool.manifest.effect.acts}
    reads |= READS & asked.profile.memory.keys()
    groups: list[list[ToolCall]] = []
    for call in calls:
        last = groups[-1] if groups else None
        if call.name in reads and last is not None and last[0].name in reads and len(last) < most:
            last.append(call)
        else:
            groups.append([call])
    return groups


def _text(value: Any) -> str:
    return value if isinstance(value, str) else canonical.encode(canonical.plain(value)).decode()
