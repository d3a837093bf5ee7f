"""The conventions of OpenTelemetry for generative AI, newest names first and older ones behind them, up to the events
of spans that came before 1.37; and our own names, for spans that another Remit sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.wire.otlp import names
from remit.wire.otlp.meaning import Meaning, inclusive
from remit.wire.otlp.values import as_number, count_of, number_of, text_of, undone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.wire.otlp.foreign_span import ForeignSpan, Happening

Json = Any
OWN, CURRENT, OLDER = "remit", "gen_ai", "gen_ai_old"
_KINDS = {
    names.CHAT: "model", "text_completion": "model", "generate_content": "model",
    names.EMBEDDINGS: "embedding", names.RETRIEVAL: "retrieval", names.EXECUTE_TOOL: "tool",
    names.INVOKE_AGENT: "agent", "create_agent": "agent", names.INVOKE_WORKFLOW: "flow", names.PLAN: "step",
    "apply_guardrail": "guard", "handoff": "delegate", "evaluate": "evaluation",
}  # fmt: skip
_ASKS = frozenset({"tool_call", "tool_calls", "tool_use", "function_call"})
"""How an answer ends that wants tools to be called."""
_CHOICE, _SYSTEM = "gen_ai.choice", "gen_ai.system.message"
_OLD_EVENTS = frozenset({
    _CHOICE, _SYSTEM, "gen_ai.user.message", "gen_ai.assistant.message", "gen_ai.tool.message", "gen_ai.content.prompt",
    "gen_ai.content.completion",
})  # fmt: skip
_MICROS = 1_000_000


def read(span: ForeignSpan) -> Meaning:
    """What the conventions say of a span; every other dialect is read on top of this."""
    found = span.attributes
    said = Meaning(CURRENT)
    said.kind = kind_of(found)
    said.agent = text_of(found, names.AGENT_NAME)
    said.workflow = text_of(found, names.WORKFLOW_NAME)
    said.session = text_of(found, names.CONVERSATION, "session.id")
    said.user = text_of(found, "user.id", "enduser.id")
    said.requested = text_of(found, names.REQUEST_MODEL)
    said.served = text_of(found, names.RESPONSE_MODEL)
    said.provider = text_of(found, names.PROVIDER, names.OLDER[names.PROVIDER])
    said.tool = text_of(found, names.TOOL_NAME) or _mcp_tool(found)
    said.error = text_of(found, names.ERROR_TYPE)
    said.tokens = inclusive(
        count_of(found, names.INPUT_TOKENS, "gen_ai.usage.prompt_tokens"),
        count_of(
            found, names.CACHE_READ_TOKENS, "gen_ai.usage.cache_read_input_tokens",
            "gen_ai.usage.details.cache_read_tokens",
        ),
        count_of(
            found, names.CACHE_WRITE_TOKENS, names.OLDER[names.CACHE_WRITE_TOKENS],
            "gen_ai.usage.cache_creation_input_tokens", "gen_ai.usage.details.cache_write_tokens",
        ),
        count_of(found, names.OUTPUT_TOKENS, "gen_ai.usage.completion_tokens"),
        count_of(
            found, names.REASONING_TOKENS, "gen_ai.usage.reasoning_tokens", "gen_ai.usage.details.reasoning_tokens"
        ),
    )  # fmt: skip
    wait = number_of(found, names.FIRST_CHUNK)
    said.first_token = int(wait * _MICROS) if wait is not None and wait >= 0 else None
    said.prompt = named(text_of(found, names.PROMPT_NAME), text_of(found, names.PROMPT_VERSION))
    said.instructions = text_of(found, names.SYSTEM_INSTRUCTIONS) or _spoken(span.happenings)
    said.cost = micros(number_of(found, names.COST_TOTAL, "operation.cost"))
    said.calls = max(asked_for(found.get(names.FINISH_REASONS)), _asked(found.get(names.OUTPUT_MESSAGES)))
    if any(each.name in _OLD_EVENTS for each in span.happenings):
        said.dialect = OLDER
        said.calls = max([said.calls, *(_chosen(each) for each in span.happenings)])
    return said


def read_own(span: ForeignSpan) -> Meaning:
    """What another Remit says."""
    found, said = span.attributes, read(span)
    said.dialect = OWN
    said.kind = text_of(found, names.KIND) or said.kind
    said.workflow = said.workflow or text_of(found, names.FLOW)
    said.purpose, said.release = text_of(found, names.PURPOSE), text_of(found, names.RELEASE)
    said.prompt = said.prompt or text_of(found, names.PROMPT_HASH)
    cost = count_of(found, names.COST)
    said.cost = cost if cost is not None else said.cost
    return said


def kind_of(found: Mapping[str, Json]) -> str:
    """The kind of a span by the operation it names, else by what only one kind has."""
    operation = text_of(found, names.OPERATION)
    if operation in _KINDS:
        return _KINDS[operation]
    if operation.endswith(("_memory", "_memory_store")):
        return "memory"
    if text_of(found, names.TOOL_NAME, names.TOOL_CALL) or _mcp_tool(found):
        return "tool"
    return "model" if text_of(found, names.REQUEST_MODEL, names.RESPONSE_MODEL) else "other"


def named(name: str, version: str) -> str:
    """A prompt by its name and version."""
    return f"{name}@{version}" if name and version else name


def micros(dollars: float | None) -> int | None:
    """An amount in dollars as whole micro-dollars; what is no amount is none."""
    return round(dollars * _MICROS) if dollars is not None and 0 <= dollars < _DEAREST else None


_DEAREST = 1e9


def asked_for(reasons: Json) -> int:
    """How many of the reasons for which answers ended want tools: at least so many calls."""
    listed = undone(reasons)
    if isinstance(listed, str):
        listed = [listed]
    if not isinstance(listed, list):
        return 0
    return sum(isinstance(each, str) and each.lower() in _ASKS for each in cast("list[Json]", listed))


def _asked(messages: Json) -> int:
    """The calls that stand in what was answered."""
    listed = undone(messages)
    total = 0
    for message in cast("list[Json]", listed) if isinstance(listed, list) else []:
        parts = cast("dict[str, Json]", message).get("parts") if isinstance(message, dict) else None
        for part in cast("list[Json]", parts) if isinstance(parts, list) else []:
            total += isinstance(part, dict) and cast("dict[str, Json]", part).get("type") == "tool_call"
    return total


def _chosen(event: Happening) -> int:
    """The calls of an answer that was told as an event."""
    if event.name != _CHOICE:
        return 0
    message = undone(event.attributes.get("message", event.body))
    calls = undone(event.attributes.get("tool_calls"))
    if isinstance(message, dict):
        calls = calls or cast("dict[str, Json]", message).get("tool_calls")
    counted = len(cast("list[Json]", calls)) if isinstance(calls, list) else 0
    return max(counted, asked_for(event.attributes.get("finish_reason")))


def _spoken(happenings: list[Happening]) -> str:
    """The instructions, where they were told as an event."""
    for each in happenings:
        if each.name == _SYSTEM:
            return text_of(each.attributes, "content") or (each.body if isinstance(each.body, str) else "")
    return ""


def _mcp_tool(found: Mapping[str, Json]) -> str:
    """The tool that an MCP call names; other methods call none."""
    if text_of(found, names.MCP_METHOD) != "tools/call":
        return ""
    return text_of(found, "mcp.tool.name", names.TOOL_NAME)


def score_in(found: Mapping[str, Json]) -> float | None:
    """A score, as an evaluation tells it."""
    return as_number(found.get(names.EVALUATION_SCORE))
