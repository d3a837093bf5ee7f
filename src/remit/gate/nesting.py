"""A tool that asks for another tool while it runs: a read, decided as any other, and part of the same step."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import Denied
from remit.domain.decisions import AccessRequest
from remit.gate.passage import denied
from remit.tools.tool import nested_call

if TYPE_CHECKING:
    from collections.abc import Generator

    from remit.gate.actor import Actor
    from remit.gate.parts import GateParts
    from remit.tools.binding import ToolContext
    from remit.tools.tool import Tool


@contextmanager
def reachable(parts: GateParts, actor: Actor, context: ToolContext) -> Generator[None]:
    """While it lasts, the code of a tool reaches other tools, and secrets leave in no error."""

    async def nested(tool: Tool, arguments: dict[str, Any]) -> Any:
        return await _perform(parts, actor, context, tool, arguments)

    token = nested_call.set(nested)
    try:
        with parts.vault.scrubbing():
            yield
    finally:
        nested_call.reset(token)


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
        environment=parts.environment,
    )  # fmt: skip
    decision = parts.authority.decide(request, parts.clock.now())
    if not decision.allows:
        raise denied(request, decision)

    async def secret(name: str) -> str:  # its own secrets, and not those of the tool that calls it
        return await parts.vault.give(name, tool.manifest, context.run, actor.user)

    inner = replace(context, key="", before=None, secret=secret if tool.manifest.secrets else None)
    with reachable(parts, actor, inner):
        performed = await tool.binding.perform({**arguments, **decision.changes}, inner)
    return parts.vault.redact(performed.result)
