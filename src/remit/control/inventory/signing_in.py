"""Signing in to an MCP server: somebody is shown where to agree, and what that page sends back is waited for on this
machine. The tokens are kept beside the workspace's keys, for that server alone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from remit.control.authority.duties import require
from remit.domain.action_errors import InvalidTool
from remit.tools.mcp.settings import REDIRECT, read_settings
from remit.tools.sources import read_tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from mcp.shared.auth import AuthorizationCodeResult

    from remit.control.running.parts import Parts

_LONGEST = 16_384
_SECONDS = 300.0
_PAGE = b"<!doctype html><title>Remit</title><p>Signed in. This page can be closed."


async def sign_in(parts: Parts, name: str, show: Callable[[str], None]) -> int:
    """Sign in to `[mcp.NAME]`; gives how many tools it offers to who we are there."""
    from remit.tools.mcp.oauth import signing_in

    gate = parts.house.gate.parts
    await require(parts.ground, "admin", "tools", f"sign in to {name}")
    known = {each[1]: each[2] for each in read_tables(parts.ground.workspace).values() if each[0] == "mcp"}
    if name not in known:
        raise InvalidTool(
            f"tools.toml has no [mcp.{name}].", f"It has {', '.join(known) or 'no MCP server'}."
        )
    settings = read_settings(name, known[name])
    if settings.sign_in != "authorization_code":
        raise InvalidTool(
            f"[mcp.{name}] is signed in to without anybody: {settings.sign_in}.",
            'For a server that wants a person\'s consent: oauth = { scope = "…" }.',
        )
    async with _Page(settings.oauth.get("redirect", REDIRECT), show) as page:
        token = signing_in.set(page)
        try:
            assert gate.refresh is not None  # noqa: S101 - only a part of a platform has no sources
            await gate.refresh(f"mcp:{name}")
        finally:
            signing_in.reset(token)
    return sum(tool.manifest.source == f"mcp:{name}" for tool in gate.registry)


class _Page:
    """Where somebody is sent back to: one small server on this machine, for one answer."""

    def __init__(self, redirect: str, show: Callable[[str], None]) -> None:
        self._redirect = urlsplit(redirect)
        self._show = show
        self._came: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._answer, self._redirect.hostname, self._redirect.port, limit=_LONGEST
        )
        return self

    async def __aexit__(self, *wrong: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def show(self, url: str) -> None:
        """Say where to agree."""
        self._came = asyncio.get_running_loop().create_future()
        self._show(url)

    async def answered(self) -> AuthorizationCodeResult:
        """What came back, within five minutes."""
        from mcp.shared.auth import AuthorizationCodeResult

        async with asyncio.timeout(_SECONDS):
            said = await self._came
        return AuthorizationCodeResult(
            code=said.get("code", ""), state=said.get("state"), iss=said.get("iss")
        )

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = (await reader.readline()).decode("latin-1").split()
            path = urlsplit(line[1] if len(line) > 1 else "")
            found = path.path == (self._redirect.path or "/")
            if found and not self._came.done():
                self._came.set_result({name: values[0] for name, values in parse_qs(path.query).items()})
            head = b"HTTP/1.1 200 OK\r\n" if found else b"HTTP/1.1 404 Not Found\r\n"
            writer.write(
                head + b"content-type: text/html\r\nconnection: close\r\n\r\n" + (_PAGE if found else b"")
            )
            await writer.drain()
        finally:
            writer.close()
