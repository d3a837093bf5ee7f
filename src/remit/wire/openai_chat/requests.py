"""A chat completion as it is asked for: settings, tools, the form of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import Unsupported
from remit.wire.fields import CLIENT
from remit.wire.messages import ModelRequest, OutputSchema, ToolSpec
from remit.wire.opaque import carried, own, rest
from remit.wire.openai_chat.omissions import omissions
from remit.wire.openai_chat.parts import NAME, joined, spare
from remit.wire.openai_chat.turns import decode_messages, encode_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json = Any

_OF_FORMAT = frozenset({"type", "json_schema"})
_OF_TOOL, _IN_TOOL = (
    frozenset({"type", "function"}),
    frozenset({"name", "description", "parameters", "strict"}),
)
_KNOWN = frozenset(
    {
        "model", "messages", "tools", "tool_choice", "response_format", "max_tokens", "max_completion_tokens",
        "temperature", "top_p", "stop", "seed", "parallel_tool_calls", "reasoning_effort", "stream",
        "stream_options", "n",
    }
)  # fmt: skip
_REPLACED = {"functions": "tools", "function_call": "tool_choice"}
_STREAM_OPTIONS = frozenset({"stream_options"})
_USAGE = "include_usage"


def decode_request(body: Mapping[str, Json]) -> ModelRequest:
    """What a client asks."""
    for old, new in _REPLACED.items():
        if body.get(old) is not None:
            raise CLIENT.wrong(old, f"is no longer in use; it is {new} now")
    stream = bool(CLIENT.flag(body, "stream"))
    extra = {key: value for key, value in rest(body, _KNOWN).items() if value is not None}
    if stream and (options := _stream_options(body)) is not None:
        extra["stream_options"] = options
    return ModelRequest(
        _named(body, "model"),
        decode_messages(body),
        tuple(_decode_tool(block, at) for at, block in CLIENT.blocks(body, "tools"))
        if body.get("tools") is not None
        else (),
        _decode_choice(body, extra),
        _decode_output(body, extra),
        _limit(body),
        stream=stream,
        dialect=NAME,
        extra=extra,
        **{name: read(body, key) for key, (name, read) in _SETTINGS.items() if body.get(key) is not None},
    )


def encode_request(request: ModelRequest) -> dict[str, Json]:
    """What a provider is asked. A streamed answer is always to report its usage: nobody could settle without."""
    body: dict[str, Json] = {"model": request.model, "messages": encode_messages(request.messages)}
    if request.tools:
        body["tools"] = [_encode_tool(tool) for tool in request.tools]
        if request.parallel_tools is not None:
            body["parallel_tool_calls"] = request.parallel_tools
    if request.tool_choice != "auto":
        body["tool_choice"] = _encode_choice(request)
    if request.output is not None:
        body["response_format"] = _encode_output(request.output)
    _add_settings(body, request)
    extra = request.extra if request.dialect == NAME else {}
    if request.stream:
        body["stream"] = True
        body["stream_options"] = extra.get("stream_options", {}) | {_USAGE: True}
    return body | rest(extra, _STREAM_OPTIONS)


def dropped(request: ModelRequest) -> tuple[str, ...]:
    """What of the request that body does not say."""
    return tuple(omissions(request, NAME, names=True, seed=True))


def usage_is_asked(request: ModelRequest) -> bool:
    """Whether the client of a stream wants the chunk that reports the usage."""
    if request.dialect != NAME:
        return True
    return bool(request.extra.get("stream_options", {}).get(_USAGE, True))


# --- in ------------------------------------------------------------------------------------------------------


def _named(body: Mapping[str, Json], key: str) -> str:
    return CLIENT.text(body, key) or _refuse(key, "is empty")


def _refuse(at: str, says: str) -> str:
    raise CLIENT.wrong(at, says)


def _limit(body: Mapping[str, Json]) -> int | None:
    """`max_tokens` is the older name. Two that differ are refused: one would be reserved, and the other heeded."""
    if "max_completion_tokens" not in body:
        return CLIENT.limit(body, "max_tokens")
    newer, older = CLIENT.limit(body, "max_completion_tokens"), CLIENT.limit(body, "max_tokens")
    if newer is not None and older is not None and newer != older:
        raise CLIENT.wrong("max_tokens", f"is {older} and max_completion_tokens is {newer}; send one of them")
    return older if newer is None else newer


def _stream_options(body: Mapping[str, Json]) -> dict[str, Json] | None:
    """None in the plain case, a client that asked for its usage and for nothing else."""
    options = CLIENT.optional_mapping(body, "stream_options")
    if CLIENT.flag(options, _USAGE, "stream_options"):
        return rest(options, frozenset({_USAGE})) or None
    return {**options, _USAGE: False}


def _decode_stop(body: Mapping[str, Json]) -> tuple[str, ...]:
    stop = body.get("stop")
    if isinstance(stop, str):
        return (stop,)
    found = CLIENT.items(body, "stop")
    for number, word in enumerate(found):
        if not isinstance(word, str):
            raise CLIENT.wrong(f"stop[{number}]", "has to be a text")
    return tuple(found)


def _decode_tool(block: dict[str, Json], at: str) -> ToolSpec:
    kind = CLIENT.optional_text(block, "type", at) or "function"
    if kind != "function":
        inner = block.get(kind)
        name = cast("dict[str, Json]", inner).get("name") if isinstance(inner, dict) else None
        return ToolSpec(str(name or kind), dialect=NAME, opaque=carried(NAME, block))
    function = CLIENT.mapping(block, "function", at)
    place = f"{at}.function"
    return ToolSpec(
        CLIENT.text(function, "name", place),
        CLIENT.optional_text(function, "description", place),
        CLIENT.optional_mapping(function, "parameters", place),
        CLIENT.flag(function, "strict", place),
        opaque=carried(NAME, spare(block, _OF_TOOL, "function", _IN_TOOL)),
    )


def _decode_choice(body: Mapping[str, Json], extra: dict[str, Json]) -> str:
    choice = body.get("tool_choice")
    if choice is None or choice in ("auto", "none", "required"):
        return choice or "auto"
    block = CLIENT.mapping(body, "tool_choice")
    kind = CLIENT.text(block, "type", "tool_choice")
    if kind in ("function", "custom"):
        inner = CLIENT.mapping(block, kind, "tool_choice")
        return f"tool:{CLIENT.text(inner, 'name', f'tool_choice.{kind}')}"
    extra["tool_choice"] = block
    return "auto"


_SETTINGS: dict[str, tuple[str, Callable[[Mapping[str, Json], str], Json]]] = {
    "temperature": ("temperature", CLIENT.number),
    "top_p": ("top_p", CLIENT.number),
    "stop": ("stop", lambda body, _: _decode_stop(body)),
    "seed": ("seed", CLIENT.integer),
    "parallel_tool_calls": ("parallel_tools", CLIENT.flag),
    "reasoning_effort": ("effort", CLIENT.text),
    "n": ("choices", CLIENT.limit),
}
"""What most requests leave out: the field, and how it is read where it is there."""


def _decode_output(body: Mapping[str, Json], extra: dict[str, Json]) -> OutputSchema | None:
    if body.get("response_format") is None:
        return None
    block = CLIENT.optional_mapping(body, "response_format")
    kind = CLIENT.text(block, "type", "response_format") if block else "text"
    match kind:
        case "text":
            return None
        case "json_object":
            return OutputSchema()
        case "json_schema" if not rest(block, _OF_FORMAT):
            place = "response_format.json_schema"
            inner = CLIENT.mapping(block, "json_schema", "response_format")
            return OutputSchema(
                CLIENT.text(inner, "name", place),
                CLIENT.optional_mapping(inner, "schema", place),
                bool(CLIENT.flag(inner, "strict", place)),
                CLIENT.optional_text(inner, "description", place),
            )
        case _:
            extra["response_format"] = block
            return None


# --- out -----------------------------------------------------------------------------------------------------


def _add_settings(body: dict[str, Json], request: ModelRequest) -> None:
    if request.max_tokens is not None:
        body["max_completion_tokens"] = request.max_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stop:
        body["stop"] = list(request.stop)
    if request.seed is not None:
        body["seed"] = request.seed
    if request.effort:
        body["reasoning_effort"] = request.effort
    if request.choices != 1:
        body["n"] = request.choices


def _encode_tool(tool: ToolSpec) -> dict[str, Json]:
    if tool.dialect == NAME:
        return own(tool.opaque, NAME)
    if tool.dialect:
        raise Unsupported(
            f'the tool "{tool.name}" exists only in the dialect {tool.dialect}, not in OpenAI chat.',
            "Leave the tool out, or choose a model that has it.",
        )
    function: dict[str, Json] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    block: dict[str, Json] = {"type": "function", "function": function}
    return joined(block, own(tool.opaque, NAME)) if tool.opaque else block


def _encode_choice(request: ModelRequest) -> Json:
    kind, colon, name = request.tool_choice.partition(":")
    if not colon:
        return kind
    custom = any(tool.name == name and _is_custom(tool) for tool in request.tools)
    kind = "custom" if custom else "function"
    return {"type": kind, kind: {"name": name}}


def _is_custom(tool: ToolSpec) -> bool:
    return tool.dialect == NAME and own(tool.opaque, NAME).get("type") == "custom"


def _encode_output(output: OutputSchema) -> dict[str, Json]:
    if not output.schema:
        return {"type": "json_object"}
    inner: dict[str, Json] = {"name": output.name, "schema": output.schema, "strict": output.strict}
    if output.description:
        inner["description"] = output.description
    return {"type": "json_schema", "json_schema": inner}
