"""The server that the MCP conformance suite wants to find: tools, prompts and resources by the names that it calls.

    python -m tests.conformance.fixture_server PORT [legacy]

It is written on the SDK's low level, so that each answer is what stands here. With `legacy` it knows sessions only. A
question has a name where questions have names; in the era of sessions the name travels in its `_meta`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import anyio
import mcp_types as types
from mcp.server import Server
from mcp.server.lowlevel.server import NotificationOptions
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import (
    InMemorySubscriptionBus,
    ListenHandler,
    PromptsListChanged,
    ToolsListChanged,
)
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.responses import JSONResponse

from tests.conformance.fixture_content import (
    ANSWERS,
    ASKING,
    BOOLEAN,
    DEFAULTS,
    ENUMS,
    PNG,
    PROMPTS,
    RESOURCES,
    ROUNDS,
    STATEFUL,
    STRING,
    TOOLS,
    embedded,
    form,
    sampling,
    text,
)

Context = Any
Json = Any

INPUT_KEY = "remit/input-key"
_MISSING = -32021
_INVALID = -32602
_TEMPLATE = ("test://template/", "/data")

bus = InMemorySubscriptionBus()


def modern(ctx: Context) -> bool:
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS


def declared(ctx: Context, request: Json) -> bool:
    abilities = ctx.session.client_capabilities
    ability = {"elicitation/create": "elicitation", "roots/list": "roots"}.get(request["method"], "sampling")
    return abilities is not None and getattr(abilities, ability) is not None


class Asked(Exception):
    """The client has to be asked, and is, by the answer."""

    def __init__(self, result: types.InputRequiredResult) -> None:
        super().__init__()
        self.result = result


async def ask(ctx: Context, params: Any, requests: dict[str, Json], number: int = 0, state: str = "") -> Json:
    """What the client says to these requests, in whatever way its era has for it."""
    requests = {name: request for name, request in requests.items() if declared(ctx, request)}
    if modern(ctx):
        given: dict[str, Any] = params.input_responses or {}
        if requests.keys() <= given.keys() and _round(params.request_state) >= number * bool(state):
            return {name: given[name].model_dump(by_alias=True, mode="json") for name in requests}
        asked = {"resultType": "input_required", "inputRequests": requests}
        raise Asked(
            types.InputRequiredResult.model_validate(asked | ({"requestState": state} if state else {}))
        )
    found: dict[str, Json] = {}

    async def one(name: str, request: Json) -> None:
        found[name] = await _asked(ctx, name, request)

    async with anyio.create_task_group() as group:
        for name, request in requests.items():
            group.start_soon(one, name, request)
    return found


def _round(state: str | None) -> int:
    return int(state.removeprefix("round-")) if state else 0


async def _asked(ctx: Context, name: str, request: Json) -> Json:
    kinds: dict[str, tuple[Any, Any]] = {
        "elicitation/create": (types.ElicitRequest, types.ElicitResult),
        "sampling/createMessage": (types.CreateMessageRequest, types.CreateMessageResult),
        "roots/list": (types.ListRootsRequest, types.ListRootsResult),
    }
    kind, result = kinds[request["method"]]
    asked = {**request, "params": {**request["params"], "_meta": {INPUT_KEY: name}}}
    answer = await ctx.session.send_request(
        kind.model_validate(asked), result, metadata=ServerMessageMetadata(related_request_id=ctx.request_id)
    )
    return answer.model_dump(by_alias=True, mode="json")


async def list_tools(ctx: Context, params: Any) -> types.ListToolsResult:
    tools = [
        types.Tool(name=name, description=f"Tool {name}.", input_schema=schema)
        for name, schema in TOOLS.items()
    ]
    return types.ListToolsResult(tools=tools)


async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> Any:
    try:
        return types.CallToolResult(content=await _call(ctx, params))
    except Asked as asked:
        return asked.result


async def _call(ctx: Context, params: Any) -> list[Json]:
    name = params.name
    if name in ANSWERS:
        return ANSWERS[name]
    if name.startswith(ASKING):
        return await _rounds(ctx, params, name.removeprefix(ASKING))
    if name in ASKS:
        return [text(await ASKS[name](ctx, params))]
    if name not in DOES:
        raise MCPError(_INVALID, f"Unknown tool: {name}")
    await DOES[name](ctx, params)
    return [text(f"{name} is done.")]


async def _fail(ctx: Context, params: Any) -> None:
    raise ToolFailure("This tool intentionally returns an error for testing")


async def _log(ctx: Context, params: Any) -> None:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await log(ctx, said)


async def _progress(ctx: Context, params: Any) -> None:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100)


async def _need_sampling(ctx: Context, params: Any) -> None:
    if not declared(ctx, sampling("")):
        raise MCPError(_MISSING, "This needs sampling.", {"requiredCapabilities": {"sampling": {}}})


async def _stream(ctx: Context, params: Any) -> None:
    await ctx.session.report_progress(1, 2)
    await ask(ctx, params, {"confirm": form("Go on?", ok=BOOLEAN)})


async def _change_tools(ctx: Context, params: Any) -> None:
    await bus.publish(ToolsListChanged())
    await _tell(ctx, "tool")


async def _change_prompts(ctx: Context, params: Any) -> None:
    await bus.publish(PromptsListChanged())
    await _tell(ctx, "prompt")


async def _sample(ctx: Context, params: Any) -> str:
    said = await ask(ctx, params, {"answer": sampling(str(params.arguments["prompt"]))})
    return f"LLM response: {said['answer']['content']['text']}"


async def _elicit(ctx: Context, params: Any) -> str:
    question = form(str(params.arguments["message"]), username=STRING, email=STRING)
    return f"User response: {json.dumps((await ask(ctx, params, {'user': question}))['user'])}"


async def _fill_in(ctx: Context, params: Any) -> str:
    said = (await ask(ctx, params, {"form": DEFAULTS if "1034" in params.name else ENUMS}))["form"]
    return f"Elicitation completed: action={said['action']}, content={json.dumps(said.get('content'))}"


DOES = {
    "test_error_handling": _fail,
    "test_tool_with_logging": _log,
    "test_logging_tool": _log,
    "test_tool_with_progress": _progress,
    "test_missing_capability": _need_sampling,
    "test_streaming_elicitation": _stream,
    "test_trigger_tool_change": _change_tools,
    "test_trigger_prompt_change": _change_prompts,
}
ASKS = {
    "test_sampling": _sample,
    "test_elicitation": _elicit,
    "test_elicitation_sep1034_defaults": _fill_in,
    "test_elicitation_sep1330_enums": _fill_in,
}


class ToolFailure(Exception):
    """The tool says that it failed."""


async def log(ctx: Context, said: str) -> None:
    """What is logged beside a call; in the era without sessions only for whoever asked to read it."""
    meta: dict[str, Any] = ctx.meta or {}
    wanted = not modern(ctx) or meta.get("io.modelcontextprotocol/logLevel")
    if wanted:
        params = types.LoggingMessageNotificationParams(level="info", data=said)
        await ctx.session.send_notification(
            types.LoggingMessageNotification(params=params), related_request_id=ctx.request_id
        )


async def _tell(ctx: Context, kind: str) -> None:
    if not modern(ctx):
        await getattr(ctx.session, f"send_{kind}_list_changed")()


async def _rounds(ctx: Context, params: Any, name: str) -> list[Json]:
    for number, requests in enumerate(ROUNDS[name]):
        if modern(ctx) and _round(params.request_state) > number + 1:
            continue
        state = f"round-{number + 1}" if name in STATEFUL else ""
        await ask(ctx, params, requests, number + 1, state)
    return [text("state-ok, and everything is known.")]


async def list_prompts(ctx: Context, params: Any) -> types.ListPromptsResult:
    return types.ListPromptsResult(
        prompts=[
            types.Prompt(
                name=name, description=f"Prompt {name}.",
                arguments=[types.PromptArgument(name=each, required=True) for each in arguments],
            )
            for name, arguments in PROMPTS.items()
        ]
    )  # fmt: skip


async def get_prompt(ctx: Context, params: types.GetPromptRequestParams) -> Any:
    given = params.arguments or {}
    match params.name:
        case "test_simple_prompt":
            said: list[Json] = [text("This is a simple prompt for testing.")]
        case "test_prompt_with_arguments":
            said = [text(f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'")]
        case "test_prompt_with_embedded_resource":
            said = [
                embedded(given["resourceUri"], "Embedded resource content for testing."),
                text("Please process the embedded resource above."),
            ]
        case "test_prompt_with_image":
            image = types.ImageContent(data=PNG, mime_type="image/png")
            said = [image, text("Please analyze the image above.")]
        case "test_input_required_result_prompt":
            question = form("What context should the prompt use?", context=STRING)
            try:
                await ask(ctx, params, {"user_context": question})
            except Asked as asked:
                return asked.result
            said = [text("A prompt with its context.")]
        case _:
            raise MCPError(_INVALID, f"Unknown prompt: {params.name}")
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=each) for each in said])


async def list_resources(ctx: Context, params: Any) -> types.ListResourcesResult:
    return types.ListResourcesResult(
        resources=[types.Resource(uri=uri, name=uri, mime_type=kind) for uri, kind in RESOURCES.items()]
    )


async def list_templates(ctx: Context, params: Any) -> types.ListResourceTemplatesResult:
    template = types.ResourceTemplate(uri_template="test://template/{id}/data", name="template")
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    uri = str(params.uri)
    before, after = _TEMPLATE
    if uri == "test://static-binary":
        content: Json = types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
    elif uri in RESOURCES:
        said = "This is the content of the static text resource."
        content = types.TextResourceContents(uri=uri, mime_type="text/plain", text=said)
    elif uri.startswith(before) and uri.endswith(after):
        id_ = uri.removeprefix(before).removesuffix(after)
        said = json.dumps({"id": id_, "templateTest": True, "data": f"Data for ID: {id_}"})
        content = types.TextResourceContents(uri=uri, mime_type="application/json", text=said)
    else:
        raise MCPError(_INVALID, "Resource not found", {"uri": uri})
    return types.ReadResourceResult(contents=[content])


async def complete(ctx: Context, params: Any) -> types.CompleteResult:
    values = [each for each in ("paris", "park", "party") if each.startswith(params.argument.value)]
    return types.CompleteResult(completion=types.Completion(values=values, total=len(values), has_more=False))


async def nothing(ctx: Context, params: Any) -> types.EmptyResult:
    return types.EmptyResult()


async def failing(ctx: Context, call_next: Any) -> Any:
    """A tool that fails says so in its answer."""
    try:
        return await call_next(ctx)
    except ToolFailure as wrong:
        return types.CallToolResult(content=[text(str(wrong))], is_error=True)


def fixture() -> Server[Any]:
    """The server of the suite."""
    made: Server[Any] = Server(
        "conformance-fixture", version="1", on_list_tools=list_tools, on_call_tool=call_tool,
        on_list_prompts=list_prompts, on_get_prompt=get_prompt, on_list_resources=list_resources,
        on_list_resource_templates=list_templates, on_read_resource=read_resource, on_completion=complete,
        on_subscribe_resource=nothing, on_unsubscribe_resource=nothing, on_subscriptions_listen=ListenHandler(bus),
    )  # fmt: skip
    made.add_request_handler("logging/setLevel", types.SetLevelRequestParams, nothing)
    security = RequestStateSecurity(keys=["a key of the fixture, nothing that is secret"])
    made.middleware += [RequestStateBoundary(security, default_audience="fixture"), failing]
    changes = NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
    options = made.create_initialization_options
    made.create_initialization_options = lambda *_: options(changes)  # type: ignore[method-assign]
    return made


class Application:
    """The fixture behind a port; one that is old answers a version that it does not know as old ones do."""

    def __init__(self, *, legacy: bool) -> None:
        self._legacy = legacy
        self._server = fixture()
        self.app = self._server.streamable_http_app(host="127.0.0.1")

    def running(self) -> Any:
        """What has to be entered while it serves."""
        return self._server.session_manager.run()

    async def __call__(self, scope: Json, receive: Any, send: Any) -> None:
        versions = [value for name, value in scope.get("headers", ()) if name == b"mcp-protocol-version"]
        if self._legacy and any(version.decode() in MODERN_PROTOCOL_VERSIONS for version in versions):
            error = {"code": -32000, "message": "Bad Request: Unsupported protocol version"}
            await JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def main() -> None:
    import uvicorn

    class Announced(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            sys.stdout.write(f"{self.servers[0].sockets[0].getsockname()[1]}\n")
            sys.stdout.flush()

    app = Application(legacy="legacy" in sys.argv)
    Announced(uvicorn.Config(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="critical")).run()


if __name__ == "__main__":
    main()
