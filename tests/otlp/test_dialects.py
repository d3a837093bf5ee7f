"""What spans of each dialect say, in our words; and which of them it is taken for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from remit.insight.foreign.pricing import Prices
from remit.models.prices import PriceBook, shipped_prices
from remit.wire.messages import Usage
from remit.wire.otlp.foreign_span import spans_in
from remit.wire.otlp.meaning import Meaning, Tokens
from remit.wire.otlp.receiving import receive
from remit.wire.otlp.understanding import understand
from tests.otlp.sent import START, as_json, span

CURRENT: dict[str, Any] = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "claude-opus-5",
    "gen_ai.response.model": "claude-opus-5-20260101", "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.cache_read.input_tokens": 60, "gen_ai.usage.cache_creation.input_tokens": 10,
    "gen_ai.usage.output_tokens": 50, "gen_ai.usage.reasoning.output_tokens": 20,
    "gen_ai.response.time_to_first_chunk": 0.25, "gen_ai.conversation.id": "talk", "gen_ai.agent.name": "desk",
    "gen_ai.response.finish_reasons": ["tool_calls"], "gen_ai.prompt.name": "triage", "gen_ai.prompt.version": "3",
}  # fmt: skip
CALLS = [
    {"role": "assistant", "parts": [{"type": "tool_call", "name": "a"}, {"type": "tool_call", "name": "b"}]}
]
INFERENCE: dict[str, Any] = {
    "openinference.span.kind": "LLM", "llm.model_name": "gpt-4o", "llm.response.model_name": "gpt-4o-2024-08-06",
    "llm.provider": "openai", "llm.token_count.prompt": 100, "llm.token_count.completion": 50,
    "llm.token_count.prompt_details.cache_read": 60, "llm.token_count.completion_details.reasoning": 20,
    "llm.input_messages.0.message.role": "system", "llm.input_messages.0.message.content": "Be kind.",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "a",
    "llm.output_messages.0.message.tool_calls.1.tool_call.function.name": "b",
    "llm.cost.total": 0.0125, "session.id": "talk", "metadata": "{}",
}  # fmt: skip
LLMETRY: dict[str, Any] = {
    "llm.request.type": "chat", "gen_ai.system": "OpenAI", "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5, "llm.usage.total_tokens": 15,
    "gen_ai.prompt.0.role": "system", "gen_ai.prompt.0.content": "Be kind.",
    "gen_ai.completion.0.finish_reason": "tool_calls", "gen_ai.completion.0.tool_calls.0.name": "a",
    "gen_ai.completion.0.tool_calls.0.arguments": "{}", "gen_ai.completion.0.tool_calls.1.name": "b",
    "traceloop.association.properties.session_id": "talk", "traceloop.workflow.name": "refunds",
    "traceloop.prompt.key": "triage", "traceloop.prompt.version": 4,
}  # fmt: skip
LANGFUSE: dict[str, Any] = {
    "langfuse.observation.type": "generation", "langfuse.observation.model.name": "gpt-4o",
    "langfuse.observation.usage_details": json.dumps(
        {"input": 40, "output": 30, "input_cached_tokens": 60, "total": 130}
    ),
    "langfuse.observation.cost_details": json.dumps({"input": 0.001, "output": 0.002}),
    "langfuse.observation.completion_start_time": '"2026-09-21T14:13:20.250000+00:00"',
    "langfuse.observation.output": json.dumps({"tool_calls": [{"id": "1"}]}), "langfuse.trace.name": "refunds",
    "langfuse.observation.prompt.name": "triage", "langfuse.observation.prompt.version": 2, "langfuse.release": "r9",
    "langfuse.environment": "stage", "session.id": "talk", "langfuse.observation.level": "ERROR",
}  # fmt: skip
VERCEL: dict[str, Any] = {
    "ai.operationId": "ai.streamText.doStream", "ai.model.id": "gpt-4o", "ai.model.provider": "openai.chat",
    "ai.usage.promptTokens": 10, "ai.usage.completionTokens": 5, "ai.response.msToFirstChunk": 250.0,
    "ai.response.toolCalls": json.dumps([{"toolName": "a"}]), "ai.response.finishReason": "tool-calls",
    "ai.telemetry.functionId": "desk", "ai.telemetry.metadata.sessionId": "talk", "ai.response.model": "gpt-4o-2024",
    "ai.prompt.messages": json.dumps([{"role": "system", "content": "Be kind."}]),
}  # fmt: skip


def read(name: Any = "x", events: Any = (), **attributes: Any) -> Meaning:
    received = receive("traces", "json", as_json(span(1, name=name, events=events, **attributes)))
    return understand(next(iter(spans_in(received.message))))


def test_the_conventions_as_they_are() -> None:
    said = read(**CURRENT)
    assert (said.dialect, said.kind, said.provider) == ("gen_ai", "model", "anthropic")
    assert (said.requested, said.served) == ("claude-opus-5", "claude-opus-5-20260101")
    assert said.tokens == Tokens(30, 60, 10, 30, 20), "of totals, the parts"
    assert (said.first_token, said.session, said.agent, said.prompt) == (250_000, "talk", "desk", "triage@3")
    assert said.calls == 1
    assert read(**CURRENT, **{"gen_ai.output.messages": json.dumps(CALLS)}).calls == 2


def test_the_conventions_as_they_were() -> None:
    said = read(
        events=[
            ("gen_ai.system.message", {"content": "Be kind."}),
            ("gen_ai.choice", {"finish_reason": "tool_calls", "message": json.dumps({"tool_calls": [{}, {}]})}),
        ],
        **{"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.prompt_tokens": 7},
    )  # fmt: skip
    assert (said.dialect, said.kind, said.provider) == ("gen_ai_old", "model", "openai")
    assert (said.instructions, said.calls, said.tokens.input) == ("Be kind.", 2, 7)


def test_openinference() -> None:
    said = read(**INFERENCE)
    assert (said.dialect, said.kind, said.provider) == ("openinference", "model", "openai")
    assert (said.requested, said.served) == ("gpt-4o", "gpt-4o-2024-08-06")
    assert said.tokens == Tokens(40, 60, None, 30, 20)
    assert (said.instructions, said.calls, said.cost, said.session) == ("Be kind.", 2, 12_500, "talk")
    assert read(**{"openinference.span.kind": "TOOL", "tool.name": "refund"}).tool == "refund"
    kinds = {
        kind: read(**{"openinference.span.kind": kind}).kind
        for kind in ("AGENT", "RETRIEVER", "GUARDRAIL", "?")
    }
    assert kinds == {"AGENT": "agent", "RETRIEVER": "retrieval", "GUARDRAIL": "guard", "?": "other"}


def test_openllmetry() -> None:
    said = read(**LLMETRY)
    assert (said.dialect, said.kind, said.provider, said.workflow) == (
        "openllmetry",
        "model",
        "OpenAI",
        "refunds",
    )
    assert (said.tokens, said.instructions, said.calls) == (Tokens(10, None, None, 5), "Be kind.", 2)
    assert (said.session, said.prompt) == ("talk", "triage@4")
    tool = read(**{"traceloop.span.kind": "tool", "traceloop.entity.name": "refund"})
    assert (tool.kind, tool.tool) == ("tool", "refund")


def test_langfuse() -> None:
    said = read(**LANGFUSE)
    assert (said.dialect, said.kind, said.requested) == ("langfuse", "model", "gpt-4o")
    assert said.tokens == Tokens(40, 60, None, 30), (
        "its parts stand beside each other: they add up to the total"
    )
    assert (said.cost, said.calls, said.workflow, said.prompt) == (3_000, 1, "refunds", "triage@2")
    assert (said.release, said.environment, said.session, said.failed) == ("r9", "stage", "talk", True)
    assert said.first_token == 1_790_000_000_250_000 - START
    usage = json.dumps(
        {"prompt_tokens": 100, "completion_tokens": 30, "cache_read_input_tokens": 60, "total_tokens": 130}
    )
    inner = read(**LANGFUSE | {"langfuse.observation.usage_details": usage})
    assert inner.tokens == Tokens(40, 60, None, 30), "and here within each other"


def test_vercel() -> None:
    said = read(**VERCEL)
    assert (said.dialect, said.kind, said.provider, said.agent) == ("vercel", "model", "openai", "desk")
    assert (said.tokens, said.first_token, said.calls) == (Tokens(10, None, None, 5), 250_000, 1)
    assert (said.instructions, said.session) == ("Be kind.", "talk")
    assert read(**VERCEL | {"ai.operationId": "ai.streamText"}).kind == "step", (
        "or every token would count twice"
    )
    assert read(**{"ai.operationId": "ai.toolCall", "ai.toolCall.name": "refund"}).tool == "refund"


def test_another_remit() -> None:
    said = read(
        **{
            "remit.span.kind": "human",
            "remit.run.id": "r-1",
            "remit.cost.micros": 17,
            "remit.flow": "refunds",
        }
    )
    assert (said.dialect, said.kind, said.cost, said.workflow) == ("remit", "human", 17, "refunds")


@pytest.mark.parametrize(
    ("said", "dialect", "kind"),
    [
        ({**LANGFUSE, **INFERENCE, **CURRENT}, "langfuse", "model"),
        ({**INFERENCE, **CURRENT, **VERCEL}, "openinference", "model"),
        ({**LLMETRY, **CURRENT}, "openllmetry", "model"),
        ({**CURRENT, **VERCEL}, "gen_ai", "model"),
        ({"gen_ai.tool.call.id": "c1"}, "gen_ai", "tool"),
        ({"gen_ai.response.model": "m"}, "gen_ai", "model"),
        ({"mcp.method.name": "tools/call", "gen_ai.tool.name": "t"}, "gen_ai", "tool"),
        ({"gen_ai.operation.name": "search_memory"}, "gen_ai", "memory"),
        ({"http.method": "GET"}, "plain", "other"),
        ({}, "plain", "other"),
    ],
)
def test_the_surest_word_decides(said: dict[str, Any], dialect: str, kind: str) -> None:
    found = read(**said)
    assert (found.dialect, found.kind) == (dialect, kind)


def test_errors_have_a_kind() -> None:
    assert read(**{"error.type": "timeout"}).error == "timeout"
    received = receive("traces", "json", as_json(
        span(1, failed=True, events=[("exception", {"exception.type": "KeyError"})]), span(2, failed=True)
    ))  # fmt: skip
    assert [understand(each).error for each in spans_in(received.message)] == ["KeyError", "error"]


@pytest.mark.parametrize(
    "model", ["gpt-4o", "openai/gpt-4o", "gpt-4o-2024-08-06", "azure/openai/gpt-4o", "models/gemini-3.5-flash",
              "us.anthropic.claude-opus-5-20260101-v1:0", "claude-opus-5@20260101", "claude-opus-5-latest"],
)  # fmt: skip
def test_a_call_costs_what_ours_would(model: str) -> None:
    """The prices of the log are reckoned as those of the catalog, to the micro-dollar."""
    prices = Prices(PriceBook(shipped_prices()).to_plain()["prices"])
    tokens = Tokens(12_345, 678, 90, 1_234, 56)
    usage = Usage(input=12_345, cache_read=678, cache_write=90, output=1_234, reasoning=56)
    bare = {"gpt": "openai/gpt-4o", "gem": "gemini/gemini-3.5-flash", "cla": "anthropic/claude-opus-5"}
    name = next(full for mark, full in bare.items() if mark in model)
    assert prices.cost(model, tokens, START) == PriceBook(shipped_prices()).cost(name, usage, START).total  # type: ignore[union-attr]
    assert prices.cost("nobody/knows", tokens, START) is None
