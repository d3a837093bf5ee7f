"""One connection to a gRPC server. It is made when it is first used, and repeats nothing by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import grpc

from remit.domain.errors import Retry

if TYPE_CHECKING:
    from remit.tools.binding import ToolContext

_LARGEST = 50 * 1024 * 1024
_OPTIONS = [
    ("grpc.max_receive_message_length", _LARGEST),
    ("grpc.enable_retries", 0),
    ("grpc.service_config_disable_resolution", 1),
    ("grpc.enable_http_proxy", 0),
]
_CONNECT_SECONDS = 10.0


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
            aio: Any = cast("Any", grpc).aio
            self._channel = (
                aio.secure_channel(
                    self._target, cast("Any", grpc).ssl_channel_credentials(), options=_OPTIONS
                )
                if self._tls
                else aio.insecure_channel(self._target, options=_OPTIONS)
            )
        return self._channel

    async def ready(self, what: str, seconds: float) -> None:
        """Wait until there is a connection: before that, nothing can have been sent."""
        try:
            async with asyncio.timeout(min(seconds / 2, _CONNECT_SECONDS)):
                await self.open().channel_ready()
        except TimeoutError:
            raise Retry(f"{what}: {self._target} cannot be reached.") from None

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
            await channel.close()
