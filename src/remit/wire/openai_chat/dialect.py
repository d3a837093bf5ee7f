"""OpenAI chat completions, `/v1/chat/completions`, spoken by OpenAI and by nearly every other server of models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.wire.openai_chat import errors, requests, responses
from remit.wire.openai_chat.omissions import omissions
from remit.wire.openai_chat.parts import NAME
from remit.wire.openai_chat.stream_decoder import ChatStreamDecoder
from remit.wire.openai_chat.stream_encoder import ChatStreamEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.dialect import StreamDecoder, StreamEncoder, WireError
    from remit.wire.messages import ModelRequest, ModelResponse

Json = Any


class OpenAIChat:
    """The codec of the dialect."""

    @property
    def name(self) -> str:
        return NAME

    def decode_request(self, body: Mapping[str, Json]) -> ModelRequest:
        return requests.decode_request(body)

    def encode_request(self, request: ModelRequest) -> dict[str, Json]:
        return requests.encode_request(request)

    def dropped(self, request: ModelRequest) -> tuple[str, ...]:
        """What of the request that body does not say."""
        return tuple(omissions(request, NAME, names=True, seed=True))

    def decode_response(self, body: Mapping[str, Json]) -> ModelResponse:
        return responses.decode_response(body)

    def encode_response(self, response: ModelResponse, *, at: int = 0) -> dict[str, Json]:
        return responses.encode_response(response, at=at)

    def decode_error(self, status: int, headers: Mapping[str, str], body: bytes) -> WireError:
        return errors.decode_error(status, headers, body)

    def encode_error(self, error: WireError) -> tuple[int, dict[str, str], dict[str, Json]]:
        return errors.encode_error(error)

    def stream_decoder(self) -> StreamDecoder:
        return ChatStreamDecoder()

    def stream_encoder(self, *, model: str, id: str, at: int = 0, usage: bool = True) -> StreamEncoder:  # noqa: A002
        return ChatStreamEncoder(model=model, identity=id, at=at, usage=usage)


DIALECT = OpenAIChat()
