"""Runs as the events of AG-UI: what a front end is told, in which order, and how it answers what a run asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from remit import Run, flow
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.a2a.front import Served, served
from tests.a2a.test_asking import ASKS
from tests.gate.desk import Bank, agent


def asked(text: str = "", run: str = "x-1", **more: Any) -> dict[str, Any]:
    """What a front end sends."""
    said = [{"id": "m", "role": "user", "content": text}] if text else []
    return {"threadId": "t-1", "runId": run, "messages": said, "tools": [], "context": [], **more}


async def events_of(on: Served, key: str, body: dict[str, Any], name: str = "clerk") -> list[dict[str, Any]]:
    """Every event of a stream."""
    async with on.http(key) as http:
        return events_in(await http.post(f"/agui/{name}", json=body))


def events_in(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "text/event-stream", answer.text
    return [json.loads(line[6:]) for line in answer.text.split("\n\n") if line.startswith("data: ")]


def only(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in events if each["type"] == kind]


async def test_a_run_is_told_as_it_goes(tmp_path: Path, script: Script) -> None:
    @tool(effect="read")
    async def look(what: str) -> dict[str, str]:
        """Look."""
        return {"found": what}

    clerk = agent(look)
    script(clerk).calls("look", what="x").says("it is x")
    async with served(tmp_path, agents=[clerk], script=script) as on:
        events = await events_of(
            on, on.local_key, asked("look for x", tools=[{"name": "paint", "description": ""}])
        )
        kinds = [each["type"] for each in events]
        assert kinds[:3] == ["RUN_STARTED", "CUSTOM", "CUSTOM"]
        assert only(events, "CUSTOM")[1]["value"] == {"tools": ["paint"]}
        order = [
            kinds.index(each)
            for each in ("TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT")
        ]
        assert order == sorted(order)
        assert only(events, "TOOL_CALL_START")[0]["toolCallName"] == "look"
        assert json.loads(only(events, "TOOL_CALL_RESULT")[0]["content"]) == {"found": "x"}
        assert "".join(each["delta"] for each in only(events, "TEXT_MESSAGE_CONTENT")) == "it is x"
        assert len(only(events, "TEXT_MESSAGE_START")) == len(only(events, "TEXT_MESSAGE_END")) == 1
        assert {each["stepName"] for each in only(events, "STEP_STARTED")} == {
            each["stepName"] for each in only(events, "STEP_FINISHED")
        }
        last = events[-1]
        assert [last["type"], last["outcome"], last["result"]] == [
            "RUN_FINISHED",
            {"type": "success"},
            "it is x",
        ]
        run = only(events, "CUSTOM")[0]["value"]["id"]
        async with on.http(on.local_key) as http:
            again = events_in(await http.get(f"/agui/{run}"))
            assert again[-1]["result"] == "it is x"
            assert only(again, "TEXT_MESSAGE_CONTENT")[0]["delta"] == "it is x"
        async with on.http(await on.key()) as http:
            assert (await http.get(f"/agui/{run}")).status_code == 404
        async with on.http() as http:
            assert (await http.get(f"/agui/{run}")).status_code == 401
            assert (await http.post("/agui/clerk", json=asked("x"))).status_code == 401
        async with on.http(on.local_key) as http:
            assert (await http.post("/agui/clerk", content=b"{")).status_code == 400
            assert (await http.post("/agui/clerk", json={"threadId": "t"})).status_code == 400
            assert (await http.post("/agui/stranger", json=asked("x"))).status_code == 404


async def test_an_approval_is_an_interrupt_that_a_person_resumes(tmp_path: Path, script: Script) -> None:
    bank = Bank()
    clerk = agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with served(tmp_path, agents=[clerk], script=script, policy=ASKS) as on:
        events = await events_of(on, on.local_key, asked("refund o-1"))
        outcome = events[-1]["outcome"]
        assert outcome["type"] == "interrupt"
        interrupt = outcome["interrupts"][0]
        assert "refund" in interrupt["message"]
        answer = {"interruptId": interrupt["id"], "status": "resolved", "payload": {"decision": "approve"}}
        async with on.http(await on.key()) as http:
            assert (await http.post("/agui/clerk", json=asked(run="x-2", resume=[answer]))).status_code == 404
        assert bank.refunds == []
        went_on = await events_of(on, on.local_key, asked(run="x-2", resume=[answer]))
        assert went_on[-1]["outcome"] == {"type": "success"}
        assert went_on[-1]["runId"] == "x-2"
        assert len(bank.paid) == 1
        assert not only(went_on, "TOOL_CALL_START")  # what the first stream told is not told again
        assert only(went_on, "TOOL_CALL_RESULT")


async def test_a_message_goes_on_a_run_that_waits_for_one(tmp_path: Path) -> None:
    @flow
    async def talk(run: Run, message: dict[str, Any]) -> str:
        more: Any = await run.signal("message")
        return f"{message['parts'][0]['text']} and {more['parts'][0]['text']}"

    @flow
    async def fail(run: Run, question: str) -> str:
        raise ValueError(question)

    async with served(tmp_path, talk, fail, names=["talk", "fail"]) as on:
        key = on.local_key
        before = (
            {"id": "a", "role": "user", "content": "hi"},
            {"id": "b", "role": "assistant", "content": "hello"},
        )
        said = asked("one")
        events = await events_of(on, key, {**said, "messages": [*before, *said["messages"]]}, "talk")
        interrupt = events[-1]["outcome"]["interrupts"][0]
        answer = {"interruptId": interrupt["id"], "status": "resolved", "payload": "two"}
        went_on = await events_of(on, key, asked(run="x-2", resume=[answer]), "talk")
        assert went_on[-1]["result"] == "one and two"
        given = (await on.platform.show(interrupt["id"].partition(":")[0])).input["message"]["parts"]
        assert given[1]["data"]["conversation"] == [
            {"role": "user", "text": "hi"}, {"role": "assistant", "text": "hello"}
        ]  # fmt: skip
        failed = (await events_of(on, key, asked("boom"), "fail"))[-1]
        assert [failed["type"], failed["code"]] == ["RUN_ERROR", "failed"]
