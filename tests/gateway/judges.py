"""Whether an answer is one of its dialect: by the types of the official clients, and by the grammar of its stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from anthropic.types import Message, RawMessageStreamEvent
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

Json = Any

_MESSAGE_EVENTS: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
_RESPONSE_EVENTS: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def judge_whole(dialect: str, body: Json) -> None:
    """Raise for an answer that the official client's types do not take, field by field."""
    match dialect:
        case "openai_chat":
            ChatCompletion.model_validate(body)
            assert body["object"] == "chat.completion"
            assert isinstance(body["created"], int)
        case "openai_responses":
            Response.model_validate(body)
            assert body["id"].startswith("resp_")
        case _:
            Message.model_validate(body)


def judge_stream(dialect: str, raw: bytes) -> None:
    """Raise for a stream whose events are no events, or stand in an order that its grammar does not know."""
    events = events_of(raw)
    assert events, "a stream says something"
    match dialect:
        case "openai_chat":
            assert raw.rstrip().endswith(b"data: [DONE]")
            _judge_chat([event for _, event in events])
        case "openai_responses":
            _judge_responses(events)
        case _:
            _judge_messages(events)


def events_of(raw: bytes) -> list[tuple[str, Json]]:
    """The frames that hold JSON, each with the name of its event."""
    found: list[tuple[str, Json]] = []
    name = ""
    for line in raw.splitlines():
        if line.startswith(b"event:"):
            name = line[6:].strip().decode()
        elif line.startswith(b"data:") and line[5:].strip() != b"[DONE]":
            found.append((name, json.loads(line[5:])))
        elif not line:
            name = ""
    return found


def text_of(dialect: str, body: Json) -> str:
    """The words of a whole answer."""
    match dialect:
        case "openai_chat":
            return body["choices"][0]["message"]["content"] or ""
        case "openai_responses":
            items = [item for item in body["output"] if item["type"] == "message"]
            return "".join(part.get("text", "") for item in items for part in item["content"])
        case _:
            return "".join(block["text"] for block in body["content"] if block["type"] == "text")


def streamed_text(dialect: str, raw: bytes) -> str:
    """The words of a stream."""
    events = [event for _, event in events_of(raw)]
    match dialect:
        case "openai_chat":
            deltas = [event["choices"][0]["delta"] for event in events if event.get("choices")]
            return "".join(delta.get("content") or "" for delta in deltas)
        case "openai_responses":
            return "".join(each["delta"] for each in events if each["type"] == "response.output_text.delta")
        case _:
            deltas = [each["delta"] for each in events if each["type"] == "content_block_delta"]
            return "".join(delta.get("text", "") for delta in deltas)


def calls_of(dialect: str, body: Json) -> list[tuple[str, str, Json]]:
    """The tool calls of a whole answer: id, name, arguments."""
    match dialect:
        case "openai_chat":
            calls: list[Json] = body["choices"][0]["message"].get("tool_calls") or []
            return [
                (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
                for call in calls
            ]
        case "openai_responses":
            items = [item for item in body["output"] if item["type"] == "function_call"]
            return [(item["call_id"], item["name"], json.loads(item["arguments"])) for item in items]
        case _:
            blocks = [block for block in body["content"] if block["type"] == "tool_use"]
            return [(block["id"], block["name"], block["input"]) for block in blocks]


def _judge_chat(chunks: Sequence[Json]) -> None:
    arguments: dict[int, str] = {}
    finished = False
    for number, chunk in enumerate(chunks):
        ChatCompletionChunk.model_validate(chunk)
        assert chunk["id"] == chunks[0]["id"]
        for choice in chunk["choices"]:
            delta = choice["delta"]
            if not number:
                assert delta.get("role") == "assistant", "the first chunk names the role"
            for call in delta.get("tool_calls") or ():
                assert isinstance(call["index"], int)
                if call["index"] not in arguments:
                    assert call["index"] == len(arguments), "calls are numbered as they come"
                    assert call["id"]
                    assert call["function"]["name"]
                arguments[call["index"]] = arguments.get(call["index"], "") + (
                    call.get("function", {}).get("arguments") or ""
                )
            finished = finished or bool(choice.get("finish_reason"))
        if not chunk["choices"]:
            assert finished, "usage comes last"
    assert finished, "it says why it ended"
    for text in arguments.values():
        assert isinstance(json.loads(text or "{}"), dict)


def _judge_messages(events: Sequence[tuple[str, Json]]) -> None:
    state, opened, blocks = "start", -1, 0
    for name, event in events:
        assert name == event["type"], "a client drops what has no name"
        if event["type"] == "ping":
            continue
        _MESSAGE_EVENTS.validate_python(event)
        match state, event["type"]:
            case "start", "message_start":
                state = "between"
            case "between", "content_block_start":
                assert event["index"] == blocks
                state, opened, blocks = "block", event["index"], blocks + 1
            case "block", "content_block_delta":
                assert event["index"] == opened
            case "block", "content_block_stop":
                assert event["index"] == opened
                state = "between"
            case "between", "message_delta":
                assert event["delta"]["stop_reason"]
                assert event["usage"]["output_tokens"] >= 0
                state = "told"
            case "told", "message_stop":
                state = "over"
            case _:
                raise AssertionError(f"{event['type']} after {state}")
    assert state == "over"


def _judge_responses(events: Sequence[tuple[str, Json]]) -> None:
    items: dict[int, str] = {}
    kinds = [event["type"] for _, event in events]
    assert kinds[0] == "response.created"
    assert kinds[-1] in {"response.completed", "response.incomplete", "response.failed"}
    first = events[0][1]["response"]
    for number, (name, event) in enumerate(events):
        assert name == event["type"]
        assert event["sequence_number"] == number
        _RESPONSE_EVENTS.validate_python(event)
        if "response" in event:
            assert event["response"]["id"] == first["id"]
            assert event["response"]["id"].startswith("resp_")
        if event["type"] == "response.output_item.added":
            assert event["output_index"] == len(items), "items are numbered as they come"
            items[event["output_index"]] = event["item"]["id"]
        elif "output_index" in event:
            assert event.get("item_id", event.get("item", {}).get("id")) == items[event["output_index"]]
    last = events[-1][1]["response"]
    Response.model_validate(last)
    said = [item["id"] for item in last["output"]]
    whole = [items[at] for at in sorted(items)]
    assert said == whole or (last["status"] == "failed" and set(said) <= set(whole))
