"""Real servers on this machine that give secrets: an authorization server, and a Vault."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web

from tests.serving import serving


@dataclass
class AuthorizationServer:
    """Gives a new token every time, to whoever shows the client's secret."""

    secret: str = "the-clients-secret"
    expires_in: Any = 3600
    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    clients: list[str] = field(default_factory=list[str])
    statuses: list[int] = field(default_factory=list[int])
    """How the next requests are answered instead."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the first request is there."""
    answer: Any = None
    """What is answered instead of a token."""

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[str]:
        """Start; gives the address of the token endpoint."""
        async with serving(web.post("/token", self._token)) as address:
            self.url = f"{address}/token"
            yield self.url

    async def _token(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.asked.append(form)
        self.arrived.set()
        if self.statuses:
            return web.json_response({"error": "server_error"}, status=self.statuses.pop(0))
        if self.answer is not None:
            return (
                web.json_response(self.answer)
                if not isinstance(self.answer, bytes)
                else web.Response(body=self.answer)
            )
        client, secret = self._client(request, form)
        self.clients.append(client)
        if secret != self.secret:
            # a careless server repeats what it was sent
            return web.json_response(
                {"error": f"invalid_client {secret}", "error_description": secret}, status=401
            )
        return web.json_response(
            {
                "access_token": f"token-{len(self.asked)}-for-{client}",
                "token_type": "Bearer",
                "expires_in": self.expires_in,
            }
        )

    @staticmethod
    def _client(request: web.Request, form: dict[str, str]) -> tuple[str, str]:
        login = request.headers.get("Authorization", "")
        if login.startswith("Basic "):
            client, _, secret = base64.b64decode(login[6:]).decode().partition(":")
            return unquote_plus(client), unquote_plus(secret)
        return form.get("client_id", ""), form.get("client_secret", "")


@dataclass
class VaultServer:
    """The part of Vault's HTTP interface that reads secrets (versions 1 and 2) and logs a role in."""

    secrets: dict[str, dict[str, Any]]
    tokens: set[str]
    roles: dict[str, str] = field(default_factory=dict[str, str])
    logins: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[str]:
        """Start; gives the address."""
        routes = [
            web.get("/v1/{mount}/data/{path:.+}", self._version_2),
            web.post("/v1/auth/approle/login", self._login),
            web.get("/v1/{mount}/{path:.+}", self._version_1),
        ]
        async with serving(*routes) as address:
            yield address

    def _refused(self, request: web.Request) -> web.Response | None:
        token = request.headers.get("X-Vault-Token", "")
        self.asked.append((request.path, request.headers.get("X-Vault-Namespace", "")))
        if token not in self.tokens:
            return web.json_response({"errors": [f"permission denied for {token}"]}, status=403)
        if request.match_info["path"] not in self.secrets:
            return web.json_response({"errors": []}, status=404)
        return None

    async def _version_2(self, request: web.Request) -> web.Response:
        refused = self._refused(request)
        found = {"data": {"data": self.secrets.get(request.match_info["path"]), "metadata": {"version": 1}}}
        return refused or web.json_response(found)

    async def _version_1(self, request: web.Request) -> web.Response:
        return self._refused(request) or web.json_response({"data": self.secrets[request.match_info["path"]]})

    async def _login(self, request: web.Request) -> web.Response:
        form = await request.json()
        if self.roles.get(form["role_id"]) != form["secret_id"]:
            return web.json_response({"errors": [f"invalid secret id {form['secret_id']}"]}, status=400)
        self.logins += 1
        token = f"vault-token-{self.logins}"
        self.tokens.add(token)
        return web.json_response({"auth": {"client_token": token, "lease_duration": 60}})
