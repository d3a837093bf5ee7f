"""The dialect of Anthropic's Messages API."""

from remit.wire.anthropic.dialect import of_version
from remit.wire.anthropic.requests import (
    DEFAULT_MAX_TOKENS,
    NEWEST,
    OLDEST,
    decode_count,
    decode_count_tokens,
    encode_count,
    encode_count_tokens,
)
from remit.wire.anthropic.stream_out import PING

DIALECT = of_version(NEWEST)
"""The newest version, which leaves sampling parameters out."""

__all__ = [
    "DEFAULT_MAX_TOKENS",
    "DIALECT",
    "NEWEST",
    "OLDEST",
    "PING",
    "decode_count",
    "decode_count_tokens",
    "encode_count",
    "encode_count_tokens",
    "of_version",
]
