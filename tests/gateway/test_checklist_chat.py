"""Chat completions through the gateway, item by item of what real clients depend on: whatever provider answers, the
answer is one of the client's dialect, and what cannot be said to a provider is refused before it costs anything.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import Unsupported
from remit.domain.errors import RemitError
from remit.gate.relaying.refusing import wire_error
from remit.wire import inbound
from tests.gateway.judges import calls_of, judge_stream, judge_whole
from tests.gateway.relays import CHAT, Client, Front, described, front, route
from tests.gateway.test_relay_tools import SAYS, SCHEMA, TOOLS
from tests.models.upstream import Upstream, streamed, upstream, whole
from tests.models.wires import WIRES, gemini_whole, sse

PROVIDERS = {
    "openai": ("openai", {"kind": "openai"}),
    "responses": ("openai-responses", {"kind": "openai", "dialect": "openai_responses"}),
    "anthropic": ("anthropic", {"kind": "anthropic"}),
    "gemini": ("gemini", {"kind": "gemini"}),
}
"""One of each dialect: the name of its route, and how it is described."""
DIALECT = {"openai": "openai_chat", "responses": "openai_responses", "anthropic": "anthropic"}


class Doors:
    """A front with a provider of every dialect, each remembering what it was sent."""

    def __init__(self, made: Front, servers: dict[str, Upstream]) -> None:
        self.made, self.servers = made, servers

    async def ask(self, name: str, /, **body: Any) -> dict[str, Any]:
        """What a provider answers to a chat completion, as the client gets it."""
        return await self.ask_in("openai_chat", name, **body)

    async def ask_in(self, dialect: str, name: str, /, **body: Any) -> dict[str, Any]:
        """The same in any dialect."""
        told = await self.made.relay(dialect, {**body, "model": name})
        return json.loads(told.body)

    async def refused(self, name: str, /, **body: Any) -> bool:
        """Whether it is refused with 400, before the provider hears of it; else it was asked."""
        before, status = len(self.servers[name].seen), 0
        try:
            await self.ask(name, **body)
        except RemitError as wrong:
            status = wire_error(wrong).status
        asked = len(self.servers[name].seen) - before
        assert (status, asked) in {(400, 0), (0, 1)}, name
        return status != 0

    def sent(self, name: str) -> dict[str, Any]:
        """What a provider was sent last."""
        return self.servers[name].seen[-1].body


@asynccontextmanager
async def doors(folder: Path, **more: dict[str, str]) -> AsyncGenerator[Doors]:
    async with AsyncExitStack() as stack:
        servers: dict[str, Upstream] = {}
        models = ""
        for name, (wire, spec) in PROVIDERS.items():
            servers[name] = await stack.enter_async_context(upstream(whole(WIRES[wire].whole("fine"))))
            models += described(name, servers[name].url, **{**spec, **more.get(name, {})}) + route(
                name, route=name
            )
        yield Doors(await stack.enter_async_context(front(folder, models)), servers)


def _gemini(*calls: tuple[str, str]) -> dict[str, Any]:
    answer = gemini_whole("on it")
    answer["candidates"][0]["content"]["parts"] += [
        {"functionCall": {"name": name, "args": json.loads(text)}} for name, text in calls
    ]
    return answer


def says(name: str, *calls: tuple[str, str]) -> tuple[dict[str, Any], bytes]:
    """The same turn with tools in the words of a provider, whole and streamed."""
    if name == "gemini":
        answer = _gemini(*calls)
        return answer, sse(answer)
    return SAYS[DIALECT[name]](*calls)


CALLS = (("look", '{"cmd": "ls"}'), ("look", '{"cmd": "pwd"}'))
WITH_TOOLS = {**CHAT, "tools": TOOLS["openai_chat"]}


async def test_c09_an_answer_is_one_of_the_dialect_from_every_provider(tmp_path: Path) -> None:
    """By the client's own types, field by field, with and without tools."""
    async with doors(tmp_path) as made:
        for name in PROVIDERS:
            plain = WIRES[PROVIDERS[name][0]].whole("fine")
            made.servers[name].says(whole(plain), whole(says(name, *CALLS)[0]))
            for finish in ("stop", "tool_calls"):
                told = await made.ask(name, **WITH_TOOLS)
                if name != "openai":  # whose bytes are handed on, and are the test's own
                    judge_whole("openai_chat", told)
                assert told["choices"][0]["finish_reason"] == finish


