"""The paths of the model gateway. Each reads what the client sent and hands it to the relay; what a dialect is stands
in `wire`, what may be done in the gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.fronting import relays
from remit.control.fronting.repeats import Repeats
from remit.server.faults import WrongMedia, WrongMethod
from remit.server.gateway.models import Models
from remit.server.request import JSON, raw_of
from remit.server.streaming import StreamSink, timing

if TYPE_CHECKING:
    from remit.control.fronting.exchanges import Exchange
    from remit.control.platform import Platform
    from remit.server.request import Handler, Request
    from remit.server.streaming import Pulse


class Gateway:
    """Models by their dialects."""

    def __init__(self, platform: Platform, pulse: Pulse) -> None:
        self._repeats = Repeats(platform.parts, platform.fronts)
        self._pulse = pulse

    async def relay(self, request: Request) -> None:
        """A model call, streamed or not."""
        check_json(request)
        body = await request.body()
        inbound = relays.read(request.dialect, body)
        sinks: list[StreamSink] = []

        def sink(exchange: Exchange) -> StreamSink:
            made = StreamSink(request, exchange, self._pulse, stream=inbound.stream)
            sinks.append(made)
            return made

        try:
            answer = await self._repeats.answer(request.caller, inbound, body, request.headers, sink)
        finally:
            for each in sinks:
                each.close()
        if answer.stream:
            await request.finish()
            return
        raw = raw_of(answer.headers)
        raw += [JSON] if "content-type" not in answer.headers else []
        await request.reply(200, [*raw, timing(request, answer.upstream)], answer.body)


def check_json(request: Request) -> None:
    """Raise unless somebody posts JSON."""
    if request.method != "POST":
        raise WrongMethod(f"{request.path} is asked with POST.")
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        raise WrongMedia(
            f"the body is {kind[:100]}; JSON is read here.", "Send content-type: application/json."
        )


def handlers(platform: Platform, pulse: Pulse) -> dict[str, Handler]:
    """The paths, and who answers them."""
    gateway, models = Gateway(platform, pulse), Models(platform.fronts)
    return {
        "/v1/chat/completions": gateway.relay,
        "/v1/messages": gateway.relay,
        "/v1/models": models.all,
        "/v1/models/": models.one,
    }
