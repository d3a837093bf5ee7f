"""Somebody with a key at a front that speaks for itself: let in at the pace of their key, and looked at again while
they stay, so that a key which is revoked ends a stream that it has opened (S21).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from remit.domain.errors import Unauthenticated
from remit.server.credentials import attribution_of, secret_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from remit.control.platform import Platform
    from remit.domain.fronting import Attribution, Caller
    from remit.server.request import Receive, Send

_EVERY_SECONDS = 1.0


class Visit:
    """One request of somebody."""

    def __init__(self, platform: Platform, secret: str, said: Attribution, caller: Caller) -> None:
        self.caller = caller
        self._platform = platform
        self._secret = secret
        self._said = said
        self._looked = monotonic()
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def check(self) -> None:
        """Raise `Unauthenticated` once the key opens nothing any more; looked at once a second."""
        if monotonic() - self._looked >= _EVERY_SECONDS:
            self._looked = monotonic()
            await self._platform.fronts.caller(self._secret, self._said)

    def receiving(self, body: bytes, receive: Receive) -> Receive:
        """The body as one message, and after it that they left, by themselves or because they had to."""
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def give() -> Any:
            if messages:
                return messages.pop()
            leaving = asyncio.ensure_future(receive())
            await asyncio.wait({leaving, self._gone}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                return leaving.result()
            leaving.cancel()
            return {"type": "http.disconnect"}

        return give

    def sending(self, send: Send) -> Send:
        """What is sent to them: nothing more, once their key opens nothing."""

        async def say(message: Any) -> None:
            if self._gone.done():
                return
            if message["type"] == "http.response.body" and message.get("more_body"):
                try:
                    await self.check()
                except Unauthenticated:
                    self._gone.set_result(None)
                    message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return say


@asynccontextmanager
async def visit(platform: Platform, headers: Mapping[str, str]) -> AsyncGenerator[Visit]:
    """Let somebody in; raises for a key that opens nothing, or that is used too often."""
    secret, said = secret_of(headers), attribution_of(headers)
    caller = await platform.fronts.caller(secret, said)
    paces = platform.fronts.paces
    paces.enter(caller.key, caller.pace)
    try:
        yield Visit(platform, secret, said, caller)
    finally:
        paces.leave(caller.key)
