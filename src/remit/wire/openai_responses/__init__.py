"""OpenAI Responses, `/v1/responses`: the newer of OpenAI's dialects, and the one that keeps thoughts."""

from remit.wire.dialect import Dialect
from remit.wire.openai_chat import errors
from remit.wire.openai_responses import requests, responses
from remit.wire.openai_responses.content import NAME
from remit.wire.openai_responses.stream_decoder import ResponsesStreamDecoder
from remit.wire.openai_responses.stream_encoder import ResponsesStreamEncoder

DIALECT = Dialect(
    NAME,
    requests.decode_request,
    requests.encode_request,
    requests.dropped,
    responses.decode_response,
    responses.encode_response,
    errors.decode_error,
    errors.encode_error,
    ResponsesStreamDecoder,
    ResponsesStreamEncoder,
)

__all__ = ["DIALECT"]
