"""Tools of MCP servers: a real process and a real HTTP server, each in both eras of the protocol."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import InvalidDocument, InvalidTool, Quarantined, SecretUnavailable
from remit.domain.effects import Effect
from remit.domain.errors import StepFailed, ToolFailed
from remit.tools.mcp.naming import tool_name
from remit.tools.mcp.offers import manifest_of, offer_of
from remit.tools.mcp.settings import McpSettings, read_settings
from remit.tools.mcp.source import open_mcp
from remit.tools.tool import Tool
from remit.tools.unreachable import SourceUnreachable
from tests.tools.calling import context
from tests.warm import Warm

ROOT = Path(__file__).parents[2]
ERAS = ("auto", "legacy")
_MODULE = ("-m", "tests.tools.mcp_server")
pytestmark = pytest.mark.xdist_group("mcp")  # what its servers are forked from is imported once


class Web:
    """The server as a process of its own, over HTTP; it can be killed and started again at the same address."""

    def __init__(self, folder: Path, sdk: Warm) -> None:
        self.folder = folder
        self.port = 0
        self._sdk = sdk
        self.start()

    def start(self) -> None:
        command = ["python", *_MODULE, str(self.folder), "http", str(self.port)]
        ours, its = os.pipe()
        with os.fdopen(ours) as told, Path(os.devnull).open() as nothing:
            self.process = self._sdk.start(command, ROOT, os.environ, [nothing.fileno(), its])
            os.close(its)
            self.port = int(told.readline())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def sdk() -> Iterator[Warm]:
    """What servers are forked from."""
    with closing(Warm("mcp.server.mcpserver", "mcp.server.stdio", "uvicorn", "uvicorn.logging")) as made:
        yield made


@pytest.fixture
def web(tmp_path: Path, sdk: Warm) -> Iterator[Web]:
    server = Web(tmp_path, sdk)
    yield server
    server.stop()


Opened = dict[str, Tool]


@pytest.fixture
def local(tmp_path: Path, sdk: Warm) -> dict[str, Any]:
    """The server as a process of ours."""
    return {"command": [str(sdk.shims / "warm-python"), *_MODULE, str(tmp_path)], "cwd": str(ROOT)}


@pytest.fixture(params=[("stdio", era) for era in ERAS] + [("http", era) for era in ERAS], ids="-".join)
async def table(request: pytest.FixtureRequest) -> dict[str, Any]:
    kind, era = request.param
    if kind == "http":
        server: Web = request.getfixturevalue("web")
        return {"url": f"http://127.0.0.1:{server.port}/mcp", "mode": era}
    return request.getfixturevalue("local") | {"mode": era}


@pytest.fixture
async def tools(table: dict[str, Any], tmp_path: Path) -> AsyncIterator[Opened]:
    opened = await opening(table, tmp_path)
    yield opened
    await opened["files_add"].binding.close()


async def opening(table: dict[str, Any], folder: Path) -> Opened:
    return {tool.name: tool for tool in await open_mcp("files", table, folder)}


async def call(tool: Tool, seconds: float = 20.0, **arguments: Any) -> Any:
    tool.validate(arguments)
    return (await tool.binding.perform(arguments, context(key="k-1", seconds=seconds))).result


def done(folder: Path) -> list[str]:
    return (folder / "done").read_text().split() if (folder / "done").exists() else []


async def test_what_a_tool_answers_comes_back_as_it_is(
    tools: Opened, table: dict[str, Any], tmp_path: Path
) -> None:
    assert await call(tools["files_add"], a=1, b=2) == {"result": 3}
    found = await call(tools["files_picture"])
    assert found["text"] == "a dot"
    assert found["content"] == [{"type": "image", "data": "iVBORw0KGgo=", "mimeType": "image/png"}]
    assert await call(tools["files_note"], text="once") == {"result": "k-1"}  # the idempotency key goes along
    assert done(tmp_path) == ["once"]
    size = 50_000_000 if table["mode"] == "auto" else 5_000_000
    assert len(await call(tools["files_large"], size=size)) == size
    with pytest.raises(ToolFailed, match="files_breaks failed"):
        await call(tools["files_breaks"])
    with pytest.raises(
        StepFailed, match="may have been done"
    ):  # a question is not answered, and it had begun
        await call(tools["files_asks"])


async def test_a_write_that_breaks_off_is_unknown_and_never_repeated_by_itself(
    tools: Opened, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(StepFailed, match="may have been done"):
        await call(tools["files_dies"], text="half")
    if "http" in request.node.name:
        web: Web = request.getfixturevalue("web")
        web.stop()
        web.start()
    assert await call(tools["files_add"], a=2, b=2) == {"result": 4}
    assert done(tmp_path) == ["half"]


async def test_a_call_that_hangs_or_is_cancelled_leaves_the_others_alone(tools: Opened) -> None:
    hanging = asyncio.create_task(call(tools["files_hangs"], seconds=1.0))
    assert await call(tools["files_add"], a=1, b=2) == {"result": 3}
    with pytest.raises(StepFailed, match="may have been done"):
        await hanging
    assert await call(tools["files_add"], a=1, b=2) == {"result": 3}
    hanging = asyncio.create_task(call(tools["files_hangs"]))
    await call(tools["files_add"], a=1, b=2)
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    sums = await asyncio.gather(*(call(tools["files_add"], a=n, b=n) for n in range(20)))
    assert sums == [{"result": 2 * n} for n in range(20)]


async def test_a_tool_that_turns_while_we_run_is_not_called(tools: Opened) -> None:
    """The rug pull: what was accepted is not what the server says any more, and it said so."""
    await call(tools["files_turns"])
    with pytest.raises(Quarantined, match="files_add is not what was accepted"):
        await over_and_over(tools["files_add"])  # the word of it travels beside the answers
    assert await call(tools["files_note"], text="on") == {"result": "k-1"}


async def over_and_over(tool: Tool) -> None:
    for _ in range(1_000):
        await call(tool, a=1, b=2)


async def test_a_server_that_was_started_anew_is_used_as_if_nothing_had_been(
    web: Web, tmp_path: Path
) -> None:
    for era in (*ERAS, "2026-07-28"):
        tools = await opening({"url": f"http://127.0.0.1:{web.port}/mcp", "mode": era}, tmp_path)
        web.stop()
        web.start()
        assert await call(tools["files_note"], text=era) == {"result": "k-1"}
        await tools["files_add"].binding.close()
    assert done(tmp_path) == [*ERAS, "2026-07-28"]


async def test_a_tool_that_turned_in_silence_is_found_out(table: dict[str, Any], tmp_path: Path) -> None:
    tools = await opening(table | {"look_again": 1e-9}, tmp_path)
    (tmp_path / "silent").touch()
    await call(tools["files_turns"])
    with pytest.raises(Quarantined):
        await call(tools["files_add"], a=1, b=2)
    await tools["files_add"].binding.close()


async def test_a_server_that_turned_between_two_starts_has_another_definition(
    local: dict[str, Any], tmp_path: Path
) -> None:
    before = await opening(local, tmp_path)
    await before["files_add"].binding.close()
    (tmp_path / "lie").touch()
    after = await opening(local, tmp_path)
    assert after["files_add"].manifest.digest != before["files_add"].manifest.digest
    assert "id_rsa" in after["files_add"].manifest.description
    assert after["files_note"].manifest.digest == before["files_note"].manifest.digest
    with pytest.raises(Quarantined):  # whoever still holds the old one connects anew, and finds the other
        await call(before["files_add"], a=1, b=2)
    await before["files_add"].binding.close()
    await after["files_add"].binding.close()


async def test_a_process_is_given_what_is_named_and_ends_with_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "of-this-process")
    monkeypatch.setenv("LET_IN", "yes")
    asked: list[str] = []

    async def secret(name: str) -> str:
        asked.append(name)
        return "s3cret-of-the-server"

    table = {
        "command": [sys.executable, *_MODULE, str(tmp_path)], "cwd": str(ROOT), "inherit": ["LET_IN"],
        "env": {"MODE": "plain", "TOKEN": "secret:files_token"},
    }  # fmt: skip
    with pytest.raises(SecretUnavailable, match="files_token"):
        await open_mcp("files", table, tmp_path)
    tools = {tool.name: tool for tool in await open_mcp("files", table, tmp_path, secret)}
    tool = tools["files_environment"]
    assert tool.manifest.secrets == ("files_token",)
    first = int((tmp_path / "pid").read_text())
    found = (await tool.binding.perform({}, context(secret=secret))).result
    assert {name: found.get(name) for name in ("MODE", "TOKEN", "LET_IN", "CANARY")} == {
        "MODE": "plain", "TOKEN": "s3cret-of-the-server", "LET_IN": "yes", "CANARY": None,
    }  # fmt: skip
    assert set(found) <= {"PATH", "MODE", "TOKEN", "LET_IN", "LC_CTYPE"}
    assert (
        int((tmp_path / "pid").read_text()) == first
    )  # one process serves as long as the secret is the same

    async def another(name: str) -> str:
        return "of-somebody-else"

    found = (await tool.binding.perform({}, context(secret=another))).result
    assert found["TOKEN"] == "of-somebody-else"
    second = int((tmp_path / "pid").read_text())
    assert second != first
    await tool.binding.close()
    for process in (first, second):
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


async def test_a_process_that_ignores_its_end_is_killed(tmp_path: Path) -> None:
    stubborn = (
        "import signal, sys, runpy; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"sys.argv = ['x', {str(tmp_path)!r}]\n"
        "import atexit, time; atexit.register(time.sleep, 60)\n"
        "runpy.run_module('tests.tools.mcp_server', run_name='__main__')\n"
    )
    tools = await opening({"command": [sys.executable, "-c", stubborn], "cwd": str(ROOT)}, tmp_path)
    begun = time.monotonic()
    await tools["files_add"].binding.close()
    assert time.monotonic() - begun < 20
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGCONT)


async def test_a_server_that_is_not_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for table in (
        {"command": ["/nowhere/server"]},
        {"command": [sys.executable, "-c", "print('hello')"]},
        {"url": f"http://127.0.0.1:{port}/mcp"},
    ):
        with pytest.raises(SourceUnreachable, match=r"\[mcp.files\] cannot be reached"):
            await open_mcp("files", table, tmp_path)


async def test_only_what_is_wanted_and_nothing_that_is_not_there(
    local: dict[str, Any], tmp_path: Path
) -> None:
    table = local | {"only": ["add", "n*", "wipe"], "skip": ["wipe"]}
    tools = await opening(
        table | {"name_prefix": "f_", "effects": {"note": "irreversible"}, "keyed": ["note"]}, tmp_path
    )
    assert sorted(tools) == ["f_add", "f_note"]
    assert tools["f_note"].manifest.effect is Effect.IRREVERSIBLE
    assert tools["f_note"].manifest.keyed
    await tools["f_add"].binding.close()
    with pytest.raises(InvalidTool, match="names nott in effects"):
        await open_mcp("files", table | {"effects": {"nott": "read"}}, tmp_path)
    with pytest.raises(
        InvalidDocument, match=r'\[mcp.files\] has "wpe" in skip, and nothing .* \(nearest: "wipe"\)'
    ):
        await open_mcp("files", table | {"skip": ["wpe"]}, tmp_path)


def listed(**more: Any) -> dict[str, Any]:
    return {"name": "t", "description": "d", "inputSchema": {"type": "object"}, **more}


@pytest.mark.parametrize(
    ("hints", "trusted", "is_now"),
    [
        ({}, False, "write"),
        ({"readOnlyHint": True}, False, "write"),
        ({"readOnlyHint": True}, True, "read"),
        ({"readOnlyHint": "yes"}, True, "write"),
        ({"destructiveHint": True}, False, "irreversible"),
        ({"destructiveHint": False}, True, "write"),
        ({"readOnlyHint": True, "destructiveHint": True}, False, "irreversible"),
        ([], True, "write"),
    ],
)
def test_a_servers_word_about_itself_only_makes_it_more_dangerous(
    hints: Any, trusted: bool, is_now: str
) -> None:
    settings = McpSettings("x", trust_annotations=trusted)
    assert manifest_of(offer_of(listed(annotations=hints)), settings).effect == is_now
    said = McpSettings("x", effects={"t": "read"})
    assert manifest_of(offer_of(listed(annotations=hints)), said).effect == "read"


@pytest.mark.parametrize(
    "entry",
    [
        listed(inputSchema={"type": "string"}),
        listed(inputSchema={"type": "object", "properties": {"a": {"pattern": "("}}}),
        listed(inputSchema={"type": "object", "$ref": "http://127.0.0.1/schema"}),
        listed(description="x" * 50_000),
    ],
)
def test_a_tool_that_cannot_be_used_says_how_to_leave_it_out(entry: dict[str, Any]) -> None:
    with pytest.raises(InvalidTool) as refused:
        manifest_of(offer_of(entry), McpSettings("x"))
    assert 'skip = ["t"]' in str(refused.value.hint)


def test_names_become_names_that_models_take() -> None:
    assert tool_name("x_", "a.b/c d") == "x_a_b_c_d"
    long = [tool_name("x_", "n" * 80 + end) for end in ("a", "b")]
    assert len(set(long)) == 2
    assert all(len(name) == 64 for name in long)
    assert tool_name("", "1st") == "_1st"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "either a command to start, or the url"),
    ({"command": ["a"], "url": "http://x"}, "either a command to start, or the url"),
    ({"comand": ["a"]}, 'nearest: "command"'),
    ({"command": "npx server"}, "it takes a list of texts"),
    ({"command": ["a"], "env": {"A": 1}}, "it takes a table of texts"),
    ({"command": ["a"], "secret": "t"}, "a command has no headers"),
    ({"command": ["a"], "effects": {"t": "reads"}}, 'the effect "reads"'),
    ({"command": ["a"], "trust_annotations": "yes"}, "it takes true or false"),
    ({"command": ["a"], "timeout": True}, "it takes a number above zero"),
    ({"command": ["a"], "mode": "2025-11-25"}, 'the mode "2025-11-25"'),
    ({"url": "ftp://x"}, "Write an address with http"),
    ({"url": "https://a:b@x/mcp"}, "without user or password"),
    ({"url": "http://example.com/mcp", "secret": "t"}, "a line that others can read"),
    ({"url": "https://example.com/mcp", "header": "a b", "secret": "t"}, "no name of a header"),
    ({"url": "https://example.com/mcp", "env": {"A": "b"}}, "are for a command"),
]


@pytest.mark.parametrize(("given", "says"), WRONG)
def test_settings_that_cannot_be_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidTool) as refused:
        read_settings("x", given)
    assert says in str(refused.value)
