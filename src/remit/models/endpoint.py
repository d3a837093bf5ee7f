"""Where the calls of one provider go and what opens them: the contract that every kind of provider implements.

An endpoint turns a body that a dialect has encoded into a request that is ready to be sent, and may read frames and
refusals in its own way. It sends nothing; `providers.over_http` does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import msgspec

from remit.domain.action_errors import Unsupported
from remit.models.checking import RESERVED
from remit.models.transport import Outgoing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.models.provider import ModelCall
    from remit.models.specs import ProviderSpec
    from remit.wire.dialect import Dialect, StreamDecoder, WireError


class Endpoint(ABC):
    """One provider's door."""

    frames_events = True
    """Whether its streams are server-sent events, as clients of its dialect read them."""

    def __init__(self, spec: ProviderSpec, dialect: Dialect) -> None:
        self.spec = spec
        self.dialect = dialect

    @abstractmethod
    async def outgoing(self, call: ModelCall, body: dict[str, Any]) -> Outgoing:
        """The request, opened with the credential of the call; `call.request.stream` says which kind is wanted."""

    async def aside(self, call: ModelCall, what: str, body: dict[str, Any]) -> Outgoing:
        """A request for something else than an answer: `embeddings`, or a `count` of tokens."""
        del call, body
        raise Unsupported(
            f"provider {self.spec.name} has no {what} that Remit knows of.", "Choose a route to one that has."
        )

    def counts(self) -> bool:
        """Whether it counts the tokens of a request in its own dialect."""
        return False

    def decoder(self) -> StreamDecoder:
        """What reads its stream."""
        return self.dialect.stream_decoder()

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> WireError:
        """What it says when it does not answer."""
        return self.dialect.decode_error(status, headers, body)

    async def close(self) -> None:  # noqa: B027 - most endpoints hold nothing
        """Let go of what it holds."""

    def request(self, call: ModelCall, url: str, body: dict[str, Any], opens: Mapping[str, str]) -> Outgoing:
        """A JSON request with the headers of the provider, of the call, and those that open the door."""
        said = {**self.spec.headers, **call.headers}
        allowed = {low: value for name, value in said.items() if (low := name.lower()) not in RESERVED}
        fixed = {"content-type": "application/json", "accept-encoding": "identity"}
        return Outgoing(url, {**allowed, **fixed, **opens}, msgspec.json.encode(body))
