"""Answers of the Messages API, both ways: why the model stopped, and what it used in parts that do not overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.wire.anthropic.blocks_in import decode_content
from remit.wire.anthropic.blocks_out import encode_answered
from remit.wire.anthropic.names import NAME, Block, Json
from remit.wire.fields import PROVIDER
from remit.wire.messages import Finish, Message, ModelResponse, Refusal, Usage
from remit.wire.opaque import rest

if TYPE_CHECKING:
    from collections.abc import Mapping


def decode_response(body: Mapping[str, Json]) -> ModelResponse:
    """What a provider answered."""
    if body.get("type") == "error":
        raise PROVIDER.wrong("type", "is error, under a status that says success")
    if body.get("content") is None:
        raise PROVIDER.wrong("content", "is missing; it has to be a list of blocks")
    reason = PROVIDER.optional_text(body, "stop_reason")
    usage = PROVIDER.optional_mapping(body, "usage")
    return ModelResponse(
        PROVIDER.optional_text(body, "model"),
        Message("assistant", tuple(decode_content(PROVIDER, body, ""))),
        finish_of(reason),
        decode_usage(usage) if usage else None,
        PROVIDER.optional_text(body, "id"),
        NAME,
        extra_of(reason, body, _KNOWN, usage),
    )


def encode_response(response: ModelResponse, *, at: int = 0) -> dict[str, Json]:
    """A whole answer for a client."""
    extra = dict(response.extra) if response.dialect == NAME else {}
    usage = encode_usage(response.usage, extra.pop("usage", None))
    message, finish = response.message, response.finish
    refusal = next((part.text for part in message.parts if isinstance(part, Refusal)), None)
    blocks = (encode_answered(part) for part in message.parts)
    return {
        "id": response.id or f"msg_{at}",
        "type": "message",
        "role": "assistant",
        "model": response.model,
        "content": [block for block in blocks if block is not None],
        **stopped("tools" if finish == "stop" and message.tool_calls else finish, refusal),
        **extra,
        "usage": usage,
    }


def finish_of(reason: str) -> Finish:
    """Why the model stopped; a reason nobody knows is `unknown`, never a success."""
    return _FINISHES.get(reason, "unknown")


def extra_of(reason: str, body: Mapping[str, Json], known: frozenset[str], usage: Block) -> Block:
    """What the neutral form of an answer has no place for: fields, parts of the usage, finer reasons for stopping."""
    extra = {key: value for key, value in rest(body, known).items() if value is not None}
    if reason and reason != _REASONS[finish_of(reason)]:
        extra["stop_reason"] = reason
    if more := {key: value for key, value in rest(usage, _OF_USAGE).items() if value is not None}:
        extra["usage"] = more
    return extra


def stopped(finish: Finish, refusal: str | None = None) -> Block:
    """The fields that say why. An answer that came to an end by an error was cut short: it never looks whole."""
    if refusal is not None:
        details = {"type": "refusal", "category": None, "explanation": refusal}
        return {"stop_reason": "refusal", "stop_sequence": None, "stop_details": details}
    return {"stop_reason": _REASONS[finish], "stop_sequence": None}


def decode_usage(usage: Mapping[str, Json]) -> Usage:
    """Tokens; the API counts its three kinds of input apart, but thinking within the output."""
    written = _tokens(usage, "output_tokens")
    details = PROVIDER.optional_mapping(usage, "output_tokens_details", "usage")
    thought = min(_tokens(details, "thinking_tokens"), written)
    return Usage(
        input=_tokens(usage, "input_tokens"),
        cache_read=_tokens(usage, "cache_read_input_tokens"),
        cache_write=_tokens(usage, "cache_creation_input_tokens"),
        output=written - thought,
        reasoning=thought,
    )


def encode_usage(usage: Usage | None, more: Block | None = None) -> Block:
    """Tokens for a client; an answer without them says zero, since the field is required."""
    found = usage or Usage()
    block: Block = {
        "input_tokens": found.input + found.audio_input,
        "cache_creation_input_tokens": found.cache_write,
        "cache_read_input_tokens": found.cache_read,
        "output_tokens": found.completion,
    }
    if found.reasoning:
        block["output_tokens_details"] = {"thinking_tokens": found.reasoning}
    return {**block, **more} if more else block


def _tokens(usage: Mapping[str, Json], key: str) -> int:
    return PROVIDER.count(usage, key, "usage")


_FINISHES: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tools",
    "refusal": "filter",
}
_REASONS: dict[Finish, str | None] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tools": "tool_use",
    "filter": "refusal",
    "error": "max_tokens",
    "unknown": None,
}
_KNOWN = frozenset({"id", "type", "role", "model", "content", "stop_reason", "usage"})
_OF_USAGE = frozenset(
    {
        "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens",
        "output_tokens_details",
    }
)  # fmt: skip
