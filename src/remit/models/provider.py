"""What every provider of models implements: one request out, one answer or a stream of events back.

It speaks one dialect to one address. It holds no key: the gate hands one with every call. It does not retry, route
or price; it reports failures as the errors of `domain.action_errors`, with what the provider said about trying again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from remit.domain.action_errors import ModelFailed
    from remit.wire.messages import ModelRequest, ModelResponse, StreamEvent


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: until the connection stands, until the first byte, between two bytes, and in all."""

    connect: float = 5.0
    first_byte: float = 60.0
    idle: float = 30.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class Credential:
    """What opens a provider for one call. Its text never shows."""

    value: str = field(default="", repr=False)
    kind: str = "key"
    """key, bearer, aws, google, none."""
    fields: dict[str, str] = field(default_factory=dict[str, str], repr=False)


class ModelCall(msgspec.Struct, frozen=True):
    """One attempt."""

    request: ModelRequest
    credential: Credential = msgspec.field(default_factory=Credential)
    deadlines: Deadlines = msgspec.field(default_factory=Deadlines)
    headers: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    key: str = ""
    """An idempotency key, for providers that take one."""
    run: str = ""
    agent: str = ""
    route: str = ""
    path: str = ""
    """Where it stands, for providers that answer by script."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a provider said about a failure; carried as `failure.trouble`."""

    status: int = 0
    kind: str = ""
    retry_after: float | None = None
    retryable: bool = True
    sent: bool = True
    """Whether the request may have reached the provider, and so may be billed."""


class Provider(Protocol):
    """One provider."""

    @property
    def name(self) -> str:
        """Its name in models.toml."""
        ...

    @property
    def dialect(self) -> str:
        """The dialect it speaks."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether its answers are made up; shown wherever they are."""
        ...

    async def complete(self, call: ModelCall) -> ModelResponse:
        """The whole answer; raises a `ModelFailed`."""
        ...

    def stream(self, call: ModelCall) -> AsyncIterator[StreamEvent]:
        """The answer as it comes; raises before the first event, or ends with `Failed` after it."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def trouble_of(wrong: ModelFailed) -> Trouble:
    """What the provider said about this failure."""
    found = getattr(wrong, "trouble", None)
    return found if isinstance(found, Trouble) else Trouble()
