"""A chat completion as it is answered. Further choices (`n`) travel beside the first, as they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import MalformedAnswer
from remit.wire.fields import PROVIDER
from remit.wire.messages import Finish, ModelResponse
from remit.wire.opaque import rest
from remit.wire.openai_chat.parts import NAME
from remit.wire.openai_chat.turns import decode_answer, encode_answer
from remit.wire.openai_chat.usage import CHAT

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

_KNOWN = frozenset({"id", "object", "created", "model", "choices", "usage"})
_BESIDE = frozenset({"choices", "logprobs", "usage"})
_FINISHES: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tools",
    "function_call": "tools",
    "content_filter": "filter",
    "error": "error",
}
_REASONS: dict[Finish, str] = {
    "stop": "stop",
    "length": "length",
    "tools": "tool_calls",
    "filter": "content_filter",
    "error": "length",  # the dialect has no word for it; whatever stands there must not look complete
    "unknown": "stop",
}


def decode_response(body: Mapping[str, Json]) -> ModelResponse:
    """What a provider answered."""
    if error := body.get("error"):
        said = cast("dict[str, Json]", error).get("message") if isinstance(error, dict) else error
        raise MalformedAnswer(f"the provider answered with an error under a good status: {said!s:.500}")
    identity = PROVIDER.optional_text(body, "id")
    choices = [block for _, block in PROVIDER.blocks(body, "choices")]
    if not choices:
        raise PROVIDER.wrong("choices", "is missing or empty")
    first = next((choice for choice in choices if choice.get("index") == 0), choices[0])
    others = [choice for choice in choices if choice is not first]
    turn = decode_answer(
        PROVIDER.mapping(first, "message", "choices[0]"),
        "choices[0].message",
        PROVIDER,
        identity or "call",
    )
    usage = PROVIDER.optional_mapping(body, "usage")
    return ModelResponse(
        PROVIDER.optional_text(body, "model"),
        turn,
        finish_of(first.get("finish_reason"), calls=bool(turn.tool_calls)),
        CHAT.decode(usage, PROVIDER),
        identity,
        NAME,
        answer_extra(rest(body, _KNOWN), first.get("logprobs"), others, CHAT.spare(usage)),
    )


def encode_response(response: ModelResponse, *, at: int = 0) -> dict[str, Json]:
    """A whole answer for a client."""
    extra = response.extra if response.dialect == NAME else {}
    choice: dict[str, Json] = {
        "index": 0,
        "message": encode_answer(response.message),
        "finish_reason": reason_of(response.finish),
        "logprobs": extra.get("logprobs"),
    }
    body: dict[str, Json] = {
        "id": response.id,
        "object": "chat.completion",
        "created": at,
        "model": response.model,
        "choices": [choice, *extra.get("choices", ())],
    }
    if response.usage is not None:
        body["usage"] = CHAT.encode(response.usage, extra.get("usage"))
    return body | rest(extra, _BESIDE)


def finish_of(reason: object, *, calls: bool) -> Finish:
    """Why it ended. Several providers say `stop` where they ask for tools."""
    finish = _FINISHES.get(reason, "unknown") if isinstance(reason, str) else "unknown"
    return "tools" if calls and finish in ("stop", "unknown") else finish


def reason_of(finish: Finish) -> str:
    """The same in this dialect's words."""
    return _REASONS[finish]


def answer_extra(
    top: Mapping[str, Json], logprobs: Json, others: list[dict[str, Json]], usage: dict[str, Json]
) -> dict[str, Json]:
    """What the neutral form has no place for; nulls are not worth carrying."""
    extra = {key: value for key, value in top.items() if value is not None}
    if logprobs:
        extra["logprobs"] = logprobs
    if others:
        extra["choices"] = others
    if usage:
        extra["usage"] = usage
    return extra
