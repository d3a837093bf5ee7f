"""Remit as the client that the conformance suite tests: the server of a scenario stands behind it, and whoever asks
comes in at /mcp. The suite gives the URL; scenario and context are in the environment.

    python -m tests.conformance.mcp_driver URL
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import mcp_types as types
from mcp.shared.auth import AuthorizationCodeResult
from mcp.shared.exceptions import MCPError

from remit.tools.mcp.oauth import signing_in
from tests.mcp.stand import ALL, User, stand

SCENARIO = os.environ.get("MCP_CONFORMANCE_SCENARIO", "")
CONTEXT: dict[str, Any] = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT") or "{}")
VERSION = os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION", "")
CIMD = "https://conformance-test.local/client-metadata.json"


class Agreeing:
    """A person who agrees to everything, at once."""

    def __init__(self) -> None:
        self._answer = AuthorizationCodeResult(code="", state="")

    async def show(self, url: str) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            where = (await http.get(url, follow_redirects=False)).headers["location"]
        said = {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}
        self._answer = AuthorizationCodeResult(
            code=said.get("code", ""), state=said.get("state"), iss=said.get("iss")
        )

    async def answered(self) -> AuthorizationCodeResult:
        return self._answer


class Accepting(User):
    """Whoever takes what a form proposes."""

    async def elicit(self, context: Any, params: Any) -> types.ElicitResult:
        wanted = getattr(params, "requested_schema", {}).get("properties", {})
        proposed = {name: each["default"] for name, each in wanted.items() if "default" in each}
        return types.ElicitResult(action="accept", content=proposed or {"confirmed": True, "ok": True})


def section(url: str) -> str:
    """How the server behind is described."""
    lines = ['name_prefix = ""', 'pass_on = ["resources", "prompts"]']
    if SCENARIO.startswith("auth/"):
        oauth = {"client_metadata_url": CIMD, "redirect": "http://localhost:3000/callback"}
        if "client_id" in CONTEXT:
            oauth |= {"client_id": CONTEXT["client_id"], "client_secret": "suite_secret"}
        lines.append("oauth = {" + ", ".join(f'{name} = "{value}"' for name, value in oauth.items()) + "}")
    return "\n".join(lines)


def sample(schema: dict[str, Any]) -> dict[str, Any]:
    """Arguments that fit, from what the suite proposes or from the schema."""
    kinds: dict[str, Any] = {"number": 1, "integer": 1, "boolean": True, "array": [], "object": {}}
    return {name: kinds.get(each.get("type"), "text") for name, each in schema.get("properties", {}).items()}


async def main() -> None:
    os.environ["SUITE_SECRET"] = str(CONTEXT.get("client_secret") or "none at all, nobody wants it")
    signing_in.set(Agreeing())
    calls: list[dict[str, Any]] = CONTEXT.get("toolCalls", [])
    with TemporaryDirectory() as folder:
        async with (
            stand(Path(folder), {"far": sys.argv[1]}, more=section(sys.argv[1]), policy=ALL) as here,
            here.client("2026-07-28", user=Accepting()) as client,
        ):
            await use(client, calls)


async def use(client: Any, calls: list[dict[str, Any]]) -> None:
    """Whatever the server behind has, once."""
    for tool in (await client.list_tools()).tools:
        proposed = [each.get("arguments", {}) for each in calls if each["name"] == tool.name]
        for arguments in proposed or [sample(tool.input_schema)]:
            with suppress(MCPError):
                await client.call_tool(tool.name, arguments)
    with suppress(MCPError):
        await client.list_resources()
    for prompt in (await client.list_prompts()).prompts:
        with suppress(MCPError):
            await client.get_prompt(prompt.name, {each.name: "text" for each in prompt.arguments or ()})


def wait_for_a_turn() -> Any:
    """The suite starts many of us at once and gives each its time; so as many work as there are cores."""
    turns = [Path(gettempdir()) / f"remit-mcp-driver-{number}" for number in range(os.cpu_count() or 1)]
    turn = turns[os.getpid() % len(turns)].open("w")
    fcntl.flock(turn, fcntl.LOCK_EX)
    return turn


if __name__ == "__main__":
    with wait_for_a_turn():
        asyncio.run(main())
