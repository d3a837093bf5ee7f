"""OpenAI Responses: the codec, pure and both ways."""

from remit.wire.openai_responses.dialect import DIALECT

__all__ = ["DIALECT"]
