"""One model exchange of a client, from what it sent to what it gets: the request read once, its route found, a run
begun, and the relay let go on its way. How bytes reach the client is the server's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.gate.relaying.asked import RelayAnswer, RelayAsk, Sink
from remit.wire.inbound import Inbound, read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.control.fronting.exchanges import Exchange
    from remit.control.fronting.fronts import Fronts
    from remit.domain.fronting import Caller

__all__ = ["Inbound", "RelayAnswer", "RelayAsk", "Sink", "read", "relay"]
_LONGEST = 3600.0


async def relay(
    fronts: Fronts,
    caller: Caller,
    inbound: Inbound,
    headers: Mapping[str, str],
    sink: Callable[[Exchange], Sink],
) -> RelayAnswer:
    """Answer one request; `sink` is how the client of this exchange is reached."""
    route = fronts.route(caller, inbound.model)
    ask = RelayAsk(
        inbound, route, dict(headers), _shape(caller), seconds_of(headers), data_class=caller.data_class
    )  # fmt: skip

    async def work(exchange: Exchange) -> RelayAnswer:
        return await exchange.relay(ask, sink(exchange))

    told = {"model": inbound.model[:200], "dialect": inbound.dialect, "stream": inbound.stream}
    return await fronts.perform(caller, "model", told, work)


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
