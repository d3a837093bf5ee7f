"""OpenAI chat completions, `/v1/chat/completions`, spoken by OpenAI and by nearly every other server of models."""

from remit.wire.dialect import Dialect
from remit.wire.openai_chat import errors, requests, responses
from remit.wire.openai_chat.parts import NAME
from remit.wire.openai_chat.stream_decoder import ChatStreamDecoder
from remit.wire.openai_chat.stream_encoder import ChatStreamEncoder

DIALECT = Dialect(
    NAME,
    requests.decode_request,
    requests.encode_request,
    requests.dropped,
    responses.decode_response,
    responses.encode_response,
    errors.decode_error,
    errors.encode_error,
    ChatStreamDecoder,
    ChatStreamEncoder,
)

__all__ = ["DIALECT"]
