"""A small ticket service on loopback, with or without ETags, that can be told to misbehave; and its document."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from remit.tools.openapi.source import OpenApiSource, open_openapi
from remit.tools.tool import Tool

_FIELDS = {"title": {"type": "string"}, "status": {"type": "string"}, "notes": {"type": ["string", "null"]}}
_TICKET = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "updated": {"type": "integer", "readOnly": True},
        **_FIELDS,
    },
}
_ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
_BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ticket"}}},
}
_ANSWER = {"200": {"description": "it", "content": _BODY["content"]}}
_PATCH = {
    "required": True,
    "content": {"application/merge-patch+json": {"schema": {"type": "object", "properties": _FIELDS}}},
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "CRM", "version": "1"},
    "paths": {
        "/tickets": {
            "get": {
                "operationId": "list_tickets",
                "parameters": [
                    {
                        "name": "status",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "string"}},
                    },
                    {
                        "name": "any",
                        "in": "query",
                        "explode": False,
                        "schema": {"type": "array", "items": {}},
                    },
                ],
                "responses": {"200": {"description": "all"}},
            },
            "post": {"operationId": "create_ticket", "requestBody": _BODY, "responses": _ANSWER},
        },
        "/tickets/{id}": {
            "parameters": [_ID],
            "get": {"operationId": "get_ticket", "responses": _ANSWER},
            "put": {"operationId": "replace_ticket", "requestBody": _BODY, "responses": _ANSWER},
            "patch": {"operationId": "update_ticket", "requestBody": _PATCH, "responses": _ANSWER},
            "delete": {"operationId": "delete_ticket", "responses": {"204": {"description": "gone"}}},
        },
        "/mails": {
            "post": {
                "operationId": "send_mail",
                "parameters": [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}],
                "requestBody": _PATCH,
                "responses": {"202": {"description": "sent"}},
            }
        },
    },
    "components": {"schemas": {"Ticket": _TICKET}},
}


@dataclass
class Crm:
    """The world of the service."""

    etags: bool = True
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict[int, dict[str, Any]])
    asked: list[tuple[str, str, dict[str, str]]] = field(
        default_factory=list[tuple[str, str, dict[str, str]]]
    )
    next_answers: list[web.Response | str] = field(default_factory=list[web.Response | str])
    """What the next writes are answered; `cut` and `cut after` break the connection."""
    base: str = ""
    clock: int = 0
    last: int = 0

    def seed(self, number: int, **fields: Any) -> None:
        self._put(number, fields)

    def state(self) -> dict[int, dict[str, Any]]:
        """What matters of it: stamps are the service's own."""
        return {n: {k: v for k, v in t.items() if k != "updated"} for n, t in sorted(self.tickets.items())}

    def by_content(self) -> list[dict[str, Any]]:
        """The same without ids, for services that give what is made anew another one."""
        plain = [{k: v for k, v in t.items() if k != "id"} for t in self.state().values()]
        return sorted(plain, key=json.dumps)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.method, str(request.rel_url), dict(request.headers)))
        planned = self.next_answers.pop(0) if self.next_answers and request.method != "GET" else None
        if planned == "cut":
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(planned, web.Response):
            return planned
        body: dict[str, Any] = await request.json() if request.can_read_body else {}
        answer = self._act(request, body)
        if planned == "cut after":
            assert request.transport is not None
            request.transport.abort()
        return answer

    def _act(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        parts = request.path.strip("/").split("/")
        if parts == ["mails"]:
            return web.json_response({"sent": True}, status=202)
        if len(parts) == 1:
            if request.method == "GET":
                return web.json_response(list(self.tickets.values()))
            return self._answer(self._put(None, body), 201)
        number = int(parts[1]) if parts[1].isdecimal() else -1
        known = self.tickets.get(number)
        wanted = request.headers.get("If-Match")
        if self.etags and wanted and (known is None or wanted != self._tag(known)):
            return web.json_response({"error": "changed"}, status=412)
        if known is None and request.method != "PUT":
            return web.json_response({"error": "no such ticket"}, status=404)
        return self._act_on(request, number, known, body)

    def _act_on(
        self, request: web.Request, number: int, known: dict[str, Any] | None, body: dict[str, Any]
    ) -> web.Response:
        match request.method:
            case "GET":
                assert known is not None
                return self._answer(known)
            case "DELETE":
                del self.tickets[number]
                return web.Response(status=204)
            case "PATCH":
                return self._answer(self._put(number, {**(known or {}), **body}))
            case _:
                if known is not None and request.headers.get("If-None-Match") == "*":
                    return web.json_response({"error": "there"}, status=412)
                return self._answer(self._put(number, body))

    def _put(self, number: int | None, body: dict[str, Any]) -> dict[str, Any]:
        self.clock += 1
        number = number if number is not None else max([self.last, *self.tickets], default=0) + 1
        self.last = max(self.last, number)
        kept = {name: body[name] for name in _FIELDS if body.get(name) is not None}
        self.tickets[number] = {"id": number, "updated": self.clock, **kept}
        return self.tickets[number]

    def _answer(self, ticket: dict[str, Any], status: int = 200) -> web.Response:
        headers = {"ETag": self._tag(ticket)} if self.etags else {}
        return web.json_response(ticket, status=status, headers=headers)

    @staticmethod
    def _tag(ticket: dict[str, Any]) -> str:
        return f'"{ticket["updated"]}"'


@asynccontextmanager
async def crm(*, etags: bool = True) -> AsyncGenerator[Crm]:
    """The service, up until the block ends."""
    world = Crm(etags)
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", world.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    world.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield world
    finally:
        await runner.cleanup()


@asynccontextmanager
async def tools_of(world: Crm, folder: Path, **source: Any) -> AsyncGenerator[dict[str, Tool]]:
    """The tools of the service, as a workspace would open them."""
    (folder / "crm.json").write_text(json.dumps(source.pop("document", DOCUMENT)))
    found = open_openapi(OpenApiSource("crm", "crm.json", base_url=world.base, **source), folder)
    try:
        yield {tool.name: tool for tool in found}
    finally:
        await found[0].binding.close()


def document(**paths: Any) -> dict[str, Any]:
    """A document with other paths."""
    made = deepcopy(DOCUMENT)
    made["paths"] = paths
    return made
