"""What every path of the model gateway does: look that somebody posts JSON, be the client of an exchange while it
lasts, and send an answer that came whole.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from remit.server.faults import WrongMedia, WrongMethod
from remit.server.request import JSON, raw_of
from remit.server.streaming import StreamSink, timing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from remit.control.fronting.exchanges import Exchange
    from remit.control.fronting.relays import RelayAnswer
    from remit.server.request import Request
    from remit.server.streaming import Pulse
    from remit.wire.inbound import Inbound


@contextmanager
def connected(request: Request, pulse: Pulse) -> Generator[Callable[[Inbound, Exchange], StreamSink]]:
    """What makes the client of a request that of its exchange."""
    sinks: list[StreamSink] = []

    def sink(inbound: Inbound, exchange: Exchange) -> StreamSink:
        made = StreamSink(request, exchange, pulse, stream=inbound.stream)
        if exchange.left:
            request.also = _left(request.dialect, exchange)
        sinks.append(made)
        return made

    try:
        yield sink
    finally:
        for each in sinks:
            each.close()


def _left(dialect: str, exchange: Exchange) -> dict[bytes, bytes]:
    """How often, and with how many tokens, the key may be used in this minute yet, as its dialect says it."""
    form = "anthropic-ratelimit-{0}-{1}" if dialect == "anthropic" else "x-ratelimit-{1}-{0}"
    return {
        form.format(what, word).encode(): b"%d" % number
        for what, numbers in exchange.left.items()
        for word, number in zip(("limit", "remaining"), numbers, strict=True)
    }


async def send(request: Request, answer: RelayAnswer) -> None:
    """The answer, or the end of one that was streamed."""
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
    packed = request.headers.get("content-encoding", "identity")
    if packed.lower() != "identity":
        raise WrongMedia(f"the body is packed ({packed[:100]}); it is read as it is.", "Send it unpacked.")
