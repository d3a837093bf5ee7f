"""What a client of the Responses API leaves to the server: to keep an answer, to go on from an earlier one, to work
while nobody waits; and what an answer repeats of its request. Pure: where answers are kept, others know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Struct

from remit.domain.action_errors import Unsupported
from remit.wire.envelopes import patched
from remit.wire.fields import CLIENT
from remit.wire.messages import Finished, PartDone, Started
from remit.wire.opaque import rest
from remit.wire.openai_responses.responses import decode_response, envelope
from remit.wire.openai_responses.stream_encoder import ResponsesStreamEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = Any

_REPEATED = (
    "instructions", "metadata", "tools", "tool_choice", "temperature", "top_p", "max_output_tokens", "max_tool_calls",
    "parallel_tool_calls", "truncation", "user", "prompt_cache_key", "safety_identifier", "top_logprobs",
    "presence_penalty", "frequency_penalty",
)  # fmt: skip
_ANSWERED = frozenset(
    {"output", "usage", "status", "completed_at", "incomplete_details", "error", "id", "model"}
)
_ENCRYPTED = "reasoning.encrypted_content"


class Wish(Struct, frozen=True):
    """What is left to the server."""

    store: bool = True
    previous: str = ""
    background: bool = False
    items: tuple[dict[str, Json], ...] = ()
    """What this request adds to the conversation."""
    echo: dict[str, Json] = msgspec.field(default_factory=dict[str, Json])
    """What an answer repeats of it."""


def wish_of(body: Mapping[str, Json]) -> Wish:
    """Read it; raises `InvalidInput`, or `Unsupported` for what is kept nowhere here."""
    for name in ("conversation", "prompt"):
        if body.get(name) is not None:
            raise Unsupported(
                f'"{name}" names something that is kept elsewhere.', "Send it, or use previous_response_id."
            )
    store, background = CLIENT.flag(body, "store"), bool(CLIENT.flag(body, "background"))
    if background and store is False:
        raise CLIENT.wrong("background", "needs store: nobody could come back for the answer")
    return Wish(
        store is not False, CLIENT.optional_text(body, "previous_response_id"), background, tuple(_items(body)),
        _echo(body),
    )  # fmt: skip


def _items(body: Mapping[str, Json]) -> Sequence[dict[str, Json]]:
    said = body.get("input")
    if isinstance(said, str):
        return [_spoken(said)] if said else []
    return [item for _, item in CLIENT.blocks(body, "input")]


def _spoken(text: str) -> dict[str, Json]:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def _echo(body: Mapping[str, Json]) -> dict[str, Json]:
    """An object that clients expect to be complete repeats the settings of its request."""
    found = {name: body[name] for name in _REPEATED if body.get(name) is not None}
    if "tools" in found:
        found["tools"] = [_tool(each) for _, each in CLIENT.blocks(body, "tools")]
    reasoning = CLIENT.optional_mapping(body, "reasoning")
    if reasoning:
        found["reasoning"] = {"effort": None, "summary": None, **reasoning}
    text = CLIENT.optional_mapping(body, "text")
    if text:
        found["text"] = {"format": {"type": "text"}, **text}
    return found


def _tool(block: dict[str, Json]) -> dict[str, Json]:
    if block.get("type") != "function":
        return block
    return {"description": None, "parameters": None, "strict": None, **block}


def upstream_changes(
    body: Mapping[str, Json], line: Sequence[tuple[Sequence[Json], Json]]
) -> dict[str, Json]:
    """What is sent instead: the whole conversation, for no provider is asked to keep any of it. `line` is what was
    said before, request by request: its items, and the answer.
    """
    wish = wish_of(body)
    changes: dict[str, Json] = {"store": False, "previous_response_id": None, "background": None}
    if line:
        said: list[Json] = []
        for items, answer in line:
            said += [*items, *cast("list[Json]", answer.get("output") or [])]
        changes["input"] = [item for item in (*said, *wish.items) if not _is_bare_thought(item)]
    include = CLIENT.items(body, "include")
    if wish.store and body.get("reasoning") and _ENCRYPTED not in include:
        changes["include"] = [*include, _ENCRYPTED]
    return changes


def _is_bare_thought(item: Json) -> bool:
    """A thought that is only an id means nothing to whoever did not keep it."""
    found: dict[str, Json] = cast("dict[str, Json]", item) if isinstance(item, dict) else {}
    return found.get("type") == "reasoning" and not found.get("encrypted_content")


def listed(items: Sequence[dict[str, Json]], response: str) -> list[dict[str, Json]]:
    """Input items as they are listed, each with an id."""
    return [_listed(item, f"{response}_{at}") for at, item in enumerate(items)]


def _listed(item: dict[str, Json], name: str) -> dict[str, Json]:
    if item.get("type", "message") != "message":
        return {"id": f"item_{name}", "status": "completed", **item}
    content: Json = item.get("content")
    if isinstance(content, str):
        said = item.get("role") == "assistant"
        part: dict[str, Json] = {"type": "output_text" if said else "input_text", "text": content}
        content = [{**part, "annotations": []} if said else part]
    return {"id": f"msg_{name}", "type": "message", "status": "completed", **item, "content": content}


def waiting(identity: str, model: str, at: int, wish: Wish, status: str, **more: Json) -> dict[str, Json]:
    """An answer that is not there: queued, cancelled, failed."""
    told = envelope(identity, model, at, status=status)
    own = {"store": wish.store, "background": wish.background, "previous_response_id": wish.previous or None}
    return {**told, **wish.echo, **own, **more}


def replayed(response: Mapping[str, Json]) -> bytes:
    """The stream that a finished answer amounts to."""
    answer = decode_response(response)
    encoder = ResponsesStreamEncoder(
        model=answer.model, identity=answer.id, at=int(response.get("created_at") or 0)
    )
    said = encoder.feed(Started(answer.id, answer.model))
    for index, part in enumerate(answer.message.parts):
        said += encoder.feed(PartDone(index, part))
    said += encoder.feed(Finished(answer.finish, answer.usage, answer.dialect, answer.extra))
    return patched(said, rest(response, _ANSWERED))
