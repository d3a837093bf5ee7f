"""OpenAI chat completions: the codec, pure and both ways."""

from remit.wire.openai_chat.dialect import DIALECT

__all__ = ["DIALECT"]
