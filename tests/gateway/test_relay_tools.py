"""Tool calls that a model proposes to a foreign agent: text flows, the calls are held until policy has spoken, and what
may be done arrives unchanged (S31). A no is advice, and told as that (S30).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.judges import calls_of, judge_stream, judge_whole, streamed_text
from tests.gateway.relays import BODIES, Client, described, front, route
from tests.models.upstream import streamed, upstream, whole
from tests.models.wires import anthropic_whole, chat_whole, responses_whole, sse

NO_SHELL = """
@id("everything") permit (principal, action, resource);
@id("no-shell") @reason("nobody runs shells") @remedy("use the ticket system")
forbid (principal, action == Action::"advise", resource == LocalTool::"bash");
@id("no-removal") @reason("nothing is deleted")
forbid (principal, action == Action::"advise", resource) when { context.arguments like "*rm -rf*" };
"""
SCHEMA: dict[str, Any] = {"type": "object", "properties": {"cmd": {"type": "string"}}}
TOOLS: dict[str, list[dict[str, Any]]] = {
    "openai_chat": [
        {"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in ("bash", "look")
    ],
    "openai_responses": [
        {"type": "function", "name": name, "parameters": SCHEMA, "strict": False} for name in ("bash", "look")
    ],
    "anthropic": [{"name": name, "input_schema": SCHEMA} for name in ("bash", "look")],
}
KINDS = {
    "openai_chat": {"kind": "openai"},
    "openai_responses": {"kind": "openai", "dialect": "openai_responses"},
    "anthropic": {"kind": "anthropic"},
}


def _chat(*calls: tuple[str, str]) -> tuple[dict[str, Any], bytes]:
    said: list[dict[str, Any]] = [
        {"id": f"c{at}", "type": "function", "function": {"name": name, "arguments": text}}
        for at, (name, text) in enumerate(calls)
    ]
    body = chat_whole("on it")
    body["choices"][0]["message"]["tool_calls"] = said
    body["choices"][0]["finish_reason"] = "tool_calls"

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-2026",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }  # fmt: skip

    parts = [
        chunk({"tool_calls": [{**call, "index": at, "function": {**call["function"], "arguments": ""}}]})
        for at, call in enumerate(said)
    ] + [
        chunk({"tool_calls": [{"index": at, "function": {"arguments": piece}}]})
        for at, (_, text) in enumerate(calls)
        for piece in (text[:3], text[3:])
    ]
    usage: dict[str, Any] = {**chunk({}), "choices": [], "usage": body["usage"]}
    opening = (
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "on "}),
        chunk({"content": "it"}),
    )
    return body, sse(*opening, *parts, chunk({}, "tool_calls"), usage, done=True)


def _messages(*calls: tuple[str, str]) -> tuple[dict[str, Any], bytes]:
    body = anthropic_whole("on it")
    blocks = [
        {"type": "tool_use", "id": f"c{at}", "name": name, "input": json.loads(text)}
        for at, (name, text) in enumerate(calls)
    ]
    body["content"] += blocks
    body["stop_reason"] = "tool_use"
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**body, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "on it"}},
        {"type": "content_block_stop", "index": 0},
    ]
    for at, (block, (_, text)) in enumerate(zip(blocks, calls, strict=True), 1):
        events.append({"type": "content_block_start", "index": at, "content_block": {**block, "input": {}}})
        for piece in (text[:3], text[3:]):
            delta = {"type": "input_json_delta", "partial_json": piece}
            events.append({"type": "content_block_delta", "index": at, "delta": delta})
        events.append({"type": "content_block_stop", "index": at})
    delta = {"stop_reason": "tool_use", "stop_sequence": None}
    events += [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    ]
    return body, sse(*events, named=True)


def _responses(*calls: tuple[str, str]) -> tuple[dict[str, Any], bytes]:
    body = responses_whole("on it")
    body["usage"]["input_tokens_details"]["cache_write_tokens"] = 0
    items = [
        {"type": "function_call", "id": f"fc_{at}", "call_id": f"c{at}", "name": name, "arguments": text,
         "status": "completed"}
        for at, (name, text) in enumerate(calls)
    ]  # fmt: skip
    message: dict[str, Any] = body["output"][0]
    begun: dict[str, Any] = {**body, "status": "in_progress", "output": [], "usage": None}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0,
         "item": {**message, "content": [], "status": "in_progress"}},
        {"type": "response.content_part.added", **place,
         "part": {"type": "output_text", "text": "", "annotations": []}},
        {"type": "response.output_text.delta", **place, "delta": "on it", "logprobs": []},
        {"type": "response.output_text.done", **place, "text": "on it", "logprobs": []},
        {"type": "response.content_part.done", **place, "part": message["content"][0]},
        {"type": "response.output_item.done", "output_index": 0, "item": message},
    ]  # fmt: skip
    for at, item in enumerate(items, 1):
        where = {"item_id": item["id"], "output_index": at}
        begun_item = {**item, "arguments": "", "status": "in_progress"}
        events += [
            {"type": "response.output_item.added", "output_index": at, "item": begun_item},
            {"type": "response.function_call_arguments.delta", **where, "delta": item["arguments"]},
            {"type": "response.function_call_arguments.done", **where, "arguments": item["arguments"],
             "name": item["name"]},
            {"type": "response.output_item.done", "output_index": at, "item": item},
        ]  # fmt: skip
    body["output"] += items
    events.append({"type": "response.completed", "response": body})
    return body, sse(*({**event, "sequence_number": at} for at, event in enumerate(events)), named=True)


SAYS = {"openai_chat": _chat, "openai_responses": _responses, "anthropic": _messages}
PAIRS = [(asked, spoken) for asked in SAYS for spoken in SAYS]


@pytest.mark.parametrize("spoken", list(SAYS))
async def test_s31_a_proposed_call_is_held_until_policy_has_spoken(spoken: str, tmp_path: Path) -> None:
    """In every dialect, from a provider of every dialect, whole and streamed."""
    async with upstream() as server:
        models = described("up", server.url, **KINDS[spoken]) + route("up")
        async with front(tmp_path, models, NO_SHELL) as made:
            for asked in SAYS:
                body = {**BODIES[asked], "tools": TOOLS[asked]}
                calls = [("look", '{"cmd":"ls"}'), ("look", '{"cmd":"pwd"}')]
                answer, stream = SAYS[spoken](*calls)
                server.says(whole(answer), streamed([stream]))
                told, client = await made.relay(asked, body), Client()
                assert told.lane == "hold-tools"
                arguments = [call[1:] for call in calls_of(asked, json.loads(told.body))]
                assert arguments == [("look", {"cmd": "ls"}), ("look", {"cmd": "pwd"})]
                await made.relay(asked, {**body, "stream": True}, client)
                if asked == spoken:
                    hidden = stream if asked != "openai_chat" else client.text
                    assert client.text == hidden
                else:
                    judge_stream(asked, client.text)
                assert [each["decision"] for each in (await made.outcome()).detail["proposed"]] == [
                    "allow"
                ] * 2

                for name, text in (("bash", '{"cmd":"ls"}'), ("look", '{"cmd":"rm -rf /"}')):
                    answer, stream = SAYS[spoken](("look", '{"cmd":"ls"}'), (name, text))
                    server.says(whole(answer), streamed([stream]))
                    told, client = await made.relay(asked, body), Client()
                    _is_refused(asked, json.loads(told.body), told.body)
                    await made.relay(asked, {**body, "stream": True}, client)
                    judge_stream(asked, client.text)
                    assert streamed_text(asked, client.text).startswith("on it"), "text had flowed"
                    assert b"function_call_arguments" not in client.text
                    assert b"tool_use" not in client.text
                    assert b'"tool_calls"' not in client.text
                    assert b"The call of" in client.text
                    proposed = (await made.outcome()).detail["proposed"]
                    assert [each["decision"] for each in proposed] == ["allow", "deny"]
                    assert all(each["advised"] for each in proposed)


def _is_refused(dialect: str, answer: dict[str, Any], body: bytes) -> None:
    judge_whole(dialect, answer)
    assert calls_of(dialect, answer) == []
    assert b"may not" in body
    match dialect:
        case "openai_chat":
            assert answer["choices"][0]["finish_reason"] == "stop"
            assert answer["choices"][0]["message"]["refusal"]
        case "openai_responses":
            assert answer["status"] == "completed"
            assert answer["output"][-1]["content"][-1]["type"] == "refusal"
        case _:
            assert answer["stop_reason"] == "refusal"
