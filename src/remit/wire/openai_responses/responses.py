"""A response as it is answered: an object that clients expect to be complete, whatever provider stands behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import MalformedAnswer
from remit.wire.fields import PROVIDER
from remit.wire.messages import Finish, Message, ModelResponse, Part, ToolCall
from remit.wire.opaque import rest
from remit.wire.openai_chat.usage import RESPONSES
from remit.wire.openai_responses.content import NAME
from remit.wire.openai_responses.items import ItemWriter, decode_item

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.wire.messages import Usage

Json = Any

_KNOWN = frozenset(
    {"id", "object", "created_at", "completed_at", "status", "incomplete_details", "model", "output", "usage"}
)
_DEFAULTS: dict[str, Json] = {
    "error": None,
    "instructions": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "background": False,
    "frequency_penalty": 0.0,
    "presence_penalty": 0.0,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": False,
    "text": {"format": {"type": "text"}},
    "top_logprobs": 0,
    "truncation": "disabled",
    "user": None,
}
_INCOMPLETE: dict[Finish, str] = {"length": "max_output_tokens", "filter": "content_filter"}
_REASONS: dict[str, Finish] = {reason: finish for finish, reason in _INCOMPLETE.items()}
_FAILED = {"code": "server_error", "message": "The model gave no complete answer."}


def decode_response(body: Mapping[str, Json]) -> ModelResponse:
    """What a provider answered; one that says of itself that it failed has the finish `error`."""
    if body.get("error") and body.get("object") != "response":
        error = body["error"]
        said = cast("dict[str, Json]", error).get("message") if isinstance(error, dict) else error
        raise MalformedAnswer(f"the provider answered with an error under a good status: {said!s:.500}")
    if body.get("output") is None:
        raise PROVIDER.wrong("output", "is missing; it has to be a list of items")
    parts: list[Part] = []
    for at, block in PROVIDER.blocks(body, "output"):
        parts += decode_item(block, at, PROVIDER)
    return ModelResponse(
        PROVIDER.optional_text(body, "model"),
        Message("assistant", tuple(parts)),
        finish_of(body, calls=any(isinstance(part, ToolCall) for part in parts)),
        usage_of(body),
        PROVIDER.optional_text(body, "id"),
        NAME,
        extra_of(body),
    )


def encode_response(response: ModelResponse, *, at: int = 0) -> dict[str, Json]:
    """A whole answer for a client."""
    identity = answer_id(response.id)
    return envelope(
        identity,
        response.model,
        at,
        status=status_of(response.finish),
        output=ItemWriter(identity, to_client=True).items(response.message),
        finish=response.finish,
        usage=response.usage,
        extra=response.extra if response.dialect == NAME else {},
    )


def envelope(
    identity: str,
    model: str,
    at: int,
    *,
    status: str,
    output: Sequence[dict[str, Json]] = (),
    finish: Finish = "stop",
    usage: Usage | None = None,
    extra: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """The object around the items, in any state of the answer."""
    extra = extra or {}
    body: dict[str, Json] = {
        "id": identity,
        "object": "response",
        "created_at": at,
        "completed_at": at if status == "completed" else None,
        "status": status,
        "incomplete_details": {"reason": _INCOMPLETE[finish]} if finish in _INCOMPLETE else None,
        "model": model,
        "output": list(output),
        "usage": None if usage is None else RESPONSES.encode(usage, extra.get("usage")),
    }
    body |= _DEFAULTS
    body |= rest(extra, _BESIDE)
    if status == "failed" and not body["error"]:
        body["error"] = _FAILED
    return body


def answer_id(identity: str) -> str:
    """Clients tell an answer from a conversation by how its id begins."""
    return identity if identity.startswith("resp_") else f"resp_{identity}"


def status_of(finish: Finish) -> str:
    """The state in which an answer ended."""
    return "incomplete" if finish in _INCOMPLETE else "failed" if finish == "error" else "completed"


def finish_of(body: Mapping[str, Json], *, calls: bool) -> Finish:
    """Why it ended; an answer that is not there yet (it runs in the background) is unknown."""
    match body.get("status", "completed"):
        case "completed":
            return "tools" if calls else "stop"
        case "incomplete":
            reason = PROVIDER.optional_mapping(body, "incomplete_details").get("reason")
            return _REASONS.get(reason, "unknown") if isinstance(reason, str) else "unknown"
        case "failed" | "cancelled":
            return "error"
        case _:
            return "unknown"


def usage_of(body: Mapping[str, Json]) -> Usage | None:
    """What was counted."""
    return RESPONSES.decode(PROVIDER.optional_mapping(body, "usage"), PROVIDER)


def extra_of(body: Mapping[str, Json]) -> dict[str, Json]:
    """What the neutral form has no place for and what is not said of every answer anyway."""
    extra = {
        key: value
        for key, value in rest(body, _KNOWN).items()
        if value is not None and not (key in _DEFAULTS and value == _DEFAULTS[key])
    }
    if body.get("status") == "failed" and extra.get("error") == _FAILED:
        del extra["error"]
    if usage := RESPONSES.spare(PROVIDER.optional_mapping(body, "usage")):
        extra["usage"] = usage
    return extra


_BESIDE = frozenset({"usage"})
