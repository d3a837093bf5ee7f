"""The dialect of Anthropic's Messages API."""

from remit.wire.anthropic.dialect import AnthropicMessages, of_version
from remit.wire.anthropic.requests import DEFAULT_MAX_TOKENS, NEWEST, OLDEST
from remit.wire.anthropic.stream_out import PING

DIALECT = AnthropicMessages()
"""The newest version, which leaves sampling parameters out."""

__all__ = ["DEFAULT_MAX_TOKENS", "DIALECT", "NEWEST", "OLDEST", "PING", "AnthropicMessages", "of_version"]
