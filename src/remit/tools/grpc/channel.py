"""One connection to a gRPC server. It is made when it is first used, and repeats nothing by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from remit.tools.binding import ToolContext

_LARGEST = 50 * 1024 * 1024
_OPTIONS = [
    ("grpc.max_receive_message_length", _LARGEST),
    ("grpc.enable_retries", 0),
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.enable_http_proxy", 0),
]


class Channel:
    """The server of one source."""

    def __init__(
        self, target: str, *, tls: bool, secret: str, header: str, prefix: str, seconds: float
    ) -> None:
        self._target = target
        self._tls = tls
        self._secret = secret
        self._auth = (header.lower(), prefix)
        self.seconds = seconds
        self._channel: Any = None

    def open(self) -> Any:
        """The channel."""
        if self._channel is None:
            words: Any = grpc
            self._channel = (
                words.secure_channel(self._target, words.ssl_channel_credentials(), options=_OPTIONS)
                if self._tls
                else words.insecure_channel(self._target, options=_OPTIONS)
            )
        return self._channel

    async def metadata(self, context: ToolContext) -> list[tuple[str, str]]:
        """What is sent beside a request."""
        if not self._secret or context.secret is None:
            return []
        return self.with_token(await context.secret(self._secret))

    def with_token(self, token: str) -> list[tuple[str, str]]:
        """A token where the server expects it."""
        return [(self._auth[0], f"{self._auth[1]}{token}")] if token else []

    async def close(self) -> None:
        """Let go of it."""
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()


async def over(call: Any) -> None:
    """Wait until a call of gRPC is over, which it is on a thread of its own; whoever is interrupted ends it."""
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()

    def tell(_: Any) -> None:
        with suppress(RuntimeError):  # the loop is gone, and whoever waited with it
            loop.call_soon_threadsafe(_done, waiter)

    call.add_done_callback(tell)
    try:
        await waiter
    except asyncio.CancelledError:
        call.cancel()
        raise


def _done(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
