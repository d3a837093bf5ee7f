"""What servers leave away although it has to be there, and what the protocol says that it means then: a result without
a type is complete. The SDK refuses such a result, and nobody would know whether a write took place.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from typing import Self

_DISCOVERED = "supportedVersions"


@asynccontextmanager
async def completed(transport: AbstractAsyncContextManager[Any], *, modern: bool) -> AsyncGenerator[Any]:
    """The streams of a transport, with what is missing put in; `modern`: the era is known before anybody asked."""
    async with transport as (arriving, leaving):
        yield _Completed(arriving, modern=modern), leaving


class _Completed:
    def __init__(self, inner: Any, *, modern: bool) -> None:
        self._inner = inner
        self._modern = modern

    @property
    def last_context(self) -> Any:
        """What the sender's task carried."""
        return getattr(self._inner, "last_context", None)

    def __aiter__(self) -> _Completed:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return self._with_type(await anext(self._inner))

    async def receive(self) -> SessionMessage | Exception:
        """The next message."""
        return self._with_type(await self._inner.receive())

    async def aclose(self) -> None:
        """Read no more."""
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self._inner.__aexit__(kind, wrong, trace)

    def _with_type(self, arrived: SessionMessage | Exception) -> SessionMessage | Exception:
        message = arrived.message if isinstance(arrived, SessionMessage) else None
        if isinstance(message, JSONRPCResponse):
            self._modern = self._modern or _DISCOVERED in message.result
            if self._modern:
                message.result.setdefault("resultType", "complete")
        return arrived
