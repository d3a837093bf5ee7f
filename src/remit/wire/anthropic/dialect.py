"""The Messages API as a dialect, in one of its two versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from remit.domain.errors import InvalidInput
from remit.wire.anthropic import errors, requests, responses
from remit.wire.anthropic.requests import NEWEST, OLDEST, VERSIONS
from remit.wire.anthropic.stream_in import Decoder
from remit.wire.anthropic.stream_out import Encoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.dialect import WireError
    from remit.wire.messages import ModelRequest, ModelResponse


@dataclass(frozen=True, slots=True)
class AnthropicMessages:
    """`version` is what goes into the header `anthropic-version`. `sampling` says what becomes of a temperature in
    a version that takes none: left out, as `dropped` reports, or refused.
    """

    version: str = NEWEST
    sampling: Literal["drop", "refuse"] = "drop"

    @property
    def name(self) -> str:
        """The dialect, whatever its version."""
        return "anthropic"

    def decode_request(self, body: Mapping[str, Any]) -> ModelRequest:
        """A client's body, of either version."""
        return requests.decode_request(body)

    def encode_request(self, request: ModelRequest) -> dict[str, Any]:
        """A provider's body."""
        return requests.encode_request(request, self.version, self.sampling)

    def dropped(self, request: ModelRequest) -> tuple[str, ...]:
        """What of the request that body does not say."""
        return requests.dropped(request, self.version)

    def decode_count_tokens(self, body: Mapping[str, Any]) -> ModelRequest:
        """What a client wants counted."""
        return requests.decode_count_tokens(body)

    def encode_count_tokens(self, request: ModelRequest) -> dict[str, Any]:
        """What a provider is to count."""
        return requests.encode_count_tokens(request, self.version)

    def decode_count(self, body: Mapping[str, Any]) -> int:
        """How many tokens a provider counted."""
        return requests.decode_count(body)

    def encode_count(self, tokens: int) -> dict[str, Any]:
        """How many there are, for a client."""
        return requests.encode_count(tokens)

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


def of_version(version: str) -> AnthropicMessages:
    """The dialect as a client named its version; raises `InvalidInput` for one that does not exist."""
    if version not in VERSIONS:
        raise InvalidInput(
            f"there is no version {version!r} of the anthropic API.", f"Use {NEWEST} or {OLDEST}."
        )
    return AnthropicMessages(version)
