"""A run over a cassette: recorded once with a key and a network, the same ever after without either, and said so."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from remit import Agent, Run, flow, tool
from remit.cli.tree import run_lines
from remit.control.settings import Settings
from remit.control.upkeep.checking import check
from remit.domain.action_errors import InvalidCatalog
from remit.models.configuration import load
from remit.testing import Stage, stage

KEY = "sk-of-the-test-0123456789"
MODELS = """
[providers.local]
kind = "openai"
base_url = "{url}"
secret = "LOCAL_KEY"
{more}
[models.qwen]
provider = "local"
window = 32768
max_output = 8192
capabilities = ["tools", "json_schema", "streaming"]
price = {{ input = 1, output = 2 }}
[routes.fast]
models = ["qwen"]
"""


@dataclass
class Upstream:
    """A server that asks for a tool, and then says what it heard."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    async def complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        last = body["messages"][-1]
        call = {"id": "c-1", "type": "function", "function": {"name": "look", "arguments": '{"ticket": 7}'}}
        said = (
            {"role": "assistant", "content": f"ticket is {last['content']}"}
            if last["role"] == "tool"
            else {"role": "assistant", "content": None, "tool_calls": [call]}
        )
        finish = "stop" if last["role"] == "tool" else "tool_calls"
        usage = {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60}
        choice = {"index": 0, "message": said, "finish_reason": finish}
        return web.json_response(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": "qwen",
                "choices": [choice],
                "usage": usage,
            }
        )


@asynccontextmanager
async def serving() -> AsyncGenerator[Upstream]:
    found, app = Upstream(), web.Application()
    app.router.add_post("/v1/chat/completions", found.complete)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield found
    finally:
        await runner.cleanup()


@tool(effect="read")
async def look(ticket: int) -> str:
    """Look a ticket up."""
    return f"open ({ticket})"


CLERK = Agent("clerk", prompt="You look tickets up.", tools=[look])


@flow
async def ask(run: Run, question: str) -> str:
    return await run.ask(CLERK, question)


async def asked(stage: Stage, question: str = "how is ticket 7?") -> tuple[Any, str]:
    """A run, and its page in the terminal."""
    run = await stage.start(ask, question=question)
    answer = await run.result()
    view = await run.show()
    return answer, "\n".join(str(line) for line in run_lines(view, view.run.ended_at or 0, 200))


def write(place: Path, url: str, more: str = "") -> None:
    (place / "models.toml").write_text(MODELS.format(url=url, more=more))


async def test_a_run_over_a_cassette_needs_neither_key_nor_network_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_KEY", KEY)
    tape = 'cassette = "tapes/clerk.jsonl"\n'
    async with serving() as upstream:
        write(tmp_path, upstream.url, f'{tape}cassette_mode = "auto"')
        async with stage(ask, workspace=tmp_path, agents=[CLERK]) as platform:
            first, _ = await asked(platform)
            assert (await asked(platform))[0] == first, "the same questions again get the same answers again"
        assert (first, len(upstream.asked)) == ("ticket is open (7)", 4)
    assert KEY not in (tmp_path / "tapes" / "clerk.jsonl").read_text()
    monkeypatch.delenv("LOCAL_KEY")
    write(tmp_path, "http://127.0.0.1:9/v1", tape)
    report = await check(tmp_path, Settings(code=()))
    assert [each for each in report.problems if each.check in {"secrets", "models", "agents"}] == []
    async with stage(ask, workspace=tmp_path, agents=[CLERK]) as platform:
        second, page = await asked(platform)
        assert second == first
        assert "fast→qwen (cassette clerk.jsonl)" in page
        assert "from a cassette" in page
        (model,) = platform.platform.models().models
        assert (model.name, model.cassette) == ("qwen", "tapes/clerk.jsonl (replay)")
        run = await platform.start(ask, question="how is ticket 8?")
        with pytest.raises(
            Exception, match=r"the cassette clerk\.jsonl cannot answer: it holds no such request"
        ):
            await run.result()


async def test_a_stage_plays_a_cassette_over_a_workspace_that_knows_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_KEY", KEY)
    tape = tmp_path / "tape.jsonl"
    async with serving() as upstream:
        write(tmp_path, upstream.url)
        async with stage(ask, workspace=tmp_path, agents=[CLERK], cassette=tape, mode="record") as platform:
            first, page = await asked(platform)
        assert "cassette" not in page, "an answer of today, which was recorded"
    monkeypatch.delenv("LOCAL_KEY")
    async with stage(ask, workspace=tmp_path, agents=[CLERK], cassette=tape) as platform:
        assert (await asked(platform))[0] == first
    async with stage(ask, workspace=tmp_path, agents=[CLERK], cassette=tape, mode="auto") as platform:
        assert (await asked(platform))[0] == first, "what it holds needs no key"
        run = await platform.start(ask, question="how is ticket 8?")
        with pytest.raises(Exception, match="cannot answer"):
            await run.result()


@pytest.mark.parametrize(
    ("more", "environment", "why"),
    [
        ('cassette = "a.jsonl"', "prod", r"\[providers.local\] has a cassette, and nothing is played back"),
        ('cassette = "a.jsonl"\ncassette_mode = "rewind"', "dev", 'cassette_mode "rewind"'),
        ('cassette_mode = "auto"', "dev", "has a cassette_mode and no cassette"),
    ],
)
def test_a_cassette_that_cannot_be_is_refused_at_the_start(
    more: str, environment: str, why: str, tmp_path: Path
) -> None:
    write(tmp_path, "http://127.0.0.1:9/v1", more)
    with pytest.raises(InvalidCatalog, match=why):
        load(tmp_path, {}, environment)
