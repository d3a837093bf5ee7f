"""The resources and the prompts of a server: one tool for each kind, so that the rules for tools hold for them too.

Whoever may not use the tool sees and reads none of them. What they are is not pinned: a resource is data, as what a
tool answers is; a prompt is the words of a stranger, and has the label of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import BadArguments
from remit.domain.effects import Effect
from remit.domain.errors import Retry, ToolFailed
from remit.domain.tools import Performed, ResultLabel, ToolManifest
from remit.tools.mcp.answers import whole_answer
from remit.tools.mcp.binding import NOT_DONE, given_secrets
from remit.tools.mcp.relaying import Unanswered, relay
from remit.tools.mcp.server import reason
from remit.tools.reading import ReadOnly
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from remit.tools.binding import ToolContext
    from remit.tools.mcp.relaying import Relay
    from remit.tools.mcp.server import Held, Server

Json = Any

KINDS = ("resources", "prompts")

_MOST_PAGES = 100
_SECONDS = 60.0
_TEXT: dict[str, Json] = {"type": "string"}
_COMPLETE: dict[str, Json] = {
    "argument": {"type": "object", "description": "What is to be completed: its name and value so far."},
    "context": {"type": "object", "description": "Arguments that are filled in already."},
}
_PARAMETERS: dict[str, dict[str, Json]] = {
    "resources": {
        "operation": {"enum": ["list", "templates", "read", "complete", "subscribe", "unsubscribe"]},
        "uri": {**_TEXT, "description": "Which resource; for complete, which template."},
        **_COMPLETE,
    },
    "prompts": {
        "operation": {"enum": ["list", "get", "complete"]},
        "name": {**_TEXT, "description": "Which prompt."},
        "arguments": {"type": "object", "additionalProperties": _TEXT},
        **_COMPLETE,
    },
}
_LISTS = {
    ("resources", "list"): ("resources/list", "resources"),
    ("resources", "templates"): ("resources/templates/list", "resourceTemplates"),
    ("prompts", "list"): ("prompts/list", "prompts"),
}


def channel(server: Server, kind: str) -> Tool:
    """The tool by which the resources or the prompts of a server are reached."""
    settings = server.settings
    manifest = ToolManifest(
        name=settings.channel(kind), description=f"The {kind} of {settings.name}, as that server offers them.",
        parameters={
            "type": "object", "properties": _PARAMETERS[kind], "required": ["operation"], "additionalProperties": False,
        },
        effect=Effect.READ, label=ResultLabel(source=f"mcp:{settings.name}"), timeout=settings.timeout,
        owner=settings.owner, secrets=settings.secrets, source=f"mcp:{settings.name}", version="channel/1",
    )  # fmt: skip
    return Tool(manifest, ChannelBinding(server, kind, manifest), f"{settings.place} ({kind})")


async def kinds_of(server: Server, held: Held) -> list[str]:
    """Which kinds are worth a tool: what the operator names, and of what the server says that it has, what is there."""
    return [
        kind
        for kind in KINDS
        if kind in server.settings.pass_on or (held.connection.offers(kind) and await _has_any(held, kind))
    ]


class ChannelBinding(ReadOnly):
    """Behind the tool of one kind."""

    def __init__(self, server: Server, kind: str, manifest: ToolManifest) -> None:
        self.server = server
        self.kind = kind
        self._manifest = manifest

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """List, read, get, complete or follow."""
        party = relay.get()
        secrets = await given_secrets(self._manifest, context)
        async with self.server.connected(secrets, party) as held:
            try:
                return Performed(await self._ask(held, arguments, context.seconds or _SECONDS, party))
            except Unanswered as wrong:
                raise ToolFailed(f"{self._manifest.name} asked back, and had no answer: {wrong}") from None
            except (ToolFailed, BadArguments):
                raise
            except Exception as wrong:  # noqa: BLE001 - of whatever the SDK raises
                code = getattr(wrong, "code", None)
                said = f"{self._manifest.name}: {reason(wrong)}"
                if code not in NOT_DONE:
                    raise Retry(said) from None
                if party is not None:
                    party.refusal = {"code": code, "data": getattr(wrong, "data", None)}
                raise ToolFailed(said) from None

    async def close(self) -> None:
        """The server is shared; closing it twice does nothing."""
        await self.server.close()

    async def _ask(self, held: Held, arguments: dict[str, Json], seconds: float, party: Relay | None) -> Json:
        operation = str(arguments["operation"])
        listed = _LISTS.get((self.kind, operation))
        if listed is not None:
            return await _every(held, *listed, seconds, party)
        if operation in {"subscribe", "unsubscribe"}:
            return await self._follow(held, operation, self._needed(arguments, "uri"), party)
        method, params = self._request(operation, arguments)
        return whole_answer(
            await held.connection.request(method, params, seconds, party), self._manifest.name
        )

    def _request(self, operation: str, arguments: dict[str, Json]) -> tuple[str, dict[str, Json]]:
        match self.kind, operation:
            case "resources", "read":
                return "resources/read", {"uri": self._needed(arguments, "uri")}
            case "prompts", "get":
                name = self._needed(arguments, "name")
                return "prompts/get", {"name": name, "arguments": arguments.get("arguments", {})}
            case "resources", _:
                reference = {"type": "ref/resource", "uri": self._needed(arguments, "uri")}
            case _:
                reference = {"type": "ref/prompt", "name": self._needed(arguments, "name")}
        params = {"ref": reference, "argument": self._needed(arguments, "argument")}
        context = arguments.get("context")
        return "completion/complete", params | ({"context": context} if context else {})

    async def _follow(self, held: Held, operation: str, uri: str, party: Relay | None) -> Json:
        if party is None or party.alone:
            raise ToolFailed(
                f"{self._manifest.name}: only a client that stays connected can follow a resource."
            )
        await (held.connection.watch(uri) if operation == "subscribe" else held.connection.unwatch(uri))
        return {}

    def _needed(self, arguments: dict[str, Json], name: str) -> Any:
        if name not in arguments:
            operation = arguments["operation"]
            raise BadArguments(f"{self._manifest.name} needs {name} to {operation}.", f"Give it {name}.")
        return arguments[name]


async def _has_any(held: Held, kind: str) -> bool:
    for (of, _), (method, key) in _LISTS.items():
        if of == kind:
            try:
                if (await held.connection.request(method, {}, _SECONDS)).get(key):
                    return True
            except Exception:  # noqa: BLE001, S112 - one that cannot say what it has, has nothing
                continue
    return False


async def _every(held: Held, method: str, key: str, seconds: float, party: Relay | None) -> dict[str, Json]:
    """A list, page after page."""
    found: list[Json] = []
    params: dict[str, Json] = {}
    for _ in range(_MOST_PAGES):
        page = await held.connection.request(method, params, seconds, party)
        found += page.get(key) or []
        cursor = page.get("nextCursor")
        if not cursor:
            break
        params = {"cursor": cursor}
    return {key: found}
