"""A model exchange with something around it: what is kept of its answer, what is done before and after it; and those
that answer with no words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from remit.control.fronting.relays import seconds_of
from remit.domain.errors import RemitError
from remit.gate.relaying.asked import RelayAsk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from remit.control.fronting.exchanges import Exchange
    from remit.control.fronting.fronts import Fronts
    from remit.domain.fronting import Caller
    from remit.gate.relaying.asked import RelayAnswer, Sink
    from remit.wire.embeddings import EmbedWish
    from remit.wire.inbound import Inbound


class Stages(NamedTuple):
    """What is done around a relay, in its exchange."""

    first: Callable[[Exchange], Awaitable[None]]
    failed: Callable[[Exchange, RemitError], Awaitable[None]]
    done: Callable[[Exchange], Awaitable[None]]


async def relay(
    fronts: Fronts, caller: Caller, inbound: Inbound, headers: Mapping[str, str],
    sink: Callable[[Exchange], Sink], stages: Stages | None = None, **more: Any,
) -> RelayAnswer:  # fmt: skip
    """Answer one request; `more` is what else the relay is told."""
    ask = _ask(fronts, caller, inbound, headers, **more)

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
    return await fronts.perform(caller, "model", told, work)


async def aside(
    fronts: Fronts, caller: Caller, inbound: Inbound, headers: Mapping[str, str],
    sink: Callable[[Exchange], Sink], wish: EmbedWish | None = None,
) -> RelayAnswer:  # fmt: skip
    """Embed or, without a wish, count."""
    ask = _ask(fronts, caller, inbound, headers)

    async def work(exchange: Exchange) -> RelayAnswer:
        return await exchange.gate.aside(exchange.execution, exchange.actor, ask, sink(exchange), wish)

    return await fronts.perform(caller, "model", {"model": inbound.model[:200]}, work)


def _ask(
    fronts: Fronts, caller: Caller, inbound: Inbound, headers: Mapping[str, str], **more: Any
) -> RelayAsk:
    said, route = caller.attribution, fronts.route(caller, inbound.model)
    shape = {"purpose": said.purpose, "user_action": caller.run, "key": caller.key}
    shown = {name: value[:200] for name, value in shape.items() if value}
    return RelayAsk(
        inbound, route, dict(headers), shown, seconds_of(headers), data_class=caller.data_class, **more
    )  # fmt: skip
