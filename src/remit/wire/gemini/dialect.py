"""Gemini's generateContent as a dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.wire.gemini import errors, requests, responses
from remit.wire.gemini.stream_in import Decoder
from remit.wire.gemini.stream_out import Encoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.dialect import WireError
    from remit.wire.messages import ModelRequest, ModelResponse


class GeminiContent:
    """One form for the Gemini API and for Vertex."""

    @property
    def name(self) -> str:
        """The dialect."""
        return "gemini"

    def decode_request(self, body: Mapping[str, Any]) -> ModelRequest:
        """A client's body; `model` and `stream` are in the address, for the caller to add."""
        return requests.decode_request(body)

    def encode_request(self, request: ModelRequest) -> dict[str, Any]:
        """A provider's body; `model` and `stream` belong into the address."""
        return requests.encode_request(request)

    def dropped(self, request: ModelRequest) -> tuple[str, ...]:
        """What of the request that body does not say."""
        return requests.dropped(request)

    def decode_response(self, body: Mapping[str, Any]) -> ModelResponse:
        """A provider's answer."""
        return responses.decode_response(body)

    def encode_response(self, response: ModelResponse, *, at: int = 0) -> dict[str, Any]:
        """A whole answer for a client."""
        return responses.encode_response(response, at=at)

    def decode_error(self, status: int, headers: Mapping[str, str], body: bytes) -> WireError:
        """A provider's refusal."""
        return errors.decode_error(status, headers, body)

    def encode_error(self, error: WireError) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Status, headers and body of an error for a client."""
        return errors.encode_error(error)

    def stream_decoder(self) -> Decoder:
        """For one answer."""
        return Decoder()

    def stream_encoder(self, *, model: str, id: str, at: int = 0, usage: bool = True) -> Encoder:  # noqa: A002, ARG002
        """For one answer; usage is always told."""
        return Encoder(model, id, at)
