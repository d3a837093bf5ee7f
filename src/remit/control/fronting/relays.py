"""One model exchange of a client, from what it sent to what it gets: the request read once, its route found, a run
begun, and the relay let go on its way. How bytes reach the client is the server's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.control.fronting.consenting import consent_of
from remit.domain.errors import RemitError
from remit.gate.relaying.asked import RelayAnswer, RelayAsk, Sink
from remit.wire.inbound import Inbound, read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from remit.control.fronting.exchanges import Exchange
    from remit.control.fronting.fronts import Fronts, Named
    from remit.domain.fronting import Caller

__all__ = ["Inbound", "RelayAnswer", "RelayAsk", "Sink", "Stages", "read", "relay", "seconds_of"]
_LONGEST = 3600.0


@dataclass(frozen=True, slots=True)
class Stages:
    """What else is done in an exchange, around the relay."""

    first: Callable[[Exchange], Awaitable[None]]
    failed: Callable[[Exchange, RemitError], Awaitable[None]]
    done: Callable[[Exchange], Awaitable[None]]


async def relay(
    fronts: Fronts, caller: Caller, inbound: Inbound, headers: Mapping[str, str],
    sink: Callable[[Exchange], Sink], stages: Stages | None = None, *, named: Named | None = None, **more: Any,
) -> RelayAnswer:  # fmt: skip
    """Answer one request; `sink` is how the client of this exchange is reached. `more` is for the ask."""
    route = fronts.route(caller, inbound.model)
    ask = RelayAsk(
        inbound, route, dict(headers), _shape(caller), seconds_of(headers), data_class=caller.data_class,
        consent=consent_of(fronts, caller), **more
    )  # fmt: skip

    async def work(exchange: Exchange) -> RelayAnswer:
        if stages is None:
            return await exchange.relay(ask, sink(exchange))
        await stages.first(exchange)
        try:
            answer = await exchange.relay(ask, sink(exchange))
        except RemitError as wrong:
            await stages.failed(exchange, wrong)
            raise
        await stages.done(exchange)
        return answer

    told = {"model": inbound.model[:200], "dialect": inbound.dialect, "stream": inbound.stream}
    return await fronts.perform(caller, "model", told, work, named=named)


def seconds_of(headers: Mapping[str, str]) -> float | None:
    """How long the client says that it waits."""
    try:
        seconds = float(headers.get("x-stainless-read-timeout", ""))
    except ValueError:
        return None
    return seconds if 0 < seconds < _LONGEST else None


def _shape(caller: Caller) -> dict[str, str]:
    said = caller.attribution
    found = {"purpose": said.purpose, "user_action": caller.run, "key": caller.key}
    return {name: value[:200] for name, value in found.items() if value}
