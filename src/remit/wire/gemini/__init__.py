"""Google's Gemini, generateContent: one form for the Gemini API and for Vertex."""

from remit.wire.dialect import Dialect
from remit.wire.gemini import errors, requests, responses
from remit.wire.gemini.names import NAME
from remit.wire.gemini.stream_in import Decoder
from remit.wire.gemini.stream_out import Encoder

DIALECT = Dialect(
    NAME,
    requests.decode_request,
    requests.encode_request,
    requests.dropped,
    responses.decode_response,
    responses.encode_response,
    errors.decode_error,
    errors.encode_error,
    Decoder,
    Encoder,
)

__all__ = ["DIALECT"]
