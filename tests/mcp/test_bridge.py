"""Clients and servers of either era meet: what one asks, the other answers, in all four combinations."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from tests.engine.places import until
from tests.mcp.stand import ERAS, MODERN, User, stand, upstream

ROOT = Path(__file__).parents[2]
ASKING = "far_test_input_required_result_"


@pytest.mark.parametrize("behind", ERAS)
async def test_s29_every_combination_of_eras_hands_on_everything(behind: str, tmp_path: Path) -> None:
    async with upstream(behind) as far, stand(tmp_path, {"far": far.url}, more=f'mode = "{behind}"') as here:
        for era in ERAS:
            user = User()
            async with here.client(era, user=user) as client:
                names = [tool.name for tool in (await client.list_tools()).tools]
                assert names == sorted(names)
                assert "far_resources" not in names  # it stands for resources, and is no tool of the client's
                said = await client.call_tool("far_test_multiple_content_types", {})
                assert [block.type for block in said.content] == ["text", "image", "resource"]
                seen = Seen()
                await client.call_tool("far_test_tool_with_progress", {}, progress_callback=seen)
                assert seen.steps == [(0, 100), (50, 100), (100, 100)]
                for name in (
                    "elicitation",
                    "sampling",
                    "list_roots",
                    "request_state",
                    "multiple_inputs",
                    "multi_round",
                ):
                    user.asked.clear()
                    said = await client.call_tool(ASKING + name, {})
                    assert not said.is_error, (behind, era, name, said)
                    assert len(user.asked) == {"multiple_inputs": 3, "multi_round": 2}.get(name, 1)
                failed = await client.call_tool("far_test_error_handling", {})
                assert failed.is_error
                assert "intentionally returns an error" in text(failed)
                prompt = await client.get_prompt("far_test_input_required_result_prompt")
                assert text(prompt.messages[0]) == "A prompt with its context."
                arguments = {"arg1": "a", "arg2": "b"}
                prompt = await client.get_prompt("far_test_prompt_with_arguments", arguments)
                assert "arg1='a', arg2='b'" in text(prompt.messages[0])
                read = await client.read_resource("test://template/7/data")
                assert '"id": "7"' in read.contents[0].text
                with pytest.raises(MCPError, match="not found"):
                    await client.read_resource("test://nothing")
                assert len((await client.list_resources()).resources) == 3


async def test_a_process_asks_whoever_it_serves_and_nobody_if_that_is_not_clear(tmp_path: Path) -> None:
    (tmp_path / "did").mkdir()
    command = [sys.executable, "-m", "tests.tools.mcp_server", str(tmp_path / "did")]
    tables = f'[mcp.files]\ncommand = {json.dumps(command)}\ncwd = "{ROOT}"\nmode = "legacy"\n'
    user = User()
    leaving = "[worker]\ndrain_seconds = 0\n"  # what hangs is not waited for at the end
    async with stand(tmp_path, tables=tables, settings=leaving) as here:
        for era in ERAS:
            user = User()
            async with here.client(era, user=user) as client:
                assert text(await client.call_tool("files_asks", {})) == "accept"
                assert user.asked == ["Who are you?"]
        async with here.client(MODERN, user=user) as one, here.client(MODERN, user=user) as other:
            hanging = asyncio.create_task(one.call_tool("files_hangs", {}))
            while "hanging" not in done(tmp_path / "did"):
                await other.call_tool("files_add", {"a": 1, "b": 2})
            asking = asyncio.create_task(other.call_tool("files_asks", {}))

            async def asked() -> bool:
                return bool(await here.platform.inbox())

            await until(asked)  # it had begun: whether it did something, a person finds out
            assert user.asked == ["Who are you?"]
            hanging.cancel()
            asking.cancel()


def done(folder: Path) -> str:
    return (folder / "done").read_text() if (folder / "done").exists() else ""


def text(found: Any) -> str:
    content: Any = found.content
    return str(content[0].text if hasattr(content, "append") else content.text)


class Seen:
    """How far it was said to be."""

    def __init__(self) -> None:
        self.steps: list[tuple[float, float | None]] = []

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        self.steps.append((progress, total))
