"""What a script sees when it is the simulated model's turn: the call, and what the conversation says, looked up only
when it is asked for. It changes nothing and remembers nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from remit.wire.messages import Text, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.models.provider import ModelCall
    from remit.wire.messages import Message, ModelRequest, OutputSchema, ToolSpec

Json = Any


class Scene:
    """One turn of the simulated model."""

    __slots__ = ("attempt", "call", "request")

    def __init__(self, call: ModelCall, attempt: int = 1) -> None:
        self.call: ModelCall = call
        self.request: ModelRequest = call.request
        self.attempt = attempt
        """From 1: how often this very turn was asked for, as after a failure."""

    @property
    def agent(self) -> str:
        return self.call.agent

    @property
    def run(self) -> str:
        return self.call.run

    @property
    def path(self) -> str:
        return self.call.path

    @property
    def route(self) -> str:
        return self.call.route

    @property
    def model(self) -> str:
        return self.request.model

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.request.messages

    @property
    def output(self) -> OutputSchema | None:
        """What the answer has to fit."""
        return self.request.output

    @property
    def turn(self) -> int:
        """How often the model has spoken since the user last did; 0 is its first turn."""
        count = 0
        for message in reversed(self.request.messages):
            if message.role == "user":
                break
            count += message.role == "assistant"
        return count

    @property
    def system(self) -> str:
        """What the agent is told to be."""
        return "\n".join(message.text for message in self.request.messages if message.role == "system")

    @property
    def user(self) -> str:
        """What the user said last."""
        return next(
            (message.text for message in reversed(self.request.messages) if message.role == "user"), ""
        )

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """The tools that are offered."""
        return self.request.tools

    @property
    def tool_names(self) -> tuple[str, ...]:
        return tuple(tool.name for tool in self.request.tools)

    @property
    def calls(self) -> list[ToolCall]:
        """Every tool call of the conversation, in order."""
        return [call for message in self.request.messages for call in message.tool_calls]

    @property
    def called(self) -> list[str]:
        """The names of the tools that were called, in order."""
        return [call.name for call in self.calls]

    @property
    def results(self) -> list[ToolResult]:
        """Every tool result of the conversation, in order."""
        return list(self._results())

    @property
    def has_result(self) -> bool:
        """Whether a tool answered since the user last spoke."""
        return self.last_result is not None

    @property
    def last_result(self) -> ToolResult | None:
        """What the last tool answered since the user last spoke."""
        for message in reversed(self.request.messages):
            if message.role == "user":
                return None
            for part in reversed(message.parts):
                if isinstance(part, ToolResult):
                    return part
        return None

    @property
    def result(self) -> Json:
        """What the last tool answered, as JSON where it is."""
        last = self.last_result
        return None if last is None else value_of(last)

    @property
    def result_of(self) -> str:
        """The tool that answered last."""
        last = self.last_result
        return "" if last is None else last.name

    def _results(self) -> Iterator[ToolResult]:
        for message in self.request.messages:
            for part in message.parts:
                if isinstance(part, ToolResult):
                    yield part


def text_of(result: ToolResult) -> str:
    """The words of a tool's answer."""
    return "".join(part.text for part in result.parts if isinstance(part, Text))


def value_of(result: ToolResult) -> Json:
    """A tool's answer as JSON where it is, else as text."""
    text = text_of(result)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
