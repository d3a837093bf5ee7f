"""OpenInference, as its instrumentations write it: kinds of its own, lists as numbered attributes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from remit.wire.otlp import names
from remit.wire.otlp.dialects import conventions
from remit.wire.otlp.values import count_of, number_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.otlp.foreign_span import ForeignSpan
    from remit.wire.otlp.meaning import Meaning

Json = Any
NAME = "openinference"
KIND = "openinference.span.kind"
_KINDS = {
    "TOOL": "tool", "CHAIN": "step", "LLM": "model", "RETRIEVER": "retrieval", "EMBEDDING": "embedding",
    "AGENT": "agent", "RERANKER": "retrieval", "GUARDRAIL": "guard", "EVALUATOR": "evaluation", "PROMPT": "step",
    "DECISION": "step",
}  # fmt: skip
_CALL = re.compile(r"llm\.output_messages\.(\d+)\.message\.tool_calls\.(\d+)\.")
_FIRST_ROLE, _FIRST_TEXT = "llm.input_messages.0.message.role", "llm.input_messages.0.message.content"


def read(span: ForeignSpan) -> Meaning:
    """What it says."""
    found, said = span.attributes, conventions.read(span)
    said.dialect = NAME
    said.kind = _KINDS.get(text_of(found, KIND).upper(), "other")
    said.agent = text_of(found, "agent.name") or said.agent
    said.session = text_of(found, "session.id") or said.session
    said.requested = (
        text_of(found, "llm.request.model_name", "llm.model_name", "embedding.model_name") or said.requested
    )
    said.served = text_of(found, "llm.response.model_name") or said.served
    said.provider = text_of(found, "llm.provider", "llm.system") or said.provider
    said.tool = text_of(found, "tool.name") or said.tool
    told = _tokens(found)
    if told.said:
        said.tokens = told
    said.cost = conventions.micros(number_of(found, names.COST_TOTAL))
    said.prompt = _prompt(found) or said.prompt
    if not said.prompt and text_of(found, _FIRST_ROLE) in {"system", "developer"}:
        said.instructions = text_of(found, _FIRST_TEXT) or said.instructions
    calls = {match.groups() for name in found if (match := _CALL.match(name))}
    reasons = found.get("llm.finish_reason", found.get("llm.finish_reasons"))
    said.calls = max(said.calls, len(calls), conventions.asked_for(reasons))
    if said.kind == "evaluation":
        said.score = number_of(found, "evaluation.score", "annotation.score")
        said.verdict = text_of(found, "evaluation.name", "annotation.name")
    return said


def _tokens(found: Mapping[str, Json]) -> Any:
    details = "llm.token_count.prompt_details."
    return conventions.inclusive(
        count_of(found, "llm.token_count.prompt"),
        count_of(found, f"{details}cache_read", f"{details}cache_input"),
        count_of(found, f"{details}cache_write"),
        count_of(found, "llm.token_count.completion"),
        count_of(found, "llm.token_count.completion_details.reasoning"),
    )


def _prompt(found: Mapping[str, Json]) -> str:
    name = text_of(found, "prompt.id", "llm.prompt_template.name")
    return conventions.named(name, text_of(found, "llm.prompt_template.version", "prompt.version"))
