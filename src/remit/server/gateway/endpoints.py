"""The paths of the model gateway. Each reads what the client sent and hands it to the relay; what a dialect is stands
in `wire`, what may be done in the gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.fronting import relays
from remit.control.fronting.repeats import Repeats
from remit.server.gateway import asides, responses
from remit.server.gateway.exchanging import check_json, connected, send
from remit.server.gateway.models import Models

if TYPE_CHECKING:
    from remit.control.fronting.exchanges import Exchange
    from remit.control.platform import Platform
    from remit.server.request import Handler, Request
    from remit.server.streaming import Pulse, StreamSink


class Gateway:
    """Models by their dialects."""

    def __init__(self, platform: Platform, pulse: Pulse) -> None:
        self._repeats = Repeats(platform.ground, platform.fronts)
        self._pulse = pulse

    async def relay(self, request: Request) -> None:
        """A model call, streamed or not."""
        check_json(request)
        body = await request.body()
        inbound = relays.read(request.dialect, body)
        with connected(request, self._pulse) as client:

            def sink(exchange: Exchange) -> StreamSink:
                return client(inbound, exchange)

            answer = await self._repeats.answer(request.caller, inbound, body, request.headers, sink)
        await send(request, answer)


def handlers(platform: Platform, pulse: Pulse) -> dict[str, Handler]:
    """The paths, and who answers them."""
    gateway, models = Gateway(platform, pulse), Models(platform.fronts)
    return {
        "/v1/chat/completions": gateway.relay,
        "/v1/messages": gateway.relay,
        "/v1/models": models.all,
        "/v1/models/": models.one,
        **asides.handlers(platform, pulse),
        **responses.handlers(platform, pulse),
    }
