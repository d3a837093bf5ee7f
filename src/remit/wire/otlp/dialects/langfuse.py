"""Langfuse's SDK: observations with a type, usage and cost as JSON written in a text, the trace's own words repeated on
its spans.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from remit.wire.otlp.dialects import conventions
from remit.wire.otlp.meaning import Tokens, inclusive
from remit.wire.otlp.values import as_count, as_number, number_of, text_of, undone

if TYPE_CHECKING:
    from remit.wire.otlp.foreign_span import ForeignSpan
    from remit.wire.otlp.meaning import Meaning

Json = Any
NAME = "langfuse"
_O = "langfuse.observation."
KIND = f"{_O}type"
_KINDS = {
    "generation": "model", "embedding": "embedding", "agent": "agent", "tool": "tool", "chain": "step", "span": "step",
    "retriever": "retrieval", "guardrail": "guard", "evaluator": "evaluation", "evaluation": "evaluation",
}  # fmt: skip
_CACHED = (
    "input_cached_tokens",
    "cache_read_input_tokens",
    "input_cache_read",
    "prompt_tokens_details.cached_tokens",
)
_WRITTEN = ("cache_creation_input_tokens", "input_cache_creation", "input_cache_write")
_THOUGHT = ("output_reasoning_tokens", "reasoning_tokens", "output_reasoning")


def read(span: ForeignSpan) -> Meaning:
    """What it says."""
    found, said = span.attributes, conventions.read(span)
    said.dialect = NAME
    said.kind = _KINDS.get(text_of(found, KIND).lower(), "other")
    said.requested = text_of(found, f"{_O}model.name") or said.requested
    said.served = text_of(found, "gen_ai.response.model")
    said.session = text_of(found, "session.id", "langfuse.session.id") or said.session
    said.user = text_of(found, "user.id", "langfuse.user.id") or said.user
    said.workflow = text_of(found, "langfuse.trace.name") or said.workflow
    said.release = text_of(found, "langfuse.release")
    said.environment = text_of(found, "langfuse.environment")
    said.prompt = (
        conventions.named(text_of(found, f"{_O}prompt.name"), text_of(found, f"{_O}prompt.version"))
        or said.prompt
    )
    usage = undone(found.get(f"{_O}usage_details"))
    if isinstance(usage, dict):
        said.tokens = _tokens(cast("dict[str, Json]", usage))
    cost = undone(found.get(f"{_O}cost_details"))
    if isinstance(cost, dict):
        parts = cast("dict[str, Json]", cost)
        total = number_of(parts, "total")
        listed = [as_number(value) or 0.0 for value in parts.values()]
        said.cost = conventions.micros(total if total is not None else sum(listed))
    if said.kind == "tool":
        said.tool = said.tool or span.name
    if said.kind == "agent":
        said.agent = said.agent or span.name
    said.first_token = said.first_token or _first_token(span)
    said.calls = max(said.calls, _calls(undone(found.get(f"{_O}output"))))
    if text_of(found, f"{_O}level") == "ERROR":
        said.failed = True
    return said


def _tokens(usage: dict[str, Json]) -> Tokens:
    """Its parts stand beside each other where they add up to the total, and within each other where they do not."""
    first = _first(usage, "input", "prompt_tokens", "input_tokens", "promptTokens")
    answer = _first(usage, "output", "completion_tokens", "output_tokens", "completionTokens")
    cached, written, thought = _first(usage, *_CACHED), _first(usage, *_WRITTEN), _first(usage, *_THOUGHT)
    apart = Tokens(first, cached, written, answer, thought)
    total = _first(usage, "total", "total_tokens", "totalTokens")
    parts = [each for each in (first, cached, written, answer, thought) if each is not None]
    return (
        apart
        if total is not None and sum(parts) == total
        else inclusive(first, cached, written, answer, thought)
    )


def _first(usage: dict[str, Json], *keys: str) -> int | None:
    return next((count for key in keys if (count := as_count(usage.get(key))) is not None), None)


def _first_token(span: ForeignSpan) -> int | None:
    """When the answer began, which stands there as a date."""
    said = undone(span.attributes.get(f"{_O}completion_start_time"))
    if not isinstance(said, str):
        return None
    try:
        moment = datetime.fromisoformat(said.strip('"'))
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    wait = int(moment.timestamp() * 1_000_000) - span.started
    return wait if wait >= 0 else None


def _calls(output: Json) -> int:
    """The calls that an answer asks for, as OpenAI's messages have them."""
    if not isinstance(output, dict):
        return 0
    calls = undone(cast("dict[str, Json]", output).get("tool_calls"))
    return len(cast("list[Json]", calls)) if isinstance(calls, list) else 0