async def test_c13_arguments_are_texts_and_ids_come_back_to_the_call_they_are_of(tmp_path: Path) -> None:
    async with doors(tmp_path) as made:
        for name in PROVIDERS:
            made.servers[name].says(
                whole(says(name, *CALLS)[0]), whole(WIRES[PROVIDERS[name][0]].whole("fine"))
            )
            told = await made.ask(name, **WITH_TOOLS)
            said = told["choices"][0]["message"]["tool_calls"]
            assert [type(call["function"]["arguments"]) for call in said] == [str, str]
            found = calls_of("openai_chat", told)
            assert [call[1:] for call in found] == [("look", {"cmd": "ls"}), ("look", {"cmd": "pwd"})]
            assert len({call[0] for call in found}) == 2
            results = [
                {"role": "tool", "tool_call_id": call[0], "content": f"r{at}"}
                for at, call in enumerate(found)
            ]
            turn = {"role": "assistant", "content": None, "tool_calls": said}
            await made.ask(name, **{**WITH_TOOLS, "messages": [*CHAT["messages"], turn, *results]})
            sent = json.dumps(made.sent(name))
            if name != "gemini":  # which has no ids of its own
                assert all(sent.count(call[0]) >= 2 for call in found), "call and result name each other"


async def test_c16_a_stream_names_the_role_first_and_numbers_calls_as_they_come(tmp_path: Path) -> None:
    async with doors(tmp_path) as made:
        for name in PROVIDERS:
            made.servers[name].says(streamed([says(name, *CALLS)[1]]))
            client = Client()
            await made.made.relay("openai_chat", {**WITH_TOOLS, "model": name, "stream": True}, client)
            judge_stream("openai_chat", client.text)
            chunks = [choice for frame in client.frames for choice in frame["choices"]]
            assert {choice["finish_reason"] for choice in chunks} == {None, "tool_calls"}


