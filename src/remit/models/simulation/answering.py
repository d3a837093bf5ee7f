"""From a line to the answer in neutral form, whole or as a stream of events. Everything here is labelled as
simulated, and counted as a provider would count it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from remit.models.simulation.lines import NOTHING
from remit.wire.messages import (
    Failed,
    Finished,
    Message,
    ModelResponse,
    PartDone,
    Reasoning,
    ReasoningDelta,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolResult,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.models.simulation.lines import Line
    from remit.models.simulation.scene import Scene
    from remit.wire.messages import ModelRequest, Part, StreamEvent

DIALECT = "simulated"
LABEL = {"simulated": True}
"""Stands in the `extra` of every answer."""
PIECE = 24
"""Characters of one piece of a stream."""
_BYTES_PER_TOKEN = 4


def answer(line: Line, scene: Scene) -> ModelResponse:
    """The whole answer."""
    parts = tuple(_parts(line, scene))
    finish = line.finish or ("tools" if line.calls else "stop")
    return ModelResponse(
        model=labelled(scene.model),
        message=Message("assistant", parts),
        finish=finish,
        usage=line.usage or count(scene.request, parts),
        id=f"sim-{scene.path or scene.agent or 'answer'}-{scene.turn}",
        dialect=DIALECT,
        extra=LABEL,
    )


def labelled(model: str) -> str:
    """The name under which the answer goes: no real model said it."""
    return model if model.startswith("sim-") else f"sim-{model}"


def relabelled(response: ModelResponse) -> ModelResponse:
    """An answer that a script made whole, with the label that it must have."""
    if response.extra.get("simulated") is True and response.model.startswith("sim-"):
        return response
    return ModelResponse(
        labelled(response.model), response.message, response.finish, response.usage, response.id,
        response.dialect or DIALECT, {**response.extra, **LABEL},
    )  # fmt: skip


def count(request: ModelRequest, said: tuple[Part, ...]) -> Usage:
    """About as many tokens as a provider would count: a quarter of the characters, and some for the frame."""
    sent = 8 * len(request.messages) + sum(
        _length(part) for message in request.messages for part in message.parts
    )
    sent += sum(len(tool.description) + 80 for tool in request.tools)
    return Usage(
        input=max(1, sent // _BYTES_PER_TOKEN),
        output=max(
            1, sum(_length(part) for part in said if not isinstance(part, Reasoning)) // _BYTES_PER_TOKEN
        ),
        reasoning=sum(len(part.text) for part in said if isinstance(part, Reasoning)) // _BYTES_PER_TOKEN,
    )


def events(response: ModelResponse) -> Iterator[StreamEvent]:
    """The answer as a stream, in pieces, each part complete at its end."""
    yield Started(response.id, response.model)
    for index, part in enumerate(response.message.parts):
        yield from _pieces(index, part)
        yield PartDone(index, part)
    yield Finished(response.finish, response.usage, DIALECT, response.extra)


def cut(whole: list[StreamEvent]) -> list[StreamEvent]:
    """The same stream, which ends in the middle of what it says, as when a connection breaks."""
    said = [event for event in whole if not isinstance(event, Finished)]
    return [
        *said[: max(2, len(said) // 2)],
        Failed("it ended before the answer was complete (simulated)", "cut"),
    ]


def _parts(line: Line, scene: Scene) -> Iterator[Part]:
    if line.reasoning:
        yield Reasoning(line.reasoning, DIALECT)
    if line.text:
        yield Text(line.text)
    if line.answer is not NOTHING:
        yield Text(json.dumps(line.answer, ensure_ascii=False))
    if line.calls:
        made = len(scene.calls)
        for number, wanted in enumerate(line.calls, made + 1):
            given = wanted.arguments
            text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
            yield ToolCall(f"call_{number}", wanted.tool, text)


def _pieces(index: int, part: Part) -> Iterator[StreamEvent]:
    match part:
        case Text(text=text):
            yield from (TextDelta(index, piece) for piece in _cut_up(text))
        case Reasoning(text=text):
            yield from (ReasoningDelta(index, piece) for piece in _cut_up(text))
        case ToolCall():
            yield ToolCallStarted(index, part.id, part.name)
            yield from (ToolCallDelta(index, piece) for piece in _cut_up(part.arguments))
        case _:
            pass


def _cut_up(text: str) -> Iterator[str]:
    return (text[start : start + PIECE] for start in range(0, len(text), PIECE))


def _length(part: Part) -> int:
    match part:
        case Text(text=text) | Reasoning(text=text):
            return len(text)
        case ToolCall():
            return len(part.name) + len(part.arguments)
        case ToolResult():
            return sum(_length(inner) for inner in part.parts)
        case _:
            return _BYTES_PER_TOKEN * 300
