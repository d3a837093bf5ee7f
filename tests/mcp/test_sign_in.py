"""Servers that want OAuth: tokens are had from the right one, kept for one server, renewed, and never a client's."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from starlette.responses import JSONResponse, RedirectResponse

from remit.control.inventory.mcp_servers import mcp_servers
from remit.control.inventory.signing_in import sign_in
from remit.domain.action_errors import InvalidTool
from tests.conformance.fixture_server import Application
from tests.mcp.stand import MODERN, Stand, served, stand

SECRET = "the secret of a client"
OWN = (
    'oauth = {{ grant = "client_credentials", client_id = "remit", client_secret = "crm_client", '
    'issuer = "{issuer}" }}'
)
PERSON = 'oauth = {{ redirect = "http://127.0.0.1:{port}/callback" }}'


@dataclass
class Guarded:
    """The fixture behind tokens, and who gives them."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    shown: list[str] = field(default_factory=list[str])
    """What was shown to the server itself."""
    good: set[str] = field(default_factory=set[str])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        answer = await self._answer(scope, headers, receive)
        await (answer or self.app)(scope, receive, send)

    app: Any = None

    async def _answer(self, scope: Any, headers: dict[str, str], receive: Any) -> Any:
        match scope["path"]:
            case "/.well-known/oauth-protected-resource/mcp":
                return JSONResponse({"resource": f"{self.url}/mcp", "authorization_servers": [self.url]})
            case "/.well-known/oauth-authorization-server":
                return JSONResponse(self._metadata())
            case "/register":
                told = json.loads(await _body(receive))
                return JSONResponse({**told, "client_id": "registered"}, 201)
            case "/authorize":
                said = {n: v[0] for n, v in parse_qs(scope["query_string"].decode()).items()}
                return RedirectResponse(
                    f"{said['redirect_uri']}?code=c-1&state={said['state']}&iss={self.url}"
                )
            case "/elsewhere/token":
                return self._token(headers, await _body(receive))
            case _:
                token = headers.get("authorization", "")
                self.shown.append(token)
                where = f'Bearer resource_metadata="{self.url}/.well-known/oauth-protected-resource/mcp"'
                known = token.removeprefix("Bearer ") in self.good
                return None if known else JSONResponse({}, 401, headers={"www-authenticate": where})

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/elsewhere/token", "registration_endpoint": f"{self.url}/register",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def _token(self, headers: dict[str, str], body: str) -> JSONResponse:
        self.asked.append({"authorization": headers.get("authorization", ""), **dict(_form(body))})
        token = f"t-{len(self.asked)}"
        self.good = {token}
        more = {"expires_in": 3600, "refresh_token": f"r-{len(self.asked)}"}
        return JSONResponse({"access_token": token, "token_type": "Bearer", **more})


async def _body(receive: Any) -> str:
    found, more = b"", True
    while more:
        part = await receive()
        found, more = found + part.get("body", b""), part.get("more_body", False)
    return found.decode()


def _form(body: str) -> list[tuple[str, str]]:
    return [(name, values[0]) for name, values in parse_qs(body).items()]


@asynccontextmanager
async def guarded() -> AsyncGenerator[Guarded]:
    app = Application(legacy=False)
    found = Guarded(app=app)
    async with app.running(), served(found) as url:
        found.url = url
        yield found


async def call(here: Stand) -> str:
    async with here.client(MODERN) as client:
        return (await client.call_tool("far_test_simple_text", {})).content[0].text


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_CLIENT", SECRET)


async def test_a_client_of_its_own_shows_its_secret_to_the_issuer_and_nobody_else(tmp_path: Path) -> None:
    async with guarded() as far:
        own = OWN.format(issuer=far.url)
        async with stand(tmp_path, {"far": f"{far.url}/mcp"}, more=own) as here:
            assert "simple text" in await call(here)
            assert [each["grant_type"] for each in far.asked] == ["client_credentials"]  # one token for all
            basic = base64.b64decode(far.asked[0]["authorization"].removeprefix("Basic ")).decode()
            assert basic.startswith("remit:")
            assert far.asked[0]["resource"] == f"{far.url}/mcp"
            assert not any(here.key in token or SECRET in token for token in far.shown)
            assert (await mcp_servers(here.platform.parts))[0].sign_in == "client_credentials"
        other = OWN.format(issuer="https://somebody.else.example")
        async with stand(tmp_path, {"far": f"{far.url}/mcp"}, more=other) as here:
            assert (await mcp_servers(here.platform.parts))[0].state == "away"
        assert len(far.asked) == 1  # what leads elsewhere is shown no secret


async def test_a_person_signs_in_once_and_tokens_are_renewed(tmp_path: Path, free_tcp_port: int) -> None:
    async with guarded() as far:
        more = PERSON.format(port=free_tcp_port)
        async with stand(tmp_path, {"far": f"{far.url}/mcp"}, more=more) as here:
            assert (await mcp_servers(here.platform.parts))[0].state == "away"
            pages: list[asyncio.Task[Any]] = []

            def agree(url: str) -> None:
                pages.append(asyncio.create_task(_visit(url)))

            assert await sign_in(here.platform.parts, "far", agree) > 10
            await asyncio.gather(*pages)
            kept = tmp_path / ".remit" / "mcp" / "far.json"
            assert kept.stat().st_mode & 0o777 == 0o600
            with pytest.raises(InvalidTool, match=r"no \[mcp.fra\]"):
                await sign_in(here.platform.parts, "fra", agree)
        said = json.loads(kept.read_text())
        kept.write_text(json.dumps(said | {"until": 1.0}))  # long ago
        far.good.clear()
        async with stand(tmp_path, {"far": f"{far.url}/mcp"}, more=more) as here:  # another process, later
            assert "simple text" in await call(here)
        assert [each["grant_type"] for each in far.asked] == ["authorization_code", "refresh_token"]
        kept.write_text(json.dumps({**json.loads(kept.read_text()), "tokens": {"access_token": "withdrawn"}}))
        async with stand(tmp_path, {"far": f"{far.url}/mcp"}, more=more) as here:
            assert (await mcp_servers(here.platform.parts))[0].state == "away"  # nobody is at hand to agree


async def _visit(url: str) -> None:
    async with httpx2.AsyncClient(trust_env=False, follow_redirects=True) as http:
        assert "Signed in" in (await http.get(url)).text
