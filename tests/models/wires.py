"""What each kind of provider really says on the wire, written by hand from the documentation of its API, so that the
codecs are not their own witnesses; and how each kind is described.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from remit.models.provider import Credential, Deadlines
from remit.models.specs import ProviderSpec
from tests.models.upstream import EVENTS

KEY = "sk-canary-5d1f8a77c0de"
QUICK = Deadlines(connect=2, first_byte=5, idle=5, total=10)


def sse(*events: dict[str, Any], named: bool = False, done: bool = False) -> bytes:
    lines = [
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
        if named
        else f"data: {json.dumps(event)}\n\n"
        for event in events
    ]
    return ("".join(lines) + ("data: [DONE]\n\n" if done else "")).encode()


# --- OpenAI, chat ---------------------------------------------------------------------------------------------


def chat_whole(text: str) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-2026",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text, "refusal": None}, "finish_reason": "stop"}
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10},
    }  # fmt: skip


def chat_stream(words: Sequence[str]) -> bytes:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-2026",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }  # fmt: skip

    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return sse(
        chunk({"role": "assistant", "content": ""}),
        *(chunk({"content": word}) for word in words),
        chunk({}, "stop"),
        {**chunk({}), "choices": [], "usage": usage},
        done=True,
    )


def openai_error(kind: str, message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


# --- OpenAI, responses ----------------------------------------------------------------------------------------


def _response(status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    usage = {
        "input_tokens": 7, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 10,
    }  # fmt: skip
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "m-2026",
        "output": output, "error": None, "incomplete_details": None, "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [], "usage": usage if status == "completed" else None,
    }  # fmt: skip


def _item(text: str, status: str = "completed") -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "output_text", "text": text, "annotations": []}] if text else []
    return {"type": "message", "id": "msg_1", "status": status, "role": "assistant", "content": content}


def responses_whole(text: str) -> dict[str, Any]:
    return _response("completed", [_item(text)])


def responses_stream(words: Sequence[str]) -> bytes:
    text = "".join(words)
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    part: dict[str, Any] = {"type": "output_text", "text": "", "annotations": []}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": _response("in_progress", [])},
        {"type": "response.in_progress", "response": _response("in_progress", [])},
        {"type": "response.output_item.added", "output_index": 0, "item": _item("", "in_progress")},
        {"type": "response.content_part.added", **place, "part": part},
        *({"type": "response.output_text.delta", **place, "delta": word, "logprobs": []} for word in words),
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": {**part, "text": text}},
        {"type": "response.output_item.done", "output_index": 0, "item": _item(text)},
        {"type": "response.completed", "response": _response("completed", [_item(text)])},
    ]
    return sse(*({**event, "sequence_number": at} for at, event in enumerate(events)), named=True)


# --- Anthropic ------------------------------------------------------------------------------------------------


def anthropic_whole(text: str) -> dict[str, Any]:
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m-2026",
        "content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": 3},
    }  # fmt: skip


def anthropic_events(words: Sequence[str]) -> list[dict[str, Any]]:
    opening: dict[str, Any] = {
        **anthropic_whole(""),
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 7, "output_tokens": 1},
    }
    deltas = [{"type": "text_delta", "text": word} for word in words]
    return [
        {"type": "message_start", "message": opening},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 3},
        },
        {"type": "message_stop"},
    ]


def anthropic_stream(words: Sequence[str]) -> bytes:
    return sse(*anthropic_events(words), named=True)


def anthropic_error(kind: str, message: str, _code: str | None = None) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


# --- Gemini ---------------------------------------------------------------------------------------------------


def _gemini(text: str, finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    found: dict[str, Any] = {"candidates": [candidate], "modelVersion": "m-2026", "responseId": "r1"}
    if finish:
        candidate["finishReason"] = finish
        found["usageMetadata"] = {"promptTokenCount": 7, "candidatesTokenCount": 3, "totalTokenCount": 10}
    return found


def gemini_whole(text: str) -> dict[str, Any]:
    return _gemini(text, "STOP")


def gemini_stream(words: Sequence[str]) -> bytes:
    pieces = [_gemini(word, None) for word in words[:-1]]
    return sse(*pieces, _gemini(words[-1], "STOP"))


def google_error(kind: str, message: str, _code: str | None = None) -> dict[str, Any]:
    return {"error": {"code": 0, "message": message, "status": kind}}


# --- AWS ------------------------------------------------------------------------------------------------------


def aws_message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message of an event stream, with its checksums."""
    packed = b"".join(
        struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(value)) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack("!II", 16 + len(packed) + len(payload), len(packed))
    head = prelude + struct.pack("!I", crc32(prelude)) + packed + payload
    return head + struct.pack("!I", crc32(head))


