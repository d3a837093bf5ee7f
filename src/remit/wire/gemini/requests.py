"""Bodies of `generateContent` and `streamGenerateContent`, both ways.

The model and whether to stream stand in the address, not in the body: whoever routes the request adds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import Unsupported
from remit.wire.fields import CLIENT
from remit.wire.gemini.contents import decode_talk, encode_talk, needs_signatures
from remit.wire.gemini.names import NAME, Block, Json, camel
from remit.wire.gemini.schemas import from_openapi
from remit.wire.messages import ModelRequest, OutputSchema, Reasoning, ToolSpec
from remit.wire.opaque import carried, own, rest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


# --- from a client --------------------------------------------------------------------------------------------


def decode_request(body: Mapping[str, Json]) -> ModelRequest:
    """What a client asks of a model."""
    body = camel(dict(body))
    config = camel(CLIENT.optional_mapping(body, "generationConfig"))
    thinking = camel(CLIENT.optional_mapping(config, "thinkingConfig", "generationConfig"))
    calling = camel(CLIENT.optional_mapping(body, "toolConfig"))
    choice, choice_rest = _decode_choice(calling)
    effort, thinking_rest = _decode_effort(thinking)
    output, config_rest = _decode_output(config)
    at = "generationConfig"
    return ModelRequest(
        CLIENT.optional_text(body, "model").removeprefix("models/"),
        tuple(decode_talk(body)),
        tuple(_decode_tools(body)),
        choice,
        output,
        max_tokens=CLIENT.limit(config, "maxOutputTokens", at),
        temperature=CLIENT.number(config, "temperature", at),
        top_p=CLIENT.number(config, "topP", at),
        stop=tuple(_decode_stop(config)),
        seed=CLIENT.integer(config, "seed", at),
        effort=effort,
        choices=CLIENT.limit(config, "candidateCount", at) or 1,
        dialect=NAME,
        extra=_joined(
            rest(body, _KNOWN),
            generationConfig=_joined(config_rest, thinkingConfig=thinking_rest),
            toolConfig=choice_rest,
        ),
    )


def _decode_tools(body: Mapping[str, Json]) -> Iterator[ToolSpec]:
    for place, block in CLIENT.blocks(body, "tools"):
        tool = camel(block)
        for where, declaration in CLIENT.blocks(tool, "functionDeclarations", place):
            yield _decode_function(camel(declaration), where)
        for name, settings in tool.items():
            if name != "functionDeclarations":
                yield ToolSpec(name, dialect=NAME, opaque={NAME: {name: settings}})


def _decode_function(block: Block, at: str) -> ToolSpec:
    keys = rest(block, _OF_FUNCTION)
    parameters: Block = {}
    if block.get("parametersJsonSchema") is not None:
        parameters = CLIENT.mapping(block, "parametersJsonSchema", at)
    elif block.get("parameters") is not None:
        keys = {**keys, "parameters": block["parameters"]}
        parameters = from_openapi(CLIENT.mapping(block, "parameters", at), f"{at}.parameters")
    description = CLIENT.optional_text(block, "description", at)
    return ToolSpec(CLIENT.text(block, "name", at), description, parameters, opaque=carried(NAME, keys))


def _decode_choice(config: Block) -> tuple[str, Block]:
    """The choice among tools, and what else the tool configuration says."""
    calling = camel(CLIENT.optional_mapping(config, "functionCallingConfig", "toolConfig"))
    at = "toolConfig.functionCallingConfig"
    mode = CLIENT.optional_text(calling, "mode", at).upper()
    allowed = CLIENT.items(calling, "allowedFunctionNames", at)
    kept = calling
    match mode:
        case "" | "AUTO" | "MODE_UNSPECIFIED":
            choice, kept = "auto", rest(calling, _MODE)
        case "NONE":
            choice, kept = "none", rest(calling, _MODE)
        case "ANY" if len(allowed) == 1 and isinstance(allowed[0], str):
            choice, kept = f"tool:{allowed[0]}", rest(calling, _MODE | _ALLOWED)
        case "ANY":
            choice, kept = "required", rest(calling, _MODE)
        case "VALIDATED":
            choice = "auto"
        case _:
            raise CLIENT.wrong(f"{at}.mode", "has to be AUTO, ANY, NONE or VALIDATED")
    return choice, _joined(rest(config, _CALLING), functionCallingConfig=kept)


def _decode_effort(thinking: Block) -> tuple[str, Block]:
    level = CLIENT.optional_text(thinking, "thinkingLevel", "generationConfig.thinkingConfig")
    if not level or level.upper() == "THINKING_LEVEL_UNSPECIFIED":
        return "", thinking
    return level.lower(), rest(thinking, _LEVEL)


def _decode_output(config: Block) -> tuple[OutputSchema | None, Block]:
    """The schema of the output, and what else the configuration says. An older kind of schema is kept beside it."""
    kept, at = rest(config, _OF_CONFIG), "generationConfig"
    if CLIENT.optional_text(config, "responseMimeType", at) != _JSON:
        return None, {**kept, **{key: value for key, value in config.items() if key in _OUTPUT}}
    if config.get("responseJsonSchema") is not None:
        return OutputSchema(schema=CLIENT.mapping(config, "responseJsonSchema", at)), kept
    if config.get("responseSchema") is not None:
        schema = from_openapi(CLIENT.mapping(config, "responseSchema", at), f"{at}.responseSchema")
        return OutputSchema(schema=schema), {**kept, "responseSchema": config["responseSchema"]}
    return OutputSchema(), kept


def _decode_stop(config: Block) -> Iterator[str]:
    for index, stop in enumerate(CLIENT.items(config, "stopSequences", "generationConfig")):
        if not isinstance(stop, str):
            raise CLIENT.wrong(f"generationConfig.stopSequences[{index}]", "has to be a text")
        yield stop


def _joined(block: Block, **inner: Block) -> Block:
    """The block, with each of `inner` that says anything."""
    return {**block, **{key: value for key, value in inner.items() if value}}


# --- to a provider --------------------------------------------------------------------------------------------


def encode_request(request: ModelRequest) -> dict[str, Json]:
    """What a provider is sent."""
    mine = request.dialect == NAME
    extra = dict(request.extra) if mine else {}
    skip = not mine and needs_signatures(request.model)
    system, contents = encode_talk(request.messages, skip_signatures=skip)
    body: dict[str, Json] = {}
    if system is not None:
        body["systemInstruction"] = system
    body["contents"] = contents
    if request.tools:
        body["tools"] = _encode_tools(request.tools)
        if request.parallel_tools is False:
            raise Unsupported(
                "gemini cannot be told to call one tool at a time.", "Leave parallel_tools unset."
            )
    if choice := _encode_choice(request, extra.pop("toolConfig", {})):
        body["toolConfig"] = choice
    if config := _encode_config(request, extra.pop("generationConfig", {})):
        body["generationConfig"] = config
    return {**body, **extra} if extra else body


def dropped(request: ModelRequest) -> tuple[str, ...]:
    """The fields of a request that the body does not say, since this dialect cannot."""
    return tuple(_dropped(request, mine=request.dialect == NAME))


def _encode_tools(tools: tuple[ToolSpec, ...]) -> list[Block]:
    """One entry for all functions, where the first of them stands, and one for each tool that Google runs."""
    entries: list[Block] = []
    functions: list[Block] = []
    for tool in tools:
        if tool.dialect == NAME:
            entries.append(own(tool.opaque, NAME))
        elif tool.dialect:
            raise Unsupported(
                f"the tool {tool.name} is run by providers that speak {tool.dialect}, not by gemini."
            )
        else:
            if not functions:
                entries.append({"functionDeclarations": functions})
            functions.append(_encode_function(tool))
    return entries


def _encode_function(tool: ToolSpec) -> Block:
    mine = own(tool.opaque, NAME)
    block: Block = {"name": tool.name}
    if tool.description:
        block["description"] = tool.description
    if "parameters" in mine:
        older = mine["parameters"]
        if from_openapi(older, "parameters") == tool.parameters:
            return {**block, **mine}
        mine = rest(mine, frozenset({"parameters"}))
    if tool.parameters:
        block["parametersJsonSchema"] = tool.parameters
    return {**block, **mine} if mine else block


def _encode_choice(request: ModelRequest, more: Block) -> Block:
    calling: Block = {}
    if not request.tools:
        pass
    elif request.tool_choice.startswith("tool:"):
        calling = {"mode": "ANY", "allowedFunctionNames": [request.tool_choice.removeprefix("tool:")]}
    elif request.tool_choice != "auto":
        calling = {"mode": "ANY" if request.tool_choice == "required" else "NONE"}
    calling = {**calling, **more.get("functionCallingConfig", {})}
    return _joined(rest(more, _CALLING), functionCallingConfig=calling)


def _encode_config(request: ModelRequest, more: Block) -> Block:
    config: Block = {
        key: value
        for key, value in (
            ("maxOutputTokens", request.max_tokens),
            ("temperature", request.temperature),
            ("topP", request.top_p),
            ("seed", request.seed),
        )
        if value is not None
    }
    if request.stop:
        config["stopSequences"] = list(request.stop)
    if request.choices != 1:
        config["candidateCount"] = request.choices
    if request.output is not None:
        config["responseMimeType"] = _JSON
        if request.output.schema and "responseSchema" not in more:
            config["responseJsonSchema"] = request.output.schema
    thinking: Block = dict(more.get("thinkingConfig", {}))
    if request.effort:
        thinking["thinkingLevel"] = _LEVELS.get(request.effort, request.effort.upper())
    return _joined({**config, **rest(more, _THINKING)}, thinkingConfig=thinking)


def _dropped(request: ModelRequest, *, mine: bool) -> Iterator[str]:
    if not mine:
        yield from (f"extra.{name}" for name in request.extra)
    for index, message in enumerate(request.messages):
        if message.name:
            yield f"messages[{index}].name"
        if any(isinstance(part, Reasoning) and part.dialect != NAME for part in message.parts):
            yield f"messages[{index}].reasoning"
    yield from (f"tools.{tool.name}.strict" for tool in request.tools if tool.strict is not None)


_JSON = "application/json"
_LEVELS = {"none": "MINIMAL", "max": "XHIGH"}
"""Efforts that other dialects know and this one does not, and the nearest that it has."""
_KNOWN = frozenset({"model", "contents", "systemInstruction", "tools", "toolConfig", "generationConfig"})
_OUTPUT = frozenset({"responseMimeType", "responseSchema", "responseJsonSchema"})
_OF_CONFIG = (
    frozenset(
        {
            "maxOutputTokens",
            "temperature",
            "topP",
            "stopSequences",
            "seed",
            "candidateCount",
            "thinkingConfig",
        }
    )
    | _OUTPUT
)
_OF_FUNCTION = frozenset({"name", "description", "parameters", "parametersJsonSchema"})
_MODE = frozenset({"mode"})
_ALLOWED = frozenset({"allowedFunctionNames"})
_LEVEL = frozenset({"thinkingLevel"})
_CALLING = frozenset({"functionCallingConfig"})
_THINKING = frozenset({"thinkingConfig"})
