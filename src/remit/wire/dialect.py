"""What every dialect of the model APIs offers: pure translation between its bodies and the neutral form.

One folder per dialect fills it in (`openai_chat`, `openai_responses`, `anthropic`, `gemini`). The same functions
serve a client coming in and a provider going out. No I/O, no clock, no randomness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.wire.messages import ModelRequest, ModelResponse, StreamEvent, TextDelta


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

    def words(self, frame: bytes) -> TextDelta | None:
        """What one whole frame says if that is nothing but more words, which is what most of them say; None, and
        nothing is changed: it has to be fed.
        """
        ...

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


class EncodeResponse(Protocol):
    """Writes a complete answer for a client."""

    def __call__(self, response: ModelResponse, *, at: int = 0) -> dict[str, Any]:
        """`at` is its time in seconds."""
        ...


class OpenEncoder(Protocol):
    """Begins the stream of one answer to a client."""

    def __call__(self, *, model: str, identity: str, at: int = 0, usage: bool = True) -> StreamEncoder:
        """`usage`: whether the client asked to be told."""
        ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect; a `DIALECT` in each folder."""

    name: str
    """openai_chat, openai_responses, anthropic or gemini."""
    decode_request: Callable[[Mapping[str, Any]], ModelRequest]
    """A client's body; raises `InvalidInput` naming the offending field."""
    encode_request: Callable[[ModelRequest], dict[str, Any]]
    """A provider's body; raises `Unsupported` for a part this dialect has no form for."""
    dropped: Callable[[ModelRequest], tuple[str, ...]]
    """What of the request that body does not say."""
    decode_response: Callable[[Mapping[str, Any]], ModelResponse]
    """A provider's answer; raises `MalformedAnswer` for what is no answer."""
    encode_response: EncodeResponse
    decode_error: Callable[[int, Mapping[str, str], bytes], WireError]
    """A provider's refusal, from status, headers and body, whatever the body is."""
    encode_error: Callable[[WireError], tuple[int, dict[str, str], dict[str, Any]]]
    """Status, headers and body of an error for a client."""
    stream_decoder: Callable[[], StreamDecoder]
    """A fresh one for one answer."""
    stream_encoder: OpenEncoder
