"""The dialect of Google's Gemini: generateContent."""

from remit.wire.gemini.dialect import GeminiContent

DIALECT = GeminiContent()

__all__ = ["DIALECT", "GeminiContent"]
