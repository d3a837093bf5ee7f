"""Model exchanges that answer with no words: embeddings, and counts of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.fronting.relays import seconds_of
from remit.gate.relaying.asked import RelayAsk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.control.fronting.exchanges import Exchange
    from remit.control.fronting.fronts import Fronts
    from remit.domain.fronting import Caller
    from remit.gate.relaying.asked import RelayAnswer, Sink
    from remit.wire.embeddings import EmbedWish
    from remit.wire.inbound import Inbound


async def aside(
    fronts: Fronts, caller: Caller, inbound: Inbound, headers: Mapping[str, str],
    sink: Callable[[Exchange], Sink], wish: EmbedWish | None = None, *, kept: bool = True,
) -> RelayAnswer:  # fmt: skip
    """Embed or, without a wish, count; where it is not kept, the log says that it was asked and not what."""
    said, route = caller.attribution, fronts.route(caller, inbound.model)
    shape = {"purpose": said.purpose, "user_action": caller.run, "key": caller.key}
    shown = {name: value[:200] for name, value in shape.items() if value}
    limit = seconds_of(headers)
    ask = RelayAsk(inbound, route, dict(headers), shown, limit, data_class=caller.data_class, kept=kept)

    async def work(exchange: Exchange) -> RelayAnswer:
        return await exchange.gate.aside(exchange.execution, exchange.actor, ask, sink(exchange), wish)

    return await fronts.perform(caller, "model", {"model": inbound.model[:200]}, work)
