"""What every dialect of the model APIs offers: pure translation between its bodies and the neutral form.

One folder per dialect implements it (`openai_chat`, `openai_responses`, `anthropic`, `gemini`). The same code
serves a client coming in and a provider going out. No I/O, no clock, no randomness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.messages import ModelRequest, ModelResponse, StreamEvent


class WireError(Struct, frozen=True, omit_defaults=True):
    """An error as a provider reported it, or as a client is to be told."""

    status: int
    kind: str
    """invalid_request, authentication, permission, not_found, too_large, rate_limit, quota, context_length,
    content_filter, overloaded, timeout, server."""
    message: str
    code: str = ""
    param: str = ""
    retry_after: float | None = None
    retryable: bool | None = None
    """What the provider itself said (x-should-retry); None if it did not."""


class StreamDecoder(Protocol):
    """Bytes of one event stream in, neutral events out; chunk boundaries mean nothing."""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that are complete now."""
        ...

    def close(self) -> list[StreamEvent]:
        """The bytes have ended; gives `Failed` (kind "cut") if no `Finished` or `Failed` came before."""
        ...


class StreamEncoder(Protocol):
    """Neutral events in, bytes of one event stream out."""

    def feed(self, event: StreamEvent) -> bytes:
        """The frames that say so in this dialect; may be empty."""
        ...


class Dialect(Protocol):
    """One dialect; a module-level `DIALECT` in each folder."""

    @property
    def name(self) -> str:
        """openai_chat, openai_responses, anthropic or gemini."""
        ...

    def decode_request(self, body: Mapping[str, Any]) -> ModelRequest:
        """A client's body; raises `InvalidInput` naming the offending field."""
        ...

    def encode_request(self, request: ModelRequest) -> dict[str, Any]:
        """A provider's body; raises `Unsupported` for a part this dialect has no form for."""
        ...

    def decode_response(self, body: Mapping[str, Any]) -> ModelResponse:
        """A provider's answer; raises `MalformedAnswer` for what is no answer."""
        ...

    def encode_response(self, response: ModelResponse, *, at: int = 0) -> dict[str, Any]:
        """A complete answer for a client; `at` is its time in seconds."""
        ...

    def decode_error(self, status: int, headers: Mapping[str, str], body: bytes) -> WireError:
        """A provider's refusal, whatever its body is."""
        ...

    def encode_error(self, error: WireError) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and body of an error for a client."""
        ...

    def stream_decoder(self) -> StreamDecoder:
        """A fresh one for one answer."""
        ...

    def stream_encoder(self, *, model: str, id: str, at: int = 0, usage: bool = True) -> StreamEncoder:  # noqa: A002
        """A fresh one for one answer; `usage`: whether the client asked to be told."""
        ...
