"""Bodies of `POST /v1/messages` and `/v1/messages/count_tokens`, both ways.

The API wants turns that alternate, so what follows in the same role is put into one turn: the results of parallel
calls come back in one. System text that stands before the talk is the top-level `system`. The API has two versions;
what the newer one refuses is left out or refused here, by a policy that is named, and `dropped` says what it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from remit.domain.action_errors import Unsupported
from remit.wire.anthropic.blocks_in import decode_content
from remit.wire.anthropic.blocks_out import encode_sent
from remit.wire.anthropic.names import NAME, Block, Json
from remit.wire.anthropic.schemas import constrained
from remit.wire.fields import CLIENT, PROVIDER
from remit.wire.messages import (
    Message,
    ModelRequest,
    OutputSchema,
    Part,
    Reasoning,
    Role,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from remit.wire.opaque import carried, own, rest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


OLDEST = "2023-06-01"
NEWEST = "2026-10-21"
VERSIONS = (OLDEST, NEWEST)

DEFAULT_MAX_TOKENS = 8192
"""The API requires a limit; this one is sent for a request that names none."""

Sampling = Literal["drop", "refuse"]
"""What becomes of `temperature`, `top_p` and `top_k` in the version that no longer takes them."""


# --- from a client --------------------------------------------------------------------------------------------


def decode_request(body: Mapping[str, Json]) -> ModelRequest:
    """What a client asks of a model."""
    if body.get("max_tokens") is None:
        raise CLIENT.wrong("max_tokens", "is missing; it has to be a whole number")
    return _decode(body)


def decode_count_tokens(body: Mapping[str, Json]) -> ModelRequest:
    """What a client wants counted; it is asked of nobody, so it needs no limit."""
    return _decode(body)


def _decode(body: Mapping[str, Json]) -> ModelRequest:
    config = CLIENT.optional_mapping(body, "output_config")
    choice, parallel, choice_rest = _decode_choice(body)
    extra = rest(body, _KNOWN)
    if more := rest(config, _OF_CONFIG):
        extra["output_config"] = more
    if choice_rest:
        extra["tool_choice"] = choice_rest
    return ModelRequest(
        CLIENT.text(body, "model"),
        tuple(_decode_talk(body)),
        tools=tuple(_decode_tool(block, place) for place, block in CLIENT.blocks(body, "tools")),
        tool_choice=choice,
        output=_decode_output(config),
        max_tokens=CLIENT.limit(body, "max_tokens", least=0),
        temperature=CLIENT.number(body, "temperature"),
        top_p=CLIENT.number(body, "top_p"),
        stop=tuple(_decode_stop(body)),
        parallel_tools=parallel,
        effort=CLIENT.optional_text(config, "effort", "output_config"),
        stream=CLIENT.flag(body, "stream") or False,
        dialect=NAME,
        extra=extra,
    )


def _decode_talk(body: Mapping[str, Json]) -> Iterator[Message]:
    if parts := decode_content(CLIENT, body, "", "system"):
        yield Message("system", tuple(parts))
    if body.get("messages") is None:
        raise CLIENT.wrong("messages", "is missing; it has to be a list")
    names: dict[str, str] = {}
    for place, block in CLIENT.blocks(body, "messages"):
        role = CLIENT.text(block, "role", place)
        if role not in _ROLES:
            raise CLIENT.wrong(f"{place}.role", "has to be user, assistant or system")
        if block.get("content") is None:
            raise CLIENT.wrong(f"{place}.content", "is missing; it has to be a text or a list of blocks")
        parts = _named(decode_content(CLIENT, block, place), names)
        opaque = carried(NAME, rest(block, _OF_MESSAGE))
        if role == "user":
            yield from _user_turns(parts, opaque)
        else:
            yield Message(_ROLES[role], tuple(parts), opaque=opaque)


def _named(parts: list[Part], names: dict[str, str]) -> list[Part]:
    """The parts, each result with the name of the tool that was called: other dialects need it."""
    for index, part in enumerate(parts):
        if isinstance(part, ToolCall):
            names[part.id] = part.name
        elif isinstance(part, ToolResult):
            parts[index] = msgspec.structs.replace(part, name=names.get(part.id, ""))
    return parts


def _user_turns(parts: list[Part], opaque: dict[str, Json] | None) -> Iterator[Message]:
    """One turn of the wire may hold results of tools and words of the user; here they are turns of their own."""
    start = 0
    for end in range(1, len(parts) + 1):
        results = isinstance(parts[start], ToolResult)
        if end == len(parts) or isinstance(parts[end], ToolResult) != results:
            yield Message("tool" if results else "user", tuple(parts[start:end]), opaque=opaque)
            start, opaque = end, None
    if not parts:
        yield Message("user", (), opaque=opaque)


def _decode_tool(block: Block, at: str) -> ToolSpec:
    kind = CLIENT.optional_text(block, "type", at)
    if kind not in {"", "custom"}:
        return ToolSpec(CLIENT.optional_text(block, "name", at) or kind, dialect=NAME, opaque={NAME: block})
    return ToolSpec(
        CLIENT.text(block, "name", at),
        CLIENT.optional_text(block, "description", at),
        CLIENT.mapping(block, "input_schema", at),
        CLIENT.flag(block, "strict", at),
        opaque=carried(NAME, rest(block, _OF_TOOL)),
    )


def _decode_choice(body: Mapping[str, Json]) -> tuple[str, bool | None, Block]:
    """The choice among tools, whether several may be called at once, and what else the body says of it."""
    block = CLIENT.optional_mapping(body, "tool_choice")
    if not block:
        return "auto", None, {}
    kind = CLIENT.text(block, "type", "tool_choice")
    alone = CLIENT.flag(block, "disable_parallel_tool_use", "tool_choice")
    if kind == "tool":
        choice = f"tool:{CLIENT.text(block, 'name', 'tool_choice')}"
    elif kind in _CHOICES:
        choice = _CHOICES[kind]
    else:
        raise CLIENT.wrong("tool_choice.type", "has to be auto, any, tool or none")
    return choice, None if alone is None else not alone, rest(block, _OF_CHOICE)


def _decode_output(config: Block) -> OutputSchema | None:
    block = CLIENT.optional_mapping(config, "format", "output_config")
    if not block:
        return None
    if block.get("type") != "json_schema":
        raise CLIENT.wrong("output_config.format.type", "has to be json_schema")
    return OutputSchema(schema=CLIENT.mapping(block, "schema", "output_config.format"))


def _decode_stop(body: Mapping[str, Json]) -> Iterator[str]:
    for index, stop in enumerate(CLIENT.items(body, "stop_sequences")):
        if not isinstance(stop, str):
            raise CLIENT.wrong(f"stop_sequences[{index}]", "has to be a text")
        yield stop


# --- to a provider --------------------------------------------------------------------------------------------


def encode_request(
    request: ModelRequest, version: str = NEWEST, sampling: Sampling = "drop"
) -> dict[str, Json]:
    """What a provider is sent."""
    if request.choices != 1:
        raise Unsupported(
            f"anthropic gives one answer at a time, not {request.choices}.", "Ask once for each."
        )
    mine, newest = request.dialect == NAME, version != OLDEST
    extra = dict(request.extra) if mine else {}
    limit = DEFAULT_MAX_TOKENS if request.max_tokens is None else request.max_tokens
    system, turns = _encode_talk(request.messages, mine=mine, newest=newest)
    body: dict[str, Json] = {"model": request.model, "max_tokens": limit}
    if system:
        body["system"] = system
    body["messages"] = turns
    if request.tools:
        body["tools"] = [_encode_tool(tool) for tool in request.tools]
        if choice := _encode_choice(request, extra.pop("tool_choice", None)):
            body["tool_choice"] = choice
    if config := _encode_config(request, extra.pop("output_config", {}), mine=mine):
        body["output_config"] = config
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    if request.stream:
        body["stream"] = True
    return {**body, **_sampling(request, extra, sampling, newest=newest), **extra}


def encode_count_tokens(request: ModelRequest, version: str = NEWEST) -> dict[str, Json]:
    """What a provider is sent to have it counted."""
    body = encode_request(request, version)
    return {key: value for key, value in body.items() if key in _COUNTED}


def encode_count(tokens: int) -> dict[str, Json]:
    """How many tokens a request has, for a client."""
    return {"input_tokens": tokens}


def decode_count(body: Mapping[str, Json]) -> int:
    """How many tokens a provider counted."""
    tokens = PROVIDER.integer(body, "input_tokens")
    if tokens is None:
        raise PROVIDER.wrong("input_tokens", "is missing")
    return tokens


def dropped(request: ModelRequest, version: str = NEWEST) -> tuple[str, ...]:
    """The fields of a request that the body does not say, since this dialect, or this version, cannot."""
    return tuple(_dropped(request, mine=request.dialect == NAME, newest=version != OLDEST))


def _encode_talk(
    messages: tuple[Message, ...], *, mine: bool, newest: bool
) -> tuple[list[Block], list[Block]]:
    """The system text, and the turns. In the midst of a talk only new models take system text, so what came in
    another dialect goes to the top, where every model reads it.
    """
    system: list[Block] = []
    turns: list[Block] = []
    role = ""
    for message in messages:
        blocks = [block for part in message.parts if (block := encode_sent(part)) is not None]
        if not blocks:
            continue
        if newest:
            blocks = [_allowed(block, message.role) for block in blocks]
        spoken = _SPOKEN[message.role]
        if spoken == "system" and not (mine and turns):
            system += blocks
        elif spoken == role:
            turns[-1]["content"] += blocks
        else:
            role = spoken
            turns.append({"role": role, "content": blocks, **own(message.opaque, NAME)})
    return system, turns


def _allowed(block: Block, role: Role) -> Block:
    """A block as the newest version takes it: it has no documents in what a model said, and no citations in what
    a user did.
    """
    kind = block["type"]
    if kind == "document" and role == "assistant":
        raise Unsupported("anthropic takes no document in an assistant's turn.", "Move it to a user's turn.")
    if kind == "text" and role == "user" and block.get("citations"):
        return {key: value for key, value in block.items() if key != "citations"}
    if kind == "search_result" and role == "user" and isinstance(block.get("content"), list):
        return {**block, "content": [_allowed(inner, role) for inner in block["content"]]}
    return block


def _encode_tool(tool: ToolSpec) -> Block:
    mine = own(tool.opaque, NAME)
    if tool.dialect:
        if tool.dialect == NAME:
            return mine
        raise Unsupported(
            f"the tool {tool.name} is run by providers that speak {tool.dialect}, not by anthropic."
        )
    schema = tool.parameters
    block: Block = {"name": tool.name}
    if tool.description:
        block["description"] = tool.description
    block["input_schema"] = (
        schema if "type" in schema else {"type": "object", **(schema or {"properties": {}})}
    )
    if tool.strict is not None:
        block["strict"] = tool.strict
    return {**block, **mine} if mine else block


def _encode_choice(request: ModelRequest, more: Block | None) -> Block | None:
    choice, parallel = request.tool_choice, request.parallel_tools
    if choice == "auto" and parallel is None and not more:
        return None
    block: Block
    if choice.startswith("tool:"):
        block = {"type": "tool", "name": choice.removeprefix("tool:")}
    else:
        block = {"type": "any" if choice == "required" else choice}
    if parallel is not None and choice != "none":
        block["disable_parallel_tool_use"] = not parallel
    return {**block, **more} if more else block


def _encode_config(request: ModelRequest, more: Block, *, mine: bool) -> Block:
    config: Block = {}
    if request.effort:
        config["effort"] = _EFFORTS.get(request.effort, request.effort)
    if request.output is not None:
        config["format"] = {"type": "json_schema", "schema": _encode_schema(request.output, mine=mine)}
    return {**config, **more} if more else config


def _encode_schema(output: OutputSchema, *, mine: bool) -> Block:
    if mine:
        return output.schema
    if not output.schema:
        raise Unsupported(
            "anthropic cannot be asked for just any JSON object.", "Give a schema for the output."
        )
    return constrained(output.schema)


def _sampling(request: ModelRequest, extra: Block, sampling: Sampling, *, newest: bool) -> Block:
    fields = {
        name: value for name in ("temperature", "top_p") if (value := getattr(request, name)) is not None
    }
    if not newest:
        return fields
    if sampling == "refuse" and (named := sorted(fields.keys() | (_SAMPLED & extra.keys()))):
        raise Unsupported(
            f"version {NEWEST} of the anthropic API takes no {', '.join(named)}.",
            f"Leave it out, or configure version {OLDEST} for models that still take it.",
        )
    extra.pop("top_k", None)
    return {}


def _dropped(request: ModelRequest, *, mine: bool, newest: bool) -> Iterator[str]:
    if newest:
        yield from (name for name in ("temperature", "top_p") if getattr(request, name) is not None)
    if request.seed is not None:
        yield "seed"
    yield from (f"extra.{name}" for name in request.extra if not mine or (newest and name == "top_k"))
    for index, message in enumerate(request.messages):
        if message.name:
            yield f"messages[{index}].name"
        for part in message.parts:
            if isinstance(part, Reasoning) and part.dialect != NAME:
                yield f"messages[{index}].reasoning"
            elif newest and message.role == "user" and _cites(part):
                yield f"messages[{index}].citations"


def _cites(part: Part) -> bool:
    return isinstance(part, Text) and bool(own(part.opaque, NAME).get("citations"))


_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_SPOKEN: dict[Role, str] = {"user": "user", "tool": "user", "assistant": "assistant", "system": "system"}
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_EFFORTS = {"none": "low", "minimal": "low"}
"""Efforts that other dialects know and this one does not, and the nearest that it has."""
_SAMPLED = frozenset({"top_k"})
_OF_MESSAGE = frozenset({"role", "content"})
_OF_TOOL = frozenset({"type", "name", "description", "input_schema", "strict"})
_OF_CHOICE = frozenset({"type", "name", "disable_parallel_tool_use"})
_OF_CONFIG = frozenset({"format", "effort"})
_KNOWN = frozenset(
    {
        "model", "messages", "system", "max_tokens", "tools", "tool_choice", "output_config", "temperature",
        "top_p", "stop_sequences", "stream",
    }
)  # fmt: skip
_COUNTED = frozenset(
    {
        "model", "messages", "system", "tools", "tool_choice", "output_config", "thinking", "cache_control", "speed",
        "user_profile_id", "workspace_id",
    }
)  # fmt: skip
