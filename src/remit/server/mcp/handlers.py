"""What each request of the protocol means here. Lists are what policy lets this caller use, private and in order; each
resource and each prompt comes from a server of the workspace, by the tool that stands for it.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.server import Server
from mcp.server.caching import CacheHint
from mcp.shared.exceptions import MCPError

from remit.control.fronting.offering import channels, offered, schema_of, without_nulls
from remit.control.fronting.upstreams import Relay, leave
from remit.domain.errors import RemitError
from remit.domain.event import object_of
from remit.server.guarding import while_good
from remit.server.mcp.answers import FAILED, INVALID, UNAUTHORIZED, answer_of, refusal_of, told
from remit.server.mcp.clients import Client

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from remit.control.fronting.offering import Channel
    from remit.control.platform import Platform
    from remit.server.mcp.calls import Calls, Gave
    from remit.server.mcp.changes import Changes

    Context = ServerRequestContext[Any, Any]

Json = Any

_NOT_FOUND = frozenset({INVALID, -32002})
_MOST_LEVELS = 10_000
_COMPLETE = {"resultType": "complete"}
_PRIVATE = {**_COMPLETE, "ttlMs": 0, "cacheScope": "private"}


class Handlers:
    """The requests that we answer."""

    def __init__(self, platform: Platform, calls: Calls, changes: Changes) -> None:
        self._platform = platform
        self._calls = calls
        self._changes = changes
        self._levels: dict[str, str] = {}
        """How much each session wants to read in the log."""

    def server(self, version: str) -> Server[Any]:
        """The SDK's server, with all of them."""
        made: Server[Any] = Server(
            "remit", version=version, on_list_tools=self._list_tools, on_call_tool=self._call_tool,
            on_list_prompts=self._list_prompts, on_get_prompt=self._get_prompt,
            on_list_resources=self._list_resources, on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource, on_completion=self._complete,
            on_subscribe_resource=self._subscribe, on_unsubscribe_resource=self._unsubscribe,
            on_subscriptions_listen=self._listen, cache_hints={"server/discover": CacheHint(0, "private")},
            get_tool_input_schema=lambda name: schema_of(self._platform.parts, name),
        )  # fmt: skip
        made.add_request_handler("logging/setLevel", types.SetLevelRequestParams, self._set_level)
        return made

    def forget(self, session: str) -> None:
        """A session is over."""
        self._levels.pop(session, None)

    # --- tools ----------------------------------------------------------------------------------------

    async def _list_tools(self, context: Context, params: Any) -> Json:
        del params
        client = self._client(context)
        return {
            "tools": await offered(self._platform.parts, self._platform.fronts, client.caller),
            **_PRIVATE,
        }

    async def _call_tool(self, context: Context, params: types.CallToolRequestParams) -> Json:
        try:
            arguments = without_nulls(schema_of(self._platform.parts, params.name), params.arguments or {})
            gave = await self._call(context, params.name, arguments, params)
        except RemitError as wrong:
            return {**_COMPLETE, **refusal_of(wrong)}
        if isinstance(gave, types.InputRequiredResult):
            return gave
        tool = self._platform.parts.house.gate.parts.registry.find(params.name)
        result = tool.manifest.result if tool is not None else None
        return {**_COMPLETE, **answer_of(*gave, structured=object_of(result).get("type") == "object")}

    # --- resources ------------------------------------------------------------------------------------

    async def _list_resources(self, context: Context, params: Any) -> Json:
        del params
        return {"resources": await self._listed(context, "resources", "list", "resources"), **_PRIVATE}

    async def _list_templates(self, context: Context, params: Any) -> Json:
        del params
        found = await self._listed(context, "resources", "templates", "resourceTemplates")
        return {"resourceTemplates": found, **_PRIVATE}

    async def _read_resource(self, context: Context, params: types.ReadResourceRequestParams) -> Json:
        found = await self._first(context, params, {"operation": "read", "uri": str(params.uri)})
        return found if isinstance(found, types.InputRequiredResult) else {**_PRIVATE, **found}

    async def _subscribe(self, context: Context, params: types.SubscribeRequestParams) -> Json:
        await self._first(context, None, {"operation": "subscribe", "uri": str(params.uri)})
        self._changes.follow(context, str(params.uri))
        return types.EmptyResult()

    async def _unsubscribe(self, context: Context, params: types.UnsubscribeRequestParams) -> Json:
        await self._first(context, None, {"operation": "unsubscribe", "uri": str(params.uri)})
        self._changes.unfollow(context, str(params.uri))
        return types.EmptyResult()

    async def _first(
        self, context: Context, params: Any, arguments: dict[str, Json], party: Relay | None = None
    ) -> Json:
        """What the server says whose resource it is: the first that knows it."""
        uri = arguments["uri"]
        missing = MCPError(INVALID, "Resource not found", {"uri": uri})
        for channel in await self._channels(context, "resources"):
            try:
                gave = await self._of_channel(context, channel, arguments, params, party)
            except MCPError as wrong:
                if wrong.error.code not in _NOT_FOUND:
                    raise
                missing = wrong
                continue
            return gave if isinstance(gave, types.InputRequiredResult) else object_of(gave[0])
        raise missing

    # --- prompts --------------------------------------------------------------------------------------

    async def _list_prompts(self, context: Context, params: Any) -> Json:
        del params
        return {"prompts": await self._listed(context, "prompts", "list", "prompts"), **_PRIVATE}

    async def _get_prompt(self, context: Context, params: types.GetPromptRequestParams) -> Json:
        channel, name = await self._prompt(context, params.name)
        arguments = {"operation": "get", "name": name, "arguments": params.arguments or {}}
        gave = await self._of_channel(context, channel, arguments, params)
        return gave if isinstance(gave, types.InputRequiredResult) else {**_COMPLETE, **object_of(gave[0])}

    async def _complete(self, context: Context, params: types.CompleteRequestParams) -> Json:
        argument = params.argument.model_dump(mode="json", by_alias=True)
        more = {"context": params.context.model_dump(mode="json", by_alias=True)} if params.context else {}
        asked: dict[str, Json] = {"operation": "complete", "argument": argument, **more}
        if isinstance(params.ref, types.PromptReference):
            channel, name = await self._prompt(context, params.ref.name)
            gave = await self._of_channel(context, channel, {**asked, "name": name}, None)
            return {**_COMPLETE, **object_of(gave[0] if isinstance(gave, tuple) else None)}
        return {**_COMPLETE, **await self._first(context, None, {**asked, "uri": str(params.ref.uri)})}

    async def _prompt(self, context: Context, name: str) -> tuple[Channel, str]:
        """Whose prompt it is, and what it is called there."""
        for channel in await self._channels(context, "prompts"):
            listed = await self._of_channel(context, channel, {"operation": "list"}, None)
            for prompt in object_of(listed[0] if isinstance(listed, tuple) else None).get("prompts", ()):
                if channel.called(str(prompt["name"])) == name:
                    return channel, str(prompt["name"])
        raise MCPError(INVALID, f"Unknown prompt: {name}")

    # --- what changes ---------------------------------------------------------------------------------

    async def _listen(self, context: Context, params: types.SubscriptionsListenRequestParams) -> Json:
        """A stream of changes; a resource is followed by whoever may read it."""
        caller = self._client(context).caller
        party = Relay(f"listen:{secrets.token_hex(8)}", alone=False)
        uris = [
            uri
            for uri in params.notifications.resource_subscriptions or []
            if await self._follows(context, uri, party)
        ]
        wanted = params.notifications.model_copy(update={"resource_subscriptions": uris or None})
        stream = self._changes.listen(context, params.model_copy(update={"notifications": wanted}))
        try:
            return await while_good(self._platform.fronts, caller.key, stream)
        except RemitError as wrong:
            raise MCPError(UNAUTHORIZED, told(wrong)) from None
        finally:
            await leave(self._platform.parts, party.owner)

    async def _follows(self, context: Context, uri: str, party: Relay) -> bool:
        try:
            await self._first(context, None, {"operation": "subscribe", "uri": uri}, party)
        except MCPError:
            return False
        return True

    async def _set_level(self, context: Context, params: types.SetLevelRequestParams) -> types.EmptyResult:
        if len(self._levels) >= _MOST_LEVELS:
            self._levels.pop(next(iter(self._levels)))
        self._levels[self._client(context).session] = params.level
        return types.EmptyResult()

    # --- inside ---------------------------------------------------------------------------------------

    def _client(self, context: Context) -> Client:
        client = Client(context)
        if client.session:
            self._changes.meet(context, client.session)
        return client

    async def _call(
        self, context: Context, tool: str, arguments: dict[str, Json], params: Any, party: Relay | None = None
    ) -> Gave | types.InputRequiredResult:
        client = self._client(context)
        level = self._levels.get(client.session, "")
        return await self._calls.call(client, tool, arguments, params, level, party)

    async def _of_channel(
        self,
        context: Context,
        channel: Channel,
        arguments: dict[str, Json],
        params: Any,
        party: Relay | None = None,
    ) -> Gave | types.InputRequiredResult:
        try:
            return await self._call(context, channel.tool, arguments, params, party)
        except RemitError as wrong:
            raise MCPError(FAILED, told(wrong)) from None

    async def _channels(self, context: Context, kind: str) -> list[Channel]:
        return await channels(self._platform.parts, self._platform.fronts, self._client(context).caller, kind)

    async def _listed(self, context: Context, kind: str, operation: str, key: str) -> list[Json]:
        """What all servers have, in the order of their names; one that fails has nothing at the moment."""
        found: list[Json] = []
        for channel in await self._channels(context, kind):
            try:
                gave = await self._of_channel(context, channel, {"operation": operation}, None)
            except MCPError:
                continue
            entries = object_of(gave[0] if isinstance(gave, tuple) else None).get(key, ())
            if kind == "prompts":
                entries = [{**each, "name": channel.called(str(each["name"]))} for each in entries]
            found += entries
        return found
