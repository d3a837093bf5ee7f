"""The OpenAI Agents SDK under Remit: `routes` lets its runner ask routes of the workspace and sends no traces anywhere;
`workspace_tools` are tools of the workspace, through the gate; `durable` makes calls of its own tools steps of the run.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from agents import FunctionTool, Model, ModelProvider, ModelResponse, RunConfig, Usage
from openai.types.responses import Response, ResponseCompletedEvent
from pydantic_core import to_jsonable_python

from remit.domain.errors import InvalidInput
from remit.engine.step import Step
from remit.engine.stepping import perform
from remit.integrations.asking import ask, call
from remit.integrations.carrying import carrier
from remit.wire import canonical
from remit.wire.messages import ModelResponse as Answer
from remit.wire.openai_responses.requests import decode_request
from remit.wire.openai_responses.responses import encode_response

__all__ = ["RemitModel", "RemitProvider", "durable", "routes", "workspace_tools"]
Json = Any
_STRANGE = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_ANSWER = 4096


def routes(*, agent: str = "", route: str = "fast") -> RunConfig:
    """How the runner is to be run, within `carried`: `Runner.run(agent, "…", run_config=routes(agent="clerk"))`.

    An agent whose model is named asks the route of that name, others `route`. Policy, budgets and the log know them as
    `agent`.
    """
    return RunConfig(model_provider=RemitProvider(agent=agent, route=route), tracing_disabled=True)


class RemitProvider(ModelProvider):
    """Routes of the workspace as models."""

    def __init__(self, *, agent: str = "", route: str = "fast") -> None:
        self._agent = agent
        self._route = route

    def get_model(self, model_name: str | None) -> Model:
        """The route of this name."""
        return RemitModel(model_name or self._route, agent=self._agent)


class RemitModel(Model):
    """A route of the workspace: decided, paid, screened and journaled as every model call."""

    def __init__(self, route: str = "fast", *, agent: str = "") -> None:
        self._route = route
        self._agent = agent

    async def get_response(
        self, system_instructions: str | None, input: Any, model_settings: Any, tools: Any, output_schema: Any,  # noqa: A002 - the SDK's own name
        handoffs: Any, tracing: Any, **rest: Any,
    ) -> ModelResponse:  # fmt: skip
        """One answer."""
        del tracing
        body = await self._asked(
            system_instructions, input, model_settings, tools, output_schema, handoffs, rest
        )
        whole = Response.model_validate(body)
        used = whole.usage
        usage = Usage(
            requests=1, input_tokens=used.input_tokens, output_tokens=used.output_tokens,
            total_tokens=used.total_tokens,
        ) if used is not None else Usage(requests=1)  # fmt: skip
        return ModelResponse(output=list(whole.output), usage=usage, response_id=None)

    async def stream_response(
        self, system_instructions: str | None, input: Any, model_settings: Any, tools: Any, output_schema: Any,  # noqa: A002 - the SDK's own name
        handoffs: Any, tracing: Any, **rest: Any,
    ) -> AsyncIterator[Any]:  # fmt: skip
        """The same as a stream of one event: what a replay can say again is the whole answer."""
        del tracing
        body = await self._asked(
            system_instructions, input, model_settings, tools, output_schema, handoffs, rest
        )
        yield ResponseCompletedEvent(
            type="response.completed", response=Response.model_validate(body), sequence_number=0
        )

    async def _asked(
        self, instructions: str | None, given: Any, settings: Any, tools: Any, output: Any, handoffs: Any,
        rest: dict[str, Any],
    ) -> dict[str, Json]:  # fmt: skip
        if rest.get("previous_response_id") or rest.get("conversation_id") or rest.get("prompt"):
            raise InvalidInput(
                "a route keeps no conversation and no prompt for the SDK.", "Hand the whole conversation on."
            )
        body: dict[str, Json] = {
            "model": self._route, "input": to_jsonable_python(given, exclude_none=True),
            "max_output_tokens": settings.max_tokens or _LONGEST_ANSWER,
            "tools": [_function(each) for each in tools] + [_handoff(each) for each in handoffs],
        }  # fmt: skip
        if instructions:
            body["instructions"] = instructions
        if settings.temperature is not None:
            body["temperature"] = settings.temperature
        if settings.tool_choice in {"auto", "required", "none"}:
            body["tool_choice"] = settings.tool_choice
        elif settings.tool_choice is not None:
            body["tool_choice"] = {"type": "function", "name": str(settings.tool_choice)}
        if output is not None and not output.is_plain_text():
            shape = {"type": "json_schema", "name": "answer", "schema": output.json_schema()}
            body["text"] = {"format": shape | {"strict": output.is_strict_json_schema()}}
        answer = await ask(self._route, decode_request(body), self._agent)
        made = Answer(
            answer.model, answer.message, answer.finish, answer.usage, carrier().next_name("answer")
        )
        return encode_response(made)


def workspace_tools(*names: str, agent: str = "") -> list[Any]:
    """Tools of the workspace for an agent of the SDK, by name; to be asked for within a run."""
    registry = carrier().run.house.gate.parts.registry
    return [_through_gate(registry.get(name).manifest, agent) for name in names]


def durable(own: Any, *, effect: str = "write") -> Any:
    """A function tool of the SDK whose calls are steps of the run: a write is claimed before it is made, and what a
    call gave is not asked for again after a crash.
    """
    inner = own.on_invoke_tool

    async def invoke(context: Any, arguments: str) -> Any:
        async def unit(*given: object) -> object:
            del given
            return to_jsonable_python(await inner(context, arguments))

        found = carrier()
        step = Step(unit, effect=effect, name=_STRANGE.sub("_", own.name)[:100])
        said = canonical.parse(arguments or "{}")
        return await found.perform(lambda: perform(found.run.execution, step, (said,), {}))

    return replace(own, on_invoke_tool=invoke)


def _through_gate(manifest: Any, agent: str) -> Any:
    async def invoke(context: Any, arguments: str) -> str:
        del context
        return await call(manifest.name, arguments, agent)

    return FunctionTool(
        name=manifest.name, description=manifest.description, params_json_schema=manifest.parameters,
        on_invoke_tool=invoke, strict_json_schema=False,
    )  # fmt: skip


def _function(tool: Any) -> dict[str, Json]:
    if not isinstance(tool, FunctionTool):
        raise InvalidInput(
            f"{getattr(tool, 'name', tool)} is a tool that OpenAI hosts, and a route has none.",
            "Give functions.",
        )
    return {
        "type": "function", "name": tool.name, "description": tool.description,
        "parameters": tool.params_json_schema, "strict": tool.strict_json_schema,
    }  # fmt: skip


def _handoff(handoff: Any) -> dict[str, Json]:
    return {
        "type": "function", "name": handoff.tool_name, "description": handoff.tool_description,
        "parameters": handoff.input_json_schema, "strict": handoff.strict_json_schema,
    }  # fmt: skip
