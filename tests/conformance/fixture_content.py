"""What the fixture of the conformance suite answers, asks and offers: data, by the names that the suite calls."""

from __future__ import annotations

from typing import Any

import mcp_types as types

Json = Any

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA="


def text(said: str) -> types.TextContent:
    return types.TextContent(text=said)


def embedded(uri: str, said: str, kind: str = "text/plain") -> types.EmbeddedResource:
    return types.EmbeddedResource(resource=types.TextResourceContents(uri=uri, mime_type=kind, text=said))


def form(message: str, required: list[str] | None = None, **properties: Json) -> Json:
    schema: Json = {"type": "object", "properties": properties}
    schema |= {"required": list(properties) if required is None else required}
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def sampling(prompt: str, most: int = 100) -> Json:
    message = {"role": "user", "content": {"type": "text", "text": prompt}}
    return {"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": most}}


ROOTS: Json = {"method": "roots/list", "params": {}}
STRING: Json = {"type": "string"}
BOOLEAN: Json = {"type": "boolean"}

DEFAULTS = form(
    "Please review and update the form fields with defaults", [],
    name={"type": "string", "default": "John Doe"}, age={"type": "integer", "default": 30},
    score={"type": "number", "default": 95.5},
    status={"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    verified={"type": "boolean", "default": True},
)  # fmt: skip
OPTIONS = ["option1", "option2", "option3"]
TITLED = [{"const": f"value{n}", "title": title} for n, title in enumerate(("First", "Second", "Third"), 1)]
ENUMS = form(
    "Please select options from the enum fields", [],
    untitledSingle={"type": "string", "enum": OPTIONS},
    titledSingle={"type": "string", "oneOf": TITLED},
    legacyEnum={"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"]},
    untitledMulti={"type": "array", "items": {"type": "string", "enum": OPTIONS}},
    titledMulti={"type": "array", "items": {"anyOf": TITLED}},
)  # fmt: skip
SCHEMA_2020: Json = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": STRING, "city": STRING},
        }
    },
    "properties": {
        "name": STRING,
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": STRING,
        "email": STRING,
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}
NOTHING: Json = {"type": "object", "properties": {}}
PROMPTED: Json = {"type": "object", "properties": {"prompt": STRING}, "required": ["prompt"]}
MESSAGE: Json = {"type": "object", "properties": {"message": STRING}, "required": ["message"]}
REGIONAL: Json = {
    "type": "object",
    "properties": {"region": {"type": "string", "x-mcp-header": "Region"}, "query": STRING},
}

ASKING = "test_input_required_result_"
ROUNDS: dict[str, list[dict[str, Json]]] = {
    "elicitation": [{"user_name": form("What is your name?", name=STRING)}],
    "sampling": [{"capital_question": sampling("What is the capital of France?")}],
    "list_roots": [{"client_roots": ROOTS}],
    "request_state": [{"confirm": form("Please confirm", ok=BOOLEAN)}],
    "tampered_state": [{"confirm": form("Please confirm", ok=BOOLEAN)}],
    "multiple_inputs": [
        {
            "user_name": form("What is your name?", name=STRING),
            "greeting": sampling("Generate a greeting", 50),
            "client_roots": ROOTS,
        }
    ],
    "multi_round": [
        {"step1": form("Step 1: What is your name?", name=STRING)},
        {"step2": form("Step 2: What is your favorite color?", color=STRING)},
    ],
    "capabilities": [
        {"answer": sampling("Say something"), "user_name": form("What is your name?", name=STRING)}
    ],
}
"""What a tool asks, round by round, before it answers."""
STATEFUL = ("request_state", "tampered_state", "multiple_inputs", "multi_round")
ANSWERS: dict[str, list[Json]] = {
    "test_simple_text": [text("This is a simple text response for testing.")],
    "test_image_content": [types.ImageContent(data=PNG, mime_type="image/png")],
    "test_audio_content": [types.AudioContent(data=WAV, mime_type="audio/wav")],
    "test_embedded_resource": [embedded("test://embedded-resource", "This is an embedded resource content.")],
    "test_multiple_content_types": [
        text("Multiple content types test:"),
        types.ImageContent(data=PNG, mime_type="image/png"),
        embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json"),
    ],
    "json_schema_2020_12_tool": [text("It fits.")],
    "test_x_mcp_header": [text("The header fits.")],
}
TOOLS: dict[str, Json] = {
    **dict.fromkeys(ANSWERS, NOTHING),
    "json_schema_2020_12_tool": SCHEMA_2020,
    "test_x_mcp_header": REGIONAL,
    "test_sampling": PROMPTED,
    "test_elicitation": MESSAGE,
    **dict.fromkeys(
        (
            "test_tool_with_logging", "test_logging_tool", "test_tool_with_progress", "test_error_handling",
            "test_elicitation_sep1034_defaults", "test_elicitation_sep1330_enums", "test_missing_capability",
            "test_streaming_elicitation", "test_trigger_tool_change", "test_trigger_prompt_change",
            *(ASKING + name for name in ROUNDS),
        ),
        NOTHING,
    ),
}  # fmt: skip
PROMPTS: dict[str, list[str]] = {
    "test_simple_prompt": [],
    "test_prompt_with_arguments": ["arg1", "arg2"],
    "test_prompt_with_embedded_resource": ["resourceUri"],
    "test_prompt_with_image": [],
    ASKING + "prompt": [],
}
RESOURCES = {
    "test://static-text": "text/plain",
    "test://static-binary": "image/png",
    "test://watched-resource": "text/plain",
}
