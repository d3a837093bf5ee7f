"""`/v1/embeddings` and `/v1/messages/count_tokens`: model calls that answer with no words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.fronting import exchanged
from remit.server.gateway.exchanging import check_json, connected, send
from remit.wire import embeddings
from remit.wire.inbound import read_count

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.server.request import Handler, Request
    from remit.server.streaming import Pulse
    from remit.wire.embeddings import EmbedWish
    from remit.wire.inbound import Inbound


class Asides:
    """Both of them."""

    def __init__(self, platform: Platform, pulse: Pulse) -> None:
        self._fronts = platform.fronts
        self._pulse = pulse

    async def embed(self, request: Request) -> None:
        """`POST /v1/embeddings`."""
        check_json(request)
        await self._answer(request, *embeddings.read(await request.body()))

    async def count(self, request: Request) -> None:
        """`POST /v1/messages/count_tokens`."""
        check_json(request)
        await self._answer(request, read_count(await request.body()))

    async def _answer(self, request: Request, inbound: Inbound, wish: EmbedWish | None = None) -> None:
        with connected(request, self._pulse) as sink:
            answer = await exchanged.aside(
                self._fronts, request.caller, inbound, request.headers, lambda each: sink(inbound, each), wish
            )
        await send(request, answer)


def handlers(platform: Platform, pulse: Pulse) -> dict[str, Handler]:
    """The paths, and who answers them."""
    made = Asides(platform, pulse)
    return {"/v1/embeddings": made.embed, "/v1/messages/count_tokens": made.count}
