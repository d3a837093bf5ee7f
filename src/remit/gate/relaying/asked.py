"""What a front door asks of a relay, where the answer goes, and what is told when it is over. Data and a contract; who
is connected, and by which protocol, stands in the server.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from remit.domain.errors import RemitError
    from remit.engine.execution import Execution
    from remit.store.database import Op
    from remit.wire.inbound import Inbound
    from remit.wire.messages import Message, ModelRequest, Usage

Json = Any

_PASSED_ON = frozenset({"anthropic-beta", "openai-organization", "openai-project", "openai-beta"})
"""Headers of a client that mean something to a provider and open no door."""


class RelayAsk(Struct, frozen=True):
    """One request of a foreign agent."""

    inbound: Inbound
    route: str
    headers: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    """Of the client, by lower-case name; a few of them travel on."""
    shape: dict[str, Json] = msgspec.field(default_factory=dict[str, Json])
    """What else the log is to say of it: session, purpose and the like."""
    seconds: float | None = None
    """How long the client waits at most."""
    data_class: str = ""
    kept: bool = True
    """Whether the log keeps what is said; not where it stands there already, under the keys that it belongs to (S7)."""
    at: int = 0
    """When it came, in seconds: what an answer in our own words says of its time."""
    identity: str = ""
    """The id of an answer in our own words; empty: made from the run's."""
    patch: dict[str, Json] = msgspec.field(default_factory=dict[str, Json])
    """Fields of the answer's envelope that say otherwise than the provider did: what Remit does in its place."""

    echo: dict[str, Json] = msgspec.field(default_factory=dict[str, Json])
    """The same where the provider's answer had to be put into other words, and so repeats nothing of the request."""

    consent: Callable[[str, str], Awaitable[None]] | None = None
    """Returns once somebody has agreed that the agent uses a tool of its own so; raises what became of that instead."""
    keep: Callable[[Execution, dict[str, Json]], Sequence[Op]] | None = None
    """What is committed with the settlement, given the whole answer as the client gets it."""

    def passed_on(self) -> dict[str, str]:
        """The headers that a provider of the same dialect is told."""
        return {name: value for name, value in self.headers.items() if name in _PASSED_ON}


class RelayAnswer(Struct, frozen=True):
    """What came of it, once it is settled."""

    stream: bool
    body: bytes = b""
    """The whole answer; empty where it was streamed."""
    headers: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    model: str = ""
    """The model that answered, by its name here."""
    usage: Usage | None = None
    cost: int = 0
    """Micro-dollars, of all attempts."""
    lane: str = ""
    cached: bool = False
    upstream: int = 0
    """Microseconds spent waiting for providers."""
    message: Message | None = None
    """What was said, in the neutral form."""


class Sink(Protocol):
    """A client that is connected."""

    @property
    def gone(self) -> asyncio.Future[RemitError | None]:
        """Done when the client has hung up, or must not be told more: then it holds the reason."""
        ...

    async def begin(self, headers: Mapping[str, str], upstream: int) -> None:
        """A stream begins, said once before its first bytes; `upstream` is how many microseconds it was waited for."""
        ...

    async def write(self, frames: bytes) -> None:
        """Whole frames; returns when there is room for more."""
        ...


def new_messages(request: ModelRequest) -> tuple[Message, ...]:
    """What was said since the model spoke last: the rest of a conversation stands in the log already, or never will."""
    last = max((at for at, each in enumerate(request.messages) if each.role == "assistant"), default=-1)
    return request.messages[last + 1 :]


def prompt_hash(request: ModelRequest) -> str:
    """A name for what an agent says to its model every time: system messages and tools."""
    digest = hashlib.blake2b(digest_size=12)
    for message in request.messages:
        if message.role != "system":
            break
        digest.update(message.text.encode("utf-8", "surrogatepass"))
    if request.tools:
        digest.update(msgspec.json.encode(request.tools))
    return digest.hexdigest()
