"""`/v1/openapi.json`: what the model gateway takes and gives, as OpenAPI 3.1, for tools that read that. It names the
fields that every request needs and the shape of errors; what else a dialect has passes as it is, and is not listed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from remit.server.faults import WrongMethod
from remit.server.request import JSON

if TYPE_CHECKING:
    from remit.server.request import Handler, Request

Json = dict[str, Any]
PATH = "/v1/openapi.json"
_VERSION = "1"
_TEXT: Json = {"type": "string"}
_SAID: Json = {
    "description": "Text, or parts as the dialect has them.",
    "anyOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "minItems": 1, "items": {"type": "object"}},
    ],
}
_COUNT: Json = {"type": "integer", "minimum": 1}
_MODEL: Json = {"type": "string", "minLength": 1, "description": "A route; see GET /v1/models."}
_STREAM: Json = {"type": "boolean", "description": "Answer with server-sent events."}
_KEYS: Json = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "x-goog-api-key": {"type": "apiKey", "in": "header", "name": "x-goog-api-key"},
}
_IDS: Json = {
    "x-request-id": {"schema": _TEXT, "description": "The name of this request."},
    "request-id": {"schema": _TEXT, "description": "The same."},
}


def handlers() -> dict[str, Handler]:
    """The one path."""

    async def described(request: Request) -> None:
        if request.method not in {"GET", "HEAD"}:
            raise WrongMethod("the description is asked for with GET.")
        await request.reply(200, [JSON], _encoded())

    return {PATH: described}


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(description())


def description() -> Json:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Remit, the model gateway", "version": _VERSION},
        "servers": [{"url": "/"}],
        "security": [{name: []} for name in _KEYS],
        "paths": {**_models(), **_messages(), **_chat(), **_responses(), **_process()},
        "components": {
            "securitySchemes": _KEYS,
            "schemas": {"OpenAIError": _openai_error(), "AnthropicError": _anthropic_error()},
        },
    }


def _chat() -> dict[str, Json]:
    role: Json = {"enum": ["system", "user", "assistant"]}
    turn = _object({"role": role, "content": _SAID}, "role", "content")
    messages: Json = {"type": "array", "minItems": 1, "items": turn}
    chat = _object({"model": _MODEL, "messages": messages, "stream": _STREAM}, "model", "messages")
    texts: Json = {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        ]
    }
    wish: Json = {"enum": ["float", "base64"]}
    embed = _object({"model": _MODEL, "input": texts, "encoding_format": wish}, "model", "input")
    done = _object({"id": _TEXT, "choices": {"type": "array"}, "model": _TEXT}, "id", "choices")
    return {
        "/v1/chat/completions": {
            "post": _post("chat", "OpenAI's chat completions.", chat, done, stream=True)
        },
        "/v1/embeddings": {
            "post": _post(
                "embed", "OpenAI's embeddings.", embed, _object({"data": {"type": "array"}}, "data")
            )
        },
    }


def _messages() -> dict[str, Json]:
    turn = _object({"role": {"enum": ["user", "assistant"]}, "content": _SAID}, "role", "content")
    messages: Json = {"type": "array", "minItems": 1, "items": turn}
    asked: Json = {"model": _MODEL, "messages": messages}
    create = _object({**asked, "max_tokens": _COUNT, "stream": _STREAM}, "model", "messages", "max_tokens")
    done = _object({"id": _TEXT, "content": {"type": "array"}}, "id", "content")
    counted = _object({"input_tokens": {"type": "integer"}}, "input_tokens")
    count = _object(asked, "model", "messages")
    return {
        "/v1/messages": {
            "post": _post("messages", "Anthropic's messages.", create, done, "AnthropicError", stream=True)
        },
        "/v1/messages/count_tokens": {
            "post": _post("count", "How many tokens that would be.", count, counted, "AnthropicError")
        },
    }


def _responses() -> dict[str, Json]:
    given: Json = {"anyOf": [_TEXT, {"type": "array", "items": {"type": "object"}}]}
    fields: Json = {
        "model": _MODEL, "input": given, "stream": _STREAM, "store": {"type": "boolean"},
        "background": {"type": "boolean"}, "previous_response_id": {"type": ["string", "null"]},
    }  # fmt: skip
    done = _object({"id": _TEXT, "output": {"type": "array"}, "status": _TEXT}, "id", "output", "status")
    one: list[Json] = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    ]
    gone = _object({"id": _TEXT, "deleted": {"type": "boolean"}}, "id", "deleted")
    items = _object({"data": {"type": "array"}}, "data")
    create = _post("respond", "OpenAI's responses.", _object(fields, "model", "input"), done, stream=True)
    return {
        "/v1/responses": {"post": create},
        "/v1/responses/{id}": {
            "parameters": one,
            "get": _operation("response", "A response that was stored.", done),
            "delete": _operation("forget_response", "Forget it.", gone),
        },
        "/v1/responses/{id}/cancel": {
            "parameters": one, "post": _operation("cancel_response", "Call off one in the background.", done),
        },
        "/v1/responses/{id}/input_items": {
            "parameters": one, "get": _operation("response_items", "What it was asked.", items),
        },
    }  # fmt: skip


def _models() -> dict[str, Json]:
    one: list[Json] = [
        {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    ]
    listed = _object({"data": {"type": "array"}}, "data")
    return {
        "/v1/models": {"get": _operation("models", "The routes that the key is for.", listed)},
        "/v1/models/{name}": {
            "parameters": one,
            "get": _operation("model", "One of them.", _object({"id": _TEXT}, "id")),
        },
    }


def _process() -> dict[str, Json]:
    state = _object({"status": _TEXT}, "status")
    alive = _operation("alive", "Whether the process lives.", state)
    ready = _operation("ready", "Whether it takes requests.", state)
    ready["responses"]["503"] = _reply("It leaves.", state)
    return {"/healthz": {"get": {**alive, "security": []}}, "/readyz": {"get": {**ready, "security": []}}}


# --- parts --------------------------------------------------------------------------------------------------------


def _post(
    name: str, summary: str, body: Json, done: Json, error: str = "OpenAIError", *, stream: bool = False
) -> Json:
    found = _operation(name, summary, done, error)
    found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if stream:
        found["responses"]["200"]["content"]["text/event-stream"] = {"schema": _TEXT}
    return found


def _operation(name: str, summary: str, done: Json, error: str = "OpenAIError") -> Json:
    wrong = _reply("What is wrong, in the words of the dialect.", {"$ref": f"#/components/schemas/{error}"})
    return {
        "operationId": name, "summary": summary, "responses": {"200": _reply("As asked.", done), "default": wrong},
    }  # fmt: skip


def _reply(text: str, schema: Json) -> Json:
    return {"description": text, "headers": _IDS, "content": {"application/json": {"schema": schema}}}


def _object(fields: Json, *required: str) -> Json:
    return {"type": "object", "properties": fields, "required": list(required)}


def _openai_error() -> Json:
    said = {
        "message": _TEXT,
        "type": _TEXT,
        "param": {"type": ["string", "null"]},
        "code": {"type": ["string", "null"]},
    }
    return _object({"error": _object(said, "message", "type", "param", "code")}, "error")


def _anthropic_error() -> Json:
    said = _object({"type": _TEXT, "message": _TEXT}, "type", "message")
    return _object(
        {"type": {"const": "error"}, "error": said, "request_id": _TEXT}, "type", "error", "request_id"
    )
