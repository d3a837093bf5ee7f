"""Answers of `generateContent`, both ways. Further candidates travel beside the first, as they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.wire.fields import PROVIDER
from remit.wire.gemini.names import NAME, Block, Json
from remit.wire.gemini.parts import decode_part, encode_answered
from remit.wire.gemini.usage import decode_usage, encode_usage, spare_usage
from remit.wire.messages import Finish, Message, ModelResponse, Part, ToolCall
from remit.wire.opaque import rest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def decode_response(body: Mapping[str, Json]) -> ModelResponse:
    """What a provider answered. A prompt that was blocked has no candidate and is an answer all the same."""
    if body.get("error") is not None:
        raise PROVIDER.wrong("error", "is there, under a status that says success")
    candidates = [block for _, block in PROVIDER.blocks(body, "candidates")]
    if not candidates and not is_blocked(body):
        raise PROVIDER.wrong("candidates", "is missing or empty")
    candidate = candidates[0] if candidates else {}
    identity = PROVIDER.optional_text(body, "responseId")
    parts = tuple(decode_parts(candidate, identity, 0))
    usage = PROVIDER.optional_mapping(body, "usageMetadata")
    reason = PROVIDER.optional_text(candidate, "finishReason", "candidates[0]")
    called = any(isinstance(part, ToolCall) for part in parts)
    return ModelResponse(
        PROVIDER.optional_text(body, "modelVersion"),
        Message("assistant", parts),
        "filter" if not candidates else finish_of(reason, called=called),
        decode_usage(usage),
        identity,
        NAME,
        extra_of(body, candidate, usage, candidates[1:], called=called),
    )


def encode_response(response: ModelResponse, *, at: int = 0) -> dict[str, Json]:
    """A whole answer for a client."""
    extra = dict(response.extra) if response.dialect == NAME else {}
    body: dict[str, Json] = {}
    found = (encode_answered(part) for part in response.message.parts)
    parts = [part for part in found if part is not None]
    others = extra.pop("candidates", [])
    more, usage = extra.pop("candidate", {}), extra.pop("usageMetadata", None)
    if parts or not is_blocked(extra):
        body["candidates"] = [{**candidate_of(parts, response.finish), **more}, *others]
    if response.usage is not None:
        body["usageMetadata"] = encode_usage(response.usage, usage)
    body["modelVersion"] = response.model
    body["responseId"] = response.id or f"remit-{at}"
    return {**body, **extra}


def decode_parts(candidate: Block, identity: str, calls: int) -> Iterator[Part]:
    """The parts of a candidate. An id that is missing follows from the answer's and the number of calls before."""
    content = PROVIDER.optional_mapping(candidate, "content", "candidates[0]")
    for place, block in PROVIDER.blocks(content, "parts", "candidates[0].content"):
        part = decode_part(PROVIDER, block, place, identity, calls)
        calls += isinstance(part, ToolCall)
        yield part


def candidate_of(parts: list[Block], finish: Finish | None) -> Block:
    """The first candidate; without a finish, a piece of it."""
    candidate: Block = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = _REASONS[finish]
    return candidate


def is_blocked(body: Mapping[str, Json]) -> bool:
    """Whether the prompt was refused, so that no candidate was made."""
    feedback = PROVIDER.optional_mapping(body, "promptFeedback")
    return feedback.get("blockReason") is not None


def finish_of(reason: str, *, called: bool) -> Finish:
    """Why it ended. Gemini says STOP where it asks for tools; a reason nobody knows is `unknown`, never a success."""
    finish = _FINISHES.get(reason, "unknown")
    return "tools" if called and finish in {"stop", "unknown"} else finish


def extra_of(
    body: Mapping[str, Json], candidate: Block, usage: Block, others: list[Block], *, called: bool
) -> Block:
    """What the neutral form has no place for."""
    extra = {key: value for key, value in rest(body, _KNOWN).items() if value is not None}
    more = {key: value for key, value in rest(candidate, _OF_CANDIDATE).items() if value is not None}
    reason = candidate.get("finishReason")
    if reason and reason != _REASONS[finish_of(reason, called=called)]:
        more["finishReason"] = reason
    if candidate.get("index"):
        more["index"] = candidate["index"]
    inner: dict[str, Json] = {"candidate": more, "candidates": others, "usageMetadata": spare_usage(usage)}
    return {**extra, **{key: value for key, value in inner.items() if value}}


_FINISHES: dict[str, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "filter",
    "RECITATION": "filter",
    "LANGUAGE": "filter",
    "BLOCKLIST": "filter",
    "PROHIBITED_CONTENT": "filter",
    "SPII": "filter",
    "MODEL_ARMOR": "filter",
    "ESCALATION": "filter",
    "IMAGE_SAFETY": "filter",
    "IMAGE_PROHIBITED_CONTENT": "filter",
    "IMAGE_RECITATION": "filter",
    "MALFORMED_FUNCTION_CALL": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "MALFORMED_RESPONSE": "error",
    "NO_IMAGE": "error",
    "IMAGE_OTHER": "error",
    "PUP_LIMITED_DISABLED": "error",
}
_REASONS: dict[Finish, str] = {
    "stop": "STOP",
    "tools": "STOP",
    "length": "MAX_TOKENS",
    "filter": "SAFETY",
    "error": "MALFORMED_RESPONSE",
    "unknown": "OTHER",
}
_KNOWN = frozenset({"candidates", "modelVersion", "responseId", "usageMetadata"})
_OF_CANDIDATE = frozenset({"content", "finishReason", "index"})
