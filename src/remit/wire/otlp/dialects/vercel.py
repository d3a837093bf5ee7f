"""The AI SDK of Vercel: each call stands there twice, as what the author called and as what the provider was asked;
only the latter is a model call, or every token would be counted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.wire.otlp.dialects import conventions
from remit.wire.otlp.values import count_of, number_of, text_of, undone

if TYPE_CHECKING:
    from remit.wire.otlp.foreign_span import ForeignSpan
    from remit.wire.otlp.meaning import Meaning

Json = Any
NAME = "vercel"
OPERATION = "ai.operationId"
_META = "ai.telemetry.metadata."


def read(span: ForeignSpan) -> Meaning:
    """What it says."""
    found, said = span.attributes, conventions.read(span)
    said.dialect = NAME
    operation = text_of(found, OPERATION)
    said.kind = _kind(operation)
    said.requested = text_of(found, "ai.model.id") or said.requested
    said.served = text_of(found, "ai.response.model") or said.served
    said.provider = (text_of(found, "ai.model.provider") or said.provider).partition(".")[0]
    said.tool = text_of(found, "ai.toolCall.name") or said.tool
    said.agent = said.agent or text_of(found, f"{_META}agentName", "ai.telemetry.functionId", "resource.name")
    said.session = said.session or text_of(found, f"{_META}sessionId", f"{_META}threadId", f"{_META}chatId")
    said.user = said.user or text_of(found, f"{_META}userId")
    told = conventions.inclusive(
        count_of(found, "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"),
        count_of(found, "ai.usage.cachedInputTokens", "ai.usage.inputTokenDetails.cacheReadTokens"),
        count_of(found, "ai.usage.inputTokenDetails.cacheWriteTokens"),
        count_of(found, "ai.usage.outputTokens", "ai.usage.completionTokens"),
        count_of(found, "ai.usage.reasoningTokens", "ai.usage.outputTokenDetails.reasoningTokens"),
    )
    if told.said:
        said.tokens = told
    wait = number_of(found, "ai.response.msToFirstChunk")
    said.first_token = int(wait * 1000) if wait is not None and wait >= 0 else said.first_token
    calls = undone(found.get("ai.response.toolCalls"))
    counted = len(cast("list[Json]", calls)) if isinstance(calls, list) else 0
    said.calls = max(said.calls, counted, int(text_of(found, "ai.response.finishReason") == "tool-calls"))
    if not said.prompt:
        said.instructions = said.instructions or _instructions(undone(found.get("ai.prompt.messages")))
    return said


def _kind(operation: str) -> str:
    if operation == "ai.toolCall":
        return "tool"
    inner = operation.rpartition(".")[2]
    if inner in {"doGenerate", "doStream"}:
        return "model"
    return "embedding" if inner == "doEmbed" else "step"


def _instructions(messages: Json) -> str:
    first = cast("list[Json]", messages)[0] if isinstance(messages, list) and messages else None
    if not isinstance(first, dict):
        return ""
    said = cast("dict[str, Json]", first)
    return text_of(said, "content") if said.get("role") == "system" else ""
