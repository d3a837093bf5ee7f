"""Consent to what a model proposes to a foreign agent: asked for as a call that waits for a person is, in an exchange
of its own. The client waits for a while; then the question stays, and the same proposal, made again, meets the answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.domain.fronting import Pace
from remit.gate.relaying.advice import LOCAL

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from remit.control.fronting.exchanges import Exchange
    from remit.control.fronting.fronts import Fronts
    from remit.domain.fronting import Caller

PATIENCE = 50.0
"""Seconds for which a client is kept waiting for a person."""


def consent_of(fronts: Fronts, caller: Caller) -> Callable[[str, str], Awaitable[None]]:
    """What returns once somebody has agreed that this caller's agent uses a tool of its own so; raises what became of
    it instead.
    """

    async def consent(tool: str, arguments: str) -> None:
        unhurried = replace(caller, pace=Pace())  # it is part of an exchange that was counted
        told: dict[str, Any] = {"tool": f"{LOCAL}{tool}", "arguments": {"arguments": arguments}}

        async def work(exchange: Exchange) -> None:
            await exchange.call_tool(told["tool"], told["arguments"])

        await fronts.perform(unhurried, "tool", told, work, patience=PATIENCE)

    return consent
