"""pydantic-ai under Remit: `RemitDurability` makes what an agent does steps of a run, by the surface that pydantic-ai
has for durable engines; `RemitModel` is a route of the workspace as one of its models, `RemitTools` are tools of the
workspace as one of its toolsets, and both pass the gate.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic_ai.durable_exec import (
    JSON_CODEC,
    BaseDurabilityCapability,
    DurabilityEngineSpec,
    JournalCallableOperationBackend,
    ModelCompactMessagesId,
    ModelRequestId,
    RoleBasedOperationConfig,
    ToolsetCallToolId,
    conversation_id_from_run_id,
)
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    RetryPromptPart,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.messages import ModelRequest as FrameworkRequest
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import RunContext, ToolDefinition
from pydantic_ai.toolsets import AbstractToolset, ToolsetTool
from pydantic_ai.usage import RequestUsage
from pydantic_core import SchemaValidator, core_schema, to_jsonable_python

from remit.domain.errors import InvalidInput
from remit.engine.step import Step
from remit.engine.stepping import perform
from remit.integrations.asking import ask, call
from remit.integrations.carrying import carrier, is_carried
from remit.wire.messages import Message, ModelRequest, Text, ToolCall, ToolResult, ToolSpec

__all__ = ["RemitDurability", "RemitModel", "RemitTools"]
_STRANGE = re.compile(r"[^A-Za-z0-9_.-]")
_READ = {"effect": "read"}
_ANY = SchemaValidator(core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema()))


class RemitDurability(BaseDurabilityCapability[Any]):
    """Makes an agent durable: `Agent(…, name="clerk", capabilities=[RemitDurability()])`, run by
    `await carried(run, agent.run("…"))`. Outside of a run the agent is as it was.

    A call of a tool is a write, which is claimed before it is made, unless its metadata says otherwise:
    `metadata={"remit": {"effect": "read"}}`.
    """

    engine_spec = DurabilityEngineSpec(
        engine_name="Remit",
        durable_unit_noun="step",
        durable_container_noun="run",
        codec=JSON_CODEC,
        sequential_tools_in_durable_context=True,
        tool_config_key="remit",
    )

    @property
    def in_durable_context(self) -> bool:
        """Whether a run carries the agent."""
        return is_carried()

    def get_default_run_id(self) -> str | None:
        """The same on every replay."""
        return carrier().next_name("pydantic-ai") if is_carried() else None

    def get_default_conversation_id(self, run_id: str) -> str | None:
        """The same on every replay."""
        return conversation_id_from_run_id(run_id) if is_carried() else None

    def get_durable_operation_backend(self) -> Any:
        """What performs its units."""

        def of_tool(operation: Any, tool: Any, name: str) -> Any:
            del operation
            return self._build_resolve_tool_config({"effect": "write"})(tool, name)

        config = RoleBasedOperationConfig(
            model=_READ, event=_READ, capability=_READ, tool={"effect": "write"}, resolve_tool=of_tool
        )
        return _Steps(self, agent_name=self.name, default_model_id=self.default_model_id, config=config)

    @property
    def asks_a_route(self) -> bool:
        """Whether the model of the agent passes the gate by itself, which makes a step of each call already."""
        return self.agent is not None and isinstance(getattr(self.agent, "model", None), RemitModel)


class _Steps(JournalCallableOperationBackend[dict[str, Any]]):
    """Performs each unit as one step of the run."""

    def __init__(self, durability: RemitDurability, **rest: Any) -> None:
        super().__init__(**rest)
        self._durability = durability

    async def execute(
        self, *, operation_id: Any, name: str, body: Callable[[], Awaitable[object]], cache_key: tuple[object, ...],
        config: dict[str, Any],
    ) -> object:  # fmt: skip
        """One unit, once."""
        if (
            isinstance(operation_id, ModelRequestId | ModelCompactMessagesId)
            and self._durability.asks_a_route
        ):
            return await body()
        found = carrier()
        step = Step(_plain(body), effect=config.get("effect", "write"), name=_STRANGE.sub("_", name)[:100])
        given = (_said(cache_key),) if isinstance(operation_id, ToolsetCallToolId) else ()
        return await found.perform(lambda: perform(found.run.execution, step, given, {}))


def _plain(body: Callable[[], Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    """The unit as the function of a step; what it is given only tells one call from another."""

    async def unit(*given: object) -> object:
        del given
        return await body()

    return unit


def _said(cache_key: tuple[object, ...]) -> Any:
    """The name and the arguments of a tool call: what of a key is the same on every replay."""
    return [
        to_jsonable_python(each, fallback=str) for each in cache_key if isinstance(each, str | dict | list)
    ]


class RemitModel(Model):
    """A route of the workspace: decided, paid, screened and journaled as every model call."""

    def __init__(self, route: str = "fast", *, agent: str = "") -> None:
        super().__init__()
        self._route = route
        self._agent = agent

    @property
    def model_name(self) -> str:
        """The route."""
        return self._route

    @property
    def system(self) -> str:
        """Who answers."""
        return "remit"

    async def request(
        self, messages: list[ModelMessage], model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:  # fmt: skip
        """One answer."""
        settings, parameters = self.prepare_request(model_settings, model_request_parameters)
        chosen: dict[str, Any] = dict(settings or {})
        tools = [*parameters.function_tools, *parameters.output_tools]
        asked = ModelRequest(
            model="", messages=tuple(_neutral(messages)), tools=tuple(map(_spec, tools)),
            tool_choice="auto" if parameters.allow_text_output or not tools else "required",
            max_tokens=chosen.get("max_tokens", 4096), temperature=chosen.get("temperature"),
        )  # fmt: skip
        answer = await ask(self._route, asked, self._agent)
        parts: list[Any] = []
        for part in answer.message.parts:
            if isinstance(part, Text):
                parts.append(TextPart(part.text))
            elif isinstance(part, ToolCall):
                parts.append(ToolCallPart(part.name, part.arguments, part.id))
        used = answer.usage
        usage = RequestUsage(
            input_tokens=used.input + used.cache_read + used.cache_write, output_tokens=used.output + used.reasoning
        ) if used is not None else RequestUsage()  # fmt: skip
        return ModelResponse(parts=parts, usage=usage, model_name=answer.model)


class RemitTools(AbstractToolset[Any]):
    """Tools of the workspace, by name; each call is decided, claimed and undone as any other."""

    def __init__(self, *names: str, agent: str = "") -> None:
        self._names = names
        self._agent = agent

    @property
    def id(self) -> str | None:
        """What tells it from other toolsets."""
        return "remit"

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        """As the workspace defines them."""
        del ctx
        registry = carrier().run.house.gate.parts.registry
        found: dict[str, ToolsetTool[Any]] = {}
        for name in self._names:
            manifest = registry.get(name).manifest
            shown = ToolDefinition(
                name=name,
                description=manifest.description,
                parameters_json_schema=manifest.parameters,
                sequential=True,
            )
            found[name] = ToolsetTool(toolset=self, tool_def=shown, max_retries=1, args_validator=_ANY)
        return found

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]
    ) -> Any:
        """Through the gate; a refusal is what the model is told."""
        del ctx, tool
        return await call(name, json.dumps(tool_args), self._agent)


def _spec(tool: ToolDefinition) -> ToolSpec:
    return ToolSpec(tool.name, tool.description or "", tool.parameters_json_schema)


def _neutral(messages: Sequence[ModelMessage]) -> list[Message]:
    found: list[Message] = []
    for message in messages:
        if isinstance(message, FrameworkRequest):
            if message.instructions:
                found.append(Message("system", (Text(message.instructions),)))
            found += [_of_request(part) for part in message.parts]
        else:
            parts = tuple(each for part in message.parts if (each := _of_response(part)) is not None)
            if parts:
                found.append(Message("assistant", parts))
    return found


def _of_request(part: Any) -> Message:
    match part:
        case SystemPromptPart():
            return Message("system", (Text(part.content),))
        case UserPromptPart():
            if isinstance(part.content, str):
                return Message("user", (Text(part.content),))
            texts = [each for each in part.content if isinstance(each, str)]
            if len(texts) != len(part.content):
                raise InvalidInput(
                    "RemitModel hands on text alone.", "Give files to an agent of Remit instead."
                )
            return Message("user", tuple(map(Text, texts)))
        case ToolReturnPart():
            return _result(part.tool_call_id, part.tool_name, part.model_response_str(), failed=False)
        case RetryPromptPart() if part.tool_name is not None:
            return _result(part.tool_call_id, part.tool_name, part.model_response(), failed=True)
        case RetryPromptPart():
            return Message("user", (Text(part.model_response()),))
        case _:
            raise InvalidInput(f"RemitModel knows no {type(part).__name__}.")


def _result(identity: str, name: str, text: str, *, failed: bool) -> Message:
    return Message("tool", (ToolResult(identity, name, (Text(text),), failed),))


def _of_response(part: Any) -> Text | ToolCall | None:
    match part:
        case TextPart():
            return Text(part.content)
        case ToolCallPart():
            return ToolCall(part.tool_call_id, part.tool_name, part.args_as_json_str())
        case _:
            return None  # thoughts of another model are nothing that this one could use
