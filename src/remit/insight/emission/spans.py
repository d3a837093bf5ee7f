"""Closed spans in the words of the conventions: what each is called, which kind it is and what is said of it. It sends
nothing, and spells no name itself.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from remit.insight.emission.closed import span_id, trace_id
from remit.wire.otlp import names
from remit.wire.otlp.sending import SentSpan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from remit.insight.emission.closed import ClosedSpan
    from remit.wire.otlp.sending import Value

_MICROS = 1_000_000
_OPERATIONS = {
    "flow": names.INVOKE_WORKFLOW,
    "agent": names.INVOKE_AGENT,
    "delegate": names.INVOKE_AGENT,
    "model": names.CHAT,
    "embedding": names.EMBEDDINGS,
    "retrieval": names.RETRIEVAL,
    "tool": names.EXECUTE_TOOL,
}
_MEMORY = {"remember": names.CREATE_MEMORY, "recall": names.SEARCH_MEMORY, "forget": names.DELETE_MEMORY}
_NOTHING: Mapping[str, Value] = MappingProxyType({})
_AWAY = frozenset({"model", "embedding", "retrieval", "memory"})


SPEAKING = frozenset({"model", "tool"})
"""Of these it may be told what was said."""


def told(span: ClosedSpan, *, older: bool = True, said: Mapping[str, Value] = _NOTHING) -> SentSpan:
    """A span as it is sent; with `older`, renamed attributes under both names; with `said`, what was said in it."""
    whole = attributes(span)
    if older:
        whole |= {names.OLDER[key]: value for key, value in whole.items() if key in names.OLDER}
    if span.kind in SPEAKING:
        whole |= said
    return SentSpan(
        trace_id(span.trace),
        span_id(span.trace, span.id),
        b"" if span.is_root else span_id(span.trace, span.parent),
        title(span),
        _kind(span),
        span.started,
        max(span.ended, span.started),
        whole,
        span.failure,
    )


def operation(span: ClosedSpan) -> str:
    """Which operation of the conventions it is; empty where they have none."""
    return _MEMORY.get(span.name, "") if span.kind == "memory" else _OPERATIONS.get(span.kind, "")


def title(span: ClosedSpan) -> str:
    """The name of the span: the operation and on what."""
    what = {"model": span.requested, "embedding": span.requested, "agent": span.agent, "flow": span.flow}
    return f"{operation(span) or span.kind} {what.get(span.kind, span.name)}".rstrip()


def attributes(span: ClosedSpan) -> dict[str, Value]:
    """Everything that is said of it; what is unknown is not said."""
    said = _of_operation(span) | _of_remit(span)
    return {key: value for key, value in said.items() if value not in {"", None}}


def _of_operation(span: ClosedSpan) -> dict[str, Value]:
    common: dict[str, Value] = {
        names.OPERATION: operation(span),
        names.CONVERSATION: span.session,
        names.ERROR_TYPE: span.failure,
    }
    match span.kind:
        case "flow":
            return common | {names.WORKFLOW_NAME: span.flow}
        case "agent" | "delegate":
            return common | {names.AGENT_NAME: span.agent or span.name} | _tokens(span)
        case "model" | "embedding":
            return common | _model(span) | _tokens(span)
        case "tool":
            return common | {
                names.TOOL_NAME: span.name, names.TOOL_TYPE: "function", names.AGENT_NAME: span.agent,
            }  # fmt: skip
        case "retrieval":
            return common | {names.DATA_SOURCE: span.name}
        case "memory":
            return common | {names.MEMORY_STORE: span.team}
        case _:
            return {names.ERROR_TYPE: span.failure}


def _model(span: ClosedSpan) -> dict[str, Value]:
    first = {names.FIRST_CHUNK: span.first_token / _MICROS} if span.first_token else {}
    return {
        names.PROVIDER: span.provider or "_OTHER",
        names.REQUEST_MODEL: span.requested,
        names.RESPONSE_MODEL: span.served,
        names.AGENT_NAME: span.agent,
        names.PROMPT_VERSION: span.prompt,
        **first,
    }


def _tokens(span: ClosedSpan) -> dict[str, Value]:
    if not span.sent and not span.made:
        return {}
    parts = {
        names.CACHE_READ_TOKENS: span.cached,
        names.CACHE_WRITE_TOKENS: span.cache_written,
        names.REASONING_TOKENS: span.reasoning,
    }
    every: dict[str, Value] = {names.INPUT_TOKENS: span.sent, names.OUTPUT_TOKENS: span.made}
    return every | {key: count for key, count in parts.items() if count}


def _of_remit(span: ClosedSpan) -> dict[str, Value]:
    said: dict[str, Value] = {
        names.RUN: span.trace,
        names.PATH: span.id,
        names.KIND: span.kind,
        names.STATUS: span.status,
        names.TEAM: span.team,
        names.FLOW: span.flow,
        names.PRINCIPAL: span.principal,
        names.PURPOSE: span.purpose,
        names.RELEASE: span.release,
        names.ROUTE: span.route,
        names.DECISION: span.decision,
        names.EFFECT: span.effect,
        names.CACHE: span.cache,
        names.PROMPT_HASH: span.prompt,
    }
    numbers = {
        names.COST: span.cost,
        names.RETRIES: span.retries,
        names.QUEUED: span.queued,
        names.HUMAN: span.human,
    }
    said |= {key: count for key, count in numbers.items() if count}
    if span.cost:
        said[names.COST_TOTAL] = span.cost / _MICROS
    if span.simulated:
        said[names.SIMULATED] = True
    return said


def _kind(span: ClosedSpan) -> Literal["internal", "client"]:
    return "client" if span.kind in _AWAY else "internal"