async def test_c12_results_of_parallel_calls_go_back_in_one_turn_where_the_dialect_wants_that(
    tmp_path: Path,
) -> None:
    said = [
        {"id": f"c{at}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        for at in range(2)
    ]
    results = [{"role": "tool", "tool_call_id": f"c{at}", "content": f"r{at}"} for at in range(2)]
    turns = [*CHAT["messages"], {"role": "assistant", "content": None, "tool_calls": said}, *results]
    async with doors(tmp_path) as made:
        for name in ("anthropic", "gemini"):
            await made.ask(name, messages=turns, tools=TOOLS["openai_chat"])
        blocks = made.sent("anthropic")["messages"][-1]
        assert blocks["role"] == "user"
        assert [(block["type"], block["tool_use_id"]) for block in blocks["content"]] == [
            ("tool_result", "c0"), ("tool_result", "c1")
        ]  # fmt: skip
        parts = made.sent("gemini")["contents"][-1]["parts"]
        assert [part["functionResponse"]["name"] for part in parts] == ["look", "look"]


async def test_c10_settings_reach_the_provider_or_are_refused(tmp_path: Path) -> None:
    """Each in the provider's own words; a wish that cannot be said is no wish that is forgotten."""
    roles = [{"role": "system", "content": "s"}, {"role": "developer", "content": "d"}, *CHAT["messages"]]
    async with doors(tmp_path) as made:
        settings: dict[str, Any] = {
            "n": 2,
            "stop": ["x"],
            "seed": 7,
            "logprobs": True,
            "top_logprobs": 2,
            "max_tokens": 9,
        }
        await made.ask("openai", messages=roles, **settings)
        sent = made.sent("openai")
        assert {name: sent[name] for name in settings} == settings
        assert [turn["role"] for turn in sent["messages"]] == ["system", "developer", "user"]

        for limit in ("max_tokens", "max_completion_tokens"):
            await made.ask("anthropic", messages=roles, stop=["x"], **{limit: 9})
            sent = made.sent("anthropic")
            assert (sent["max_tokens"], sent["stop_sequences"]) == (9, ["x"])
            assert json.dumps(sent["system"]).index("s") < json.dumps(sent["system"]).index("d")
            await made.ask("gemini", messages=roles, stop=["x"], seed=7, **{limit: 9})
            sent = made.sent("gemini")["generationConfig"]
            assert (sent["maxOutputTokens"], sent["stopSequences"], sent["seed"]) == (9, ["x"], 7)
            await made.ask("responses", messages=roles, **{limit: 9})
            assert made.sent("responses")["max_output_tokens"] == 9
        before = len(made.servers["anthropic"].seen)
        for name, wish in (("anthropic", {"n": 2}), ("responses", {"stop": ["x"]}), ("responses", {"n": 2})):
            with pytest.raises(Unsupported) as wrong:
                await made.ask(name, **{**CHAT, **wish})
            assert wire_error(wrong.value).status == 400
        assert len(made.servers["anthropic"].seen) == before


async def test_c11_choices_of_tools_are_said_in_every_dialect(tmp_path: Path) -> None:
    """`parallel_tool_calls: false` is honoured or refused, never ignored."""
    named = {"type": "function", "function": {"name": "look"}}
    expected: dict[str, dict[Any, Any]] = {
        "openai": {"auto": "auto", "none": "none", "required": "required", "look": named},
        "responses": {"none": "none", "required": "required", "look": {"type": "function", "name": "look"}},
        "anthropic": {
            "none": {"type": "none"}, "required": {"type": "any"}, "look": {"type": "tool", "name": "look"}
        },
        "gemini": {
            "none": {"mode": "NONE"}, "required": {"mode": "ANY"},
            "look": {"mode": "ANY", "allowedFunctionNames": ["look"]},
        },
    }  # fmt: skip
    async with doors(tmp_path) as made:
        for name, choices in expected.items():
            for choice, said in choices.items():
                asked = named if choice == "look" else choice
                await made.ask(name, **CHAT, tools=TOOLS["openai_chat"], tool_choice=asked)
                sent = made.sent(name)
                found = (
                    sent["toolConfig"]["functionCallingConfig"] if name == "gemini" else sent["tool_choice"]
                )
                assert found == said, (name, choice)
            body = {**CHAT, "tools": TOOLS["openai_chat"], "parallel_tool_calls": False}
            if not await made.refused(name, **body):
                sent = made.sent(name)
                asked = sent["tool_choice"].get("disable_parallel_tool_use") if name == "anthropic" else None
                assert asked is True or sent.get("parallel_tool_calls") is False, name


async def test_c14_a_schema_of_the_answer_arrives_or_is_refused_before_it_costs_anything(
    tmp_path: Path,
) -> None:
    schema = {
        "type": "object", "additionalProperties": False, "required": ["who"],
        "properties": {"who": {"type": "object", "properties": {"nick": {"type": ["string", "null"]}}}},
    }  # fmt: skip
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    async with doors(tmp_path) as made:
        for name in PROVIDERS:
            await made.ask(name, **CHAT, response_format=form)
            assert "nick" in json.dumps(made.sent(name)), name
        sent = made.sent("openai")["response_format"]
        assert sent == form
        odd = {"type": "object", "properties": {}, "patternProperties": {"^x": {"type": "string"}}}
        wish = {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": odd}}
        before = len(made.servers["anthropic"].seen)
        with pytest.raises(RemitError) as wrong:
            await made.ask("anthropic", **CHAT, response_format=wish)
        assert wire_error(wrong.value).status == 400
        assert "free keys" in wire_error(wrong.value).message
        assert len(made.servers["anthropic"].seen) == before


async def test_c15_pictures_sounds_and_files_arrive_or_are_refused(tmp_path: Path) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    sound = {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}}
    file = {
        "type": "file",
        "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="},
    }
    async with doors(tmp_path) as made:
        for name in PROVIDERS:
            for part, kept in ((picture, "iVBORw0KGgo="), (sound, "UklGRg=="), (file, "JVBERi0=")):
                turn = {"role": "user", "content": [{"type": "text", "text": "look"}, part]}
                if await made.refused(name, messages=[turn]):
                    assert part is not picture, "every one of them reads pictures"
                else:
                    assert kept in json.dumps(made.sent(name)), (name, part["type"])


async def test_c45_parts_of_usage_never_overlap(tmp_path: Path) -> None:
    """However large the details claim to be: parts sum to the total, and no part is larger than that."""
    odd = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14,
           "prompt_tokens_details": {"cached_tokens": 99, "audio_tokens": 5},
           "completion_tokens_details": {"reasoning_tokens": 9}}  # fmt: skip
    async with doors(tmp_path) as made:
        made.servers["openai"].says(whole({**WIRES["openai"].whole("fine"), "usage": odd}))
        told = await made.made.relay("anthropic", {**CHAT, "model": "openai", "max_tokens": 9})
        assert told.usage is not None
        assert (told.usage.total, told.usage.prompt, told.usage.completion) == (14, 10, 4)
        said = json.loads(told.body)["usage"]
        assert (
            said["input_tokens"] + said["cache_read_input_tokens"] + said["cache_creation_input_tokens"] == 10
        )
        assert said["output_tokens"] == 4


def test_a_schema_is_read_once() -> None:
    """The body of a client is decoded for the gate, and travels as the bytes that came."""
    raw = json.dumps(
        {**CHAT, "tools": [{"type": "function", "function": {"name": "x", "parameters": SCHEMA}}]}
    )
    found = inbound.read("openai_chat", raw.replace(": ", " :  ").encode())
    assert bytes(found.fields["model"]) == b'"fast"'
    assert b" :  " in bytes(found.fields["tools"])
