"""A tool that asks for another tool while it runs: a read, decided as any other, and part of the same step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from remit.domain.action_errors import Denied
from remit.domain.decisions import AccessRequest
from remit.gate.explaining import denied
from remit.tools.tool import nested_call

if TYPE_CHECKING:
    from types import TracebackType

    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.tools.binding import ToolContext
    from remit.tools.tool import Tool


class Reachable:
    """While it lasts, the code of a tool reaches other tools, and secrets leave in no error."""

    __slots__ = ("_actor", "_context", "_parts", "_token")

    def __init__(self, parts: GateParts, actor: Actor, context: ToolContext) -> None:
        self._parts = parts
        self._actor = actor
        self._context = context

    def __enter__(self) -> None:
        self._token = nested_call.set(self._nested)

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> None:
        nested_call.reset(self._token)
        if wrong is not None:
            self._parts.vault.redactor.scrub(wrong)

    async def read(self, tool: Tool, arguments: dict[str, Any]) -> Any:
        """What another tool says, decided as any other read."""
        return await self._nested(tool, arguments)

    async def _nested(self, tool: Tool, arguments: dict[str, Any]) -> Any:
        return await _perform(self._parts, self._actor, self._context, tool, arguments)


async def _perform(
    parts: GateParts, actor: Actor, context: ToolContext, tool: Tool, arguments: dict[str, Any]
) -> Any:
    if tool.manifest.effect.acts:
        raise Denied(
            f"{tool.name} may not be called by a tool while that runs: it is a write of its own.",
            "Let the flow or the agent call it, so that it is claimed and can be undone.",
        )
    await parts.learn(tool)
    await parts.acceptance.admit(tool)
    tool.validate(arguments)
    leaked = parts.vault.finds_in(arguments)
    if leaked:
        raise Denied(
            f'{tool.name} was called with the secret "{leaked}" as an argument.', "Let it name the secret."
        )
    if tool.manifest.rate is not None:
        parts.rates.take(actor.team, tool.name, tool.manifest.rate)
    request = AccessRequest(
        actor.user, actor.team, actor.agent, "call", tool.name, {"digest": tool.manifest.digest}, arguments,
        groups=parts.roles.of(actor.user), environment=parts.environment,
    )  # fmt: skip
    decision = parts.standing.judge(request, parts.clock.now(), run=context.run, capability=actor.capability)
    if not decision.allows:
        raise denied(request, decision)

    async def secret(name: str) -> str:  # its own secrets, and not those of the tool that calls it
        return await parts.vault.give(name, tool.manifest, context.run, actor.user)

    inner = structs.replace(
        context, key="", before=None, bound=None, secret=secret if tool.manifest.secrets else None
    )
    with Reachable(parts, actor, inner):
        performed = await tool.binding.perform({**arguments, **decision.changes}, inner)
    return parts.vault.redact(performed.result)