def aws_chunk(event: dict[str, Any]) -> bytes:
    payload = json.dumps({"bytes": base64.b64encode(json.dumps(event).encode()).decode(), "p": "abcd"})
    headers = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    return aws_message(headers, payload.encode())


def aws_exception(name: str, message: str) -> bytes:
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return aws_message(headers, json.dumps({"message": message}).encode())


def bedrock_stream(words: Sequence[str]) -> bytes:
    return b"".join(aws_chunk(event) for event in anthropic_events(words))


def bedrock_error(_kind: str, message: str, _code: str | None = None) -> dict[str, Any]:
    return {"message": message}


# --- kinds ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wire:
    """One kind of provider in one of its forms."""

    spec: dict[str, Any]
    whole: Any
    stream: Any
    error: Any
    path: str
    streaming_path: str = ""
    query: str = ""
    streaming_query: str = ""
    opens: tuple[str, str] = ("Authorization", f"Bearer {KEY}")
    credential: Credential = field(default_factory=lambda: Credential(KEY))
    media_type: str = EVENTS

    def described(self, url: str, **more: Any) -> ProviderSpec:
        said: dict[str, Any] = {"base_url": url, **self.spec, **more}
        return ProviderSpec(name="up", **said)


AWS = Credential(
    fields={"access_key_id": "AKIDEXAMPLE", "secret_access_key": KEY, "session_token": f"{KEY}-session"},
    kind="aws",
)
_BEDROCK: dict[str, Any] = {"kind": "bedrock", "region": "eu-central-1"}
_VERTEX: dict[str, Any] = {"kind": "vertex", "region": "europe-west4", "project": "p-1"}
_PUBLISHERS = "/projects/p-1/locations/europe-west4/publishers"
_VERSION = "api-version=2024-10-21"

WIRES: dict[str, Wire] = {
    "openai": Wire(
        {"kind": "openai"}, chat_whole, chat_stream, openai_error, "/chat/completions"
    ),
    "openai-responses": Wire(
        {"kind": "openai", "dialect": "openai_responses"},
        responses_whole, responses_stream, openai_error, "/responses",
    ),
    "azure": Wire(
        {"kind": "azure", "deployments": {"m": "deployed"}},
        chat_whole, chat_stream, openai_error, "/openai/v1/chat/completions", opens=("api-key", KEY),
    ),
    "azure-dated-entra": Wire(
        {"kind": "azure", "deployments": {"m": "deployed"}, "api_version": "2024-10-21"},
        chat_whole, chat_stream, openai_error, "/openai/deployments/deployed/chat/completions",
        query=_VERSION, streaming_query=_VERSION, credential=Credential(KEY, "bearer"),
    ),
    "azure-responses": Wire(
        {"kind": "azure", "dialect": "openai_responses"},
        responses_whole, responses_stream, openai_error, "/openai/v1/responses", opens=("api-key", KEY),
    ),
    "anthropic": Wire(
        {"kind": "anthropic"},
        anthropic_whole, anthropic_stream, anthropic_error, "/v1/messages", opens=("x-api-key", KEY),
    ),
    "anthropic-2026": Wire(
        {"kind": "anthropic", "api_version": "2026-10-21"},
        anthropic_whole, anthropic_stream, anthropic_error, "/v1/messages",
    ),
    "gemini": Wire(
        {"kind": "gemini"},
        gemini_whole, gemini_stream, google_error, "/models/m:generateContent", "/models/m:streamGenerateContent",
        streaming_query="alt=sse", opens=("x-goog-api-key", KEY),
    ),
    "vertex-gemini": Wire(
        _VERTEX, gemini_whole, gemini_stream, google_error,
        f"{_PUBLISHERS}/google/models/m:generateContent", f"{_PUBLISHERS}/google/models/m:streamGenerateContent",
        streaming_query="alt=sse", credential=Credential(KEY, "bearer"),
    ),
    "vertex-anthropic": Wire(
        {**_VERTEX, "dialect": "anthropic"}, anthropic_whole, anthropic_stream, anthropic_error,
        f"{_PUBLISHERS}/anthropic/models/m:rawPredict", f"{_PUBLISHERS}/anthropic/models/m:streamRawPredict",
        credential=Credential(KEY, "bearer"),
    ),
    "bedrock": Wire(
        _BEDROCK, anthropic_whole, bedrock_stream, bedrock_error,
        "/model/m/invoke", "/model/m/invoke-with-response-stream", opens=("X-Amz-Security-Token", f"{KEY}-session"),
        credential=AWS, media_type="application/vnd.amazon.eventstream",
    ),
    "bedrock-key": Wire(
        _BEDROCK, anthropic_whole, bedrock_stream, bedrock_error,
        "/model/m/invoke", "/model/m/invoke-with-response-stream",
        media_type="application/vnd.amazon.eventstream",
    ),
}  # fmt: skip
