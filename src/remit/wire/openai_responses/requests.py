"""A response as it is asked for: settings, tools, the form of the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import Unsupported
from remit.wire.fields import CLIENT
from remit.wire.messages import ModelRequest, OutputSchema, ToolSpec
from remit.wire.opaque import carried, own, rest
from remit.wire.openai_chat.omissions import omissions
from remit.wire.openai_responses.content import NAME, joined
from remit.wire.openai_responses.conversation import decode_conversation, encode_conversation

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

_KNOWN = frozenset(
    {
        "model", "input", "instructions", "tools", "tool_choice", "text", "reasoning", "max_output_tokens",
        "temperature", "top_p", "parallel_tool_calls", "stream",
    }
)  # fmt: skip
_ELSEWHERE = ("previous_response_id", "conversation", "prompt")
"""Where the conversation may be instead of in the request."""
_TOOL = frozenset({"type", "name", "description", "parameters", "strict"})
_FORMAT = frozenset({"type", "name", "schema", "strict", "description"})
_MERGED = frozenset({"text", "reasoning"})


def decode_request(body: Mapping[str, Json]) -> ModelRequest:
    """What a client asks."""
    model = CLIENT.text(body, "model")
    if not model:
        raise CLIENT.wrong("model", "is empty")
    if body.get("input") is None and all(body.get(key) is None for key in _ELSEWHERE):
        raise CLIENT.wrong("input", "is missing; it has to be a text or a list of items")
    extra = {key: value for key, value in rest(body, _KNOWN).items() if value is not None}
    reasoning = CLIENT.optional_mapping(body, "reasoning")
    if more := rest(reasoning, frozenset({"effort"})):
        extra["reasoning"] = more
    return ModelRequest(
        model,
        decode_conversation(body),
        tuple(_decode_tool(block, at) for at, block in CLIENT.blocks(body, "tools")),
        _decode_choice(body, extra),
        _decode_output(body, extra),
        CLIENT.limit(body, "max_output_tokens"),
        CLIENT.number(body, "temperature"),
        CLIENT.number(body, "top_p"),
        parallel_tools=CLIENT.flag(body, "parallel_tool_calls"),
        effort=CLIENT.optional_text(reasoning, "effort", "reasoning"),
        stream=bool(CLIENT.flag(body, "stream")),
        dialect=NAME,
        extra=extra,
    )


def encode_request(request: ModelRequest) -> dict[str, Json]:
    """What a provider is asked. A conversation that was not born in this dialect is kept by nobody but us."""
    _refuse_unsayable(request)
    native = request.dialect == NAME
    body: dict[str, Json] = {"model": request.model}
    elsewhere = native and any(key in request.extra for key in _ELSEWHERE)
    encode_conversation(body, request.messages, stateless=not native, elsewhere=elsewhere)
    if not native:
        body["store"] = False
    if request.tools:
        body["tools"] = [_encode_tool(tool) for tool in request.tools]
        if request.parallel_tools is not None:
            body["parallel_tool_calls"] = request.parallel_tools
    if request.tool_choice != "auto":
        body["tool_choice"] = _encode_choice(request)
    if request.max_tokens is not None:
        body["max_output_tokens"] = request.max_tokens
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stream:
        body["stream"] = True
    _add_objects(body, request, request.extra if native else {})
    return body


def dropped(request: ModelRequest) -> tuple[str, ...]:
    """What of the request that body does not say."""
    return tuple(omissions(request, NAME, names=False, seed=False))


def _add_objects(body: dict[str, Json], request: ModelRequest, extra: dict[str, Json]) -> None:
    """`text` and `reasoning`, which hold settings of both kinds, and what else the client had said."""
    text: dict[str, Json] = {} if request.output is None else {"format": _encode_output(request.output)}
    if text := extra.get("text", {}) | text:
        body["text"] = text
    effort = {"effort": request.effort} if request.effort else {}
    if reasoning := extra.get("reasoning", {}) | effort:
        body["reasoning"] = reasoning
    body |= rest(extra, _MERGED)


def _refuse_unsayable(request: ModelRequest) -> None:
    wish = "stop words" if request.stop else "several choices" if request.choices != 1 else ""
    if wish:
        raise Unsupported(
            f"OpenAI Responses has no form for {wish}.",
            "Leave the setting out, or choose a model that is spoken to in another dialect.",
        )


# --- in ------------------------------------------------------------------------------------------------------


def _decode_tool(block: dict[str, Json], at: str) -> ToolSpec:
    kind = CLIENT.text(block, "type", at)
    if kind != "function":
        name = block.get("name")
        return ToolSpec(
            name if isinstance(name, str) and name else kind, dialect=NAME, opaque=carried(NAME, block)
        )
    return ToolSpec(
        CLIENT.text(block, "name", at),
        CLIENT.optional_text(block, "description", at),
        CLIENT.optional_mapping(block, "parameters", at),
        CLIENT.flag(block, "strict", at),
        opaque=carried(NAME, rest(block, _TOOL)),
    )


def _decode_choice(body: Mapping[str, Json], extra: dict[str, Json]) -> str:
    choice = body.get("tool_choice")
    if choice is None or choice in ("auto", "none", "required"):
        return choice or "auto"
    block = CLIENT.mapping(body, "tool_choice")
    kind = CLIENT.text(block, "type", "tool_choice")
    if kind in ("function", "custom"):
        return f"tool:{CLIENT.text(block, 'name', 'tool_choice')}"
    if len(block) == 1:
        return f"tool:{kind}"
    extra["tool_choice"] = block
    return "auto"


def _decode_output(body: Mapping[str, Json], extra: dict[str, Json]) -> OutputSchema | None:
    text = CLIENT.optional_mapping(body, "text")
    block = CLIENT.optional_mapping(text, "format", "text")
    kind = CLIENT.text(block, "type", "text.format") if block else "text"
    left = rest(text, frozenset({"format"}))
    known = kind in ("text", "json_object") or (kind == "json_schema" and not rest(block, _FORMAT))
    if not known:
        left = {**left, "format": block}
    if left:
        extra["text"] = left
    if not known or kind == "text":
        return None
    if kind == "json_object":
        return OutputSchema()
    return OutputSchema(
        CLIENT.text(block, "name", "text.format"),
        CLIENT.optional_mapping(block, "schema", "text.format"),
        bool(CLIENT.flag(block, "strict", "text.format")),
        CLIENT.optional_text(block, "description", "text.format"),
    )


# --- out -----------------------------------------------------------------------------------------------------


def _encode_tool(tool: ToolSpec) -> dict[str, Json]:
    if tool.dialect == NAME:
        return own(tool.opaque, NAME)
    if tool.dialect:
        raise Unsupported(
            f'the tool "{tool.name}" exists only in the dialect {tool.dialect}, not in OpenAI Responses.',
            "Leave the tool out, or choose a model that has it.",
        )
    block: dict[str, Json] = {
        "type": "function",
        "name": tool.name,
        "parameters": tool.parameters or None,
        "strict": tool.strict,
    }
    if tool.description:
        block["description"] = tool.description
    return joined(block, own(tool.opaque, NAME)) if tool.opaque else block


def _encode_choice(request: ModelRequest) -> Json:
    kind, colon, name = request.tool_choice.partition(":")
    if not colon:
        return kind
    special = next((tool for tool in request.tools if tool.name == name and tool.dialect == NAME), None)
    if special is None:
        return {"type": "function", "name": name}
    kind = own(special.opaque, NAME).get("type")
    return {"type": kind, "name": name} if kind == "custom" else {"type": kind}


def _encode_output(output: OutputSchema) -> dict[str, Json]:
    if not output.schema:
        return {"type": "json_object"}
    block: dict[str, Json] = {
        "type": "json_schema",
        "name": output.name,
        "schema": output.schema,
        "strict": output.strict,
    }
    if output.description:
        block["description"] = output.description
    return block
