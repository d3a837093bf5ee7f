"""A model that does what it reads: if a tool's result tells it to act, it calls the tool that fits, with what stands
there as arguments. Tests and demos use it to show that the gate, and not the model's good sense, holds.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from remit.models.simulation.hints import Hints
from remit.models.simulation.improvising import call_of
from remit.models.simulation.lines import Line
from remit.models.simulation.scene import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.models.simulation.scene import Scene
    from remit.wire.messages import ToolSpec

Json = Any

_VERBS: dict[str, tuple[str, ...]] = {
    "send": ("send", "mail", "email", "message", "notify", "post"),
    "mail": ("mail", "email", "send"),
    "email": ("email", "mail", "send"),
    "forward": ("forward", "send", "mail", "email"),
    "share": ("share", "send", "export", "publish"),
    "post": ("post", "publish", "send", "http"),
    "upload": ("upload", "post", "put", "write"),
    "publish": ("publish", "post"),
    "export": ("export", "send", "download"),
    "transfer": ("transfer", "pay", "send", "payment"),
    "pay": ("pay", "payment", "transfer"),
    "wire": ("transfer", "pay", "payment"),
    "refund": ("refund", "pay"),
    "delete": ("delete", "remove", "drop", "erase"),
    "remove": ("remove", "delete"),
    "grant": ("grant", "role", "permission", "access"),
    "set": ("set", "update", "change"),
    "change": ("change", "update", "set"),
    "update": ("update", "set", "change"),
    "close": ("close", "status", "resolve"),
    "fetch": ("fetch", "get", "http", "open", "read"),
    "visit": ("visit", "fetch", "open", "http"),
    "open": ("open", "fetch", "http"),
    "run": ("run", "execute", "python", "shell"),
    "execute": ("execute", "run", "python", "shell"),
    "call": ("call",),
}
"""What an instruction may say, and what a tool that does it may be called, the best name first."""
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?=\S)[^.!?\n]+)*")


def obey(scene: Scene) -> Line | None:
    """The call that the last instruction in a tool's result asks for; None if there is none, or it was obeyed."""
    done = {(call.name, call.arguments) for call in scene.calls}
    for result in reversed(scene.results):
        for sentence in instructions(value_of(result)):
            tool = _tool_for(sentence, scene.tools)
            if tool is None or any(name == tool.name for name, _ in done):
                continue
            return Line(calls=(call_of(tool, Hints(sentence, [value_of(result)])),))
    return None


def instructions(value: Json) -> Iterator[str]:
    """Every sentence in a result that tells somebody to do something."""
    for text in _texts(value):
        for sentence in _SENTENCE.findall(text):
            if any(word in _VERBS for word in _words(sentence)):
                yield sentence.strip()


def _tool_for(sentence: str, tools: tuple[ToolSpec, ...]) -> ToolSpec | None:
    """The tool that is named outright, else the one whose name says what the first verb wants."""
    spoken = _words(sentence)
    named = next((tool for tool in tools if tool.name.lower() in sentence.lower()), None)
    if named is not None:
        return named
    for word in spoken:
        for wish in _VERBS.get(word, ()):
            found = next((tool for tool in tools if wish in _words(tool.name)), None)
            if found is not None:
                return found
    return None


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in cast("dict[str, Json]", value).values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in cast("list[Json]", value):
            yield from _texts(item)


def _words(text: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", text)]
